"""Answer by HTTP, with a page to try the network on: draw, upload, type, fill in.

POST /predict and /explain take JSON, files and forms; /card and /health tell what is
served. Only this machine reaches it unless --host says otherwise. --playground serves
a page of neurons to look at, which needs no run.

Examples:
  zoo serve lenet:mnist
  zoo serve runs/reviews --port 8080
  zoo serve --playground
"""

from zoo.cli import _engine
from zoo.cli._arguments import add_backend, add_trust
from zoo.errors import Mistake


def arguments(parser):
    parser.add_argument(
        "run",
        metavar="RUN",
        nargs="?",
        help="a run's folder, a name of `zoo weights`, or an ONNX file",
    )
    parser.add_argument(
        "--playground", action="store_true", help="the page of neurons, without a run"
    )
    parser.add_argument("--host", default="127.0.0.1", help="(127.0.0.1)")
    parser.add_argument(
        "--port", type=int, default=8000, help="1 to 65535, or 0 for a free one (8000)"
    )
    add_backend(parser)
    add_trust(parser)


def run(options):
    from zoo.serving import serve

    if (options.run is None) != options.playground:
        raise Mistake("give a RUN to serve, such as lenet:mnist, or --playground")
    run = None if options.playground else _engine.opened(options, "serve")
    serve(run, host=options.host, port=options.port, trust=options.trust)

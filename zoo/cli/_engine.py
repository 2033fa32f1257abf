"""What answers a command: Keras, or ONNX Runtime without it."""

from zoo import backend, exported
from zoo.engine import startup
from zoo.exported import Exported
from zoo.run import Run, load, open_run


def opened(options, verb: str) -> Run | Exported:
    """The run or ONNX file that was named; Keras is loaded only if it is to answer.

    Args:
        options: of a command with RUN, --backend and --trust.
        verb: its name.
    """
    if exported.is_file(options.run):
        return Exported(options.run)
    done = open_run(options.run, trust=options.trust)
    if options.backend or not done.exported:
        backend.require(verb, startup.load(options.backend))
    if options.backend:
        load(done)  # the model that answers then, whatever was exported
    return done

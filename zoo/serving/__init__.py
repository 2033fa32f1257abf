"""Serve: a run answers by HTTP, and a page lets people try it."""

import logging
import os
import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.building import trained
from zoo.errors import Mistake

if TYPE_CHECKING:
    from zoo.exported import Exported
    from zoo.run import Run

LOOPBACK = ("127.0.0.1", "::1", "localhost")
AT_ONCE = 200  # connections; more are told 503
IDLE = 5  # seconds that a connection may stay open between two requests
LONGEST_HEAD = 16 * 2**10  # bytes of a request's first lines


def serve(
    run: "Run | Exported | str | Path | None" = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    trust: bool = False,
) -> None:
    """Answer by HTTP until Ctrl-C: the page at /, POST /predict and /explain.

    The page draws, uploads, types or fills in what the network takes. Nothing is kept:
    no input is written to a disk. `docs/serve.md` says what can be asked, and the
    limits.

    Args:
        run: a run, its folder, the name of trained weights, or an ONNX file that
            `zoo.export` wrote, as `zoo.predict` takes it; None serves the page of
            neurons alone, `docs/playground.html`.
        host: the address to listen on; others than this machine reach it only if it is
            not 127.0.0.1.
        port: 1 to 65535; 0 takes a free one.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Raises:
        Mistake: FastAPI or uvicorn is not installed, there is no such run, or the port
            cannot be listened on.
    """
    uvicorn = _uvicorn()
    from zoo.serving import app, warned

    made = app.playground() if run is None else app.make(run, trust=trust)
    listening = _listen(host, port)
    with closing(listening):
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listening.getsockname()[1]}"
        what = "the page of neurons" if run is None else os.fspath(_name(run))
        print(f"{address} serves {what}; Ctrl-C stops", flush=True)
        if host not in LOOPBACK:
            print(f"whoever reaches {host} can ask it", file=sys.stderr, flush=True)
        config = uvicorn.Config(
            made,
            log_level="warning",
            access_log=False,
            limit_concurrency=AT_ONCE,
            timeout_keep_alive=IDLE,
            timeout_graceful_shutdown=IDLE,
            h11_max_incomplete_event_size=LONGEST_HEAD,
            server_header=False,
        )
        # It would write a line for each broken form; who sent it is told.
        logging.getLogger("python_multipart").setLevel(logging.ERROR)
        with warned.kept_apart():
            uvicorn.Server(config).run(sockets=[listening])


def _name(run) -> str | os.PathLike:
    place = getattr(run, "folder", None) or getattr(run, "path", None) or run
    shipped = isinstance(place, Path) and trained.is_shipped(place)
    return ":".join(place.parts[-2:]) if shipped else place


def _uvicorn():
    try:
        import fastapi  # noqa: F401  (asked for here, so that both are told at once)
        import uvicorn
    except ImportError as error:
        raise Mistake(
            f'`zoo serve` needs {error.name}: pip install "zoo[serve]"'
        ) from error
    return uvicorn


def _listen(host: str, port: int) -> socket.socket:
    if type(port) is not int or not 0 <= port < 2**16:
        raise Mistake(f"port={port}; accepted: 1 to 65535, or 0 for a free one")
    try:
        how = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][:3]
        found = socket.socket(*how)  # asyncio sends at once if TCP is named: 40 ms less
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, port))
            found.listen(AT_ONCE)
        except OSError:
            found.close()
            raise
    except OSError as error:
        raise Mistake(
            f"cannot listen on {host}, port {port}: {error.strerror or error}; "
            "give another --port, or 0 for a free one"
        ) from error
    return found

"""A server: requests a second, and how long each takes, beside a bare one.

`zoo serve lenet:mnist` by the engine that it chooses and, as `--backend` asks, by each
backend, and of its ONNX file, answer a picture as rows of numbers in JSON, over 8
connections. So does a bare application of FastAPI around
ONNX Runtime, which checks nothing and gives every probability, too. The servers run
side by side and are asked in turns; a share is of the bare one's of that round.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

CONNECTIONS, SECONDS = 8, 3.0
BARE = """
import socket, sys
import numpy as np, onnxruntime, uvicorn
from fastapi import FastAPI, Request
session = onnxruntime.InferenceSession(sys.argv[1])
app = FastAPI()
@app.post("/predict")
async def predict(request: Request):
    asked = await request.json()
    pictures = np.array(asked["inputs"], "float32")[..., None]
    [logits] = session.run(None, {"input": pictures})
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    return {"predictions": [
        {"label": str(each.argmax()), "probability": float(each.max()),
         "probabilities": dict(zip(map(str, range(10)), each.tolist()))}
        for each in shares
    ]}
listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listening.bind(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
config = uvicorn.Config(app, log_level="warning", access_log=False)
uvicorn.Server(config).run(sockets=[listening])
"""


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`; the servers take turns."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        file = Path(folder) / "lenet.onnx"
        command = [sys.executable, "-m", "zoo", "export", "lenet:mnist", "--to", file]
        subprocess.run([*map(str, command)], stdout=subprocess.DEVNULL, check=True)
        serve = [sys.executable, "-W", "ignore", "-m", "zoo", "serve", "--port", "0"]
        servers = {
            ("a bare server", ""): [sys.executable, "-c", BARE, str(file)],
            ("zoo serve lenet.onnx", ""): [*serve, str(file)],
            ("zoo serve lenet:mnist", ""): [*serve, "lenet:mnist"],
        }
        for name in backends:
            words = [*serve, "lenet:mnist", "--backend", name]
            servers["zoo serve lenet:mnist", name] = words
        ports = {who: stack.enter_context(_running(c)) for who, c in servers.items()}
        asked = _request()
        for port in ports.values():
            asyncio.run(_load(port, asked, 0.5))
        found: dict[tuple, list] = {who: [] for who in servers}
        for _ in range(rounds):
            for who, port in ports.items():
                found[who].append(asyncio.run(_load(port, asked, SECONDS)))
    rates = {who: [len(each) / SECONDS for each in took] for who, took in found.items()}
    bare = rates["a bare server", ""]
    for who, took in found.items():
        about = dict(zip(("what", "backend"), who, strict=True))
        yield {**about, "unit": "requests a second", "values": rates[who]}
        shares = [mine / its for mine, its in zip(rates[who], bare, strict=True)]
        yield {**about, "unit": "of the bare server", "values": shares}
        for percent in (50, 99):
            values = [1e3 * float(np.percentile(each, percent)) for each in took]
            yield {**about, "unit": f"ms, p{percent}", "values": values}


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[int]:
    """The port of a server, which ends with the block."""
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        assert child.stdout
        said = child.stdout.readline().split()
        yield int(said[0].rpartition(":")[2])
    finally:
        child.terminate()
        child.wait()


def _request() -> bytes:
    draw = np.random.default_rng(0)
    picture = np.zeros((28, 28), int)
    picture[6:22, 12:16] = draw.integers(150, 256, (16, 4))  # a one, as MNIST's
    body = json.dumps({"inputs": [picture.tolist()]}).encode()
    head = (
        "POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _load(port: int, asked: bytes, seconds: float) -> list[float]:
    """How long each request took that ended in so many seconds."""
    end = time.perf_counter() + seconds
    took: list[float] = []

    async def ask():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (start := time.perf_counter()) < end:
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = head.lower().partition(b"content-length: ")[2].split(b"\r")[0]
            await reader.readexactly(int(length))
            took.append(time.perf_counter() - start)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return took

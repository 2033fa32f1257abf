"""How long a start takes: imports, `zoo list`, and `zoo train lenet_mnist` up to the
end of the first step, with an empty cache and again.

An empty cache means that MNIST, which lies prepared in $TFDS_DATA_DIR, is decoded and,
on JAX, that programs are compiled. Processor seconds are of all threads.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CHILD = """
import os, sys, time
from zoo.engine import startup
from zoo import backend, cli
startup.load(sys.argv[1])
from zoo.engine import steps
make = steps.trainer
def trainer(*arguments):
    made = make(*arguments)
    train = made.train
    def first(*batches):
        train(*batches)
        print(time.time(), flush=True)
        os._exit(0)
    made.train = first
    return made
steps.trainer = trainer
sys.exit(cli.call(["train", "lenet_mnist", "--backend", sys.argv[1], "--run", "run"]))
"""
COMMANDS = {
    "bare Python": ["-c", "pass"],
    "`import zoo`": ["-c", "import zoo"],
    "`zoo list`": ["-m", "zoo", "list"],
}


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`; the commands take turns, and so do the backends."""
    found = {what: [] for what in COMMANDS}
    for _ in range(4 * rounds):
        for what, words in COMMANDS.items():
            start = time.perf_counter()
            command = [sys.executable, *words]
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            found[what].append(1e3 * (time.perf_counter() - start))
    for what, values in found.items():
        yield {"what": what, "backend": "", "unit": "ms", "values": values}
    starts = {(b, s): [] for b in backends for s in ("first start", "second start")}
    for _ in range(rounds):
        for name in backends:
            with tempfile.TemporaryDirectory() as cache:
                for start in ("first start", "second start"):
                    starts[name, start].append(first_step(name, cache))
    for (name, start), values in starts.items():
        for unit, column in (("s", 0), ("processor s", 1)):
            yield {
                "what": f"{start} to the first step",
                "backend": name,
                "unit": unit,
                "values": [value[column] for value in values],
            }


def first_step(backend: str, cache: str) -> tuple[float, float]:
    """Seconds until the first step has ended: by the clock, and of the processor."""
    environment = {
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]),
        **os.environ,
        "ZOO_CACHE": cache,
    }
    with tempfile.TemporaryDirectory() as folder:
        used, start = _processor(), time.time()
        child = subprocess.run(
            [sys.executable, "-c", CHILD, backend],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
    if child.returncode:
        sys.exit(f"{backend}: {child.stderr}")
    return float(child.stdout.split()[-1]) - start, _processor() - used


def _processor():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

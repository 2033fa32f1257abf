"""How long a start takes: imports, `zoo list`, and `zoo train lenet_mnist` up to the
end of the first step, with an empty cache and again, and its parts.

An empty cache means that MNIST, which lies prepared in $TFDS_DATA_DIR, is decoded and,
on JAX, that programs are compiled. By hand is the same step of a loop in the framework
alone, on pictures that are there already. Processor seconds are of all threads.
"""

import compileall
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
BY_HAND = """
import importlib, sys
from dataclasses import replace
module = importlib.import_module("benchmarks.speed." + sys.argv[1])
from benchmarks.speed.cases import CASES
case = replace(CASES["LeNet of 1998, batch 128"], steps=1)
getattr(module, sys.argv[2])(case, *case.data())()
print("the first step has ended", flush=True)
"""
LOOPS = {
    "jax": ("loops_jax", "step"),
    "tensorflow": ("loops_tensorflow", "loop"),
    "torch": ("loops_torch", "eager"),
}
ENDED = "the first step has ended"
COMMANDS = {
    "bare Python": ["-c", "pass"],
    "`import zoo`": ["-c", "import zoo"],
    "`zoo list`": ["-m", "zoo", "list"],
}


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`; the commands take turns, and so do the backends."""
    compileall.compile_dir(ROOT / "zoo", quiet=2)  # as an installation does
    found = {what: [] for what in COMMANDS}
    for _ in range(4 * rounds):
        for what, words in COMMANDS.items():
            start = time.perf_counter()
            command = [sys.executable, *words]
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            found[what].append(1e3 * (time.perf_counter() - start))
    for what, values in found.items():
        yield {"what": what, "backend": "", "unit": "ms", "values": values}
    found = {}
    for _ in range(rounds):
        for name in backends:
            for what, unit, value in _starts(name):
                found.setdefault((what, name, unit), []).append(value)
    for (what, name, unit), values in found.items():
        yield {"what": what, "backend": name, "unit": unit, "values": values}


def _starts(backend: str) -> Iterator[tuple[str, str, float]]:
    """What was measured, its unit and its value, of each kind of start."""
    by_hand = [sys.executable, "-c", BY_HAND, *LOOPS[backend]]
    train = [sys.executable, "-m", "zoo", "train", "lenet_mnist", "--timing"]
    train += ["--backend", backend, "--run", "run"]
    with tempfile.TemporaryDirectory() as cache:
        for start, command in (
            ("by hand", by_hand),
            ("first start", train),
            ("second start", train),
        ):
            wall, processor, said = until_first_step(command, cache)
            yield f"{start} to the first step", "s", wall
            yield f"{start} to the first step", "processor s", processor
            for line in said:
                part, _, seconds = line.removesuffix(" s").rpartition("  ")
                if line.endswith(" s") and part.strip():
                    yield f"{start}: {part.strip()}", "s", float(seconds)


def until_first_step(command: list[str], cache: str) -> tuple[float, float, list[str]]:
    """Seconds by the clock and of the processor, and the lines before the first step.

    The process is ended after the line which says that the first step has ended.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        "ZOO_CACHE": cache,
    }
    said: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        used, start = _processor(), time.perf_counter()
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with subprocess.Popen(command, cwd=folder, env=environment, **pipes) as child:
            for line in child.stdout:
                if ENDED in line:
                    break
                said.append(line.rstrip("\n"))
            else:
                sys.exit("\n".join([f"{command}:", *said]))
            wall = time.perf_counter() - start
            child.kill()
    return wall, _processor() - used, said


def _processor():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

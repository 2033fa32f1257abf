"""What it costs that processes share a search: this zoo against another version of it.

    python -m benchmarks.search workers OTHER
    python -m benchmarks.search workers OTHER moons epochs=10 --workers 2 --backends jax

OTHER is the folder of another checkout. Both run the same command, in turn, and every
other round begins with the other one. Trials are short, so that handing them out has a
share in the time. Measured are trials a minute by the clock, and the processor's time
of all processes for one trial, which other load on the machine changes less; the start
of the processes counts. The figures go into the table of `benchmarks.costs`.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import command
from benchmarks.costs import report

HERE = Path(__file__).parents[2]


def main(words: list[str]) -> None:
    parser = command.parser(__doc__)
    parser.add_argument("other", type=Path, metavar="OTHER", help="another checkout")
    parser.add_argument("recipe", nargs="?", default="moons")
    parser.add_argument("changes", nargs="*", metavar="field=value")
    parser.add_argument("--workers", type=command.times, default=2)
    parser.add_argument("--trials", type=command.times, default=40)
    parser.add_argument("--rounds", type=command.times, default=5)
    parser.add_argument("--backends", nargs="+", help="all that are installed")
    arguments = parser.parse_intermixed_args(words)
    changes = arguments.changes or ["epochs=10"]
    what = ["tune", arguments.recipe, *changes, "--winners", "0"]
    what += ["--trials", str(arguments.trials), "--workers", str(arguments.workers)]
    checkouts = {"zoo": HERE, f"zoo at {commit(arguments.other)}": arguments.other}
    for backend in command.backends(arguments.backends):
        rates, costs = ({name: [] for name in checkouts} for _ in range(2))
        for number in range(arguments.rounds):
            for name in list(checkouts)[:: -1 if number % 2 else 1]:
                wall, busy = search(checkouts[name], what, number, backend)
                rates[name].append(60 * arguments.trials / wall)
                costs[name].append(busy / arguments.trials)
        label = f"`{' '.join(what[:-4])}`, {arguments.workers} workers"
        for name in checkouts:
            for unit, values in (
                ("trials/minute", rates[name]),
                ("processor seconds/trial", costs[name]),
            ):
                line = {"verb": "search", "what": f"{label}: {name}", "unit": unit}
                line |= {"backend": backend, "values": values}
                report.put(line)
                print(report.words(line), flush=True)


def search(
    checkout: Path, words: list[str], seed: int, backend: str
) -> tuple[float, float]:
    """The seconds that a search takes, by the clock and of the processor."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "KERAS_BACKEND": backend}
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "zoo", *words, "--seed", str(seed)]
        line += ["--backend", backend, "--run", f"{folder}/search"]
        environment["JAX_COMPILATION_CACHE_DIR"] = f"{folder}/compiled"
        busy, started = spent(), time.perf_counter()
        subprocess.run(
            line,
            cwd=folder,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return time.perf_counter() - started, spent() - busy


def spent() -> float:
    """Processor seconds of all processes that were started and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def commit(checkout: Path) -> str:
    """The commit of a checkout, shortened."""
    line = ["git", "-C", str(checkout), "rev-parse", "--short=7", "HEAD"]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout[:7]

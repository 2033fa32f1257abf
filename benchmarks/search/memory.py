"""Memory of a search over its trials: `zoo tune`, watched from outside.

    python -m benchmarks.search memory --backends jax torch
    python -m benchmarks.search memory circles epochs=5 --only hidden_1,batch

Measured is the resident memory of the command and of all processes that it started,
about the end of a trial. By default every trial has another shape and, as its hidden
layer starts with more than 64 units, is trained by itself. The figures go into the
table of `benchmarks.costs`.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import command
from benchmarks.costs import report
from zoo.tuning import load

EARLY, WINDOW = 10, 3


def main(words: list[str]) -> None:
    parser = command.parser(__doc__)
    parser.add_argument("recipe", nargs="?", default="circles")
    parser.add_argument("changes", nargs="*", metavar="field=value")
    parser.add_argument("--backends", nargs="+", help="all that are installed")
    parser.add_argument("--only", default="hidden_1", help="what is searched")
    parser.add_argument("--trials", type=command.times, default=100)
    arguments = parser.parse_intermixed_args(words)
    changes = arguments.changes or ["model.hidden=80,", "epochs=1"]
    what = [arguments.recipe, *changes, "--only", arguments.only]
    for name in command.backends(arguments.backends):
        sizes = watch(what, name, arguments.trials)
        early = about(sizes, EARLY)
        late = about(sizes, arguments.trials)
        for count, size in ((EARLY, early), (arguments.trials, late)):
            line = {
                "verb": "search",
                "what": f"memory after {count} trials of {' '.join(what)}",
                "backend": name,
                "unit": "MiB",
                "values": [size],
            }
            report.put(line)
            print(report.words(line))
        most = max(size for _, size in sizes)
        print(f"{name}: {late / early - 1:+.1%}, at most {most:.0f} MiB")


def watch(words: list[str], name: str, trials: int) -> list[tuple[int, float]]:
    """Run a search; pairs of the trials that had ended and the memory then, in MiB."""
    sizes = []
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "zoo", "tune", *words, "--winners", "0"]
        line += ["--trials", str(trials), "--run", folder, "--backend", name]
        environment = {**os.environ, "KERAS_BACKEND": name}
        with open(os.devnull, "w") as log:
            process = subprocess.Popen(line, env=environment, stdout=log, stderr=log)
        while process.poll() is None:
            time.sleep(0.5)
            if (Path(folder) / "search.json").is_file():
                rows = load(folder).trials
                ended = sum(each["status"] != "RUNNING" for each in rows)
                sizes.append((ended, resident(process.pid)))
        if process.returncode:
            sys.exit(f"{' '.join(line)} ended with {process.returncode}")
    return sizes


def about(sizes: list[tuple[int, float]], count: int) -> float:
    """The median memory about the end of trial `count`."""
    near = [size for ended, size in sizes if count - WINDOW <= ended <= count]
    return statistics.median(near)


def resident(pid: int) -> float:
    """Resident memory of a process and its descendants, in MiB."""
    parents, pages = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents[int(path.parent.name)] = int(fields[1])
        pages[int(path.parent.name)] = int(fields[21])
    family = {pid}
    for _ in range(3):
        family |= {child for child, parent in parents.items() if parent in family}
    total = sum(pages.get(each, 0) for each in family)
    return total * os.sysconf("SC_PAGESIZE") / 2**20

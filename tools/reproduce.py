"""Fill the ledger: recipes x seeds x backends, cheapest first; resumable.

    python tools/reproduce.py                          everything that is missing
    python tools/reproduce.py lenet_mnist --backends jax torch --seeds 5

A run that the ledger already holds, with the same recipe fields, seed and backend, is
not run again. Killed in the middle, it goes on with the next start.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from zoo import backend, ledger
from zoo import recipe as recipes
from zoo.run import open_run

LONG_SECONDS, LONGEST_SECONDS = 5 * 60, 20 * 60


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", help="names; all by default")
    parser.add_argument("--backends", nargs="+", default=backend.installed())
    parser.add_argument(
        "--seeds", type=int, help="runs a recipe and backend; by default 5, 3 or 1"
    )
    arguments = parser.parse_args()
    names = arguments.recipes or recipes.names()
    done = set()
    while open_jobs := [
        job
        for name in names
        for job in _missing(name, arguments.backends, arguments.seeds)
        if job not in done
    ]:
        job = min(open_jobs, key=lambda job: (_seconds(job[0], job[2]), job))
        print(f"{len(open_jobs)} runs to do; now {job[0]} seed={job[1]} on {job[2]}")
        done.add(job)
        _run(*job)


def _missing(name: str, backends: list[str], seeds: int | None):
    lines = ledger.read()
    fastest = min(backends, key=lambda each: _seconds(name, each))
    for each in backends:
        seconds = _seconds(name, each)
        count = seeds or (5 if seconds < LONG_SECONDS else 3)
        if not seeds and seconds > LONGEST_SECONDS and each != fastest:
            count = 1
        measured = {line["seed"] for line in ledger.measured(name, each, lines)}
        yield from ((name, seed, each) for seed in range(count) if seed not in measured)


def _seconds(name: str, backend_name: str) -> float:
    """How long a run takes, from the ledger; 0 if that is not known yet."""
    lines = ledger.measured(name, backend_name, ledger.read())
    return max((line["metrics"]["seconds"]["total"] for line in lines), default=0.0)


def _run(name: str, seed: int, backend_name: str) -> None:
    folder = Path("runs") / "ledger" / f"{name}-{backend_name}-{seed}"
    resume = ["--resume"] if any(folder.glob("state-*.npz")) else []
    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "zoo", "train", name, f"seed={seed}"]
    command += ["--backend", backend_name, "--run", str(folder), *resume]
    environment = {**os.environ, "KERAS_BACKEND": backend_name}
    if subprocess.run(command, env=environment).returncode:
        print(f"FAILED: {' '.join(command)}", file=sys.stderr)
        return
    ledger.append(ledger.entry(name, open_run(folder)))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()

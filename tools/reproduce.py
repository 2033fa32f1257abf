"""Fill the ledger: recipes x seeds x backends, cheapest first; resumable.

    python tools/reproduce.py                          everything that is missing
    python tools/reproduce.py lenet_mnist --backends jax torch --seeds 5

A run that the ledger already holds, with the same recipe fields, seed and backend, is
not run again. Killed in the middle, the next start resumes it. The code must be
committed, so that the commit in the ledger says what ran.
"""

import argparse
import dataclasses
import subprocess
import sys
from functools import partial

import ledger

from zoo import backend
from zoo import recipe as recipes
from zoo.engine import startup
from zoo.errors import Mistake

LONG_SECONDS, LONGEST_SECONDS = 5 * 60, 20 * 60


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", help="names; all by default")
    installed = backend.installed()
    parser.add_argument(
        "--backends", nargs="+", choices=installed, default=installed, metavar="NAME"
    )
    parser.add_argument(
        "--seeds", type=int, help="runs a recipe and backend; by default 5, 3 or 1"
    )
    options = parser.parse_args()
    if options.seeds is not None and options.seeds < 1:
        parser.error(f"--seeds {options.seeds}: accepted: 1 or more")
    ledger.require_clean_code()
    names = options.recipes or recipes.names()
    if len(names) == len(options.backends) == 1:
        _measure(names[0], *options.backends, options.seeds)
        return
    failed = set()
    while jobs := {
        (name, each): seeds
        for name in names
        for each in options.backends
        if (seeds := _missing(name, each, options.backends, options.seeds))
        and (name, each) not in failed
    }:
        name, each = min(jobs, key=lambda job: (_seconds(*job), job))
        known = ledger.measured(name, each, ledger.read())
        seeds = max(jobs[name, each]) if known else min(jobs[name, each])
        left = sum(map(len, jobs.values()))
        print(f"{left} runs to do; now {name} on {each}", flush=True)
        command = [sys.executable, __file__, name, "--backends", each]
        if subprocess.run([*command, "--seeds", str(seeds + 1)]).returncode:
            print(f"FAILED: {name} on {each}", file=sys.stderr)
            failed.add((name, each))
    sys.exit(1 if failed else 0)


def _missing(name: str, each: str, backends: list[str], seeds: int | None) -> list[int]:
    """The seeds that the ledger lacks for a recipe on one of `backends`."""
    seconds = _seconds(name, each)
    count = seeds or (5 if seconds < LONG_SECONDS else 3)
    fastest = min(backends, key=lambda other: _seconds(name, other))
    if not seeds and seconds > LONGEST_SECONDS and each != fastest:
        count = 1
    known = {line["seed"] for line in ledger.measured(name, each, ledger.read())}
    return [seed for seed in range(count) if seed not in known]


def _seconds(name: str, each: str) -> float:
    """How long a run takes, from the ledger; 0 if that is not known yet."""
    lines = ledger.measured(name, each, ledger.read())
    return max((line["metrics"]["seconds"]["total"] for line in lines), default=0.0)


def _measure(name: str, each: str, seeds: int | None) -> None:
    """Add the missing runs of one recipe on one backend, in this process."""
    startup.load(each)

    from zoo.evaluation.reproduction import once

    while missing := _missing(name, each, [each], seeds):
        recipe = dataclasses.replace(recipes.load(name), seed=missing[0])
        print(f"{name}, seed {missing[0]}, on {each}", flush=True)
        ledger.measure(name, f"{each}-{missing[0]}", partial(once, recipe))


if __name__ == "__main__":
    try:
        main()
    except Mistake as mistake:
        sys.exit(str(mistake))

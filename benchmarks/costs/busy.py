"""A training step beside other programs: alone, and beside one and two busy processes.

Each network is trained by zoo in a process of its own; rounds alone and rounds beside
processes that do nothing but count take turns. Processor milliseconds are of all
threads: threads that wait without sleeping show in them.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

from benchmarks.speed import rounds
from benchmarks.speed.cases import CASES

NETWORKS = [name for name in CASES if "EfficientNet" not in name]
BESIDE = {
    "alone": 0,
    "beside one busy process": 1,
    "beside two busy processes": 2,
}
BUSY = "while True: pass"
UNITS = {"ms": "wall", "processor ms": "processor"}


def measure(
    backends: list[str], count: int, networks: list[str] = NETWORKS
) -> Iterator[dict]:
    """Lines for `report.put`."""
    for network in networks:
        for backend in backends:
            own = rounds.trainer, "loops_zoo.train", network, backend
            with closing(rounds.Worker(*own)) as worker:
                worker.ask("first")
                found = {label: [] for label in BESIDE}
                for _ in range(count):
                    for label, others in BESIDE.items():
                        found[label].append(_round(worker, others))
            for label, lines in found.items():
                for unit, clock in UNITS.items():
                    steps = [line["turns"] * CASES[network].steps for line in lines]
                    yield {
                        "what": f"a step of {network}, {label}",
                        "backend": backend,
                        "unit": unit,
                        "values": [
                            1e3 * line[clock] / taken
                            for line, taken in zip(lines, steps, strict=True)
                        ],
                    }


def _round(worker: rounds.Worker, others: int) -> dict:
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(others)]
    try:
        return worker.ask("round")
    finally:
        for each in busy:
            each.kill()
            each.wait()

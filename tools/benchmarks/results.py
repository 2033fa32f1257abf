"""The file of measurements: `tools/benchmark.jsonl`."""

import importlib.metadata
import os
from pathlib import Path

import measurements

FILE = Path(__file__).parents[1] / "benchmark.jsonl"
NAMES = ("verb", "network", "backend", "contestant", "size", "machine", "threads")


def read(file: Path = FILE) -> list[dict]:
    """All lines, in the order in which they were first measured."""
    return measurements.read(file)


def put(line: dict, file: Path = FILE) -> None:
    """Add a measurement to the file, or replace the one of its name.

    Args:
        line: "verb", "backend", and what the function of that name in `rounds` found;
            of one about networks also "network".
    """
    version, backend = importlib.metadata.version, line["backend"]
    line = {
        **dict.fromkeys(("network", "contestant", "size"), ""),
        **line,
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "versions": f"{backend} {version(backend)}, keras {version('keras')}",
    }
    measurements.put(line, NAMES, file)

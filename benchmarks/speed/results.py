"""The file of measurements: `benchmarks/results/speed.jsonl`."""

import importlib.metadata
import os
import statistics
from pathlib import Path

from benchmarks import measurements

FILE = measurements.FOLDER / "speed.jsonl"
NAMES = ("verb", "network", "backend", "contestant", "size", "machine", "threads")


def put(line: dict, file: Path = FILE) -> None:
    """Add a measurement to the file, or replace the one of its name.

    Args:
        line: "verb", "backend", and what the function of that name in `rounds` found;
            of one about networks also "network".
        file: where it is kept.
    """
    version, backend = importlib.metadata.version, line["backend"]
    line = {
        **dict.fromkeys(("network", "contestant", "size"), ""),
        **line,
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "versions": f"{backend} {version(backend)}, keras {version('keras')}",
    }
    measurements.put(line, NAMES, file)


def newest(
    lines: list[dict], verb: str, network: str, backend: str, size: str = ""
) -> dict[str, dict]:
    """The newest measurement of each contestant, by its name."""
    return {
        line["contestant"]: line
        for line in lines
        if (line["verb"], line["network"], line["backend"], line["size"])
        == (verb, network, backend, size)
    }


def ratio(line: dict, other: dict) -> float:
    """The time of `line` over that of `other`: the median over rounds side by side."""
    return statistics.median(
        one / two for one, two in zip(line["ms"], other["ms"], strict=True)
    )

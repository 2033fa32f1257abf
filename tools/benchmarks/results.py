"""The file of measurements: `tools/benchmark.jsonl`."""

import datetime
import importlib.metadata
import json
import os
from pathlib import Path

FILE = Path(__file__).parents[1] / "benchmark.jsonl"
PACKAGES = {"jax": "jax", "tensorflow": "tensorflow", "torch": "torch"}
_KEY = ("verb", "network", "backend", "contestant", "size", "machine", "threads")


def read(file: Path = FILE) -> list[dict]:
    """All lines, in the order in which they were first measured."""
    text = file.read_text() if file.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def put(line: dict, file: Path = FILE) -> None:
    """Add a measurement to the file, or replace the one of its name.

    Args:
        line: "verb", "network", "backend", and what `rounds.train` or
            `rounds.predict` found.
    """
    line = {"size": "", **line, **_circumstances(line["backend"])}
    lines = {tuple(each[name] for name in _KEY): each for each in read(file)}
    lines[tuple(line[name] for name in _KEY)] = line
    temporary = file.with_suffix(".new")
    temporary.write_text("".join(json.dumps(each) + "\n" for each in lines.values()))
    temporary.replace(file)


def _circumstances(backend):
    version = importlib.metadata.version
    package = PACKAGES[backend]
    return {
        "machine": machine(),
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "versions": f"{package} {version(package)}, keras {version('keras')}",
        "load": round(os.getloadavg()[0], 1),
        "date": datetime.date.today().isoformat(),
    }


def machine() -> str:
    """The processor's name and how many cores there are, and the GPU's, if any."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    known = [f"{name}, {os.cpu_count()} cores"]
    gpus = Path("/proc/driver/nvidia/gpus").glob("*/information")
    for gpu in sorted(gpus):
        words = dict(line.split(":", 1) for line in gpu.read_text().splitlines())
        known.append(words["Model"].strip())
    return ", ".join(known)

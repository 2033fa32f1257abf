"""Files of measurements, one a line, and the circumstances that each line states."""

import datetime
import functools
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from zoo.core import files

FOLDER = Path(__file__).with_name("results")


def read(file: Path) -> list[dict]:
    """All lines, in the order in which they were first measured."""
    text = file.read_text() if file.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def put(line: dict, names: Sequence[str], file: Path) -> None:
    """Add a measurement to the file, or replace the one that has the same `names`.

    Args:
        line: what was measured; machine, load average and date are added.
        names: the fields that tell measurements apart.
        file: where they are kept.
    """
    line = {
        **line,
        "machine": machine(),
        "load": round(os.getloadavg()[0], 1),
        "date": datetime.date.today().isoformat(),
    }
    lines = {tuple(each[name] for name in names): each for each in read(file)}
    lines[tuple(line[name] for name in names)] = line
    text = "".join(json.dumps(each) + "\n" for each in lines.values())
    files.write_text(file, text)


@functools.cache
def machine() -> str:
    """The processor's name and how many cores there are, and the GPU's, if any."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    known = [f"{name}, {os.cpu_count()} cores"]
    if shutil.which("nvidia-smi"):
        command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        known += subprocess.check_output(command, text=True).splitlines()
    return ", ".join(known)

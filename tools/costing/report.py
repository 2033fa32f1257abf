"""The file of measurements, and README's tables from it."""

import datetime
import json
import os
import statistics
from pathlib import Path

FILE = Path(__file__).parents[1] / "costs.jsonl"
README = Path(__file__).parents[2] / "README.md"
START = "<!-- costs: tools/costs.py table writes this -->"
END = "<!-- end of costs -->"
TITLES = {
    "startup": "Start-up",
    "input": "Input",
    "augmentation": "Augmentation",
    "waiting": "Waiting for data",
    "search": "Search",
}
BACKENDS = {"": "", "jax": "JAX", "tensorflow": "TensorFlow", "torch": "PyTorch"}


def read(file: Path = FILE) -> list[dict]:
    """All lines, in the order in which they were first measured."""
    text = file.read_text() if file.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def put(line: dict, file: Path = FILE) -> None:
    """Add a measurement to the file, or replace the one of its name.

    Args:
        line: "verb", "what", "backend" ("" if none), "unit" and "values", one a round.
    """
    line |= {
        "machine": machine(),
        "load": os.getloadavg()[0],
        "date": datetime.date.today().isoformat(),
    }
    lines = {_key(each): each for each in read(file)}
    lines[_key(line)] = line
    temporary = file.with_suffix(".new")
    text = "".join(json.dumps(each) + "\n" for each in lines.values())
    temporary.write_text(text)
    temporary.replace(file)


def machine() -> str:
    """The processor's name and how many cores there are."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    return f"{name}, {os.cpu_count()} cores"


def words(line: dict) -> str:
    """A measurement in a line: median (least to most), unit."""
    label = f"{line['what']} {line['backend']}".strip()
    return f"{label}: {_values(line)} {line['unit']}, n={len(line['values'])}"


def written(text: str) -> str:
    """`text`, README's, with the tables between their marks."""
    before, rest = text.split(START)
    after = rest.split(END)[1]
    lines = read()
    parts = [part for verb in TITLES for part in _table(verb, lines)]
    machines = sorted({line["machine"] for line in lines})
    loads = [line["load"] for line in lines] or [0.0]
    note = (
        f"Median (least to most) of n rounds. Measured on: {'; '.join(machines)}; "
        f"load average {min(loads):.1f} to {max(loads):.1f}."
    )
    return before + "\n".join([START, "", *parts, note, "", END]) + after


def _table(verb, lines):
    lines = [line for line in lines if line["verb"] == verb]
    if not lines:
        return []
    head = [
        f"| {TITLES[verb]} | backend | | unit | n |",
        "| --- | --- | ---: | --- | ---: |",
    ]
    rows = [
        f"| {line['what']} | {BACKENDS[line['backend']]} | {_values(line)} | "
        f"{line['unit']} | {len(line['values'])} |"
        for line in lines
    ]
    return [*head, *rows, ""]


def _values(line):
    values = line["values"]
    shown = (statistics.median(values), min(values), max(values))
    median, least, most = (
        f"{value:,.3g}" if value < 1000 else f"{value:,.0f}" for value in shown
    )
    return f"{median} ({least} to {most})"


def _key(line):
    return tuple(line[name] for name in ("verb", "what", "backend", "unit", "machine"))

"""The file of measurements, and README's tables from it."""

import statistics
from pathlib import Path

import measurements
import readme

FILE = Path(__file__).parents[1] / "costs.jsonl"
MARKS = "<!-- costs: tools/costs.py table writes this -->", "<!-- end of costs -->"
NAMES = ("verb", "what", "backend", "unit", "machine")
TITLES = {
    "startup": "Start-up",
    "input": "Input",
    "augmentation": "Augmentation",
    "search": "Search",
}
BACKENDS = {"": "", "jax": "JAX", "tensorflow": "TensorFlow", "torch": "PyTorch"}


def read(file: Path = FILE) -> list[dict]:
    """All lines, in the order in which they were first measured."""
    return measurements.read(file)


def put(line: dict, file: Path = FILE) -> None:
    """Add a measurement to the file, or replace the one of its name.

    Args:
        line: "verb", "what", "backend" ("" if none), "unit" and "values", one a round.
    """
    measurements.put(line, NAMES, file)


def words(line: dict) -> str:
    """A measurement in a line: median (least to most), unit."""
    label = f"{line['what']} {line['backend']}".strip()
    return f"{label}: {_values(line)} {line['unit']}, n={len(line['values'])}"


def written(text: str) -> str:
    """`text`, README's, with the tables between their marks."""
    lines = read()
    parts = [part for verb in TITLES for part in _table(verb, lines)]
    machines = sorted({line["machine"] for line in lines})
    loads = [line["load"] for line in lines] or [0.0]
    note = (
        f"Median (least to most) of n rounds. Measured on: {'; '.join(machines)}; "
        f"load average {min(loads):.1f} to {max(loads):.1f}."
    )
    return readme.between(text, MARKS, [*parts, note])


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

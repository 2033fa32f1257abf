"""The file of measurements, and the tables from it, a page for each machine."""

import math
import statistics
from pathlib import Path

from benchmarks import measurements
from benchmarks.costs import augmentation_table
from benchmarks.tables import BACKENDS, spread, table
from tools import pages

FILE = measurements.FOLDER / "costs.jsonl"
MARKS = "<!-- costs: benchmarks.costs table writes this -->", "<!-- end of costs -->"
NAMES = ("verb", "what", "backend", "unit", "machine")
TITLES = {
    "startup": "Start-up",
    "busy": "A busy machine",
    "input": "Input",
    "rows": "Rows",
    "waiting": "Waiting for augmentation",
    "serving": "Serving",
    "writing": "Writing",
    "search": "Search",
    "scaling": "Several devices",
}


def put(line: dict, file: Path = FILE) -> None:
    """Add a measurement to the file, or replace the one of its name.

    Args:
        line: "verb", "what", "backend" ("" if none), "unit" and "values", one a round.
    """
    measurements.put(line, NAMES, file)


def growth() -> list[dict]:
    """How times grow, on the machine that measured it last."""
    lines = [line for line in measurements.read(FILE) if line["verb"] == "growth"]
    machine = max(lines, key=lambda line: line["date"])["machine"]
    return [line for line in lines if line["machine"] == machine]


def curve(lines: list[dict], *names: str) -> list[tuple[int, float]]:
    """Positions and median times, in order, for a network, an axis and a backend."""
    return sorted(
        (line["position"], statistics.median(line["values"]))
        for line in lines
        if (line["network"], line["axis"], line["backend"]) == names
    )


def words(line: dict) -> str:
    """A measurement in a line: median (least to most), unit."""
    label = f"{line['what']} {line['backend']}".strip()
    said = f"{label}: {spread(line['values'])} {line['unit']}, n={len(line['values'])}"
    beside = line.get("others")
    return f"{said}; {line['beside']}: {spread(beside)}" if beside else said


def texts() -> dict[Path, str]:
    """The pages with the tables between their marks."""
    lines = measurements.read(FILE)
    found, drawn = {}, growth()
    for machine in dict.fromkeys(line["machine"] for line in lines):
        own = [line for line in lines if line["machine"] == machine]
        parts = []
        for verb, title in TITLES.items():
            there = [line for line in own if line["verb"] == verb]
            parts += _table(title, there) if there else []
        pairs = [line for line in own if line["verb"] == "augmentation"]
        parts += [*augmentation_table.rows(pairs), ""] if pairs else []
        grown = [line for line in own if line["verb"] == "growth"]
        parts += _growth_table(grown) if grown else []
        if grown == drawn:
            names = dict.fromkeys(line["network"] for line in grown)
            parts += [f"![Growth of {name}](growth/{name}.png)\n" for name in names]
        loads = [line["load"] for line in own]
        note = (
            "Median (least to most) of n rounds; "
            f"load average {min(loads):.1f} to {max(loads):.1f}."
        )
        path, text = pages.of_machine(machine, [MARKS])
        found[path] = pages.between(text, MARKS, [*parts, note])
    return found


def _table(title, lines):
    rows = [
        [
            line["what"],
            BACKENDS[line["backend"]],
            line["unit"],
            spread(line["values"]),
            str(len(line["values"])),
        ]
        for line in lines
    ]
    return [*table([title, "backend", "unit", "", "n"], rows, left=3), ""]


def _growth_table(lines):
    """The exponents of growth where curves begin and where they end."""
    names = [name for name in BACKENDS if name]
    rows = []
    for network, axis in dict.fromkeys(
        (each["network"], each["axis"]) for each in lines
    ):
        curves = [curve(lines, network, axis, name) for name in names]
        first, *_, last = (position for position, _ in max(curves, key=len))
        label = f"{network}, {axis} {first:,} to {last:,}"
        rows.append([label, *map(_exponents, curves)])
    return [*table(["Growth", *(BACKENDS[name] for name in names)], rows), ""]


def _exponents(points):
    if not points:
        return "-"
    return ", ".join(
        f"{math.log(after[1] / before[1]) / math.log(after[0] / before[0]):.2f}"
        for before, after in (points[:2], points[-2:])
    )

"""Measurements as tables of Markdown."""

import statistics
from collections.abc import Sequence

BACKENDS = {"": "", "jax": "JAX", "tensorflow": "TensorFlow", "torch": "PyTorch"}


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1
) -> list[str]:
    """The lines of a table; its first `left` columns are words, the others numbers."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return ["| " + " | ".join(row) + " |" for row in [head, rule, *rows]]


def spread(values: Sequence[float]) -> str:
    """Median (least to most), to three digits."""
    shown = statistics.median(values), min(values), max(values)
    median, least, most = (
        f"{value:,.3g}" if value < 1000 else f"{value:,.0f}" for value in shown
    )
    return f"{median} ({least} to {most})"

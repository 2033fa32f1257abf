"""What mixed_bfloat16 gains, by network and backend."""

from benchmarks.speed.cases import CASES
from benchmarks.speed.contestants import FIT_HALF, HALF, HALVES, ZOO
from benchmarks.speed.results import newest, ratio
from benchmarks.tables import BACKENDS, spread, table


def rows(lines: list[dict]) -> list[str]:
    """The table's lines; [] if nothing was measured."""
    head = ["a training step in mixed_bfloat16", "backend", "float32, ms"]
    head += ["mixed_bfloat16, ms", FIT_HALF, "/ float32", "/ fit"]
    body = [
        [network, BACKENDS[backend], *_row(found)]
        for network in CASES
        for backend in HALVES
        if set(found := newest(lines, "half", network, backend)) == set(HALVES[backend])
    ]
    return table(head, body) if body else []


def _row(found):
    whole, half, fit = (found[name] for name in (ZOO, HALF, FIT_HALF))
    times = [spread(line["ms"]) for line in (whole, half, fit)]
    return (*times, f"{ratio(half, whole):.2g}", f"{ratio(half, fit):.2g}")

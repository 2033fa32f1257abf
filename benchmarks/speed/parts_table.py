"""Where the time of a training step goes: products, passes over numbers, the rest."""

import statistics

from benchmarks.speed import operations, passes
from benchmarks.speed.cases import CASES
from benchmarks.speed.contestants import LIMIT, PARTS, PASSES, PRODUCTS, ZOO
from benchmarks.speed.limit import SIDE
from benchmarks.speed.results import newest
from benchmarks.tables import BACKENDS, spread, table


def rows(lines: list[dict]) -> list[str]:
    """The table's lines; [] if nothing was measured."""
    head = ["where a training step goes", "backend", "zoo, ms", "its products, ms"]
    head += ["these of their limit", "its passes, ms", "MB passed", "the rest, ms"]
    body = [
        [network, BACKENDS[backend], *_row(CASES[network], found)]
        for network in CASES
        for backend in PARTS
        if set(found := newest(lines, "parts", network, backend)) == set(PARTS[backend])
    ]
    return table(head, body) if body else []


def _row(case, found):
    zoo, products, moved = (found[name]["ms"] for name in (ZOO, PRODUCTS, PASSES))
    rest = [
        whole - one - two for whole, one, two in zip(zoo, products, moved, strict=True)
    ]
    limits = [each * case.steps for each in found[LIMIT]["ms"]]
    share = statistics.median(
        operations.step(case) / one * limit / (2 * SIDE**3)
        for one, limit in zip(products, limits, strict=True)
    )
    megabytes = 4 * sum(passes.elements(case)) / 1e6
    return (
        spread(zoo),
        spread(products),
        f"{share:.2g}",
        spread(moved),
        f"{megabytes:,.0f}",
        f"{statistics.median(rest):.3g}",
    )

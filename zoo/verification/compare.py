"""How far two probes are apart."""

from typing import NamedTuple

import numpy as np

BOUNDS = {
    "weights": 0.0,
    "order": 0.0,
    "images": 1e-6,
    "layer": 4e-6,  # a thousandth of a gray level
    "inputs": 0.0,
    "dropout": 0.0,
    "forward": 1e-5,
    "gradient": 1e-4,
    "loss": 1e-3,
}
"""The largest relative difference of each quantity; 0 is: equal, bit for bit."""

_SMALL = 0.01


class Difference(NamedTuple):
    """The largest relative difference, 0 if all bits are the same, and where it is."""

    value: float
    where: str


def compare(
    first: dict[str, np.ndarray], other: dict[str, np.ndarray]
) -> dict[str, Difference]:
    """Compare two probes, see `zoo.verification.probe`; a difference for each quantity.

    The relative difference of two arrays a and b is max |a - b| / max |a|; of two
    arrays of losses it is max(|a - b| / |a|), step by step. For a variable's gradient,
    max |a| is at least a hundredth of that of the whole gradient: some gradients, such
    as those of biases before a batch normalization, are nothing but rounding. NaN and
    another shape are infinitely far apart.
    """
    found = {}
    for quantity in BOUNDS:
        keys = [key for key in first if key.startswith(f"{quantity}/")]
        if not keys:
            continue
        least = 0.0
        if quantity == "gradient":
            least = _SMALL * max(_size(first[key]) for key in keys)
        differences = [
            _losses(key, first[key], other.get(key))
            if quantity == "loss"
            else _arrays(key, first[key], other.get(key), least)
            for key in keys
        ]
        worst = max(differences)
        found[quantity] = worst if worst.value else Difference(0.0, "")
    return found


def _arrays(key, a, b, least):
    where = key.partition("/")[2]
    if b is None or a.shape != b.shape:
        return Difference(np.inf, where)
    if a.dtype == b.dtype and a.tobytes() == b.tobytes():
        return Difference(0.0, where)
    a, b = np.float64(a), np.float64(b)
    apart, size = _size(a - b), max(_size(a), least)
    value = apart / size if size else apart
    if not np.isfinite(value):
        return Difference(np.inf, where)
    return Difference(max(value, np.finfo(float).tiny), where)


def _losses(key, a, b):
    where = key.partition("/")[2]
    if b is None or a.shape != b.shape:
        return Difference(np.inf, where)
    a, b = np.float64(a), np.float64(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where(a == b, 0, np.abs(a - b) / np.abs(a))
    apart[np.isnan(apart)] = np.inf
    step = int(apart.argmax())
    return Difference(float(apart[step]), f"{where}, step {step + 1}")


def _size(array):
    return float(np.abs(array).max(initial=0))

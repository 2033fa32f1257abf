"""How many floating-point operations a network takes, counted from its layers."""

import math
from collections.abc import Iterator

from benchmarks.speed.cases import Case

Shape = tuple[int, ...]


def step(case: Case) -> int:
    """Of a training step: forward, and twice as many backward.

    A multiplication and an addition are two. Only products of matrices and convolutions
    count; the rest is below a hundredth of them in all but the smallest networks. The
    spectrogram of a sound does not count, for each contestant computes it its own way.
    """
    counts = (_layer(kind, numbers, shape)[0] for kind, numbers, shape, _ in walk(case))
    return 3 * case.batch * sum(counts)


def walk(case: Case) -> Iterator[tuple[str, tuple, Shape, Shape]]:
    """Each layer's kind and numbers, and the shapes of an example before and behind it.

    Layers beside a shortcut stand in a row, and behind them "sum".
    """
    return _walk(case.layers, case.shape)


def _walk(layers, shape):
    for kind, *numbers in layers:
        if kind == "residual":
            yield from _walk(*numbers, shape)
            kind, numbers = "sum", ()
        before, shape = shape, _layer(kind, numbers, shape)[1]
        yield kind, tuple(numbers), before, shape


def _layer(kind, numbers, shape):
    """Operations for one example, and the shape of what comes out."""
    match kind, *numbers:
        case "pad", margin:
            shape = (shape[0] + 2 * margin, shape[1] + 2 * margin, shape[2])
        case "flatten", *_:
            shape = (math.prod(shape),)
        case "dense", width:
            return 2 * math.prod(shape) * width, (*shape[:-1], width)
        case "conv", filters, size, padding:
            cut = size - 1 if padding == "valid" else 0
            sides = shape[0] - cut, shape[1] - cut
            products = math.prod(sides) * size**2 * shape[2] * filters
            return 2 * products, (*sides, filters)
        case "unit", filters, size, stride, depthwise, _:
            sides = -(-shape[0] // stride), -(-shape[1] // stride)
            channels = 1 if depthwise else shape[2]
            products = math.prod(sides) * size**2 * channels * filters
            return 2 * products, (*sides, filters)
        case (("maximum" | "average"), size):
            shape = (shape[0] // size, shape[1] // size, shape[2])
        case "mean", *_:
            shape = shape[-1:]
        case "embedding", _, width:
            shape = (*shape, width)
        case "lstm", units:
            return 2 * shape[0] * 4 * units * (shape[1] + units), (units,)
        case "states", units, width:
            return 2 * shape[0] * 4 * units * (width + units), (shape[0], units)
        case "mel", rate, bands, joined:
            shape = (shape[0] * 100 // rate // joined, bands * joined)
        case "both", units, width:
            count = 2 * 2 * shape[0] * 3 * units * (width + units)
            return count, (shape[0], 2 * units)
        case "last" | "most", *_:
            shape = shape[1:]
    return 0, shape

"""Masked steps, which the recurrent layers of ONNX do not pass over.

The steps that count are moved to the front, in the order in which they are read, and
ONNX is told how many they are. What it gives for them is moved back, as Keras has it: a
masked step repeats the answer that was read before it, or is 0.
"""

import numpy as np

from zoo.exporting.onnx.activations import FLOAT
from zoo.exporting.onnx.graph import Graph, Tensor

# What a step that counts is sorted by, beside its place; OpenVINO takes 32 bits.
_FIRST = 2**30
_NONE, _ONE = np.array(0, np.int64), np.array(1, np.int64)


class Steps:
    """Which steps of a batch count.

    Args:
        g: the graph.
        mask: of bool, (batch, steps).
        backward: whether the last step is read first.
    """

    def __init__(self, g: Graph, mask: Tensor, backward: bool):
        self._g, self._mask = g, g.cast(mask, "bool")
        whole = g.cast(mask, "int64")
        read = g.add("CumSum", whole, _ONE, reverse=int(backward))  # so far
        self._last = g.add("Sub", read, _ONE)  # among them; -1 if there is none
        self._total = g.add("ReduceSum", whole, _ONE[None])  # (batch, 1)
        flat = g.add("Squeeze", self._total, _ONE[None])
        self.lengths = g.cast(Tensor(flat, (None,), "int64"), "int32")
        ones = g.add("Expand", _ONE, g.shape(mask))
        places = g.add("CumSum", ones, _ONE)
        keys = g.add("Mul", whole, np.array(_FIRST, np.int64))
        # All different, so that the order is certain.
        keys = g.add("Add" if backward else "Sub", keys, places)
        steps = g.add("Gather", g.shape(mask), _ONE[None])
        _, self._order = g.add("TopK", keys, steps, outputs=2, axis=1)

    def in_front(self, x) -> str:
        """A tensor (batch, steps, channels) with the steps that count in front."""
        return self._taken(x, self._order)

    def at_their_places(self, x, empty: bool) -> str:
        """What was computed for the steps in front, at the steps' own places.

        Args:
            x: (batch, steps, units).
            empty: whether a masked step is 0, and does not repeat the one before.
        """
        g = self._g
        known = g.add("GreaterOrEqual", self._last, _NONE)
        known = g.add("And", known, self._mask) if empty else known
        known = g.add("Unsqueeze", known, np.array([2]))
        found = self._taken(x, g.add("Max", self._last, _NONE))
        return g.add("Where", known, found, FLOAT(0))

    def last(self, x) -> str:
        """What was computed for the last one of them; 0 if none counts."""
        g = self._g
        place = g.add("Max", g.add("Sub", self._total, _ONE), _NONE)
        found = g.add("Squeeze", self._taken(x, place), _ONE[None])
        return g.add("Where", g.add("Equal", self._total, _NONE), FLOAT(0), found)

    def _taken(self, x, places: str) -> str:
        """The steps of `x`, (batch, steps, channels), at `places`, (batch, n)."""
        g = self._g
        channels = g.add("Slice", g.shape(x), np.array([2]), np.array([3]))
        lengths = g.add("Concat", _ONE[None], _ONE[None], channels, axis=0)
        spread = g.add("Unsqueeze", places, np.array([2]))
        return g.add("GatherElements", x, g.add("Expand", spread, lengths), axis=1)


def mean(g: Graph, layer, x, mask) -> str:
    """The mean of the steps that count."""
    weight = g.add("Unsqueeze", g.cast(mask, "float32"), np.array([2]))
    counts = g.add("Unsqueeze", g.cast(mask, "bool"), np.array([2]))
    axis, keep = _ONE[None], int(layer.keepdims)
    total = g.add("ReduceSum", weight, axis, keepdims=keep)
    kept = g.add("Where", counts, x, FLOAT(0))
    return g.add("Div", g.add("ReduceSum", kept, axis, keepdims=keep), total)

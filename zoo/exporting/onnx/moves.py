"""Operations of `keras.ops` that compute nothing: numbers are moved, cut and joined.

See `zoo.exporting.onnx.operations` for what a translation takes and gives.
"""

import numpy as np

from zoo.exporting.onnx.graph import Graph, Tensor, Unsupported, dtype_of


def axes_of(axis, x: Tensor) -> np.ndarray:
    axis = range(len(x.shape)) if axis is None else axis
    return np.atleast_1d(np.array(axis, np.int64))


def one_axis(op) -> int:
    """The axis of an operation for which ONNX takes just one."""
    if not isinstance(op.axis, int):
        raise Unsupported(f"{type(op).__name__} along axis={op.axis}")
    return op.axis


def _take_along_axis(g, op, out, x, indices):
    """GatherElements, after the indices are spread over the other axes."""
    axis, rank = one_axis(op) % len(x.shape), len(x.shape)
    lengths = g.shape(x)
    parts = [
        g.add("Slice", lengths, np.array([0]), np.array([axis])),
        np.array([1]),
        g.add("Slice", lengths, np.array([axis + 1]), np.array([rank])),
    ]
    indices = g.cast(indices, "int64")
    spread = g.add("Expand", indices, g.add("Concat", *parts, axis=0))
    return g.add("GatherElements", x, spread, axis=axis)


def _take(g, op, out, x, indices):
    if op.axis is None:
        x = g.add("Reshape", g.cast(x, dtype_of(out)), np.array([-1]))
    values = x if isinstance(x, str) else g.cast(x, dtype_of(out))
    return g.add("Gather", values, g.cast(indices, "int64"), axis=op.axis or 0)


def _concatenate(g, op, out, xs):
    values = [g.cast(x, dtype_of(out)) for x in xs]
    return g.add("Concat", *values, axis=op.axis)


def _stack(g, op, out, xs):
    axis = op.axis % len(out.shape)
    values = [g.cast(x, dtype_of(out)) for x in xs]
    thin = [g.add("Unsqueeze", value, np.array([axis])) for value in values]
    return g.add("Concat", *thin, axis=axis)


def _split(g, op, out, x):
    axis, cuts = op.axis, op.indices_or_sections
    length = x.shape[axis]
    if length is None:
        raise Unsupported("a split of an axis whose length is not known")
    if isinstance(cuts, int):
        sizes = [length // cuts] * cuts
    else:
        sizes = np.diff([0, *cuts, length]).tolist()
    names = g.add("Split", x, np.array(sizes), outputs=len(sizes), axis=axis)
    return names if isinstance(names, list) else [names]


def reshaped(g: Graph, x: Tensor, shape: tuple[int | None, ...]) -> str:
    """`x` in another shape, of which one length at most is not known.

    A length that is not known and stands at the same place in `x` is that of `x`.
    """
    lengths = []
    for place, length in enumerate(shape):
        kept = place < len(x.shape) and x.shape[place] is None
        free = length in (None, -1)
        lengths.append(0 if free and kept else -1 if free else length)
    if lengths.count(-1) > 1:
        raise Unsupported(f"a reshape to {shape}, several lengths of which are unknown")
    return g.add("Reshape", x, np.array(lengths, np.int64))


def _reshape(g, op, out, x):
    # The output's own lengths, where known: a batch that is merged with the next axis
    # stands as -1 in the operation.
    lengths = tuple(
        known if known is not None else given
        for known, given in zip(out.shape, op.newshape, strict=True)
    )
    if -1 in lengths:
        lengths = tuple(length or -1 for length in lengths)
        return g.add("Reshape", x, np.array(lengths, np.int64))
    return reshaped(g, x, lengths)


def _pad(g, op, out, x, constant_values=None):
    if op.mode not in ("constant", "reflect"):
        raise Unsupported(f"{op.mode} padding")
    pads = np.array(op.pad_width, np.int64).T.reshape(-1)
    value = np.array(constant_values or 0, x.dtype)
    more = [value] if op.mode == "constant" else []
    return g.add("Pad", x, pads, *more, mode=op.mode)


def _get_item(g, op, out, x, key):
    """Slices, whole numbers, None and one ellipsis, as NumPy takes them."""
    keys = list(key) if isinstance(key, tuple | list) else [key]
    if not all(
        each is None or each is Ellipsis or isinstance(each, int | slice)
        for each in keys
    ):
        raise Unsupported("indexing by an array")
    taken = sum(each is not None and each is not Ellipsis for each in keys)
    whole = [slice(None)] * (len(x.shape) - taken)
    if Ellipsis in keys:
        place = keys.index(Ellipsis)
        keys[place : place + 1] = whole
    else:
        keys += whole
    end = np.iinfo(np.int64).max
    slices, gone, new, axis = [], [], [], 0
    for each in keys:
        if each is None:
            continue
        if isinstance(each, int):
            stop = each + 1 if each != -1 else end
            slices.append((axis, each, stop, 1))
            gone.append(axis)
        elif each != slice(None):
            step = each.step or 1
            first, last = (0, end) if step > 0 else (end, -end)
            start = first if each.start is None else each.start
            stop = last if each.stop is None else each.stop
            slices.append((axis, start, stop, step))
        axis += 1
    left = [each for each in keys if not isinstance(each, int)]
    new = [place for place, each in enumerate(left) if each is None]
    name = g.name(x)
    if slices:
        axes, starts, stops, steps = np.array(slices, np.int64).T
        name = g.add("Slice", name, starts, stops, axes, steps)
    if gone:
        name = g.add("Squeeze", name, np.array(gone))
    if new:
        name = g.add("Unsqueeze", name, np.array(new))
    return name


def flipped(g: Graph, x, axes) -> str:
    """`x` with the order along each of `axes` reversed."""
    axes = np.array(axes, np.int64)
    end = np.iinfo(np.int64).max
    starts, stops = np.full_like(axes, -1), np.full_like(axes, -end)
    return g.add("Slice", x, starts, stops, axes, np.full_like(axes, -1))


def _transpose(g, op, out, x):
    axes = op.axes or list(range(len(x.shape)))[::-1]
    return g.add("Transpose", x, perm=[int(axis) for axis in axes])


def _broadcast_to(g, op, out, x):
    return g.add("Expand", x, np.array([length or 1 for length in op.shape], np.int64))


def _squeeze(g, op, out, x):
    ones = [place for place, length in enumerate(x.shape) if length == 1]
    axes = ones if op.axis is None else op.axis  # a batch of one keeps its axis
    return g.add("Squeeze", x, axes_of(axes, x))


MOVES = {
    "BroadcastTo": _broadcast_to,
    "Concatenate": _concatenate,
    "ExpandDims": lambda g, op, out, x: g.add(
        "Unsqueeze", x, np.atleast_1d(np.array(op.axis, np.int64))
    ),
    "Flip": lambda g, op, out, x: flipped(g, x, axes_of(op.axis, x)),
    "GetItem": _get_item,
    "Pad": _pad,
    "Reshape": _reshape,
    "Split": _split,
    "Squeeze": _squeeze,
    "Stack": _stack,
    "Take": _take,
    "TakeAlongAxis": _take_along_axis,
    "Transpose": _transpose,
}

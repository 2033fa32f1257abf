"""Operations of `keras.ops`, each as nodes of ONNX.

A translation takes the graph, the operation of Keras, what Keras says of its output,
and the operation's inputs: tensors of the graph, variables, arrays and numbers. It
gives the name of the output, or a list of names.
"""

import keras
import numpy as np

from zoo.exporting.onnx.activations import ACTIVATIONS, either_gelu, relu
from zoo.exporting.onnx.attention import attention, einsum, scaled_to_one
from zoo.exporting.onnx.graph import Graph, Tensor, Unsupported, array, dtype_of, spread


def _one(kind):
    """An operator of ONNX with one input of the output's dtype."""
    return lambda g, op, out, x: g.add(kind, g.cast(x, dtype_of(out)))


def _activated(name):
    return lambda g, op, out, x: ACTIVATIONS[name](g, g.cast(x, dtype_of(out)))


def _elu(g, op, out, x):
    return g.add("Elu", g.cast(x, dtype_of(out)), alpha=float(op.alpha))


def _rounded(g, op, out, x):
    if op.decimals:
        raise Unsupported(f"rounding to {op.decimals} decimals")
    return g.add("Round", g.cast(x, dtype_of(out)))


def _two(kind):
    """An operator of ONNX, element by element, on two of the output's dtype."""

    def convert(g, op, out, x, y):
        dtype = dtype_of(out)
        return g.add(kind, *(_given(g, each, dtype, out) for each in (x, y)))

    return convert


def _given(g, value, dtype: str, out) -> str:
    """A tensor, or a constant in the form that is quick to repeat along the output."""
    if isinstance(value, Tensor):
        return g.cast(value, dtype)
    return g.name(spread(array(value).astype(dtype), tuple(out.shape)))


def _common(*values) -> str:
    """The dtype in which Keras compares values; numbers of Python follow the others."""
    dtype = keras.backend.result_type(*map(_kind, values))
    return "float32" if "float" in dtype else dtype


def _kind(value):
    if hasattr(value, "dtype"):
        return dtype_of(value)
    return {"i": int, "f": float, "b": "bool"}[np.asarray(value).dtype.kind]


def _compared(kind, negated=False):
    def convert(g, op, out, x, y):
        dtype = _common(x, y)
        said = g.add(kind, g.cast(x, dtype), g.cast(y, dtype))
        return g.add("Not", said) if negated else said

    return convert


def _logical(kind):
    return lambda g, op, out, *xs: g.add(kind, *(g.cast(x, "bool") for x in xs))


def _where(g, op, out, condition, x, y):
    dtype = dtype_of(out)
    return g.add("Where", g.cast(condition, "bool"), g.cast(x, dtype), g.cast(y, dtype))


def _axes(axis, x: Tensor) -> np.ndarray:
    axis = range(len(x.shape)) if axis is None else axis
    return np.atleast_1d(np.array(axis, np.int64))


def _one_axis(op) -> int:
    """The axis of an operation for which ONNX takes just one."""
    if not isinstance(op.axis, int):
        raise Unsupported(f"{type(op).__name__} along axis={op.axis}")
    return op.axis


def _reduced(kind):
    def convert(g, op, out, x):
        if getattr(op, "initial", None) is not None:
            raise Unsupported(f"{type(op).__name__} with initial={op.initial}")
        axes = _axes(op.axis, x)
        values = g.cast(x, dtype_of(out))
        return g.add(kind, values, axes, keepdims=int(bool(op.keepdims)))

    return convert


def _any(g, op, out, x):
    whole = g.cast(x, "int32")
    found = g.add("ReduceMax", whole, _axes(op.axis, x), keepdims=int(op.keepdims))
    return g.cast(Tensor(found, tuple(out.shape), "int32"), "bool")


def _argsort(g, op, out, x):
    """TopK of all, the smallest first; equal values stay in their order."""
    axis = _one_axis(op) % len(x.shape)
    length = g.add("Gather", g.shape(x), np.array([axis], np.int64))
    options = {"axis": axis, "largest": 0, "sorted": 1}
    _, order = g.add("TopK", x, length, outputs=2, **options)
    return _from_int64(g, order, out)


def _from_int64(g, name, out):
    return g.cast(Tensor(name, tuple(out.shape), "int64"), dtype_of(out))


def _take_along_axis(g, op, out, x, indices):
    """GatherElements, after the indices are spread over the other axes."""
    axis, rank = _one_axis(op) % len(x.shape), len(x.shape)
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


def _full_like(value):
    def convert(g, op, out, x):
        one = g.name(np.array(value, dtype_of(out)))
        return g.add("Expand", one, g.shape(x))

    return convert


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
    return g.add("Squeeze", x, _axes(axes, x))


def _one_hot(g, op, out, x):
    values = np.array([0, 1], dtype_of(out))
    ids, count = g.cast(x, "int64"), np.array(op.num_classes)
    # ONNX counts negative ones from the end; Keras gives zeros, as beyond the end.
    ids = g.add("Where", g.add("Less", ids, np.array(0)), count, ids)
    return g.add("OneHot", ids, count, values, axis=op.axis)


def _arg_max(g, op, out, x):
    name = g.add("ArgMax", x, axis=_one_axis(op), keepdims=int(op.keepdims))
    return _from_int64(g, name, out)


def _clip(g, op, out, x):
    dtype = dtype_of(out)
    bounds = (
        None if bound is None else np.array(array(bound), dtype)
        for bound in (op.x_min, op.x_max)
    )
    return g.add("Clip", g.cast(x, dtype), *bounds)


def _cumsum(g, op, out, x):
    return g.add("CumSum", g.cast(x, dtype_of(out)), np.array(_one_axis(op), np.int64))


def _floor_divide(g, op, out, x, y):
    floor = g.add("Floor", _two("Div")(g, op, keras.KerasTensor((), "float32"), x, y))
    return g.cast(Tensor(floor, tuple(out.shape), "float32"), dtype_of(out))


def _matmul(g, op, out, x, y):
    dtype = dtype_of(out)
    return g.add("MatMul", g.cast(x, dtype), g.cast(y, dtype))


def _squared(g, op, out, x):
    value = g.cast(x, dtype_of(out))
    return g.add("Mul", value, value)


OPERATIONS = {
    "Absolute": _one("Abs"),
    "Abs": _one("Abs"),
    "Add": _two("Add"),
    "Any": _any,
    "Argmax": _arg_max,
    "Argsort": _argsort,
    "BroadcastTo": _broadcast_to,
    "Cast": lambda g, op, out, x: g.cast(x, dtype_of(out)),
    "Ceil": _one("Ceil"),
    "Clip": _clip,
    "Concatenate": _concatenate,
    "Cos": _one("Cos"),
    "Cumsum": _cumsum,
    "Divide": _two("Div"),
    "DotProductAttention": attention,
    "Einsum": einsum,
    "Equal": _compared("Equal"),
    "Elu": _elu,
    "Exp": _one("Exp"),
    "ExpandDims": lambda g, op, out, x: g.add(
        "Unsqueeze", x, np.atleast_1d(np.array(op.axis, np.int64))
    ),
    "Flip": lambda g, op, out, x: flipped(g, x, _axes(op.axis, x)),
    "Floor": _one("Floor"),
    "FloorDivide": _floor_divide,
    "Gelu": lambda g, op, out, x: either_gelu(
        g, g.cast(x, dtype_of(out)), op.approximate
    ),
    "GetItem": _get_item,
    "Greater": _compared("Greater"),
    "GreaterEqual": _compared("GreaterOrEqual"),
    "Isnan": lambda g, op, out, x: g.add("IsNaN", g.cast(x, "float32")),
    "Less": _compared("Less"),
    "LessEqual": _compared("LessOrEqual"),
    "Log": _one("Log"),
    "LogicalAnd": _logical("And"),
    "LogicalNot": _logical("Not"),
    "LogicalOr": _logical("Or"),
    "Matmul": _matmul,
    "Max": _reduced("ReduceMax"),
    "Maximum": _two("Max"),
    "Mean": _reduced("ReduceMean"),
    "Min": _reduced("ReduceMin"),
    "Minimum": _two("Min"),
    "Multiply": _two("Mul"),
    "Negative": _one("Neg"),
    "NotEqual": _compared("Equal", negated=True),
    "OneHot": _one_hot,
    "OnesLike": _full_like(1),
    "Pad": _pad,
    "Power": _two("Pow"),
    "Prod": _reduced("ReduceProd"),
    "RMSNorm": scaled_to_one,
    "LeakyRelu": lambda g, op, out, x: g.add(
        "LeakyRelu", g.cast(x, dtype_of(out)), alpha=float(op.negative_slope)
    ),
    "ReLU": relu,  # of `keras.activations`, and so of PReLU
    "Relu": _activated("relu"),
    "Relu6": _activated("relu6"),
    "Reshape": _reshape,
    "Round": _rounded,
    "Sigmoid": _activated("sigmoid"),
    "Sign": _one("Sign"),
    "Silu": _activated("silu"),
    "Sin": _one("Sin"),
    "Softmax": lambda g, op, out, x: g.add("Softmax", x, axis=_one_axis(op)),
    "Softplus": _activated("softplus"),
    "Split": _split,
    "Sqrt": _one("Sqrt"),
    "Square": _squared,
    "Squeeze": _squeeze,
    "Stack": _stack,
    "StopGradient": lambda g, op, out, x: g.name(x),
    "Subtract": _two("Sub"),
    "Sum": _reduced("ReduceSum"),
    "Take": _take,
    "TakeAlongAxis": _take_along_axis,
    "Tanh": _activated("tanh"),
    "Transpose": _transpose,
    "TrueDivide": _two("Div"),
    "Where": _where,
    "ZerosLike": _full_like(0),
}

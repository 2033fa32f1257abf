"""Operations of `keras.ops`, each as nodes of ONNX.

A translation takes the graph, the operation of Keras, what Keras says of its output,
and the operation's inputs: tensors of the graph, variables, arrays and numbers. It
gives the name of the output, or a list of names.
"""

import keras
import numpy as np

from zoo.exporting.onnx.activations import ACTIVATIONS, either_gelu, relu
from zoo.exporting.onnx.attention import attention, einsum, scaled_to_one
from zoo.exporting.onnx.graph import Tensor, Unsupported, array, dtype_of, spread
from zoo.exporting.onnx.moves import MOVES, axes_of, one_axis


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


def _reduced(kind):
    def convert(g, op, out, x):
        if getattr(op, "initial", None) is not None:
            raise Unsupported(f"{type(op).__name__} with initial={op.initial}")
        axes = axes_of(op.axis, x)
        values = g.cast(x, dtype_of(out))
        return g.add(kind, values, axes, keepdims=int(bool(op.keepdims)))

    return convert


def _any(g, op, out, x):
    whole = g.cast(x, "int32")
    found = g.add("ReduceMax", whole, axes_of(op.axis, x), keepdims=int(op.keepdims))
    return g.cast(Tensor(found, tuple(out.shape), "int32"), "bool")


def _argsort(g, op, out, x):
    """TopK of all, the smallest first; equal values stay in their order."""
    axis = one_axis(op) % len(x.shape)
    length = g.add("Gather", g.shape(x), np.array([axis], np.int64))
    options = {"axis": axis, "largest": 0, "sorted": 1}
    _, order = g.add("TopK", x, length, outputs=2, **options)
    return _from_int64(g, order, out)


def _from_int64(g, name, out):
    return g.cast(Tensor(name, tuple(out.shape), "int64"), dtype_of(out))


def _full_like(value):
    def convert(g, op, out, x):
        one = g.name(np.array(value, dtype_of(out)))
        return g.add("Expand", one, g.shape(x))

    return convert


def _one_hot(g, op, out, x):
    values = np.array([0, 1], dtype_of(out))
    ids, count = g.cast(x, "int64"), np.array(op.num_classes)
    # ONNX counts negative ones from the end; Keras gives zeros, as beyond the end.
    ids = g.add("Where", g.add("Less", ids, np.array(0)), count, ids)
    return g.add("OneHot", ids, count, values, axis=op.axis)


def _arg_max(g, op, out, x):
    name = g.add("ArgMax", x, axis=one_axis(op), keepdims=int(op.keepdims))
    return _from_int64(g, name, out)


def _clip(g, op, out, x):
    dtype = dtype_of(out)
    bounds = (
        None if bound is None else np.array(array(bound), dtype)
        for bound in (op.x_min, op.x_max)
    )
    return g.add("Clip", g.cast(x, dtype), *bounds)


def _cumsum(g, op, out, x):
    return g.add("CumSum", g.cast(x, dtype_of(out)), np.array(one_axis(op), np.int64))


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
    **MOVES,
    "Absolute": _one("Abs"),
    "Abs": _one("Abs"),
    "Add": _two("Add"),
    "Any": _any,
    "Argmax": _arg_max,
    "Argsort": _argsort,
    "Cast": lambda g, op, out, x: g.cast(x, dtype_of(out)),
    "Ceil": _one("Ceil"),
    "Clip": _clip,
    "Cos": _one("Cos"),
    "Cumsum": _cumsum,
    "Divide": _two("Div"),
    "DotProductAttention": attention,
    "Einsum": einsum,
    "Equal": _compared("Equal"),
    "Elu": _elu,
    "Exp": _one("Exp"),
    "Floor": _one("Floor"),
    "FloorDivide": _floor_divide,
    "Gelu": lambda g, op, out, x: either_gelu(
        g, g.cast(x, dtype_of(out)), op.approximate
    ),
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
    "Power": _two("Pow"),
    "Prod": _reduced("ReduceProd"),
    "RMSNorm": scaled_to_one,
    "LeakyRelu": lambda g, op, out, x: g.add(
        "LeakyRelu", g.cast(x, dtype_of(out)), alpha=float(op.negative_slope)
    ),
    "ReLU": relu,  # of `keras.activations`, and so of PReLU
    "Relu": _activated("relu"),
    "Relu6": _activated("relu6"),
    "Round": _rounded,
    "Sigmoid": _activated("sigmoid"),
    "Sign": _one("Sign"),
    "Silu": _activated("silu"),
    "Sin": _one("Sin"),
    "Softmax": lambda g, op, out, x: g.add("Softmax", x, axis=one_axis(op)),
    "Softplus": _activated("softplus"),
    "Sqrt": _one("Sqrt"),
    "Square": _squared,
    "StopGradient": lambda g, op, out, x: g.name(x),
    "Subtract": _two("Sub"),
    "Sum": _reduced("ReduceSum"),
    "Tanh": _activated("tanh"),
    "TrueDivide": _two("Div"),
    "Where": _where,
    "ZerosLike": _full_like(0),
}

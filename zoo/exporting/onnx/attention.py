"""Attention of Keras as nodes of ONNX, see `zoo.exporting.onnx.operations`."""

import numpy as np

from zoo.exporting.onnx.activations import FLOAT
from zoo.exporting.onnx.graph import Tensor, Unsupported, dtype_of

_NOTHING = -1e30  # a score whose share is 0


def attention(g, op, out, query, key, value, bias=None, mask=None, scale=None):
    """Each query's mean of the values, by the shares of its products with the keys.

    Args:
        g, op, out: see `zoo.exporting.onnx.operations`.
        query, key, value: (batch, steps, heads, channels).
        bias, mask: of the scores (batch, heads, queries, keys), or broadcast to them.
        scale: of the products.
    """
    if op.attn_logits_soft_cap is not None or query.shape[2] != key.shape[2]:
        raise Unsupported("attention with a soft cap, or with fewer heads of keys")
    scale = 1 / np.sqrt(query.shape[-1]) if scale is None else scale
    scaled = g.add("Mul", query, FLOAT(scale))
    scores = g.add(
        "MatMul",
        g.add("Transpose", scaled, perm=[0, 2, 1, 3]),
        g.add("Transpose", key, perm=[0, 2, 3, 1]),
    )
    if bias is not None:
        scores = g.add("Add", scores, g.cast(bias, "float32"))
    if op.is_causal:
        scores = _kept(g, _earlier(query.shape[1], key.shape[1]), scores)
    if mask is not None:
        scores = _kept(g, g.cast(mask, "bool"), scores)
    shares = g.add("Softmax", scores, axis=-1)
    found = g.add("MatMul", shares, g.add("Transpose", value, perm=[0, 2, 1, 3]))
    return g.add("Transpose", found, perm=[0, 2, 1, 3])


def _kept(g, mask, scores) -> str:
    return g.add("Where", mask, scores, FLOAT(_NOTHING))


def _earlier(queries: int | None, keys: int | None) -> np.ndarray:
    """Which keys are not behind each query, (queries, keys)."""
    if queries is None or keys is None:
        raise Unsupported("causal attention to steps whose number is not known")
    return np.tri(queries, keys, dtype=bool)


def einsum(g, op, out, *tensors: Tensor):
    values = [g.cast(x, dtype_of(out)) for x in tensors]
    return g.add("Einsum", *values, equation=op.subscripts)


def scaled_to_one(g, op, out, x, scale=None):
    """RMS normalization of the last axis."""
    axes = np.atleast_1d(op.axis) % len(x.shape)
    if axes.tolist() != [len(x.shape) - 1]:
        raise Unsupported(f"RMS normalization along axis={op.axis}")
    power = g.add("ReduceMean", g.add("Mul", x, x), np.array([-1], np.int64))
    name = g.add("Div", x, g.add("Sqrt", g.add("Add", power, FLOAT(op.epsilon))))
    return name if scale is None else g.add("Mul", name, g.cast(scale, "float32"))

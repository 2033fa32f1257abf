"""Layers of Keras, each as nodes of ONNX.

A translation takes the graph, the layer, what Keras says of its output, and the tensors
that the layer is called with. It gives the name of the output. Keras has the channels
last and ONNX has them first, so images are transposed around convolution and pooling;
a runtime takes out the transpositions that meet.
"""

import keras
import numpy as np

from zoo.engine.padding import margins
from zoo.exporting.onnx import masks
from zoo.exporting.onnx.activations import FLOAT, activation, relu
from zoo.exporting.onnx.graph import Unsupported, dtype_of, spread, weight
from zoo.exporting.onnx.moves import reshaped
from zoo.exporting.onnx.recurrent import bidirectional, recurrent
from zoo.layers import MelSpectrogram


def _same(g, layer, out, *xs):
    """What acts in training only."""
    return g.cast(xs[0], dtype_of(out))


# --- Images


def _channels_first(layer) -> None:
    if layer.data_format != "channels_last":
        raise Unsupported(f"channels in front, in layer {layer.name}")


def _first(g, x) -> str:
    rank = len(x.shape)
    return g.add("Transpose", x, perm=[0, rank - 1, *range(1, rank - 1)])


def _last(g, name, rank) -> str:
    return g.add("Transpose", name, perm=[0, *range(2, rank), 1])


def _padding(layer, x, size) -> dict:
    """ONNX's attributes for the padding of a layer whose kernel has `size`."""
    if layer.padding == "valid":
        return {}
    sides = x.shape[1:-1]
    if layer.padding != "same" or None in sides:
        raise Unsupported(f"padding={layer.padding!r} in layer {layer.name}")
    dilations = getattr(layer, "dilation_rate", (1,) * len(size))
    around = [
        margins(side, *each)
        for side, *each in zip(sides, size, layer.strides, dilations, strict=True)
    ]
    before, behind = zip(*around, strict=True)
    return {"pads": [*before, *behind]}


def _convolved(g, layer, x, kernel, groups):
    _channels_first(layer)
    bias = [weight(layer.bias)] if layer.use_bias else []
    name = g.add(
        "Conv",
        _first(g, x),
        kernel,
        *bias,
        strides=layer.strides,
        dilations=layer.dilation_rate,
        group=groups,
        **_padding(layer, x, layer.kernel_size),
    )
    return activation(g, layer.activation, _last(g, name, len(x.shape)))


def _conv(g, layer, out, x):
    kernel = np.moveaxis(weight(layer.kernel), (-1, -2), (0, 1))
    return _convolved(g, layer, x, kernel, layer.groups)


def _depthwise(g, layer, out, x):
    kernel = weight(layer.kernel)  # rows, columns, channels, filters of each
    *size, channels, each = kernel.shape
    kernel = np.moveaxis(kernel.reshape(*size, channels * each, 1), (-2, -1), (0, 1))
    return _convolved(g, layer, x, kernel, channels)


def _pooled(kind, **options):
    def convert(g, layer, out, x):
        _channels_first(layer)
        size = tuple(layer.pool_size)
        padding = _padding(layer, x, size)
        name = g.add(
            kind,
            _first(g, x),
            kernel_shape=size,
            strides=layer.strides,
            **padding,
            **(options if padding else {}),
        )
        return _last(g, name, len(x.shape))

    return convert


def _pooled_globally(kind):
    def convert(g, layer, out, x, mask=None):
        _channels_first(layer)
        if mask is not None:
            return masks.mean(g, layer, x, mask)
        axes = np.arange(1, len(x.shape) - 1)
        return g.add(kind, x, axes, keepdims=int(layer.keepdims))

    return convert


def _zero_padding(g, layer, out, x):
    _channels_first(layer)
    around = [(0, 0), *np.reshape(layer.padding, (-1, 2)).tolist(), (0, 0)]
    return g.add(
        "Pad", x, np.array(around, np.int64).T.reshape(-1), np.zeros((), x.dtype)
    )


# --- Sounds


def _mel(g, layer, out, x):
    """As `zoo.layers.mel` has it: windows, and two products of matrices."""
    if not isinstance(layer, MelSpectrogram) or not layer.is_plain:
        raise Unsupported(f"decibels, or other windows, in layer {layer.name}")
    width, stride = layer.fft_length, layer.sequence_stride
    if x.shape[1] is None or x.shape[1] % stride:
        raise Unsupported(f"{x.shape[1]} samples before layer {layer.name}")
    half = np.array([0, width // 2] * 2, np.int64)
    samples = g.add("Pad", g.cast(x, "float32"), half, mode="reflect")
    blocks = g.add("Reshape", samples, np.array([0, -1, stride], np.int64))
    count = x.shape[1] // stride + 1
    parts = [
        g.add("Slice", blocks, np.array([i]), np.array([i + count]), np.array([1]))
        for i in range(width // stride)
    ]
    waves, bands = layer.tables
    frames = g.add("Concat", *parts, axis=2)
    found = g.add("MatMul", frames, waves)
    sizes = np.array([waves.shape[1] // 2] * 2, np.int64)
    parts = g.add("Split", g.add("Mul", found, found), sizes, outputs=2, axis=2)
    power = g.add("MatMul", g.add("Add", *parts), bands)
    return g.add("Transpose", power, perm=[0, 2, 1])


# --- Dense layers, embeddings, and what scales


def _dense(g, layer, out, x):
    name = g.add("MatMul", g.cast(x, "float32"), weight(layer.kernel))
    if layer.use_bias:
        name = g.add("Add", name, weight(layer.bias))
    return activation(g, layer.activation, name)


def _embedding(g, layer, out, x):
    return g.add("Gather", weight(layer.embeddings), g.cast(x, "int64"), axis=0)


def _reversible(g, layer, out, x, reverse=False):
    """An embedding; in reverse it scores the tokens that its numbers stand for."""
    if not reverse:
        return _embedding(g, layer, out, x)
    if layer.logit_soft_cap is not None:
        raise Unsupported(f"logit_soft_cap in layer {layer.name}")
    table = layer.embeddings if layer.tie_weights else layer.reverse_embeddings
    scores = weight(table)
    return g.add("MatMul", x, scores.T.copy() if layer.tie_weights else scores)


def _rescaling(g, layer, out, x):
    scale, offset = (
        spread(np.asarray(each, np.float32), x.shape)
        for each in (layer.scale, layer.offset)
    )
    return g.add("Add", g.add("Mul", g.cast(x, "float32"), scale), offset)


def _normalization(g, layer, out, x):
    deviation = np.maximum(np.sqrt(weight(layer.variance)), keras.config.epsilon())
    deviation = spread(deviation.astype(np.float32), x.shape)
    mean = spread(weight(layer.mean), x.shape)
    values = g.cast(x, "float32")
    if layer.invert:
        return g.add("Add", g.add("Mul", values, deviation), mean)
    return g.add("Div", g.add("Sub", values, mean), deviation)


def _batch_normalization(g, layer, out, x, mask=None):
    """With its moving statistics it is a factor and a term for each channel."""
    if layer.renorm:
        raise Unsupported(f"renorm=True in layer {layer.name}")
    mean = weight(layer.moving_mean).astype("float64")
    factor = 1 / np.sqrt(
        weight(layer.moving_variance).astype("float64") + layer.epsilon
    )
    if layer.scale:
        factor = factor * weight(layer.gamma)
    term = -mean * factor + (weight(layer.beta) if layer.center else 0)
    shape = [1] * len(x.shape)
    shape[layer.axis] = len(factor)
    # Not spread: a runtime takes them into the convolution before.
    factor, term = (each.reshape(shape).astype("float32") for each in (factor, term))
    return g.add("Add", g.add("Mul", x, factor), term)


def _layer_normalization(g, layer, out, x):
    if layer.rms_scaling:
        raise Unsupported(f"rms_scaling=True in layer {layer.name}")
    axes = np.atleast_1d(np.array(layer.axis, np.int64))
    centered = g.add("Sub", x, g.add("ReduceMean", x, axes))
    variance = g.add("ReduceMean", g.add("Mul", centered, centered), axes)
    deviation = g.add("Sqrt", g.add("Add", variance, FLOAT(layer.epsilon)))
    name = g.add("Div", centered, deviation)
    shape = np.ones(len(x.shape), int)
    shape[axes] = [x.shape[axis] for axis in axes]
    if layer.scale:
        name = g.add("Mul", name, weight(layer.gamma).reshape(shape))
    if layer.center:
        name = g.add("Add", name, weight(layer.beta).reshape(shape))
    return name


# --- Shapes and sums


def _reshape(g, layer, out, x):
    return reshaped(g, x, (None, *out.shape[1:]))


def _flatten(g, layer, out, x):
    _channels_first(layer)
    return g.add("Flatten", x, axis=1)


def _aligned(g, out, xs) -> list[str]:
    """Tensors of one type and rank: Keras adds the missing axes behind the batch."""
    rank, names = max(len(x.shape) for x in xs), []
    for x in xs:
        name, missing = g.cast(x, dtype_of(out)), rank - len(x.shape)
        if missing:
            name = g.add("Unsqueeze", name, np.arange(1, 1 + missing))
        names.append(name)
    return names


def _merged(kind):
    def convert(g, layer, out, xs):
        name, *others = _aligned(g, out, xs)
        for other in others:
            name = g.add(kind, name, other)
        return name

    return convert


def _concatenated(g, layer, out, xs):
    names = [g.cast(x, dtype_of(out)) for x in xs]
    return g.add("Concat", *names, axis=layer.axis)


def _prelu(g, layer, out, x):
    below = g.add("Relu", g.add("Neg", x))
    return g.add("Sub", g.add("Relu", x), g.add("Mul", below, weight(layer.alpha)))


def _softmax(g, layer, out, x):
    if not isinstance(layer.axis, int):
        raise Unsupported(f"several axes in layer {layer.name}")
    return g.add("Softmax", x, axis=layer.axis)


# Layers of Keras that change pictures at random, in training.
_CHANGES = """
    AugMix CutMix MixUp RandAugment RandomBrightness RandomColorDegeneration
    RandomColorJitter RandomContrast RandomErasing RandomFlip RandomGaussianBlur
    RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
    RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation
    RandomZoom
"""
LAYERS = {
    "ActivityRegularization": _same,
    "AlphaDropout": _same,
    "Dropout": _same,
    "GaussianDropout": _same,
    "GaussianNoise": _same,
    "Identity": _same,
    "SpatialDropout1D": _same,
    "SpatialDropout2D": _same,
    "SpatialDropout3D": _same,
    **dict.fromkeys(_CHANGES.split(), _same),
    "Activation": lambda g, layer, out, x: activation(g, layer.activation, x),
    "Add": _merged("Add"),
    "Average": lambda g, layer, out, xs: g.add("Mean", *_aligned(g, out, xs)),
    "AveragePooling1D": _pooled("AveragePool", count_include_pad=0),
    "AveragePooling2D": _pooled("AveragePool", count_include_pad=0),
    "AveragePooling3D": _pooled("AveragePool", count_include_pad=0),
    "BatchNormalization": _batch_normalization,
    "Bidirectional": bidirectional,
    "Concatenate": _concatenated,
    "Conv1D": _conv,
    "Conv2D": _conv,
    "Conv3D": _conv,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise,
    "ELU": lambda g, layer, out, x: g.add("Elu", x, alpha=float(layer.alpha)),
    "Embedding": _embedding,
    "Flatten": _flatten,
    "GRU": recurrent,
    "GlobalAveragePooling1D": _pooled_globally("ReduceMean"),
    "GlobalAveragePooling2D": _pooled_globally("ReduceMean"),
    "GlobalAveragePooling3D": _pooled_globally("ReduceMean"),
    "GlobalMaxPooling1D": _pooled_globally("ReduceMax"),
    "GlobalMaxPooling2D": _pooled_globally("ReduceMax"),
    "GlobalMaxPooling3D": _pooled_globally("ReduceMax"),
    "LSTM": recurrent,
    "LayerNormalization": _layer_normalization,
    "LeakyReLU": lambda g, layer, out, x: g.add(
        "LeakyRelu", x, alpha=float(layer.negative_slope)
    ),
    "MelSpectrogram": _mel,
    "MaxPooling1D": _pooled("MaxPool"),
    "MaxPooling2D": _pooled("MaxPool"),
    "MaxPooling3D": _pooled("MaxPool"),
    "Maximum": _merged("Max"),
    "Minimum": _merged("Min"),
    "Multiply": _merged("Mul"),
    "Normalization": _normalization,
    "PReLU": _prelu,
    "Permute": lambda g, layer, out, x: g.add(
        "Transpose", x, perm=[0, *(int(d) for d in layer.dims)]
    ),
    "ReLU": relu,
    "ReversibleEmbedding": _reversible,
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Softmax": _softmax,
    "Subtract": _merged("Sub"),
    "ZeroPadding1D": _zero_padding,
    "ZeroPadding2D": _zero_padding,
    "ZeroPadding3D": _zero_padding,
}

"""Activations of Keras as nodes of ONNX."""

import keras
import numpy as np

from zoo.exporting.onnx.graph import Graph, Unsupported

FLOAT = np.float32


def activation(g: Graph, function, x):
    """An activation of Keras by its name, applied to the float tensor `x`."""
    name = getattr(function, "__name__", str(function))
    if name not in ACTIVATIONS or not is_kerass(function):
        raise Unsupported(f"the activation {name}")
    return ACTIVATIONS[name](g, x)


def is_kerass(function) -> bool:
    """Whether a function is the activation of Keras that is called like it."""
    return function is getattr(keras.activations, function.__name__, None)


def _gelu(g, x):
    half = g.add("Mul", x, FLOAT(0.5))
    erf = g.add("Erf", g.add("Mul", x, FLOAT(1 / np.sqrt(2))))
    return g.add("Mul", half, g.add("Add", erf, FLOAT(1)))


def either_gelu(g: Graph, x, near: bool):
    """GELU, or what is `near` it, which is what `keras.ops` takes by default."""
    if not near:
        return _gelu(g, x)
    # 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
    cube = g.add("Mul", g.add("Mul", x, x), x)
    inside = g.add("Add", x, g.add("Mul", cube, FLOAT(0.044715)))
    bent = g.add("Tanh", g.add("Mul", inside, FLOAT(np.sqrt(2 / np.pi))))
    half = g.add("Mul", x, FLOAT(0.5))
    return g.add("Mul", half, g.add("Add", bent, FLOAT(1)))


def relu(g: Graph, layer, out, x):
    """A layer or an operation of Keras with a slope, a limit and a threshold."""
    if layer.threshold:
        raise Unsupported(f"a threshold in layer {layer.name}")
    if not layer.negative_slope:
        if layer.max_value is None:
            return g.add("Relu", x)
        return g.add("Clip", x, FLOAT(0), FLOAT(layer.max_value))  # a part of the Conv
    name = g.add("LeakyRelu", x, alpha=float(layer.negative_slope))
    if layer.max_value is None:
        return name
    return g.add("Min", name, FLOAT(layer.max_value))


ACTIVATIONS = {
    "linear": lambda g, x: g.name(x),
    "relu": lambda g, x: g.add("Relu", x),
    "relu6": lambda g, x: g.add("Clip", x, FLOAT(0), FLOAT(6)),
    "tanh": lambda g, x: g.add("Tanh", x),
    "sigmoid": lambda g, x: g.add("Sigmoid", x),
    "softmax": lambda g, x: g.add("Softmax", x, axis=-1),
    "silu": lambda g, x: g.add("Mul", x, g.add("Sigmoid", x)),
    "elu": lambda g, x: g.add("Elu", x),
    "selu": lambda g, x: g.add("Selu", x),
    "gelu": _gelu,
    "softplus": lambda g, x: g.add("Softplus", x),
    "softsign": lambda g, x: g.add("Softsign", x),
    "exponential": lambda g, x: g.add("Exp", x),
    "leaky_relu": lambda g, x: g.add("LeakyRelu", x, alpha=0.2),
    "hard_sigmoid": lambda g, x: g.add("HardSigmoid", x, alpha=1 / 6, beta=0.5),
    "mish": lambda g, x: g.add("Mish", x),
}

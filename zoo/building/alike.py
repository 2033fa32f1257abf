"""Layers that Keras computes otherwise on PyTorch than on JAX and TensorFlow.

A network that learned with one of them on the one side answers wrongly on the other, in
silence. In Keras 3.15, of all its layers compared on the three backends:

- Average pooling with padding="same": where a window reaches over the end by an uneven
  number of steps, PyTorch counts copies of the last value, and the others no padding.
  With windows of two the mean is the same.
- Bicubic interpolation without antialias: its kernel is another one.
"""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from zoo import backend
from zoo.engine import private
from zoo.engine.padding import margins
from zoo.errors import Mistake

_SIDES = "answers otherwise on PyTorch than on JAX and TensorFlow"


def check_new(name: str, model: keras.Model) -> None:
    """Refuse to train on PyTorch what answers otherwise elsewhere.

    Raises:
        Mistake: names the layer, and what to take instead.
    """
    if backend.current() == "torch" and (found := _found(model)):
        raise Mistake(
            f"model {name}: {found}; a run could not be opened or exported elsewhere"
        )


def check_opened(folder: Path, trained_on: str | None, model: keras.Model) -> None:
    """Refuse to answer by a run whose backend answers otherwise than this one.

    Args:
        folder: of the run.
        trained_on: the backend that trained it, if it is known.
        model: of the run.

    Raises:
        Mistake: names the layer, and the backend to take.
    """
    sides = {trained_on == "torch", backend.current() == "torch"}
    if trained_on and len(sides) == 2 and (found := _found(model)):
        raise Mistake(
            f"{folder} was trained on {trained_on}, and {found}; add --backend "
            f"{trained_on}"
        )


def _found(model: keras.Model) -> str:
    """What is wrong with the first such layer, in words; "" if there is none."""
    for operation in _operations(model):
        kind = type(operation).__name__
        if kind.startswith("AveragePool") and _counts_copies(operation):
            return (
                f"layer {operation.name} ({kind}, padding='same') averages over an "
                f"uneven end and {_SIDES}; take padding='valid', or windows of 2"
            )
        if getattr(operation, "interpolation", "") == "bicubic" and not getattr(
            operation, "antialias", False
        ):
            return (
                f"layer {operation.name} ({kind}, bicubic) {_SIDES}; take bilinear, "
                "or antialias=True"
            )
    return ""


def _operations(model: keras.Model) -> Iterator:
    """Its layers, those inside of others too, and the operations between them."""
    for layer in private.layers(model):
        yield layer
        if isinstance(layer, keras.Function):
            yield from (
                each
                for each in layer.operations
                if not isinstance(each, keras.layers.Layer)
            )


def _counts_copies(pooling) -> bool:
    """Whether PyTorch puts copies around an image, and a window holds other values."""
    if pooling.padding != "same":
        return False
    shapes = private.input_shapes(pooling) or [(None,) * 5]
    return any(_is_uneven(pooling, shape) for shape in shapes)


def _is_uneven(pooling, shape) -> bool:
    first = getattr(pooling, "data_format", None) == "channels_first"
    sides = shape[2:] if first else shape[1:-1]
    sizes, strides = (
        np.broadcast_to(each, len(sides)).tolist()
        for each in (pooling.pool_size, pooling.strides or pooling.pool_size)
    )
    around = [
        margins(side, size, stride) if side or stride == 1 else (0, size - 1)
        for side, size, stride in zip(
            (side or 1 for side in sides), sizes, strides, strict=True
        )
    ]
    uneven = any(before != behind for before, behind in around)
    return uneven and any(
        behind and size > 2 for (_, behind), size in zip(around, sizes, strict=True)
    )

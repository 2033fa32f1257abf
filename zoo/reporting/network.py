"""The section "Network": its layers as a diagram, and the filters that it learned."""

import math
from typing import Any

import numpy as np

from zoo.core import png
from zoo.reporting import pixels
from zoo.reporting.blocks import Box, Card, Cards, Flow, Section, Words
from zoo.reporting.seen import Seen

TOLD = (
    ("units", "{} units"),
    ("filters", "{} filters"),
    ("kernel_size", "{} kernel"),
    ("pool_size", "{} pool"),
    ("strides", "stride {}"),
    ("padding", "{} padding"),
    ("activation", "{}"),
    ("rate", "rate {}"),
    ("output_dim", "{} numbers a token"),
    ("return_sequences", "every step"),
)
LAYERS = 60  # in the diagram
FILTERS = 64


def section(seen: Seen) -> Section | None:
    """The diagram of the model, and how many numbers it has learned."""
    if seen.lacking:
        return None
    model = seen.run.model
    boxes = diagram(model)
    lines = [f"{seen.run.recipe.model}: {model.count_params():,} parameters."]
    if len(boxes) > LAYERS:
        lines.append(f"The first {LAYERS} of {len(boxes):,} layers.")
    return Section("Network", [Words(lines), Flow(boxes[:LAYERS])])


def diagram(model) -> list[Box]:
    """A box for each layer, in order; it tells its source if that is not the last."""
    made: dict[int, str] = {}  # a tensor -> the layer that it comes from
    boxes, last = [], ""
    for layer in model.layers:
        sources = [made.get(id(tensor), "") for tensor in _tensors(layer, "input")]
        branches = sources if sources not in ([], [last], [""]) else []
        boxes.append(
            Box(
                layer.name,
                type(layer).__name__,
                _about(layer),
                " and ".join(_shape(t) for t in _tensors(layer, "output")),
                layer.count_params() if layer.built else 0,
                " and ".join(filter(None, branches)),
            )
        )
        for tensor in _tensors(layer, "output"):
            made[id(tensor)] = layer.name
        last = layer.name
    return boxes


def _tensors(layer, side: str) -> list[Any]:
    """What goes in or comes out; [] of a layer that is called more than once."""
    try:
        found = getattr(layer, side)
    except (AttributeError, ValueError):
        return []
    return list(found) if isinstance(found, list | tuple) else [found]


def _shape(tensor) -> str:
    sizes = tuple(getattr(tensor, "shape", ()))[1:]
    return " x ".join("?" if size is None else f"{size:,}" for size in sizes) or "1"


def _about(layer) -> str:
    """What a reader of code would see: sizes, activation, rate."""
    words = []
    for name, form in TOLD:
        value = getattr(layer, name, None)
        value = getattr(value, "__name__", value)
        if value in (None, "linear", "valid", False, (1, 1), 0.0):
            continue
        if isinstance(value, list | tuple):
            if not all(isinstance(size, int) for size in value):  # of each border
                continue
            value = " x ".join(map(str, value))
        text = form.format(value)
        words.append(text.removesuffix("s") if value == 1 else text)
    return ", ".join(words)


def filters(seen: Seen) -> Section | None:
    """The kernels of the first convolution as pictures."""
    if seen.lacking or seen.dataset.kind != "image":
        return None
    from keras import ops

    layer = _first_convolution(seen.run.model)
    if layer is None:
        return None
    kernel = np.asarray(ops.convert_to_numpy(layer.kernel), "float32")
    height, width, channels, count = kernel.shape
    kernels = kernel.transpose(3, 0, 1, 2)[:FILTERS]
    if channels not in (1, 3):
        kernels = kernels.mean(axis=3, keepdims=True)
    largest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    gray = 127.5 + 127.5 * kernels / np.maximum(largest, 1e-12)
    columns = min(16, math.ceil(math.sqrt(2 * len(kernels))))
    sheet = pixels.tiled(gray.round().astype(np.uint8), columns, 40 // height or 1)
    lines = [
        f"The {count:,} filters of {layer.name}, {height} x {width} pixels each: gray "
        "is 0, bright is positive, each by itself."
    ]
    if count > FILTERS:
        lines.append(f"The first {FILTERS} are shown.")
    if channels not in (1, 3):
        lines.append(f"Each is the mean over its {channels} channels.")
    picture = png.uri(sheet)
    return Section("Filters", [Cards([Card([], picture)]), Words(lines)])


def _first_convolution(model):
    """The first layer with kernels (height, width, channels, filters), above 1 x 1."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            if found := _first_convolution(layer):
                return found
            continue
        kernel = getattr(layer, "kernel", None)
        shape = tuple(getattr(kernel, "shape", ()))
        if len(shape) == 4 and shape[0] * shape[1] > 1:
            return layer
    return None

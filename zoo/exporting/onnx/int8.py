"""An ONNX file's weights in int8: a quarter of its size, without examples.

ONNX Runtime's tool makes products of matrices and tables of vectors int8, and finds the
ranges of what comes in while it answers. Ranges found before, from training examples,
cost accuracy (mammogram_mlp 6 points, the text network 0.4) and made no network faster.
Its int8 convolution takes three times as long as one in float32, and its int8 LSTM is
no operator of ONNX, so that their weights are stored in int8 and used in float32.

What goes into a logarithm stays in float32: the spectrum of a sound spans more than the
255 steps of a sum in int8, and its quiet parts would be lost.
"""

import logging
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

# Operators, which of their inputs are weights, and the axis of these that is outputs.
OTHERS = {"Conv": {1: 0}, "LSTM": {1: 1, 2: 1}, "GRU": {1: 1, 2: 1}}


def quantize(path: Path) -> None:
    """Rewrite the file `path`, which is float32, with int8 weights."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    root = logging.getLogger()
    before = root.level
    root.setLevel(
        logging.ERROR
    )  # it advises to preprocess what zoo writes without need
    try:
        quantize_dynamic(
            path,
            path,
            op_types_to_quantize=["MatMul", "Gather"],
            nodes_to_exclude=_before_logarithms(onnx.load(path).graph),
            weight_type=QuantType.QInt8,
        )
    finally:
        root.setLevel(before)
    model = onnx.load(path)
    _store_others(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _before_logarithms(graph: onnx.GraphProto) -> list[str]:
    """The names of the nodes that a logarithm depends on."""
    makers = {output: node for node in graph.node for output in node.output}
    waiting = [node for node in graph.node if node.op_type == "Log"]
    found: dict[str, onnx.NodeProto] = {}
    while waiting:
        for name in waiting.pop().input:
            if name in makers and name not in found:
                found[name] = makers[name]
                waiting.append(makers[name])
    return sorted({node.name for node in found.values()})


def _store_others(graph: onnx.GraphProto) -> None:
    """Weights of other operators as int8, with a scale for each output."""
    arrays = {each.name: each for each in graph.initializer}
    axes = {
        node.input[place]: axis
        for node in graph.node
        if node.op_type in OTHERS
        for place, axis in OTHERS[node.op_type].items()
        if node.input[place] in arrays
    }
    wide = []
    for name, axis in axes.items():
        weights = numpy_helper.to_array(arrays[name])
        rest = tuple(place for place in range(weights.ndim) if place != axis)
        largest = np.abs(weights).max(rest, keepdims=True)
        scale = np.where(largest > 0, largest / 127, 1).astype("float32")
        parts = {
            f"{name}_int8": np.rint(weights / scale).astype("int8"),
            f"{name}_scale": scale.ravel(),
        }
        graph.initializer.remove(arrays[name])
        graph.initializer.extend(
            numpy_helper.from_array(v, k) for k, v in parts.items()
        )
        node = onnx.helper.make_node("DequantizeLinear", [*parts], [name], axis=axis)
        wide.append(node)
    nodes = [*wide, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)

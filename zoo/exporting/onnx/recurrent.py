"""Recurrent layers of Keras as nodes of ONNX, whose gates have another order.

See `zoo.exporting.onnx.layers` for what a translation takes and gives.
"""

import numpy as np

from zoo.exporting.onnx.activations import is_kerass
from zoo.exporting.onnx.graph import Unsupported, weight
from zoo.exporting.onnx.masks import Steps
from zoo.exporting.onnx.moves import flipped

CELLS = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}


def _gates(layer) -> list[str]:
    functions = layer.recurrent_activation, layer.activation
    names = [getattr(each, "__name__", str(each)) for each in functions]
    for name, function in zip(names, functions, strict=True):
        if name not in CELLS or not is_kerass(function):
            raise Unsupported(f"the activation {name} in layer {layer.name}")
    return [CELLS[name] for name in names]


def _lstm_weights(layer) -> tuple:
    """Kernel, recurrent kernel and both biases, in ONNX's order of the gates."""

    def ordered(array):  # Keras: input, forget, candidate, output
        entry, forget, candidate, output = np.split(array, 4, axis=-1)
        return np.concatenate([entry, output, forget, candidate], axis=-1)

    bias = np.zeros(4 * layer.units, "float32")
    if layer.use_bias:
        bias = weight(layer.cell.bias)
    cell = layer.cell
    kernels = [ordered(weight(each)).T for each in (cell.kernel, cell.recurrent_kernel)]
    return *kernels, np.concatenate([ordered(bias), np.zeros_like(bias)])


def _gru_weights(layer) -> tuple:
    cell = layer.cell
    bias = np.zeros((2, 3 * layer.units), "float32")
    if layer.use_bias and cell.reset_after:
        bias = weight(cell.bias)
    elif layer.use_bias:
        bias[0] = weight(cell.bias)
    kernels = [weight(each).T for each in (cell.kernel, cell.recurrent_kernel)]
    return *kernels, bias.reshape(-1)


def recurrent(g, layer, out, x, *states, mask=None) -> str:
    """An LSTM or a GRU."""
    return _read(g, layer, x, states, mask, in_order=False)


def _read(g, layer, x, states, mask, in_order: bool) -> str:
    """A recurrent layer; backward, Keras gives the last step's state first.

    Args:
        g: the graph.
        layer: an LSTM or a GRU.
        x: (batch, steps, channels).
        states: those that it starts from, which must be none.
        mask: which steps count, (batch, steps); None for all.
        in_order: give each step's state at its own place.
    """
    if any(each is not None for each in states) or layer.return_state or layer.stateful:
        raise Unsupported(f"given or kept states, in layer {layer.name}")
    kind, backward = type(layer).__name__, layer.go_backwards
    gates = _gates(layer)
    weights, more = _gru_weights, {}
    if kind == "LSTM":
        weights, gates = _lstm_weights, [*gates, gates[1]]
    else:
        more["linear_before_reset"] = int(layer.cell.reset_after)
    kernel, recurrent, bias = (each[None] for each in weights(layer))
    steps = None if mask is None else Steps(g, mask, backward)
    names = g.add(
        kind,
        g.add("Transpose", steps.in_front(x) if steps else x, perm=[1, 0, 2]),
        np.ascontiguousarray(kernel),
        np.ascontiguousarray(recurrent),
        bias,
        *([steps.lengths] if steps else []),
        outputs=2,
        hidden_size=layer.units,
        direction="reverse" if backward and not steps else "forward",
        activations=gates,
        **more,
    )
    sequence, last = names
    if not layer.return_sequences and steps is None:
        return g.add("Squeeze", last, np.array([0]))
    sequence = g.add("Squeeze", sequence, np.array([1]))
    sequence = g.add("Transpose", sequence, perm=[1, 0, 2])
    if steps and not layer.return_sequences:
        return steps.last(sequence)
    if steps:
        sequence = steps.at_their_places(sequence, layer.zero_output_for_mask)
    return flipped(g, sequence, [1]) if backward and not in_order else sequence


def bidirectional(g, layer, out, x, *states, mask=None) -> str:
    """Two of them, one of which reads backward, merged."""
    both = [
        _read(g, each, x, states, mask, in_order=True)
        for each in (layer.forward_layer, layer.backward_layer)
    ]
    match layer.merge_mode:
        case "concat":
            return g.add("Concat", *both, axis=-1)
        case "sum":
            return g.add("Add", *both)
        case "mul":
            return g.add("Mul", *both)
        case "ave":
            return g.add("Mean", *both)
    raise Unsupported(f"merge_mode={layer.merge_mode!r} in layer {layer.name}")

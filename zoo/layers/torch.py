"""PyTorch: kernels called directly, without the copies and loops of Keras's layers.

Keras copies images to channels first and back around every convolution and pooling,
adds biases in passes of their own, and on CPUs runs recurrent layers step by step.
"""

import torch
from torch.nn import functional


def convolution(images, kernel, bias, layer):
    """What `layer` computes, before its activation.

    Args:
        images: (batch, height, width, channels).
        kernel: (rows, columns, channels, filters).
        bias: (filters,) or None.
        layer: a `keras.layers.Conv2D`.
    """
    outputs = functional.conv2d(
        images.permute(0, 3, 1, 2),
        kernel.permute(3, 2, 0, 1),
        bias,
        layer.strides,
        layer.padding,
        layer.dilation_rate,
        layer.groups,
    )
    return outputs.permute(0, 2, 3, 1)


def maximum(images, size: tuple[int, int]):
    """Maxima of windows side by side; what is left at the far edges is dropped."""
    return functional.max_pool2d(images.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)


def average(images, size: tuple[int, int]):
    """Averages of windows side by side; what is left at the far edges is dropped."""
    return functional.avg_pool2d(images.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)


def lstm(layer, sequences, states):
    """What a `keras.layers.LSTM` computes: last output, all outputs, last states."""
    cell = layer.cell
    bias = cell.bias.value
    weights = [cell.kernel.value.t(), cell.recurrent_kernel.value.t()]
    weights += [bias, torch.zeros_like(bias)]
    return _recurrent(torch.lstm, layer, sequences, states, weights)


def gru(layer, sequences, states):
    """What a `keras.layers.GRU` computes: last output, all outputs, last states."""

    def reorder(gates):
        update, reset, candidate = torch.chunk(gates, 3, dim=-1)
        return torch.cat([reset, update, candidate], dim=-1)

    cell = layer.cell
    kernels = cell.kernel.value, cell.recurrent_kernel.value
    weights = [reorder(kernel).t() for kernel in kernels]
    weights += reorder(cell.bias.value).unbind()
    return _recurrent(torch.gru, layer, sequences, states[0], weights)


def _recurrent(function, layer, sequences, states, weights):
    if layer.go_backwards:
        sequences = torch.flip(sequences, [1])
    many = isinstance(states, list)
    outputs, *states = function(
        sequences,
        [state[None] for state in states] if many else states[None],
        weights,
        has_biases=True,
        num_layers=1,
        dropout=0.0,
        train=torch.is_grad_enabled(),
        bidirectional=False,
        batch_first=True,
    )
    return outputs[:, -1], outputs, [state[0] for state in states]

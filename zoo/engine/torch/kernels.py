"""PyTorch: kernels called directly, without the copies and loops of Keras's layers.

Keras copies images to channels first and back around every convolution and pooling,
adds biases in passes of their own, normalizes in twelve of them, and on CPUs runs
recurrent layers step by step.
"""

import math

import numpy as np
import torch
from keras import ops
from torch.nn import functional

from zoo.core.random import philox
from zoo.engine.kernels import are_in_use
from zoo.engine.padding import margins
from zoo.engine.random_bits import scales as plain_scales
from zoo.engine.torch.device import device
from zoo.engine.torch.gru import gru as gru_on_cpu


def find(name: str, layer):
    """The kernel of that name, see `zoo.engine.kernels.find`.

    The fused LSTM and GRU have none in `torch.compile` (2.13), which cannot keep what
    their backward pass needs. The spectrum has one inside zoo's own steps on CPUs.
    """
    if name in ("lstm", "gru") and torch.compiler.is_compiling():
        return None
    if name == "spectrum" and not (are_in_use() and device().type == "cpu"):
        return None
    if name in _AUGMENTING and device().type != "cpu":
        return None
    return _KERNELS[name]


def convolution(images, kernel, bias, layer):
    """What `layer` computes, before its activation.

    Args:
        images: (batch, height, width, channels).
        kernel: (rows, columns, channels, filters).
        bias: (filters,) or None.
        layer: a `keras.layers.Conv2D`.
    """
    pointwise = layer.kernel_size == layer.strides == (1, 1)
    if pointwise and layer.groups == 1:
        outputs = _as_wide(images, kernel) @ kernel[0, 0]
        return outputs if bias is None else outputs + bias
    return _convolution(images, kernel.permute(3, 2, 0, 1), bias, layer, layer.groups)


def depthwise(images, kernel, bias, layer):
    """What `layer` computes, before its activation.

    Args:
        images: (batch, height, width, channels).
        kernel: (rows, columns, channels, 1).
        bias: (channels,) or None.
        layer: a `keras.layers.DepthwiseConv2D`.
    """
    channels = images.shape[-1]
    return _convolution(images, kernel.permute(2, 3, 0, 1), bias, layer, channels)


def _convolution(images, kernel, bias, layer, groups):
    images, padding = _as_wide(images, kernel).permute(0, 3, 1, 2), 0
    if layer.padding == "same":
        (top, bottom), (left, right) = map(
            margins,
            images.shape[2:],
            layer.kernel_size,
            layer.strides,
            layer.dilation_rate,
        )
        if (top, left) == (bottom, right):
            padding = top, left
        else:
            images = functional.pad(images, (left, right, top, bottom))
    outputs = functional.conv2d(
        images, kernel, bias, layer.strides, padding, layer.dilation_rate, groups
    )
    return outputs.permute(0, 2, 3, 1)


def _as_wide(given, weight):
    """`given` in float64 where the weights are, as after `model.double()`."""
    return given.double() if weight.dtype == torch.float64 else given


def maximum(images, size: tuple[int, int]):
    """Maxima of windows side by side; what is left at the far edges is dropped."""
    return functional.max_pool2d(images.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)


def average(images, size: tuple[int, int]):
    """Averages of windows side by side; what is left at the far edges is dropped."""
    return functional.avg_pool2d(images.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)


def normalize(layer, inputs, training: bool):
    """What a `keras.layers.BatchNormalization` computes, channels last.

    Means and variances of the batch go into the layer's moving ones. Like Keras, and
    unlike `torch.nn.BatchNorm1d`, it takes the variance of the batch itself, not an
    estimate of the population's.
    """
    images = _as_wide(inputs.float(), layer.moving_mean.value)
    if images.ndim > 2:
        images = images.movedim(-1, 1)
    gamma = layer.gamma.value if layer.scale else None
    beta = layer.beta.value if layer.center else None
    moving = layer.moving_mean, layer.moving_variance
    known = (None, None) if training else (each.value for each in moving)
    outputs, mean, inverse = torch.native_batch_norm(
        images, gamma, beta, *known, bool(training), 0.0, layer.epsilon
    )
    if training:
        variance = (inverse.detach() ** -2 - layer.epsilon).clamp(min=0)
        for variable, new in zip(moving, (mean.detach(), variance), strict=True):
            share = 1 - layer.momentum
            variable.assign(variable.value * layer.momentum + new * share)
    if images.ndim > 2:
        outputs = outputs.movedim(1, -1)
    return ops.cast(outputs, layer.compute_dtype)


def lstm(layer, sequences, states):
    """What a `keras.layers.LSTM` computes: last output, all outputs, last states."""
    cell = layer.cell
    bias = cell.bias.value
    weights = [cell.kernel.value.t(), cell.recurrent_kernel.value.t()]
    weights += [bias, torch.zeros_like(bias)]
    return _recurrent(torch.lstm, layer, sequences, states, weights)


def gru(layer, sequences, states):
    """What a `keras.layers.GRU` computes: last output, all outputs, last states.

    Inside zoo's own steps, which differentiate once, CPUs take `gru_on_cpu`.
    """
    if are_in_use() and not sequences.is_cuda:
        return _own_gru(layer, sequences, states[0])

    def reorder(gates):
        update, reset, candidate = torch.chunk(gates, 3, dim=-1)
        return torch.cat([reset, update, candidate], dim=-1)

    cell = layer.cell
    kernels = cell.kernel.value, cell.recurrent_kernel.value
    weights = [reorder(kernel).t() for kernel in kernels]
    weights += reorder(cell.bias.value).unbind()
    return _recurrent(torch.gru, layer, sequences, states[:1], weights)


def _own_gru(layer, sequences, state):
    cell = layer.cell
    weights = [w.value for w in (cell.kernel, cell.recurrent_kernel, cell.bias)]
    sequences, state = (_as_wide(each, weights[0]) for each in (sequences, state))
    if layer.go_backwards:
        sequences = torch.flip(sequences, [1])
    outputs = gru_on_cpu(sequences, state, *weights)
    return outputs[:, -1], outputs, [outputs[:, -1]]


def _recurrent(function, layer, sequences, states, weights):
    sequences = _as_wide(sequences, weights[0])
    states = [_as_wide(state, weights[0]) for state in states]
    if layer.go_backwards:
        sequences = torch.flip(sequences, [1])
    if sequences.is_cuda:
        weights = _side_by_side(weights)
    many = len(states) > 1
    outputs, *states = function(
        sequences,
        [state[None] for state in states] if many else states[0][None],
        weights,
        has_biases=True,
        num_layers=1,
        dropout=0.0,
        train=torch.is_grad_enabled(),
        bidirectional=False,
        batch_first=True,
    )
    return outputs[:, -1], outputs, [state[0] for state in states]


def _side_by_side(arrays):
    """Copies in one block of memory: cuDNN wants all weights in one."""
    flat = torch.cat([array.reshape(-1) for array in arrays])
    parts = flat.split([array.numel() for array in arrays])
    return [part.view(array.shape) for part, array in zip(parts, arrays, strict=True)]


def dropout_scales(generator, shape: list[int], start: int, rate: float):
    """`random_bits.scales` for the generator's next draw; counts the draw.

    On CPUs this is one kernel. On a GPU it is a few plain ones, and `torch.compile`
    fuses them.
    """
    state = generator.state.value
    if state.device.type != "cpu" or torch.compiler.is_compiling():
        return plain_scales(torch.ops.zoo.next_draw(state), shape, start, rate)
    return torch.ops.zoo.dropout_scales(state, shape, start, rate)


def _next_draw(state):
    """Seed and step of the next draw, which is counted.

    One operation: for the gradient `torch.compile` computes the mask again from what it
    has kept, and the state by itself would give it the mask of the step after.
    """
    draw = state.to(torch.int32, copy=True)
    state[1:].add_(1)
    return draw


def _dropout_scales(state, shape, start, rate):
    """The kernel, in NumPy: its integers take half of PyTorch's time on one thread."""
    numbers = state.numpy()
    seed, step = numbers.tolist()
    numbers[1] = step + 1
    first = _mix(seed * -1640531527 + step)
    second = _mix(first + seed)
    threshold = np.int32(round(rate * 2**32) - 2**31)
    scale = np.float32(1 / (1 - rate))
    scales = np.empty(math.prod(shape), "float32")
    for begin in range(0, scales.size, _BLOCK):
        out = scales[begin : begin + _BLOCK]
        place = start + begin
        bits = np.arange(place, place + out.size, dtype="uint32")
        bits ^= np.uint32(first)
        bits *= _MULTIPLIER_1
        bits ^= bits >> _SHIFT
        bits += np.uint32(second)
        bits *= _MULTIPLIER_2
        np.multiply(bits.view("int32") >= threshold, scale, out=out)
    return torch.from_numpy(scales).view(shape)


def words(step, key: tuple[int, int], first: int, rows: int, blocks: int):
    """Philox's words as `zoo.augment.device.draws` computes them, by NumPy.

    Args:
        step: an integer scalar, a tensor or Python's.
        key: two whole numbers from 0 to 2**64 - 1.
        first: the counter before that of the first row.
        rows: how many.
        blocks: ticks of the counter, of four words each, for a row.

    Returns:
        int64 (rows, 4 * blocks).
    """
    one, other = np.array(key, "uint64").view("int64").tolist()
    step = torch.as_tensor(step)
    return torch.ops.zoo.words(step, one, other, first, rows, blocks)


def _words(step, one, other, first, rows, blocks):
    key = tuple(np.array([one, other], "int64").view("uint64").tolist())
    drawn = philox(key, (first, 0, int(step), 0)).random_raw((rows, 4 * blocks))
    return torch.from_numpy(drawn.view("int64"))


def flip(images, chosen):
    """Bytes mirrored where `chosen`; PyTorch's `where` takes ten times as long.

    Args:
        images: uint8 (batch, height, width, channels).
        chosen: booleans (batch, 1, 1, 1).
    """
    differing = (torch.flip(images, (2,)) ^ images) & (chosen.to(torch.uint8) * 255)
    return images ^ differing


def gray_levels(images):
    """Floats rounded to gray levels, uint8: bounds are tensors in Keras's form."""
    return torch.round(images).clamp_(0, 255).to(torch.uint8)


def blend(rows, kept, others, given):
    """`kept * rows + given * others`, rounded as this is; `others` is written to."""
    return others.mul_(given).add_(kept * rows)


def _mix(key):
    """`random_bits._mix` in Python's integers; NumPy's take 2 us an operation."""
    key = _fold(key & _LOW_32_BITS) * 569420461
    return _fold(_fold(key & _LOW_32_BITS) * 1935289751 & _LOW_32_BITS)


def _fold(bits):
    return bits ^ bits >> 15


_LOW_32_BITS = 2**32 - 1
_MULTIPLIER_1 = np.uint32(-1150833019 & _LOW_32_BITS)
_MULTIPLIER_2 = np.uint32(1935289751)
_SHIFT = np.uint32(15)
_BLOCK = 2**16  # numbers that stay in the processor's cache
_library = torch.library.Library("zoo", "DEF")
_library.define(
    "dropout_scales(Tensor(a!) state, int[] shape, int start, float rate) -> Tensor"
)
_library.impl("dropout_scales", _dropout_scales, "CPU")
_library.define(
    "words(Tensor step, int one, int other, int first, int rows, int blocks) -> Tensor"
)
_library.impl("words", _words, "CPU")
_library.define("next_draw(Tensor(a!) state) -> Tensor")
_library.impl("next_draw", _next_draw, "CompositeExplicitAutograd")


@torch.library.register_fake("zoo::next_draw", lib=_library)
def _shape_of_a_draw(state):
    return torch.empty_like(state, dtype=torch.int32)


def spectrum(windows):
    """The power of all frequencies of windows, float32.

    Args:
        windows: (..., width), float32.

    Returns:
        (..., width // 2 + 1).
    """
    found = torch.fft.rfft(windows)
    return found.real.square() + found.imag.square()


_AUGMENTING = {"words": words, "flip": flip, "gray_levels": gray_levels, "blend": blend}
_KERNELS = {
    "convolution": convolution,
    "depthwise": depthwise,
    "maximum": maximum,
    "average": average,
    "normalize": normalize,
    "lstm": lstm,
    "gru": gru,
    "spectrum": spectrum,
    "dropout_scales": dropout_scales,
    **_AUGMENTING,
}

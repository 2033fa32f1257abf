"""Convolution and maximum pooling in forms that are fast on JAX's CPUs.

XLA computes the gradients of both slowly on CPUs, and those of convolutions slowest
inside loops. Here the gradients are matrix products of blocks of patches. On an Intel
Xeon with two cores a step of LeNet takes a third of the time, and one of Tiny VGG half
(`benchmarks.speed train`).

XLA's forward pass is used wherever it is no slower: without gradients, and with them
from 16 channels on.

A depthwise convolution is a sum of shifted images times weights, with gradients and
without. A training step of EfficientNet-Lite0 takes a tenth of the time.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from keras import ops

from zoo.engine.jax.gru import gru
from zoo.engine.kernels import are_in_use
from zoo.engine.padding import margins

_BYTES = 8 * 2**20  # patches and products of one block stay in the cache
_MANY = 16  # from so many channels on, pairs gain nothing and XLA's pass is faster


def find(name: str, layer):
    """The kernel of that name on CPUs, see `zoo.engine.kernels.find`, inside `in_use`.

    Convolutions with dilation or groups have no kernel. Those with strides have one if
    they are depthwise and both strides are equal; outside it is another one.
    """
    if jax.default_backend() != "cpu":
        return None
    if name == "depthwise" and layer.strides[0] != layer.strides[1]:
        return None
    if not are_in_use():
        return _depthwise_outside if name == "depthwise" else None
    if name == "convolution" and not (
        layer.strides == layer.dilation_rate == (1, 1) and layer.groups == 1
    ):
        return None
    return _KERNELS.get(name)


def convolution(images, kernel, bias, layer):
    """What `layer` computes, before its activation.

    Args:
        images: (batch, height, width, channels).
        kernel: (rows, columns, channels, filters).
        bias: (filters,) or None.
        layer: a `keras.layers.Conv2D` without strides, dilation and groups.
    """
    if bias is None:
        bias = jnp.zeros(kernel.shape[-1], kernel.dtype)
    return _convolution(_padded(images, layer), kernel, bias)


def _padded(images, layer):
    if layer.padding == "valid":
        return images
    rows, columns = map(margins, images.shape[1:3], layer.kernel_size, layer.strides)
    return jnp.pad(images, [(0, 0), rows, columns, (0, 0)])


@jax.custom_vjp
def _convolution(images, kernel, bias):
    numbers = ("NHWC", "HWIO", "NHWC")
    outputs = jax.lax.conv_general_dilated(
        images, kernel, (1, 1), "VALID", dimension_numbers=numbers
    )
    return outputs + bias


def _forward(images, kernel, bias):
    outputs, slopes_to_gradients = jax.vjp(_in_pairs, images, kernel, bias)
    if kernel.shape[2] >= _MANY and kernel.shape[:2] != (1, 1):
        return _convolution(images, kernel, bias), slopes_to_gradients
    return outputs + bias, slopes_to_gradients


def _backward(slopes_to_gradients, slopes):
    return slopes_to_gradients(slopes)


_convolution.defvjp(_forward, _backward)


def _in_pairs(images, kernel, bias):
    """The convolution of pairs of columns; a pair is a column of twice the channels.

    The kernel is zero where only the other column of a pair needs a weight. Its matrix
    is twice as wide, and patches hold fewer copies of a pixel, in longer runs. The
    bias is not added here; its gradients are computed.
    """
    batch, height, width, channels = images.shape
    rows, columns, _, filters = kernel.shape
    outputs = width - columns + 1
    if columns == 1 or outputs == 1 or channels >= _MANY:
        return _by_matrix(images, kernel, bias)
    span = columns // 2 + 1
    pairs = -(-outputs // 2) + span - 1
    images = jnp.pad(images, ((0, 0), (0, 0), (0, 2 * pairs - width), (0, 0)))
    zeros = 2 * span - columns
    both = [
        jnp.pad(kernel, ((0, 0), (place, zeros - place), (0, 0), (0, 0)))
        for place in (0, 1)
    ]
    results = _by_matrix(
        images.reshape(batch, height, pairs, 2 * channels),
        jnp.stack(both, axis=3).reshape(rows, span, 2 * channels, 2 * filters),
        jnp.concatenate([bias, bias]),
    )
    return results.reshape(batch, height - rows + 1, -1, filters)[:, :, :outputs]


def _by_matrix(images, kernel, bias):
    """The convolution as one product of a matrix of patches and one of the kernel.

    The kernel's rows stand below one another (tall) or beside one another (wide). Wide
    patches have one row, so they copy fewer pixels, but the products of all rows must
    be added. Wide is used if it gives no more numbers than tall patches hold.
    """
    rows, columns, channels, filters = kernel.shape
    height = images.shape[1]
    few = filters * height <= columns * channels * (height - rows + 1)
    beside = rows if few else 1
    matrix = kernel.reshape(beside, -1, filters).swapaxes(0, 1)
    size = rows // beside, columns
    matrix = matrix.reshape(-1, beside * filters)
    return _in_blocks(images, matrix, bias, size, beside)


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _in_blocks(images, matrix, bias, size, beside):
    """Sums of the products of patches, in blocks of examples.

    Args:
        images: (batch, height, width, channels).
        matrix: (rows * columns * channels, beside * filters).
        size: rows and columns of a patch.
        beside: how many rows of the kernel stand side by side in the matrix.
        bias: (filters,); not added: the operation that follows adds it at no cost.
    """
    height = images.shape[1] - size[0] * beside + 1

    def step(block):
        products = _patches(block, size) @ matrix
        parts = jnp.split(products, beside, axis=-1)
        places = range(0, size[0] * beside, size[0])
        return sum(
            part[:, place : place + height]
            for part, place in zip(parts, places, strict=True)
        )

    outputs = jax.lax.map(step, _blocks(images, images, matrix, size, beside))
    return outputs.reshape(len(images), *outputs.shape[2:])


def _forward_in_blocks(images, matrix, bias, size, beside):
    return _in_blocks(images, matrix, bias, size, beside), (images, matrix)


def _backward_in_blocks(size, beside, known, slopes):
    images, matrix = known

    def step(totals, block):
        of_matrix, of_bias = totals
        images, slopes = block
        rows = slopes.reshape(-1, slopes.shape[-1])
        of_bias = of_bias + jnp.ones(len(rows), rows.dtype) @ rows  # slow as a sum
        slopes = _of_products(slopes, size[0], beside)
        patches = _patches(images, size).reshape(-1, len(matrix))
        of_matrix = of_matrix + patches.T @ slopes.reshape(-1, matrix.shape[1])
        return (of_matrix, of_bias), _collect(slopes @ matrix.T, size)

    blocks = [
        _blocks(array, images, matrix, size, beside) for array in (images, slopes)
    ]
    totals = jnp.zeros_like(matrix), jnp.zeros_like(slopes[0, 0, 0])
    totals, of_images = jax.lax.scan(step, totals, blocks)
    return of_images.reshape(images.shape), *totals


_in_blocks.defvjp(_forward_in_blocks, _backward_in_blocks)


def _of_products(slopes, rows, beside):
    """The gradients of the products, from the gradients of their sums."""
    if beside == 1:
        return slopes
    margin = rows * (beside - 1)
    padded = jnp.pad(slopes, ((0, 0), (margin, margin), (0, 0), (0, 0)))
    padded = jax.lax.optimization_barrier(padded)  # once, not for every part
    places = range(margin, -1, -rows)
    height = slopes.shape[1] + margin
    return jnp.concatenate([padded[:, n : n + height] for n in places], axis=-1)


def _blocks(array, images, matrix, size, beside):
    """`array` in equal blocks of examples; each fits into the processor's cache."""
    count, height, width, _ = images.shape
    positions = (height - size[0] + 1) * (width - size[1] + 1)
    values = len(matrix) if beside == 1 else sum(matrix.shape)
    most = max(1, _BYTES // (positions * values * images.dtype.itemsize))
    length = max(n for n in range(1, min(most, count) + 1) if count % n == 0)
    return array.reshape(-1, length, *array.shape[1:])


def _offsets(size):
    return [(i, j) for i in range(size[0]) for j in range(size[1])]


def _patches(images, size):
    """All patches of a size; the pixels of a patch are one row."""
    return jnp.concatenate(_shifted(images, size, 1), axis=-1)


def _collect(patches, size):
    """The sum of all patches, each at the place where `_patches` took it."""
    offsets, total = _offsets(size), 0
    parts = jnp.split(patches, len(offsets), axis=-1)
    for part, (i, j) in zip(parts, offsets, strict=True):
        place = ((0, 0), (i, size[0] - 1 - i), (j, size[1] - 1 - j), (0, 0))
        total = total + jnp.pad(part, place)
    return total


def depthwise(images, kernel, bias, layer):
    """What `layer` computes, before its activation.

    Args:
        images: (batch, height, width, channels).
        kernel: (rows, columns, channels, 1).
        bias: (channels,) or None.
        layer: a `keras.layers.DepthwiseConv2D` without dilation.
    """
    outputs = _depthwise(_padded(images, layer), kernel[..., 0], layer.strides[0])
    return outputs if bias is None else outputs + bias


def _depthwise_outside(images, kernel, bias, layer):
    """The same in the programs of others, who may differentiate it in any way.

    Outside of a program each sum would be compiled and started by itself.
    """
    if isinstance(images, jax.core.Tracer):
        outputs = _summed(_padded(images, layer), kernel[..., 0], layer.strides[0])
    else:
        outputs = ops.depthwise_conv(images, kernel, layer.strides, layer.padding)
    return outputs if bias is None else outputs + bias


def _summed(images, kernel, stride):
    shifted = _shifted(images, kernel.shape, stride)
    weights = [kernel[place] for place in _offsets(kernel.shape)]
    return sum(part * weight for part, weight in zip(shifted, weights, strict=True))


_depthwise = jax.custom_vjp(_summed, nondiff_argnums=(2,))


def _forward_depthwise(images, kernel, stride):
    return _depthwise(images, kernel, stride), (images, kernel)


def _backward_depthwise(stride, known, slopes):
    images, kernel = known
    places = [(0, 0, 0)]
    for axis in (1, 2):
        end = stride * (slopes.shape[axis] - 1) + 1
        margin = kernel.shape[axis - 1] - 1
        places.append((margin, images.shape[axis] - end, stride - 1))
    spread = jax.lax.pad(slopes, jnp.zeros((), slopes.dtype), [*places, (0, 0, 0)])
    of_images = _depthwise(spread, kernel[::-1, ::-1], 1)

    def step(total, example):
        return total + _of_kernel(*example, kernel, stride), None

    total = jnp.zeros_like(kernel).reshape(-1, kernel.shape[-1])
    of_kernel, _ = jax.lax.scan(step, total, (images, slopes))
    return of_images, of_kernel.reshape(kernel.shape)


_depthwise.defvjp(_forward_depthwise, _backward_depthwise)


def _of_kernel(image, slopes, kernel, stride):
    """The kernel's gradients from one image. XLA compiles this form quickly."""
    height, width, channels = slopes.shape
    ends = stride * (height - 1) + 1, stride * (width - 1) + 1

    def of_weight(place):
        part = jax.lax.dynamic_slice(image, (*place, 0), (*ends, channels))
        return (part[::stride, ::stride] * slopes).sum((0, 1))

    return jax.lax.map(of_weight, jnp.array(_offsets(kernel.shape)))


def _shifted(images, size, stride):
    """The pixels that each weight of a kernel of this size is multiplied with."""
    rows, columns = size[:2]
    height, width = images.shape[1] - rows + 1, images.shape[2] - columns + 1
    return [
        images[:, i : i + height : stride, j : j + width : stride]
        for i, j in _offsets(size)
    ]


def maximum(images, size: tuple[int, int]):
    """Maxima of windows side by side; what is left at the far edges is dropped.

    The gradient goes to the first of equal maxima, as in every framework.
    """
    height, width = (
        n // side * side for n, side in zip(images.shape[1:3], size, strict=True)
    )
    return _maximum(images[:, :height, :width], size)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def _maximum(images, size):
    lowest = np.array(-np.inf, images.dtype)
    window = 1, *size, 1
    return jax.lax.reduce_window(images, lowest, jax.lax.max, window, window, "VALID")


def _forward_maximum(images, size):
    """Maxima, and the place of each in its window.

    The backward pass must not compare inputs with maxima: XLA may recompute the inputs
    with other rounding.
    """
    first, *others = _windows(images, size)
    maxima, places = first, jnp.zeros(first.shape, "uint8")
    for place, pixels in enumerate(others, start=1):
        places = jnp.where(pixels > maxima, jnp.uint8(place), places)
        maxima = jnp.maximum(maxima, pixels)
    return maxima, places


def _backward_maximum(size, places, slopes):
    rows, columns = size
    batch, height, width, channels = slopes.shape
    parts = [jnp.where(places == n, slopes, 0) for n in range(rows * columns)]
    parts = jnp.stack(parts).reshape(rows, columns, batch, height, width, channels)
    whole = parts.transpose(2, 3, 0, 4, 1, 5)
    return (whole.reshape(batch, height * rows, width * columns, channels),)


_maximum.defvjp(_forward_maximum, _backward_maximum)


def _windows(images, size):
    """The pixels at each place of the windows, (batch, rows, columns, channels)."""
    rows, columns = size
    return [images[:, i::rows, j::columns] for i in range(rows) for j in range(columns)]


def spectrum(windows):
    """The power of all frequencies of windows, float32.

    Args:
        windows: (..., width), float32.

    Returns:
        (..., width // 2 + 1).
    """
    found = jnp.fft.rfft(windows)
    return jnp.square(found.real) + jnp.square(found.imag)


_KERNELS = {
    "convolution": convolution,
    "depthwise": depthwise,
    "maximum": maximum,
    "gru": gru,
    "spectrum": spectrum,
}

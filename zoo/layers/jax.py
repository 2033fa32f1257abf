"""Convolution and maximum pooling in forms that are fast on JAX's CPUs.

XLA computes the gradients of both slowly on CPUs, and inside loops convolutions
altogether. Here a convolution is matrix products of small blocks of patches: on an
Intel Xeon with two cores a step of LeNet, with its pooling, takes less than half of the
time, and one of Tiny VGG four fifths (`tools/benchmark.py train`).

Without gradients XLA's own of both are as fast or faster, and they are taken.

A depthwise convolution is a sum of shifted images times weights, with gradients or
without: a training step of EfficientNet-Lite0 takes a tenth of the time.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers.convolution import margins

_BYTES = 2 * 2**20  # of a block of patches: they stay in the processor's cache
_WIDE = 64  # filters, of which a product of matrices is as fast as of more


def convolution(images, kernel, bias, layer):
    """What `layer` computes, before its activation.

    Args:
        images: (batch, height, width, channels).
        kernel: (rows, columns, channels, filters).
        bias: (filters,) or None.
        layer: a `keras.layers.Conv2D` without strides, dilation and groups.
    """
    outputs = _convolution(_padded(images, layer), kernel)
    return outputs if bias is None else outputs + bias


def _padded(images, layer):
    if layer.padding == "valid":
        return images
    rows, columns = map(margins, images.shape[1:3], layer.kernel_size, layer.strides)
    return jnp.pad(images, [(0, 0), rows, columns, (0, 0)])


@jax.custom_vjp
def _convolution(images, kernel):
    numbers = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(
        images, kernel, (1, 1), "VALID", dimension_numbers=numbers
    )


def _forward(images, kernel):
    return jax.vjp(_in_pairs, images, kernel)


def _backward(slopes_to_gradients, slopes):
    return slopes_to_gradients(slopes)


_convolution.defvjp(_forward, _backward)


def _in_pairs(images, kernel):
    """The convolution of pairs of columns, each a column of twice the channels.

    The kernel has zeros for what only the other column of a pair needs. Its matrix is
    twice as wide, and patches hold fewer copies of a pixel, in longer runs.
    """
    batch, height, width, channels = images.shape
    rows, columns, _, filters = kernel.shape
    outputs = width - columns + 1
    if columns == 1 or outputs == 1 or filters >= _WIDE:
        return _in_blocks(images, kernel)
    span = columns // 2 + 1
    pairs = -(-outputs // 2) + span - 1
    images = jnp.pad(images, ((0, 0), (0, 0), (0, 2 * pairs - width), (0, 0)))
    zeros = 2 * span - columns
    both = [
        jnp.pad(kernel, ((0, 0), (place, zeros - place), (0, 0), (0, 0)))
        for place in (0, 1)
    ]
    results = _in_blocks(
        images.reshape(batch, height, pairs, 2 * channels),
        jnp.stack(both, axis=3).reshape(rows, span, 2 * channels, 2 * filters),
    )
    return results.reshape(batch, height - rows + 1, -1, filters)[:, :, :outputs]


@jax.custom_vjp
def _in_blocks(images, kernel):
    """The convolution as products of blocks of patches."""
    flat = kernel.reshape(-1, kernel.shape[-1])
    blocks = _blocks(images, kernel, images)
    outputs = jax.lax.map(lambda block: _patches(block, kernel) @ flat, blocks)
    return outputs.reshape(len(images), *outputs.shape[2:])


def _forward_in_blocks(images, kernel):
    return _in_blocks(images, kernel), (images, kernel)


def _backward_in_blocks(known, slopes):
    images, kernel = known
    flat = kernel.reshape(-1, kernel.shape[-1])

    def step(total, block):
        images, slopes = block
        patches = _patches(images, kernel).reshape(-1, len(flat))
        total = total + patches.T @ slopes.reshape(-1, slopes.shape[-1])
        return total, _collect(slopes @ flat.T, kernel)

    blocks = [_blocks(array, kernel, images) for array in (images, slopes)]
    of_kernel, of_images = jax.lax.scan(step, jnp.zeros_like(flat), blocks)
    return of_images.reshape(images.shape), of_kernel.reshape(kernel.shape)


_in_blocks.defvjp(_forward_in_blocks, _backward_in_blocks)


def _blocks(array, kernel, images):
    """`array` in equal blocks of examples, whose patches have at most `_BYTES`."""
    count, height, width, channels = images.shape
    rows, columns = kernel.shape[:2]
    positions = (height - rows + 1) * (width - columns + 1)
    example = positions * rows * columns * channels * images.dtype.itemsize
    most = max(1, _BYTES // example)
    size = max(n for n in range(1, min(most, count) + 1) if count % n == 0)
    return array.reshape(-1, size, *array.shape[1:])


def _offsets(kernel):
    rows, columns = kernel.shape[:2]
    return [(i, j) for i in range(rows) for j in range(columns)]


def _patches(images, kernel):
    """All patches of the kernel's size, their pixels behind one another."""
    return jnp.concatenate(_shifted(images, kernel, 1), axis=-1)


def _collect(patches, kernel):
    """Images in which every patch is added where `_patches` took it from."""
    rows, columns, channels, _ = kernel.shape
    total = 0
    for n, (i, j) in enumerate(_offsets(kernel)):
        part = patches[..., n * channels : (n + 1) * channels]
        place = ((0, 0), (i, rows - 1 - i), (j, columns - 1 - j), (0, 0))
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


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _depthwise(images, kernel, stride):
    shifted = _shifted(images, kernel, stride)
    weights = [kernel[place] for place in _offsets(kernel)]
    return sum(part * weight for part, weight in zip(shifted, weights, strict=True))


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
    """The kernel's gradients by one image, a program that XLA compiles quickly."""
    height, width, channels = slopes.shape
    ends = stride * (height - 1) + 1, stride * (width - 1) + 1

    def of_weight(place):
        part = jax.lax.dynamic_slice(image, (*place, 0), (*ends, channels))
        return (part[::stride, ::stride] * slopes).sum((0, 1))

    return jax.lax.map(of_weight, jnp.array(_offsets(kernel)))


def _shifted(images, kernel, stride):
    """For each weight of the kernel the pixels that it meets."""
    rows, columns = kernel.shape[:2]
    height, width = images.shape[1] - rows + 1, images.shape[2] - columns + 1
    return [
        images[:, i : i + height : stride, j : j + width : stride]
        for i, j in _offsets(kernel)
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
    """Maxima, and which pixel of its window each is.

    To look for the maxima among the images afterward would not do: XLA may compute an
    image anew there, and round it otherwise.
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
    """For each place in a window its pixels, (batch, rows, columns, channels)."""
    rows, columns = size
    return [images[:, i::rows, j::columns] for i in range(rows) for j in range(columns)]

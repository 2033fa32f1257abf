"""What Pillow computes of gray levels, bit for bit, see `zoo.augment.operations`."""

import numpy as np
from keras import ops

from zoo.augment.device.draws import Draws

# Each gray level times 255 / width, by the width of a histogram. The device does not
# multiply: a compiler would join product and sum and round once, Pillow rounds twice.
_SCALED = np.outer(255.0 / np.maximum(np.arange(256), 1), np.arange(256)).ravel()
_ONE = 2.0**30  # a factor has 24 bits, and the smallest of the policies is 0.01


def color_jitter(images, strength, draws: Draws):
    largest = ops.convert_to_tensor(np.broadcast_to(np.float64(strength), 3))
    changes = (2.0 * draws.uniform(3) - 1.0) * largest
    for column, base in enumerate((black, mean_gray, gray)):
        images = blend(base(images), images, changes[:, column] + 1.0)
    return images


def blend(base, images, factor):
    """From `base`, at factor 0, to `images`, at 1, and beyond.

    Pillow rounds each step to float32; whole numbers keep a compiler from joining the
    steps and rounding once, which is another gray level for 1 pixel of 1,000.

    Args:
        base: whole gray levels that fit the images.
        images: uint8, shape (batch, height, width, channels).
        factor: float64 (batch,).
    """
    factor = ops.cast(ops.cast(factor, "float32") * _ONE, "int64")[:, None, None, None]
    base = ops.cast(base, "int64")
    moved = factor * (ops.cast(images, "int64") - base)
    moved = ops.cast(ops.cast(moved, "float32"), "int64")
    sum_ = ops.cast(base * int(_ONE) + moved, "float32") * (1 / _ONE)
    return ops.cast(ops.clip(sum_, 0, 255), "uint8")


def black(images):
    return ops.zeros_like(images, dtype="int64")


def gray(images):
    """The gray level that a color has for the eye: int64, one channel."""
    images = ops.cast(images, "int64")
    if images.shape[-1] == 1:
        return images
    red, green, blue = (images[..., channel : channel + 1] for channel in range(3))
    total = red * 19595 + green * 38470 + blue * 7471
    return ops.right_shift(total + 2**15, 16)


def mean_gray(images):
    """The mean of `gray` over each image, rounded: int64 (batch, 1, 1, 1)."""
    levels = gray(images)
    count = levels.shape[1] * levels.shape[2]
    total = ops.sum(levels, axis=(1, 2, 3), keepdims=True)
    return ops.floor_divide(2 * total + count, 2 * count)


def smooth(images):
    """3 by 3 mean with weight 5 of 13 for the center; the rim stays. int64."""
    images = ops.cast(images, "int64")
    height, width = images.shape[1:3]
    if min(height, width) < 3:
        return images
    rows = images[:, :-2] + images[:, 1:-1] + images[:, 2:]
    total = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    total = total + 4 * images[:, 1:-1, 1:-1]
    inner = ops.floor_divide(2 * total + 13, 26)
    middle = [images[:, 1:-1, :1], inner, images[:, 1:-1, -1:]]
    middle = ops.concatenate(middle, axis=2)
    return ops.concatenate([images[:, :1], middle, images[:, -1:]], axis=1)


def posterize(images, bits):
    """Keep the highest bits; int64 (batch,)."""
    lost = ops.left_shift(ops.ones_like(bits), 8 - bits)[:, None, None, None]
    levels = ops.cast(images, "int64")
    return ops.cast(levels - ops.mod(levels, lost), "uint8")


def solarize(images, threshold):
    """Invert what is not below the threshold; float64 (batch,)."""
    bright = ops.cast(images, "float64") >= threshold[:, None, None, None]
    return ops.where(bright, 255 - images, images)


def stretch(images, counts):
    """From black to white, in each channel (autocontrast); see `histogram`."""
    levels = ops.arange(256, dtype="int32")[None]
    low = ops.min(ops.where(counts > 0, levels, 255), axis=1, keepdims=True)
    high = ops.max(ops.where(counts > 0, levels, 0), axis=1, keepdims=True)
    first = ops.clip(high - low, 0, 255) * 256
    table = ops.take(_SCALED, first + levels) - ops.take(_SCALED, first + low)
    table = ops.where(high > low, ops.clip(table, 0, 255), levels)
    return _looked_up(images, table)


def equalize(images, counts):
    """Every gray level about as often, in each channel; see `histogram`."""
    pixels = images.shape[1] * images.shape[2]
    places = ops.arange(256, dtype="int64")[None]
    last = ops.max(ops.where(counts > 0, places, 0), axis=1, keepdims=True)
    most = ops.sum(ops.where(places == last, counts, 0), axis=1, keepdims=True)
    step = ops.floor_divide(pixels - most, 255)
    below = ops.cumsum(counts, axis=1) - counts
    some = ops.maximum(step, 1)
    table = ops.floor_divide(ops.floor_divide(some, 2) + below, some)
    table = ops.where(step > 0, ops.minimum(table, 255), places)
    return _looked_up(images, table)


def histogram(images):
    """How often each gray level is in each channel: int64 (batch * channels, 256)."""
    places = ops.reshape(_places(images), (-1,))
    lines = ops.shape(images)[0] * images.shape[3]
    ones = ops.ones_like(places, dtype="int32")
    counts = ops.segment_sum(ones, places, num_segments=lines * 256)
    return ops.cast(ops.reshape(counts, (-1, 256)), "int64")


def _looked_up(images, table):
    """Each gray level by the table of its image and channel."""
    flat = ops.reshape(ops.cast(table, "uint8"), (-1,))
    return ops.take(flat, _places(images), axis=0)


def _places(images):
    """Where each pixel is in tables of 256 for each image and channel: int32."""
    channels = images.shape[3]
    rows = ops.arange(ops.shape(images)[0], dtype="int32")[:, None, None, None]
    lines = rows * channels + ops.arange(channels, dtype="int32")
    return lines * 256 + ops.cast(images, "int32")

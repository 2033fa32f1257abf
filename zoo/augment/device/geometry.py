"""Flip, shift, rotation, zoom and elastic deformation, see `zoo.augment.geometry`."""

import math

import cv2
import numpy as np
from keras import ops

from zoo.augment.device.draws import Draws
from zoo.augment.device.float64 import cos_sin, floor
from zoo.engine import kernels


def flip(images, probability: float, draws: Draws):
    chosen = draws.uniform(1)[:, :, None, None] < probability
    if mirrored := kernels.find("flip", None):
        return mirrored(images, chosen)
    return ops.where(chosen, ops.flip(images, axis=2), images)


def shift(fraction: float, draws: Draws, height: int, width: int):
    x, y = _columns(_spread(draws, 2) * fraction)
    x, y = x * width, y * height
    one, zero = ops.ones_like(x), ops.zeros_like(x)
    return one, zero, x, zero, one, y


def rotation(degrees: float, draws: Draws, height: int, width: int):
    [angle] = _columns(_spread(draws, 1) * degrees * (math.pi / 180))
    cos, sin = cos_sin(angle)
    zero = ops.zeros_like(angle)
    return cos, sin, zero, -sin, cos, zero


def zoom(fraction: float, draws: Draws, height: int, width: int):
    [spread] = _columns(_spread(draws, 1))
    scale = 1.0 / (spread * fraction + 1.0)
    zero = ops.zeros_like(scale)
    return scale, zero, zero, zero, scale, zero


AFFINE = {"shift": shift, "rotation": rotation, "zoom": zoom}
"""Inverse maps from the center: two rows of a matrix, six numbers (batch,) each."""


def warp(images, inverses: list[tuple]):
    """Apply several affine maps in order, and interpolate once."""
    a, b, c, d, e, f = inverses[0]
    for g, h, i, j, k, m in inverses[1:]:
        a, b, c = a * g + b * j, a * h + b * k, a * i + b * m + c
        d, e, f = d * g + e * j, d * h + e * k, d * i + e * m + f
    height, width = images.shape[1:3]
    down, across = (height - 1) / 2, (width - 1) / 2
    y, x = grid(height, width, "float64")
    y, x = y - down, x - across
    a, b, c, d, e, f = (each[:, None, None] for each in (a, b, c, d, e, f))
    return bilinear(images, a * x + b * y + (c + across), d * x + e * y + (f + down))


def elastic(images, strength: tuple[float, float], draws: Draws):
    alpha, sigma = strength
    height, width = images.shape[1:3]
    noise = ops.reshape(draws.bytes(height * width * 2), (-1, height, width, 2))
    moves = (ops.cast(noise, "float64") - 127.5) * (alpha / 127.5)
    moves = ops.einsum(
        "ij,bjkc->bikc", ops.convert_to_tensor(_blur(height, sigma)), moves
    )
    moves = ops.einsum(
        "ij,bkjc->bkic", ops.convert_to_tensor(_blur(width, sigma)), moves
    )
    y, x = grid(height, width, "float64")
    return bilinear(images, moves[..., 0] + x, moves[..., 1] + y)


def bilinear(images, x, y):
    """The images at real coordinates, black outside.

    Args:
        images: uint8, shape (batch, height, width, channels).
        x, y: float64, shape (batch, height, width).

    Returns:
        uint8, like `images`.
    """
    left, top = floor(x), floor(y)
    right, below = (x - left)[..., None], (y - top)[..., None]
    pixels = pick(images, left, top)
    upper, lower = (
        first + right * (second - first)
        for first, second in (
            [ops.cast(pixels(across, down), "float64") for across in (0, 1)]
            for down in (0, 1)
        )
    )
    return ops.cast(ops.round(upper + below * (lower - upper)), "uint8")


def pick(images, x, y):
    """What takes the pixels at whole coordinates, shifted; black outside.

    Args:
        images: shape (batch, height, width, channels).
        x, y: whole numbers of any dtype, shape (batch, height, width).
    """
    height, width, channels = images.shape[1:]
    # A black frame: what is outside is moved into it.
    framed = ops.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    flat = ops.reshape(framed, (-1, channels))
    x = ops.cast(ops.clip(x, -2, width), "int32")
    y = ops.cast(ops.clip(y, -2, height), "int32")
    rows = ops.arange(ops.shape(images)[0], dtype="int32")[:, None, None]

    def pixels(across: int = 0, down: int = 0):
        column = ops.clip(x + (1 + across), 0, width + 1)
        row = rows * (height + 2) + ops.clip(y + (1 + down), 0, height + 1)
        return ops.take(flat, row * (width + 2) + column, axis=0)

    return pixels


def grid(height: int, width: int, dtype: str) -> list:
    """Row and column of each pixel: shapes (height, 1) and (1, width)."""
    return [
        ops.arange(height, dtype=dtype)[:, None],
        ops.arange(width, dtype=dtype)[None],
    ]


def _blur(size: int, sigma: float) -> np.ndarray:
    """Gaussian blur of a line as a matrix, black outside; float64 (size, size)."""
    reach = math.ceil(4 * sigma)
    kernel = cv2.getGaussianKernel(2 * reach + 1, sigma, cv2.CV_64F)[:, 0]
    apart = np.abs(np.arange(size)[:, None] - np.arange(size))
    return np.where(apart <= reach, kernel[reach - np.minimum(apart, reach)], 0)


def _spread(draws: Draws, count: int):
    return 2.0 * draws.uniform(count) - 1.0


def _columns(numbers) -> list:
    return [numbers[:, column] for column in range(numbers.shape[1])]

"""Flip, shift, rotation, zoom and elastic deformation of image batches.

Images are uint8 of shape (batch, height, width, channels). Pixels from outside of the
picture are black (0). Interpolation is bilinear.
"""

import contextlib
import math

import cv2
import numpy as np

from zoo.augment import small_warps
from zoo.augment.draws import Draws
from zoo.engine.setting import Setting

_SHARED = 2**16  # pixels; OpenCV shares the work on larger pictures among threads
_one_thread = Setting(cv2.getNumThreads, cv2.setNumThreads, 1)


def flip(images: np.ndarray, probability: float, draws: Draws) -> np.ndarray:
    """Mirror each image left to right with the given probability, 0 to 1.

    Do not use it for digits and letters: their mirror images are other signs, or none.
    """
    chosen = draws.uniform(1)[:, 0] < probability
    flipped = images.copy()
    # One at a time by OpenCV: NumPy takes ten times as long for three channels.
    for row in np.flatnonzero(chosen):
        cv2.flip(images[row], 1, flipped[row])
    return flipped


def shift(fraction: float, draws: Draws, height: int, width: int) -> np.ndarray:
    """Shift by up to `fraction` of the size, either way on each axis, uniformly.

    Returns:
        Inverse maps, see `warp`.
    """
    inverse = _identities(draws.rows)
    inverse[:, :2, 2] = _spread(draws, 2) * fraction * (width, height)
    return inverse


def rotation(degrees: float, draws: Draws, height: int, width: int) -> np.ndarray:
    """Rotate about the center by up to `degrees`, either way, uniformly.

    Returns:
        Inverse maps, see `warp`.
    """
    angle = np.radians(_spread(draws, 1)[:, 0] * degrees)
    inverse = _identities(draws.rows)
    inverse[:, 0, 0] = inverse[:, 1, 1] = np.cos(angle)
    inverse[:, 0, 1] = np.sin(angle)
    inverse[:, 1, 0] = -inverse[:, 0, 1]
    return inverse


def zoom(fraction: float, draws: Draws, height: int, width: int) -> np.ndarray:
    """Scale about the center by 1 - `fraction` to 1 + `fraction`, uniformly.

    Returns:
        Inverse maps, see `warp`.
    """
    inverse = _identities(draws.rows)
    inverse[:, 0, 0] = inverse[:, 1, 1] = 1 / (1 + _spread(draws, 1)[:, 0] * fraction)
    return inverse


AFFINE = {"shift": shift, "rotation": rotation, "zoom": zoom}
"""Operations that are affine maps; those that follow each other share one warp."""


def warp(images: np.ndarray, inverses: list[np.ndarray], start: int = 0) -> np.ndarray:
    """Apply several affine maps in order, and interpolate once.

    Args:
        images: uint8, shape (batch, height, width, channels).
        inverses: for each map, in order of application, float64 of shape
            (batch, 3, 3): where each pixel of the result comes from, in pixels
            from the center, x to the right and y down.
        start: place of the first picture in the global batch.
    """
    height, width = images.shape[1:3]
    centered = inverses[0]
    for inverse in inverses[1:]:
        centered = centered @ inverse
    if height * width <= small_warps.PIXELS:
        with _threads(height, width):
            return small_warps.warp(images, centered, start)
    to_center, back = np.eye(3), np.eye(3)
    back[:2, 2] = (width - 1) / 2, (height - 1) / 2
    to_center[:2, 2] = -back[:2, 2]
    sources = (back @ centered @ to_center)[:, :2]
    warped = np.empty_like(images, order="C")
    size, flags = (width, height), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    with _threads(height, width):
        for image, source, target in zip(images, sources, warped, strict=True):
            cv2.warpAffine(image, source, size, target, flags)
    return warped


def elastic(
    images: np.ndarray, strength: tuple[float, float], draws: Draws
) -> np.ndarray:
    """Bend each image as if it were drawn on rubber.

    Every pixel gets a displacement, uniform in [-1, 1] on each axis, smoothed by a
    Gaussian of standard deviation `sigma` pixels and multiplied by `alpha` pixels. A
    pixel then moves by about 0.16 * alpha / sigma on each axis (standard deviation).

    Simard, Steinkraus and Platt, "Best practices for convolutional neural networks
    applied to visual document analysis", ICDAR 2003, doi:10.1109/ICDAR.2003.1227801,
    who take (34, 4) for digits of 29 by 29 pixels.

    Args:
        images: uint8, shape (batch, height, width, channels).
        strength: (alpha, sigma).
        draws: the random numbers.
    """
    alpha, sigma = strength
    height, width = images.shape[1:3]
    noise = draws.bytes(height * width * 2).reshape(-1, height, width, 2)
    moves = (noise - np.float32(127.5)) * np.float32(alpha / 127.5)
    side = 2 * math.ceil(4 * sigma) + 1
    blur = {"ksize": (side, side), "sigmaX": sigma, "borderType": cv2.BORDER_CONSTANT}
    flags = cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP
    bent = np.empty_like(images, order="C")
    with _threads(height, width):
        for image, move, target in zip(images, moves, bent, strict=True):
            cv2.GaussianBlur(move, dst=move, **blur)
            cv2.remap(image, move, None, flags, target)
    return bent


def _threads(height: int, width: int) -> contextlib.AbstractContextManager[None]:
    """Inside, OpenCV does not get ready to share what is too small for it.

    For a digit that takes a fifth of the time.
    """
    small = height * width < _SHARED
    return _one_thread if small else contextlib.nullcontext()


def _identities(rows: int) -> np.ndarray:
    found = np.empty((rows, 3, 3))
    found[:] = np.eye(3)
    return found


def _spread(draws: Draws, count: int) -> np.ndarray:
    return 2 * draws.uniform(count) - 1

"""TrivialAugment (wide) and RandAugment, see `zoo.augment.policies`.

Each image takes another operation. So all of them are computed for all images, those
of one kind at once, and each image takes its own.
"""

import math

import numpy as np
from keras import ops

from zoo.augment import policies
from zoo.augment.device import tones
from zoo.augment.device.draws import Draws
from zoo.augment.device.geometry import grid, pick

_ONE = 2**16  # Pillow's coordinates have so many steps a pixel


def trivial_augment_wide(images, bins: int, draws: Draws):
    uniform = draws.uniform(3)
    level = ops.cast(uniform[:, 2] * bins, "int64")
    return _perform(images, policies.trivial_space(bins), level, uniform[:, :2])


def rand_augment(images, strength: tuple[int, int], draws: Draws):
    count, level = strength
    space = policies.rand_space(*images.shape[1:3])
    picks = ops.reshape(draws.uniform(2 * count), (-1, count, 2))
    picks = ops.transpose(picks, (1, 0, 2))
    # A loop of the device: turns written one after the other XLA would join, and
    # compute a pixel again for each that asks for it: two took four times as long.
    return ops.fori_loop(
        0,
        count,
        lambda turn, images: _perform(images, space, level, picks[turn]),
        images,
    )


def _perform(images, space: policies.Space, level, picks):
    """One operation on each image.

    Args:
        images: uint8, shape (batch, height, width, channels).
        space: the operations to pick from.
        level: int64 (batch,), or one for all.
        picks: which operation and which sign, float64 (batch, 2).
    """
    names = [name for name, _, _ in space]
    number = ops.cast(picks[:, 0] * len(space), "int64")
    negative = ops.cast(picks[:, 1] < 0.5, "int64")
    bins = len(space[0][1])
    row = (number * bins + level) * 2 + negative
    magnitude = ops.take(_magnitudes(space), row, axis=0)
    matrix = ops.take(_matrices(space, *images.shape[1:3]), row, axis=0)

    def among(*wanted: str):
        chosen = np.isin(names, wanted)
        return ops.take(chosen, number, axis=0)[:, None, None, None]

    counts = tones.histogram(images)
    base = tones.black(images)
    for name, of in (
        ("Color", tones.gray),
        ("Contrast", tones.mean_gray),
        ("Sharpness", tones.smooth),
    ):
        base = ops.where(among(name), of(images), base)
    toned = tones.blend(base, images, magnitude + 1.0)
    kept = ops.clip(ops.cast(magnitude, "int64"), 0, 8)
    changed = _moved(images, matrix)
    for mask, result in (
        (among("Brightness", "Color", "Contrast", "Sharpness"), toned),
        (among("Posterize"), tones.posterize(images, kept)),
        (among("Solarize"), tones.solarize(images, magnitude)),
        (among("AutoContrast"), tones.stretch(images, counts)),
        (among("Equalize"), tones.equalize(images, counts)),
    ):
        changed = ops.where(mask, result, changed)
    return changed


def _moved(images, matrix):
    """Nearest pixels, black outside, by Pillow's coordinates: int64 (batch, 6)."""
    height, width = images.shape[1:3]
    y, x = grid(height, width, "int64")
    a, b, c, d, e, f = (matrix[:, place, None, None] for place in range(6))
    column = ops.floor_divide(a * x + b * y + c, _ONE)
    row = ops.floor_divide(d * x + e * y + f, _ONE)
    return pick(images, column, row)()


def _magnitudes(space: policies.Space) -> np.ndarray:
    """By operation, level and sign, in this order: float64."""
    return (
        np.stack(
            [
                [magnitudes, -magnitudes if signed else magnitudes]
                for _, magnitudes, signed in space
            ]
        )
        .transpose(0, 2, 1)
        .ravel()
    )


def _matrices(space: policies.Space, height: int, width: int) -> np.ndarray:
    """Where pixels come from, in Pillow's steps, like `_magnitudes`: int64 (n, 6)."""
    names = np.repeat([name for name, _, _ in space], 2 * len(space[0][1]))
    found = []
    for name, magnitude in zip(names, _magnitudes(space), strict=True):
        a, b, c, d, e, f = _matrix(name, magnitude, height, width)
        # the middle of a pixel
        c, f = c + (a + b) / 2, f + (d + e) / 2
        found.append([math.floor(v * _ONE + 0.5) for v in (a, b, c, d, e, f)])
    return np.array(found, np.int64)


def _matrix(name: str, magnitude: float, height: int, width: int) -> tuple:
    if name == "ShearX":
        return 1, magnitude, 0, 0, 1, 0
    if name == "ShearY":
        return 1, 0, 0, magnitude, 1, 0
    if name == "TranslateX":
        return 1, 0, -int(magnitude), 0, 1, 0
    if name == "TranslateY":
        return 1, 0, 0, 0, 1, -int(magnitude)
    if name == "Rotate":
        angle = -math.radians(magnitude % 360)
        cos, sin = round(math.cos(angle), 15), round(math.sin(angle), 15)
        x, y = width / 2, height / 2
        return cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y
    return 1, 0, 0, 0, 1, 0

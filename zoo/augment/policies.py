"""Policies that pick operations at random: TrivialAugment (wide) and RandAugment.

Both are defined as in torchvision for Pillow pictures: fourteen operations and their
ranges, nearest-pixel interpolation, black fill. A signed magnitude is negated with a
chance of one half.
"""

from functools import cache

import numpy as np

from zoo.augment.draws import Draws
from zoo.augment.operations import perform

BINS = 31
"""How many levels RandAugment's magnitude has."""

Space = list[tuple[str, np.ndarray, bool]]
"""Operations: name, magnitude at each level, whether the sign is drawn."""


def trivial_augment_wide(images: np.ndarray, bins: int, draws: Draws) -> np.ndarray:
    """One random operation per image, at one of `bins` random levels.

    Shears to 0.99, translations to 32 pixels, rotations to 135 degrees; brightness,
    color, contrast and sharpness from 0.01 to 1.99; posterizing to 2 bits, solarizing
    from 255 to 0, autocontrast, equalization, or nothing. The 32 pixels do not shrink
    with the picture: the longest translations leave nothing of one with 28 by 28.

    Müller and Hutter, "TrivialAugment: tuning-free yet state-of-the-art data
    augmentation", ICCV 2021, arXiv:2103.10158.
    """
    uniform = draws.uniform(3)
    levels = (uniform[:, 2] * bins).astype(int)
    return _augment(images, trivial_space(bins), levels, uniform[:, None, :2])


def rand_augment(
    images: np.ndarray, strength: tuple[int, int], draws: Draws
) -> np.ndarray:
    """Several random operations per image, all at the same level.

    At the top level, 30: shears of 0.3, translations of 150/331 of the size, rotations
    of 30 degrees; brightness, color, contrast and sharpness of 0.1 or 1.9; posterizing
    to 4 bits, solarizing from 0. Levels below are in proportion.

    Cubuk et al., "RandAugment: practical automated data augmentation with a reduced
    search space", NeurIPS 2020, arXiv:1909.13719.

    Args:
        images: uint8, shape (batch, height, width, channels).
        strength: (operations per image, level from 0 to 30).
        draws: the random numbers.
    """
    count, level = strength
    space = rand_space(*images.shape[1:3])
    picks = draws.uniform(2 * count).reshape(-1, count, 2)
    return _augment(images, space, np.full(len(images), level), picks)


def trivial_space(bins: int) -> Space:
    """What TrivialAugment picks from."""
    return _space(bins, 0.99, 32, 32, 135, 0.99, 6)


def rand_space(height: int, width: int) -> Space:
    """What RandAugment picks from."""
    return _space(BINS, 0.3, width * 150 / 331, height * 150 / 331, 30, 0.9, 4)


@cache
def _space(
    bins: int,
    shear: float,
    across: float,
    down: float,
    degrees: float,
    tone: float,
    bits: int,
) -> Space:
    """The fourteen operations, given the top magnitudes (bits: how many are lost)."""
    none = np.zeros(bins)
    return [
        ("Identity", none, False),
        ("ShearX", np.linspace(0, shear, bins), True),
        ("ShearY", np.linspace(0, shear, bins), True),
        ("TranslateX", np.linspace(0, across, bins), True),
        ("TranslateY", np.linspace(0, down, bins), True),
        ("Rotate", np.linspace(0, degrees, bins), True),
        ("Brightness", np.linspace(0, tone, bins), True),
        ("Color", np.linspace(0, tone, bins), True),
        ("Contrast", np.linspace(0, tone, bins), True),
        ("Sharpness", np.linspace(0, tone, bins), True),
        ("Posterize", 8 - np.rint(np.linspace(0, bits, bins)), False),
        ("Solarize", np.linspace(255, 0, bins), False),
        ("AutoContrast", none, False),
        ("Equalize", none, False),
    ]


def _augment(
    images: np.ndarray, space: Space, levels: np.ndarray, picks: np.ndarray
) -> np.ndarray:
    """Perform on each image the operations that its picks stand for.

    Args:
        images: uint8, shape (batch, height, width, channels).
        space: the operations to pick from.
        levels: the level of each image, int of shape (batch,).
        picks: which operation and which sign, numbers in [0, 1) of shape
            (batch, operations, 2).
    """
    augmented = np.empty_like(images)
    for image, level, pairs, target in zip(
        images, levels, picks, augmented, strict=True
    ):
        target[:] = perform(image, [_pick(space, level, *pair) for pair in pairs])
    return augmented


def _pick(space: Space, level: int, which: float, sign: float) -> tuple[str, float]:
    name, magnitudes, signed = space[int(which * len(space))]
    negative = signed and sign < 0.5
    return name, -magnitudes[level] if negative else magnitudes[level]

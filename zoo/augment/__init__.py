"""Augmentation: images and sounds changed at random, alike on every backend.

It runs on the host, in NumPy, OpenCV and Pillow, and only on training batches. The
random numbers are a function of (seed, step, operation, position in the global batch).
So an image does not depend on the backend, the batch size or the number of devices. On
one machine images are equal bit for bit. Another processor may round a pixel of a warp
to the next gray level.

    >>> operations = {"shift": 0.1, "rotation": 10, "mixup": 0.2}
    >>> images = augment.apply(images, operations, seed=0, step=7)
    >>> images, targets = augment.mix(images, targets, operations, seed=0, step=7)
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import numpy as np

from zoo.augment import sounds
from zoo.augment.draws import Draws
from zoo.augment.erasing import random_erasing
from zoo.augment.geometry import AFFINE, elastic, flip, warp
from zoo.augment.mixing import cutmix, mixup
from zoo.augment.operations import color_jitter
from zoo.augment.policies import rand_augment, trivial_augment_wide
from zoo.augment.strengths import SOUNDS, STRENGTHS, check, is_on
from zoo.errors import Mistake

__all__ = ["CHANGES", "MIXES", "SOUNDS", "STRENGTHS", "apply", "check", "mix", "mixes"]

CHANGES = {
    "flip": flip,
    "elastic": elastic,
    "color_jitter": color_jitter,
    "random_erasing": random_erasing,
    "rand_augment": rand_augment,
    "trivial_augment_wide": trivial_augment_wide,
}
"""Operations that change each image by itself, besides the affine maps."""

MIXES = {"mixup": mixup, "cutmix": cutmix}
"""Operations that combine images, and their targets."""


def apply(
    images: np.ndarray,
    operations: Mapping[str, Any],
    seed: int,
    step: int,
    start: int = 0,
) -> np.ndarray:
    """Change each image, or each sound, at random.

    Operations run in the order given. Shifts, rotations and zooms that follow each
    other become one warp, so that pixels are interpolated once. MixUp and CutMix are
    left to `mix`.

    Args:
        images: uint8, shape (batch, height, width, channels), 1 or 3 channels; or
            sounds, int16 (batch, samples), see `zoo.augment.sounds`. Never written to.
        operations: strength of each operation by name, see `STRENGTHS` and `SOUNDS`.
        seed: the run's seed.
        step: the training step, counted over the whole run.
        start: position of the first image in the global batch; a device may hold a
            slice of it.

    Returns:
        Images or sounds of the same shape and type; `images` itself if there is nothing
        to do.

    Raises:
        Mistake: see `check`; or the images are not uint8.
    """
    check(operations, images.shape[1:])
    wanted = [
        (name, strength)
        for name, strength in operations.items()
        if name not in MIXES and is_on(strength)
    ]
    if images.ndim == 2:
        for name, strength in wanted:
            draws = Draws(name, seed, step, start, len(images))
            images = sounds.CHANGES[name](images, strength, draws)
        return images
    if wanted and images.dtype != np.uint8:
        raise Mistake(
            f"augmentation takes uint8 images, 0 to 255; got {images.dtype}; "
            "augment before scaling or mixing"
        )
    for affine, group in groupby(wanted, lambda operation: operation[0] in AFFINE):
        images = np.ascontiguousarray(images)
        drawn = [
            (name, strength, Draws(name, seed, step, start, len(images)))
            for name, strength in group
        ]
        if affine:
            size = images.shape[1:3]
            maps = [
                AFFINE[name](strength, draws, *size) for name, strength, draws in drawn
            ]
            images = warp(images, maps, start)
        else:
            for name, strength, draws in drawn:
                images = CHANGES[name](images, strength, draws)
    return images


def mixes(operations: Mapping[str, Any]) -> bool:
    """Whether `mix` has something to do, so that targets must be one-hot."""
    return any(is_on(operations.get(name, 0)) for name in MIXES)


def mix(
    images: np.ndarray,
    targets: np.ndarray,
    operations: Mapping[str, Any],
    seed: int,
    step: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Combine the images of a batch, and their targets, by MixUp or CutMix.

    If both are on, each step draws one of them, with equal chances.

    Args:
        images: the whole global batch after `apply`, uint8 or float, shape
            (batch, height, width, channels).
        targets: one-hot or soft, shape (batch, classes).
        operations: strength of each operation by name; the others are ignored.
        seed: the run's seed.
        step: the training step, counted over the whole run.

    Returns:
        float32 images, 0 to 255, and float32 targets, of the same shapes; `images` and
        `targets` themselves if there is nothing to do.

    Raises:
        Mistake: see `check`; or the targets are not a row for each image.
    """
    check(operations, images.shape[1:])
    if not mixes(operations):
        return images, targets
    if targets.ndim != 2 or len(targets) != len(images):
        raise Mistake(
            f"mixing takes one-hot targets of shape ({len(images)}, classes); got "
            f"shape {targets.shape}; encode class numbers first"
        )
    wanted = [name for name in MIXES if is_on(operations.get(name, 0))]
    [[coin]] = Draws("mix", seed, step, 0, 1).uniform(1)
    name = wanted[int(coin * len(wanted))]
    draws = Draws(name, seed, step, 0, len(images))
    return MIXES[name](images, targets, operations[name], draws)

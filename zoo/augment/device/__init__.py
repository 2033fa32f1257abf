"""Augmentation on the device: what `zoo.augment` does on the host, in `keras.ops`.

The draws are those of the host, bit for bit, see `zoo.augment.device.draws`. What is
made of them is computed in whole numbers and in float64, so that the backends agree,
and agrees with OpenCV and Pillow: all operations but the two below give the host's
bits. Warps (shift, rotation, zoom) and elastic deformation differ from OpenCV's, which
rounds to float32, by one gray level in at most one pixel of 1,500. An operation that
follows them may make more of that level: an inverted pixel, another gray level of four.

Sixty-four bits cost little on CPUs and on GPUs for computing centers; Apple's GPUs
(mps) have no float64, and PyTorch says so.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import keras
from keras import ops

from zoo import augment
from zoo.augment.device import erasing, geometry, mixing, policies, tones
from zoo.augment.device.draws import Draws
from zoo.augment.strengths import is_on
from zoo.engine import kernels
from zoo.engine.device import wide

CHANGES = {
    "flip": geometry.flip,
    "elastic": geometry.elastic,
    "color_jitter": tones.color_jitter,
    "random_erasing": erasing.random_erasing,
    "rand_augment": policies.rand_augment,
    "trivial_augment_wide": policies.trivial_augment_wide,
}
"""Operations that change each image by itself, besides the affine maps."""


def apply(images, operations: Mapping[str, Any], seed: int, step, start=0):
    """Change each image at random, see `zoo.augment.apply`.

    Args:
        images: gray levels, 0 to 255, of any dtype; those between two levels are
            rounded. Shape (batch, height, width, channels), where the batch may be
            unknown.
        operations: strength of each operation by name; checked by the caller.
        seed: the run's seed.
        step: int32 scalar, may be on the device.
        start: position of the first image in the global batch.

    Returns:
        Whole gray levels, of the same shape and dtype.
    """
    wanted = [
        (name, strength)
        for name, strength in operations.items()
        if name not in augment.MIXES and is_on(strength)
    ]
    if not wanted or images.shape[0] == 0:  # no backend finds a least of none
        return images
    with wide():
        levels = _levels(images)
        for affine, group in groupby(wanted, lambda each: each[0] in geometry.AFFINE):
            drawn = [
                (name, strength, Draws(name, seed, step, start, ops.shape(levels)[0]))
                for name, strength in group
            ]
            if affine:
                size = levels.shape[1:3]
                maps = [
                    geometry.AFFINE[name](strength, draws, *size)
                    for name, strength, draws in drawn
                ]
                levels = geometry.warp(levels, maps)
            else:
                for name, strength, draws in drawn:
                    levels = CHANGES[name](levels, strength, draws)
        return ops.cast(levels, images.dtype)


def _levels(images):
    """A tensor of uint8, rounded."""
    images = ops.convert_to_tensor(images)
    if keras.backend.standardize_dtype(images.dtype) == "uint8":
        return images
    images = ops.cast(images, "float32")
    if gray_levels := kernels.find("gray_levels", None):
        return gray_levels(images)
    return ops.cast(ops.clip(ops.round(images), 0, 255), "uint8")


def mix(images, targets, operations: Mapping[str, Any], seed: int, step):
    """Combine the images of a batch, and their targets, see `zoo.augment.mix`.

    Args:
        images: after `apply`, any dtype, shape (batch, height, width, channels).
        targets: one-hot or soft, shape (batch, classes).
        operations: strength of each operation by name; the others are ignored.
        seed: the run's seed.
        step: int32 scalar, may be on the device.

    Returns:
        float32 images and targets; `images` and `targets` themselves if there is
        nothing to do.
    """
    names = [name for name in augment.MIXES if is_on(operations.get(name, 0))]
    if not names:
        return images, targets
    with wide():
        images, targets = ops.cast(images, "float32"), ops.cast(targets, "float32")
        mixed = [
            mixing.MIXES[name](images, targets, operations[name], seed, step)
            for name in names
        ]
        if len(mixed) == 1:
            return mixed[0]
        coin = Draws("mix", seed, step, 0, 1).uniform(1)[0, 0] < 0.5
        first, second = mixed
        return tuple(ops.where(coin, *pair) for pair in zip(first, second, strict=True))

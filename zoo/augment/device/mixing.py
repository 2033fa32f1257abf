"""MixUp and CutMix, see `zoo.augment.mixing`."""

import math

from keras import ops

from zoo.augment.device.draws import Draws
from zoo.augment.device.float64 import cos_sin, floor
from zoo.augment.device.geometry import grid
from zoo.engine import kernels

_TRIES = 64  # half of them are rejected at the most


def mixup(images, targets, alpha: float, seed: int, step):
    kept, _ = _beta(Draws("mixup", seed, step, 0, 1), alpha)
    return _blend(images, kept), _blend(targets, kept)


def cutmix(images, targets, alpha: float, seed: int, step):
    kept, following = _beta(Draws("cutmix", seed, step, 0, 1), alpha)
    height, width = images.shape[1:3]
    side = ops.sqrt(1.0 - kept)
    top, bottom = _extent(following[0], side, height)
    left, right = _extent(following[1], side, width)
    y, x = grid(height, width, "float64")
    down = ops.logical_and(y >= top, y < bottom)
    box = ops.logical_and(down, ops.logical_and(x >= left, x < right))
    pasted = ops.where(box[None, :, :, None], _neighbors(images), images)
    area = (bottom - top) * (right - left)
    return pasted, _blend(targets, 1.0 - area / (height * width))


MIXES = {"mixup": mixup, "cutmix": cutmix}


def _beta(draws: Draws, alpha: float):
    """A number from Beta(alpha, alpha), and the two uniform ones that follow."""
    if alpha > 1:
        uniform = draws.shared(4)
        radius = ops.sqrt(1.0 - ops.power(uniform[0], 2 / (2 * alpha - 1)))
        return (1.0 + radius * cos_sin(uniform[1] * (2 * math.pi))[0]) / 2.0, uniform[
            2:
        ]
    # Jöhnk's method, as in NumPy: pairs until one fits
    uniform = draws.shared(2 * _TRIES + 2)
    logs = ops.log(uniform) / alpha
    first, second = logs[:-2:2], logs[1:-2:2]
    fits = ops.exp(first) + ops.exp(second) <= 1.0
    place = ops.min(ops.where(fits, ops.arange(_TRIES, dtype="int32"), _TRIES - 1))
    kept = 1.0 / (1.0 + ops.exp(second - first))
    following = [ops.take(uniform, 2 * place + ahead) for ahead in (2, 3)]
    return ops.take(kept, place), following


def _blend(rows, kept):
    kept, given = ops.cast(kept, "float32"), ops.cast(1.0 - kept, "float32")
    others = _neighbors(rows)
    if blend := kernels.find("blend", None):
        return blend(rows, kept, others, given)
    return kept * rows + given * others


def _neighbors(rows):
    """For each row the one before; for the first one the last."""
    # `ops.roll` inside of `ops.where` takes XLA ten times as long on a CPU.
    count = ops.shape(rows)[0]
    before = (ops.arange(count, dtype="int32") - 1) % count
    return ops.take(rows, before, axis=0)


def _extent(center, side, size: int):
    middle, half = floor(center * size), floor(floor(side * size) / 2.0)
    return ops.clip(middle - half, 0, size), ops.clip(middle + half, 0, size)

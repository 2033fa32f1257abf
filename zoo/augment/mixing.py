"""MixUp and CutMix: each image is combined with its neighbor in the batch.

One weight is drawn for the whole batch, as in the papers' programs. The neighbor is the
row before; for the first row it is the last. In a shuffled batch any row would do.
"""

import numpy as np

from zoo.augment.draws import Draws


def mixup(
    images: np.ndarray, targets: np.ndarray, alpha: float, draws: Draws
) -> tuple[np.ndarray, np.ndarray]:
    """Blend each image, and its target, with the neighbor's.

    The image keeps a weight drawn from Beta(alpha, alpha). Zhang et al., "mixup:
    beyond empirical risk minimization", ICLR 2018, arXiv:1710.09412.

    Args:
        images: uint8 or float, shape (batch, height, width, channels).
        targets: float, shape (batch, classes).
        alpha: more than 0; the paper takes 0.1 to 0.4 for ImageNet.
        draws: the random numbers.
    """
    kept = _beta(draws.generator(), alpha)
    return _blend(images, kept), _blend(targets, kept)


def cutmix(
    images: np.ndarray, targets: np.ndarray, alpha: float, draws: Draws
) -> tuple[np.ndarray, np.ndarray]:
    """Paste a rectangle of the neighbor into each image; targets mix by area.

    The rectangle has the image's proportions. Its center may be anywhere, and the part
    outside of the image is cut off. Before that, the share of the image that is kept is
    drawn from Beta(alpha, alpha). Yun et al., "CutMix: regularization strategy
    to train strong classifiers with localizable features", ICCV 2019,
    arXiv:1905.04899.

    Args:
        images: uint8 or float, shape (batch, height, width, channels).
        targets: float, shape (batch, classes).
        alpha: more than 0; the paper takes 1.
        draws: the random numbers.
    """
    generator = draws.generator()
    height, width = images.shape[1:3]
    side = np.sqrt(1 - _beta(generator, alpha))
    vertical, horizontal = generator.random(2)
    rows = _extent(vertical, side, height)
    columns = _extent(horizontal, side, width)
    pasted = images.astype(np.float32)
    pasted[:, rows, columns] = np.roll(images[:, rows, columns], 1, 0)
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    return pasted, _blend(targets, 1 - area / (height * width))


def _beta(generator: np.random.Generator, alpha: float) -> float:
    """A number from Beta(alpha, alpha).

    Up to 1, NumPy draws pairs of uniform numbers until one fits (Jöhnk 1964), which the
    device can do, too. Above, where NumPy divides gamma variates, two uniform numbers
    are enough: Ulrich, "Computer generation of distributions on the m-sphere", Applied
    Statistics 33, 1984, doi:10.2307/2347441.
    """
    if alpha <= 1:
        return generator.beta(alpha, alpha)
    first, second = generator.random(2)
    radius = np.sqrt(1 - first ** (2 / (2 * alpha - 1)))
    return (1 + radius * np.cos(2 * np.pi * second)) / 2


def _blend(rows: np.ndarray, kept: float) -> np.ndarray:
    kept, given = np.float32(kept), np.float32(1 - kept)
    blended = np.empty(rows.shape, np.float32)
    for row in range(len(rows)):
        blended[row] = kept * rows[row] + given * rows[row - 1]
    return blended


def _extent(center: float, side: float, size: int) -> slice:
    middle, half = int(center * size), int(side * size) // 2
    return slice(max(middle - half, 0), min(middle + half, size))

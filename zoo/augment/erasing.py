"""Random erasing: a rectangle of each image turns into noise.

Zhong et al., "Random erasing data augmentation", AAAI 2020, arXiv:1708.04896, with the
paper's settings: 2 % to 40 % of the area, aspect ratio from 0.3 to 1 / 0.3, random
pixels. The paper draws area and ratio again until the rectangle fits. Here the ratio is
drawn only from those that fit.
"""

import numpy as np

from zoo.augment.draws import Draws


def random_erasing(images: np.ndarray, probability: float, draws: Draws) -> np.ndarray:
    """Erase a rectangle of each image with the given probability, 0 to 1.

    Args:
        images: uint8, shape (batch, height, width, channels).
        probability: how likely an image is to lose a rectangle.
        draws: the random numbers.
    """
    height, width, channels = images.shape[1:]
    chosen, area, ratio, top, left = draws.uniform(5).T
    area = 0.02 + 0.38 * area
    tallest = np.minimum(1 / 0.3, height / (area * width))
    flattest = np.minimum(np.maximum(0.3, area * height / width), tallest)
    ratio = flattest + (tallest - flattest) * ratio
    tall = _pixels(np.sqrt(area * height * width * ratio), height)
    wide = _pixels(np.sqrt(area * height * width / ratio), width)
    top = (top * (height - tall + 1)).astype(int)
    left = (left * (width - wide + 1)).astype(int)
    erased = images.copy()
    rows = np.flatnonzero(chosen < probability)
    noises = draws.bytes_of(rows, height * width * channels)
    for row, noise in zip(rows, noises, strict=True):
        down = slice(top[row], top[row] + tall[row])
        across = slice(left[row], left[row] + wide[row])
        noise = noise.reshape(height, width, channels)
        erased[row, down, across] = noise[down, across]
    return erased


def _pixels(length: np.ndarray, most: int) -> np.ndarray:
    return np.clip(np.rint(length), 1, most).astype(int)

"""Random erasing, see `zoo.augment.erasing`."""

from keras import ops

from zoo.augment.device.draws import Draws
from zoo.augment.device.float64 import floor, smaller


def random_erasing(images, probability: float, draws: Draws):
    height, width, channels = images.shape[1:]
    uniform = draws.uniform(5)
    chosen, area, ratio, top, left = (uniform[:, column] for column in range(5))
    area = area * 0.38 + 0.02
    tallest = ops.clip(height / (area * width), 0, 1 / 0.3)
    flattest = smaller(ops.clip(area * height / width, 0.3, 1 / 0.02), tallest)
    ratio = flattest + (tallest - flattest) * ratio
    tall = ops.clip(ops.round(ops.sqrt(area * (height * width) * ratio)), 1, height)
    wide = ops.clip(ops.round(ops.sqrt(area * (height * width) / ratio)), 1, width)
    top = floor(top * (height - tall + 1.0))
    left = floor(left * (width - wide + 1.0))
    down = _within(height, top, tall)[:, :, None, None]
    across = _within(width, left, wide)[:, None, :, None]
    box = ops.logical_and(down, across)
    box = ops.logical_and(box, (chosen < probability)[:, None, None, None])
    noise = ops.reshape(draws.bytes(height * width * channels), ops.shape(images))
    return ops.where(box, noise, images)


def _within(size: int, first, length):
    places = ops.arange(size, dtype="float64")
    first, length = first[:, None], length[:, None]
    return ops.logical_and(places >= first, places < first + length)

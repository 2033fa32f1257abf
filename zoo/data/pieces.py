"""Strings of sounds without a network: cut at silences, each piece classified alone.

The classifier learns from the strings of the training that have as many pieces as
symbols, each piece being taken for the symbol in its place.
"""

import warnings
from collections.abc import Callable

import numpy as np

from zoo.core.samples import PADDING
from zoo.data import features
from zoo.data.dataset import Dataset, Split
from zoo.metrics.strings import NOTHING, path_of

FRAME = 0.01  # seconds in which loudness is measured
SILENT = 0.05  # of the loudest frame, below which one is silent
GAP = 3  # silent frames that end a piece; a stop inside of a word is as short
SHORTEST = 5  # frames of a piece; a click has fewer


def cut(sound: np.ndarray, rate: int) -> list[np.ndarray]:
    """The stretches of a sound that are not silent, in their order.

    Args:
        sound: int16 (samples,), `PADDING` behind its end.
        rate: samples a second.
    """
    hop = max(1, round(rate * FRAME))
    samples = sound[sound != PADDING]
    count = len(samples) // hop
    frames = samples[: count * hop].reshape(count, hop).astype(np.float32)
    loud = np.sqrt(np.square(frames).mean(axis=1)) if count else np.zeros(0)
    heard = np.flatnonzero(loud > SILENT * loud.max(initial=0.0))
    if not len(heard):
        return []
    breaks = np.flatnonzero(np.diff(heard) > GAP)
    firsts = heard[np.r_[0, breaks + 1]]
    lasts = heard[np.r_[breaks, len(heard) - 1]] + 1
    return [
        samples[first * hop : last * hop]
        for first, last in zip(firsts, lasts, strict=True)
        if last - first >= SHORTEST
    ]


def answer(
    dataset: Dataset, split: Split, affordable: Callable[[float], int]
) -> np.ndarray:
    """What this floor reads, as the outputs of a network.

    Args:
        dataset: of sounds with strings; its training split is what is learned from.
        split: to be read.
        affordable: how many rounds of so many operations may be taken; or raises
            `zoo.data.features.TooMany`.

    Returns:
        float (n, steps, 1 + symbols), see `zoo.metrics.strings.path_of`.

    Raises:
        TooMany: it would take too long, or there are no pieces to learn from.
    """
    from sklearn.linear_model import LogisticRegression

    asked = [cut(each, dataset.rate) for each in _each(split)]
    seen, symbols = [], []
    for sound, string in zip(_each(dataset.train), dataset.train.targets, strict=True):
        found, known = cut(sound, dataset.rate), string[string != NOTHING]
        if len(found) == len(known):
            seen += found
            symbols += known.tolist()
    if len(set(symbols)) < 2:
        raise features.TooMany("hardly a string has as many pieces as symbols")
    counts = [len(each) for each in asked]
    pieces = [piece for each in asked for piece in each]
    matrices = features.of_sounds(seen, pieces, dataset.rate)
    iterations = affordable(4.0 * matrices[0].size * len(set(symbols)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge to classify
        model = LogisticRegression(max_iter=iterations).fit(matrices[0], symbols)
    said = model.predict(matrices[1]) if pieces else np.zeros(0, int)
    strings = np.split(said, np.cumsum(counts)[:-1])
    steps = 2 * split.targets.shape[1]
    return path_of(strings, len(dataset.classes), steps)


def _each(split: Split):
    """The sounds of a split, one at a time, whatever holds them."""
    for number in range(len(split)):
        yield np.asarray(split.inputs[number : number + 1])[0]

"""What a linear model sees of examples: columns, pixels, or words.

    rows      numbers brought to mean 0 and deviation 1; a category as one column for
              each of its values; a date as its day, and the month, weekday and hour as
              points on a circle; a text as which of its words occur; a column that says
              where a value is missing
    pictures  pixels from 0 to 1, averaged to about 32 x 32
    texts     which words of the vocabulary occur
    series    the values of the window that are of the column that is forecast
    sounds    13 cepstra, S. Davis and P. Mermelstein 1980,
              doi:10.1109/TASSP.1980.1163420: their means over each eighth of the sound
    sequences mean, deviation, first and last value of each channel

Means, deviations and where values are missing are those of the training split.
"""

import warnings
from collections.abc import Iterable, Iterator

import numpy as np

from zoo.core import mel
from zoo.core.columns import places
from zoo.core.samples import FULL, PADDING
from zoo.data.dataset import Dataset, Split

SIDE = 32  # pixels: larger pictures are averaged to about that
LARGEST = 2**30  # bytes of dense features
BLOCK = 10_000  # windows of a series that are looked at together
DENSE = 64  # values of a category, above which it is a sparse matrix
BANDS, CEPSTRA, EIGHTHS = 26, 13, 8  # of sounds
BINS = 255  # values of a category that scikit-learn's gradient boosting takes


class TooMany(Exception):
    """Examples that a linear model would take too long to learn from; the reason."""


def of(dataset: Dataset, train: Split, asked: Split) -> tuple:
    """The features of two splits of a data set.

    Returns:
        Matrices (n, features) of floats, NumPy's, or SciPy's in compressed rows.

    Raises:
        TooMany: they need more than a GiB.
    """
    if dataset.kind == "image":
        return _pixels(train), _pixels(asked)
    if dataset.kind == "text":
        assert dataset.encoder, "`load` gives texts an encoder"
        size = dataset.encoder.size
        return _words(train, size), _words(asked, size)
    if dataset.kind == "sound":
        return of_sounds(_sounds(train), _sounds(asked), dataset.rate)
    if dataset.kind == "sequence":
        return _scaled(_ends(train), _ends(asked))
    if dataset.timeline:
        for split in (train, asked):
            if 8 * len(split) * dataset.timeline.window > LARGEST:
                raise TooMany(f"{len(split):,} windows need more than a GiB")
        return _scaled(values(train), values(asked))
    return _prepared(dataset, rows(train), rows(asked))


def values(split: Split, places: slice | np.ndarray = slice(None)) -> np.ndarray:
    """What is forecast of a series, in these windows, float32 (n, window)."""
    windows = split.inputs
    seen = windows.unknown or windows.length
    return windows.rows[:, 0][windows.starts[places][:, None] + np.arange(seen)]


def rows(split: Split) -> np.ndarray:
    """The inputs of a split in memory."""
    return np.asarray(split.inputs[np.arange(len(split))])


def for_trees(dataset: Dataset, train: Split, asked: Split) -> tuple:
    """The rows of two splits as trees take them, and which numbers are categories.

    A category of many values counts as a number. Of a text, the most frequent words of
    the training split have a column each, 1 where they occur, else 0.

    Returns:
        Two float32 arrays (n, features), and bool (features,).
    """
    pair = rows(train), rows(asked)
    if not dataset.columns:
        return *pair, np.zeros(dataset.input_shape, bool)
    parts, coded = [], []
    for column, place in places(dataset.columns):
        part = tuple(each[:, place] for each in pair)
        if column.kind == "text":
            held = [_held(each, len(column.categories)) for each in part]
            often = np.argsort(-held[0].sum(axis=0).A1, kind="stable")[:DENSE]
            part = tuple(each[:, often].toarray() for each in held)
        parts.append(part)
        code = column.kind != "text" and 0 < len(column.categories) <= BINS
        coded += [code] * part[0].shape[1]
    seen, answered = (np.concatenate(each, axis=1) for each in zip(*parts, strict=True))
    return seen, answered, np.array(coded)


def _prepared(dataset: Dataset, seen: np.ndarray, asked: np.ndarray) -> tuple:
    parts = []
    for column, place in places(dataset.columns):
        pair = seen[:, place], asked[:, place]
        if column.kind == "text":
            parts.append(tuple(_held(each, len(column.categories)) for each in pair))
        elif column.categories:
            parts.append(_one_hot(*pair, len(column.categories)))
        elif column.kind == "date":
            parts.append(_scaled(*map(_calendar, pair)))
        else:
            parts.append(_scaled(*pair))
    if not parts:
        parts = [_scaled(seen, asked)]
    wide = sum(part[0].shape[1] for part in parts if isinstance(part[0], np.ndarray))
    if 8 * len(seen) * wide > LARGEST:
        raise TooMany(f"{len(seen):,} rows of {wide:,} features need more than a GiB")
    return tuple(_beside(list(each)) for each in zip(*parts, strict=True))


def _beside(parts: list):
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts, axis=1)
    from scipy.sparse import csr_matrix, hstack

    return hstack([csr_matrix(part) for part in parts], format="csr")


def _scaled(seen: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns of mean 0 and deviation 1; missing values are 0, and have a column."""
    known = ~np.isnan(seen)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, seen, 0).sum(axis=0, dtype="float64") / counts
    square = np.square(np.where(known, seen - mean, 0)).sum(axis=0) / counts
    scale = np.where(square > 0, np.sqrt(square), 1)
    gaps = ~known.all(axis=0)

    def prepare(numbers):
        missing = np.isnan(numbers)
        scaled = np.where(missing, 0, (numbers - mean) / scale)
        return np.concatenate([scaled, missing[:, gaps]], axis=1)

    return prepare(seen), prepare(asked)


def _one_hot(seen: np.ndarray, asked: np.ndarray, size: int) -> tuple:
    """A column of 0 and 1 for each value, and for a missing one; 0 where unknown."""
    width = size + bool(np.isnan(seen[:, 0]).any())

    def prepare(codes):
        codes = np.where(np.isnan(codes), size, codes).astype(int)
        found = np.flatnonzero((codes >= 0) & (codes < width))
        if size <= DENSE:
            table = np.zeros((len(codes), width))
            table[found, codes[found]] = 1
            return table
        from scipy.sparse import csr_matrix

        ones = np.ones(len(found))
        return csr_matrix((ones, (found, codes[found])), shape=(len(codes), width))

    return prepare(seen[:, 0]), prepare(asked[:, 0])


def _calendar(dates: np.ndarray) -> np.ndarray:
    """The day, NaN where missing, and month, weekday and hour on circles: (n, 7)."""
    missing = np.isnan(dates[:, 0])
    days = np.where(missing, 0, dates[:, 0]).astype("int64")
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype("int64") % 12
    turns = month / 12, (days + 3) % 7 / 7, np.nan_to_num(dates[:, 1]) / 86_400
    circles = [wave(2 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
    found = np.stack([days, *circles], axis=1)
    found[missing] = [np.nan] + [0] * len(circles)  # one column says where
    return found


def _words(split: Split, size: int):
    """Which words each text holds: 0 or 1, sparse; id 0, which pads, is left out."""
    ids = rows(split)
    return _held(np.where(ids == 0, -1, ids), size)


def _held(ids: np.ndarray, size: int):
    """Which of `size` words each row holds: 0 or 1, sparse; below 0 and NaN is none."""
    from scipy.sparse import csr_matrix

    texts, places = np.nonzero(ids >= 0)
    ones = np.ones(len(texts), np.float32)
    words = ids[texts, places].astype(int)
    held = csr_matrix((ones, (texts, words)), shape=(len(ids), size))
    held.data[:] = 1  # words that occur twice were added up
    return held


def of_sounds(seen: Iterable[np.ndarray], asked: Iterable[np.ndarray], rate: int):
    """The features of sounds by themselves, each of samples int16 (any length,).

    Returns:
        As `of`.
    """
    return _scaled(*(_cepstra(each, rate) for each in (seen, asked)))


def _sounds(split: Split) -> Iterator[np.ndarray]:
    for number in range(len(split)):
        yield np.asarray(split.inputs[number : number + 1])[0]


def _cepstra(sounds: Iterable[np.ndarray], rate: int) -> np.ndarray:
    """Cepstra of the eighths of sounds, float64 (n, 104)."""
    from scipy.fft import dct

    hop = max(1, round(rate / 100))
    width = 3 * hop  # 30 ms
    table = mel.waves(width)
    bands = mel.bands(width // 2 + 1, rate, BANDS, 60.0, rate / 2)
    half = table.shape[1] // 2
    found = []
    for sound in sounds:
        samples = sound[sound != PADDING] / np.float32(FULL)
        samples = np.pad(samples, (0, max(0, width - len(samples))))
        frames = np.lib.stride_tricks.sliding_window_view(samples, width)[::hop]
        power = np.square(frames @ table)
        logs = np.log((power[:, :half] + power[:, half:]) @ bands + 1e-6)
        cepstra = dct(logs, norm="ortho", axis=1)[:, :CEPSTRA]
        borders = np.linspace(0, len(cepstra), EIGHTHS + 1)
        firsts = np.minimum(borders[:-1].astype(int), len(cepstra) - 1)
        lasts = np.maximum(firsts + 1, borders[1:].astype(int))
        pairs = zip(firsts, lasts, strict=True)
        found.append([cepstra[first:last].mean(axis=0) for first, last in pairs])
    return np.array(found).reshape(len(found), EIGHTHS * CEPSTRA)


def _ends(split: Split) -> np.ndarray:
    """Mean, deviation, first and last of each channel, (n, 4 * channels)."""
    found = []
    for sequence in rows(split):
        known = sequence[~np.isnan(sequence).all(axis=1)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a channel without values
            parts = np.nanmean(known, axis=0), np.nanstd(known, axis=0)
        found.append(np.concatenate([*parts, known[0], known[-1]]))
    return np.array(found, np.float64)


def _pixels(split: Split, block: int = 1000) -> np.ndarray:
    """Brightness of 0 to 1, float32 (n, pixels), of pictures averaged to `SIDE`."""
    count, height, width, channels = split.inputs.shape
    tall, wide = max(1, height // SIDE), max(1, width // SIDE)
    lines, columns = height // tall, width // wide
    if 4 * count * lines * columns * channels > LARGEST:
        raise TooMany(f"{count:,} pictures need more than a GiB")
    means = np.empty((count, lines * columns * channels), np.float32)
    for start in range(0, count, block):
        places = np.arange(start, min(start + block, count))
        images = np.asarray(split.inputs[places])[:, : lines * tall, : columns * wide]
        shape = (len(places), lines, tall, columns, wide, channels)
        small = images.reshape(shape).mean((2, 4), dtype=np.float32)
        means[places] = small.reshape(len(places), -1)
    return means / 255


def repeated(split: Split, season: int, horizon: int) -> np.ndarray:
    """The last values of each window over and over, float64 (n, horizon).

    Args:
        season: how many values, at most those of a window; 1 repeats the last one. The
            newest that is known stands for one that is missing.
    """
    parts = []
    for start in range(0, len(split), BLOCK):
        windows = values(split, slice(start, start + BLOCK))
        known = ~np.isnan(windows)
        places = np.where(known, np.arange(windows.shape[1]), 0).max(axis=1)
        newest = windows[np.arange(len(windows)), places]
        shown = windows[:, -season:]
        parts.append(np.where(np.isnan(shown), newest[:, None], shown))
    steps = np.arange(horizon) % season
    return np.concatenate(parts)[:, steps].astype("float64")

"""Sentences in a column of a table: the words of each, by their places in a list."""

from dataclasses import replace

import numpy as np

from zoo.core.columns import Column
from zoo.core.progress import track
from zoo.data.kinds.tokens import Tokens, split_words

LONGEST = 64  # words of a cell that are read, if nothing else is asked for
MOST = 10_000  # words of a column that are known
RARE = 1  # a word that occurs so often is none that can be learned from


def read(column: Column, cells) -> tuple[Column, np.ndarray]:
    """A column with all its words, and its cells as numbers.

    Args:
        column: of kind "text"; its own words and length are kept, if it has some.
        cells: strings of pyarrow, null where missing.

    Returns:
        The column, and float32 (n, `column.width`), see `Column.width`.
    """
    found = _split(cells)
    length = column.length or min(LONGEST, max(1, int(found.lengths.max(initial=1))))
    categories = column.categories or tuple(found.words)
    column = replace(column, categories=categories, length=length)
    return column, _places(column, found)


def encode(column: Column, cells) -> np.ndarray:
    """The cells of a column whose words are known, float32 (n, `column.width`)."""
    return _places(column, _split(cells))


def frequent(column: Column, numbers: np.ndarray) -> tuple[str, ...]:
    """The words that occur more than once, at most `MOST`, in the order of letters.

    Args:
        column: of which `numbers` are.
        numbers: (n, `column.width`), of the training split.
    """
    codes, counts = np.unique(numbers[numbers >= 0], return_counts=True)
    often = np.argsort(-counts, kind="stable")[:MOST]
    often = often[counts[often] > RARE]
    return tuple(column.categories[int(i)] for i in np.sort(codes[often]))


def _split(cells) -> Tokens:
    written = cells.fill_null("").to_pylist()
    return split_words(track(written, len(written), "splitting words"))[0]


def _places(column: Column, found: Tokens) -> np.ndarray:
    known = {word: place for place, word in enumerate(column.categories)}
    table = np.array([known.get(word, -1) for word in found.words], np.float32)
    numbers = np.full((len(found), column.length), np.nan, np.float32)
    lengths = np.minimum(found.lengths, column.length)
    row = np.repeat(np.arange(len(found)), lengths)
    place = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    if len(row):
        numbers[row, place] = table[found.flat[found.starts[row] + place]]
    return numbers

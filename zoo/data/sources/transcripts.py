"""What is said in sounds, as strings of symbols: the characters of a column."""

import unicodedata
import warnings

import numpy as np

from zoo.data.kinds import cells as kinds
from zoo.data.sources.targets import Target
from zoo.errors import Mistake
from zoo.metrics.strings import NOTHING

MOST = 1000  # different characters; more are no alphabet


def of(name: str, cells) -> Target:
    """The strings of a column; its characters, each once, are the symbols.

    Args:
        name: of the column.
        cells: pyarrow's array, as the table has it: a word such as "null", which stands
            for a missing value elsewhere, is a digit in German.

    Raises:
        Mistake: cells are no texts, or empty, or have too many characters.
    """
    from pyarrow import types

    plain = kinds.plain(cells, name)
    if not types.is_string(plain.type):
        raise Mistake(
            f"task=strings: the target '{name}' holds {plain.type}, no texts; write "
            "what is said in words or characters"
        )
    written = [
        own.strip() if isinstance(own, str) else other or ""
        for own, other in zip(cells.to_pylist(), plain.to_pylist(), strict=True)
    ]
    texts = [unicodedata.normalize("NFC", each) for each in written]
    if empty := [row for row, each in enumerate(texts, 1) if not each]:
        raise Mistake(
            f"row {empty[0]}: the target '{name}' is missing ({len(empty):,} of "
            f"{len(texts):,} rows); remove these rows"
        )
    said = [each for each in texts if each in kinds.SPELLED]
    if said:
        warnings.warn(
            f"{len(said):,} of {len(texts):,} rows of '{name}' are words such as "
            f"'{said[0]}', which are taken as said; empty such cells if nothing is",
            stacklevel=6,
        )
    symbols = tuple(sorted(set().union(*texts)))
    if len(symbols) > MOST:
        raise Mistake(
            f"task=strings: the target '{name}' has {len(symbols):,} different "
            f"characters; accepted: at most {MOST:,}"
        )
    places = {symbol: place for place, symbol in enumerate(symbols)}
    values = np.full((len(texts), max(map(len, texts))), NOTHING, np.int32)
    for row, text in zip(values, texts, strict=True):
        row[: len(text)] = [places[each] for each in text]
    return Target((name,), "strings", values, classes=symbols)

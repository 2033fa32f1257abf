"""The cells of one column: what they hold, and the numbers that they become."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from zoo.core.columns import Column
from zoo.data.kinds import dates, figures, words, yes_and_no
from zoo.data.kinds.values import LARGEST, MISSING
from zoo.errors import Mistake

SPELLED = sorted({f(word) for word in MISSING for f in (str, str.upper, str.title)})
SPELLED += ["NaN", "NaT"]
MOSTLY = 0.9  # of the cells are numbers: then the others are mistakes
ODD = 3  # words, at most, among numbers of many values are mistakes as well
MANY = 20  # different numbers
WORDY = 3.5  # words in a cell, on average, of a column of text
ROUGH = 0.01  # of their deviation, by which numbers may be rounded
ALIKE = 0.5  # of the cells of a text column are different, at least
EXACT = 2**53  # whole numbers up to here are numbers of 64 bits, too
SHOWN = 40  # letters of a cell in an error


def plain(cells, name: str = ""):
    """Cells of any type as text without spaces around, or as numbers, times, lists.

    Args:
        cells: pyarrow's array.
        name: of the column, for errors.

    Returns:
        An array of strings, float64, bools, timestamps or lists; null where missing.
    """
    import pyarrow
    from pyarrow import compute, types

    if isinstance(cells, pyarrow.ChunkedArray):
        cells = cells.combine_chunks()
    kind = cells.type
    if types.is_dictionary(kind):
        cells = cells.dictionary_decode()
        kind = cells.type
    if types.is_boolean(kind) or types.is_list(kind) or types.is_large_list(kind):
        return cells
    if types.is_integer(kind):
        return cells.cast(pyarrow.float64(), safe=False)
    if types.is_floating(kind) or types.is_decimal(kind):
        cells = cells.cast(pyarrow.float64())
        return compute.if_else(compute.is_nan(cells), None, cells)
    if types.is_timestamp(kind) or types.is_date(kind):
        moments = cells.cast(pyarrow.timestamp("us"), safe=False)
        return dates.as_written(moments, getattr(kind, "tz", None))
    if types.is_duration(kind):
        gone = cells.is_null()
        cells = cells.cast(pyarrow.int64())
        ticks = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
        return compute.if_else(gone, None, compute.divide(cells.cast("float64"), ticks))
    if types.is_time(kind):
        cells = cells.cast(pyarrow.time32("s"), safe=False)
    if types.is_null(kind):
        return cells.cast(pyarrow.string())
    try:
        cells = cells.cast(pyarrow.string())
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        raise Mistake(
            f"column '{name}' holds cells of type {kind}; accepted: numbers, texts, "
            "dates, yes and no, lists of labels; leave it out with "
            f"data.columns.{name}=ignore"
        ) from error
    cells = compute.utf8_trim_whitespace(cells)
    gone = compute.is_in(cells, value_set=pyarrow.array(SPELLED))
    return compute.if_else(gone, None, cells)


def typed(cells, decimal: str = "."):
    """Strings of which all are numbers or `MARKS`, and no dates or codes, as float64.

    A date is 20260131, and a code 01067.

    Args:
        cells: as `plain` gives them.
        decimal: the sign before the decimals.
    """
    import pyarrow
    from pyarrow import compute, types

    if not types.is_string(cells.type) or cells.null_count == len(cells):
        return cells
    start = compute.drop_null(figures.unmarked(cells[:1000]))
    if not len(start) or len(figures.wrong(start, decimal)) or dates.are_digits(start):
        return cells
    if figures.are_codes(cells):
        return cells
    try:
        return figures.cast(cells, decimal)
    except pyarrow.ArrowInvalid:
        pass
    try:
        return figures.cast(figures.unmarked(cells), decimal)
    except pyarrow.ArrowInvalid:
        return cells


def find(name: str, cells, decimal: str = ".") -> Column | None:
    """What a column holds; None if it holds nothing.

    Args:
        name: its header.
        cells: as `typed` gives them.
        decimal: the sign before the decimals of numbers that are text.

    Raises:
        Mistake: nearly all cells are numbers, and some are not.
    """
    from pyarrow import compute, types

    count = len(cells) - cells.null_count
    if not count:
        return None
    column = Column(name, missing=cells.null_count > 0)
    if types.is_boolean(cells.type):
        return replace(column, kind="boolean", categories=("false", "true"))
    if types.is_timestamp(cells.type):
        return replace(column, kind="date")
    if not types.is_string(cells.type):
        if types.is_floating(cells.type) or types.is_integer(cells.type):
            _tell_rounding(name, cells)
        return replace(column, decimal=decimal)
    values = compute.unique(compute.drop_null(cells))
    if dates.are_digits(values):
        return replace(column, kind="date", format="%Y%m%d")
    if figures.are_codes(values):
        return replace(column, kind="category", categories=_sorted(values))
    odd = values.take(figures.wrong(values, decimal))
    if not len(odd):
        return replace(column, decimal=decimal)
    written = compute.drop_null(figures.unmarked(values))
    if unit := figures.unit_of(written):
        if not len(figures.wrong(figures.bare(written, unit), decimal)):
            gone = column.missing or len(written) < len(values)
            return replace(column, decimal=decimal, format=unit, missing=gone)
    elif len(odd) < len(values):
        wrong = compute.is_in(cells, value_set=odd)
        number = compute.sum(wrong).as_py()
        few = len(odd) <= ODD and len(values) - len(odd) > MANY
        if few or number <= (1 - MOSTLY) * count:
            place = compute.index(wrong, True).as_py()
            raise Mistake(
                f"column '{name}' holds numbers, and in row {place + 1} "
                f"'{cells[place].as_py()[:SHOWN]}' ({number:,} of {count:,} are no "
                f"numbers); correct it, or set data.columns.{name}=category"
            )
    if yes_and_no.are(values[:64].to_pylist()):
        return replace(column, kind="boolean", categories=_sorted(values))
    if (form := dates.form_of(values)) is not None:
        return replace(column, kind="date", format=form)
    if _is_text(values, count):
        return replace(column, kind="text")
    return replace(column, kind="category", categories=_sorted(values))


def _tell_rounding(name: str, cells) -> None:
    """Warn if numbers differ by little more than what 32 bits round them by."""
    values = cells.drop_null().to_numpy(zero_copy_only=False).astype(np.float64)
    values = values[np.abs(values) <= LARGEST]
    rounded = values.astype(np.float32)
    if not len(values) or rounded.min() == rounded.max():  # of which others tell
        return
    most, apart = np.abs(values - rounded).max(), values.std()
    if most > ROUGH * apart > 0:
        least, largest = values.min(), values.max()
        warnings.warn(
            f"column '{name}': its numbers, {least:.12g} to {largest:.12g}, are held "
            f"in 32 bits and rounded by up to {most:.2g}, {most / apart:.0%} of their "
            "deviation; take away what all rows have in common",
            stacklevel=3,
        )


def constant(number: float, cells) -> str:
    """What a column of equal numbers is: "3 in every row", or rounded to that."""
    rounded = (
        " when it is rounded to 32 bits" if len(cells.drop_null().unique()) > 1 else ""
    )
    return f"{number:g} in every row{rounded}"


def set_to(column: Column, kind: str, cells) -> Column:
    """`column` with the kind that a user gave it, and the categories of these cells."""
    if kind == column.kind:
        return column
    column = replace(column, kind=kind, categories=(), format="")
    from pyarrow import compute

    if kind in ("category", "boolean"):
        values = compute.unique(compute.drop_null(texts(cells)))
        column = replace(column, categories=_sorted(values))
        if kind == "boolean" and len(column.categories) > 2:
            raise Mistake(
                f"column '{column.name}' has {len(column.categories):,} values, a "
                "boolean has 2; set it to category"
            )
    elif kind == "date":
        values = compute.unique(compute.drop_null(texts(cells)))
        form = dates.form_of(values)
        column = replace(column, format=form or "")
    return column


def encode(column: Column, cells, where: str = "") -> np.ndarray:
    """Cells as the numbers of a row, float32 (n, `column.width`); NaN = missing.

    Args:
        column: what they hold.
        cells: as `plain` gives them.
        where: before the number of a row in an error, such as "own.csv, ".

    Raises:
        Mistake: names the row of a cell that is no number or date.
    """
    from pyarrow import types

    if column.kind in ("category", "boolean"):
        return codes(column.categories, cells)[:, None]
    if column.kind == "date":
        digits = types.is_floating(cells.type)  # such as 20260131
        return dates.encode(column, texts(cells) if digits else cells, where)
    if column.kind == "text":
        return words.encode(column, texts(cells))
    return _numbers(column, cells, where)[:, None]


def at_once(column: Column, values: Sequence) -> np.ndarray | None:
    """What `encode` gives for Python's own numbers, or for words spelled as learned.

    None where a cell needs a closer look. To make arrays of pyarrow takes longer than
    most networks take to answer a few rows.
    """
    kinds = {*map(type, values)}
    if column.kind == "number" and kinds <= {float, int}:
        if int in kinds and any(type(v) is int and abs(v) > EXACT for v in values):
            return None
        numbers = np.array(values, np.float64)
        fine = (np.abs(numbers) <= LARGEST) | np.isnan(numbers)
        return numbers.astype(np.float32)[:, None] if fine.all() else None
    if column.kind in ("category", "boolean") and kinds == {str}:
        known = _spelled(column.categories)
        found = [known.get(value) for value in values]
        return None if None in found else np.array(found, np.float32)[:, None]
    return None


@lru_cache(maxsize=256)
def _spelled(categories: tuple[str, ...]) -> dict[str, float]:
    """What `codes` gives for each category."""
    import pyarrow

    found = codes(categories, plain(pyarrow.array(categories, pyarrow.string())))
    return dict(zip(categories, found.tolist(), strict=True))


def codes(categories: tuple[str, ...], cells) -> np.ndarray:
    """The place of each cell among the categories; -1 if unknown, NaN if missing.

    Where two categories say yes and no, True, TRUE, true and 1 are one: a table that
    has them as words and one that has them as booleans are the same.
    """
    import pyarrow
    from pyarrow import compute

    found, words = texts(cells), {each: i for i, each in enumerate(categories)}
    if spelled := yes_and_no.spellings(categories):
        words, found = spelled, compute.utf8_lower(found)
    places = compute.index_in(found, value_set=pyarrow.array(list(words), found.type))
    places = compute.take(pyarrow.array(words.values(), "int32"), places)
    places = compute.fill_null(places, -1).to_numpy(zero_copy_only=False)
    return np.where(
        cells.is_null().to_numpy(zero_copy_only=False), np.nan, places
    ).astype(np.float32)


def truths(column: Column, cells) -> np.ndarray:
    """1 where a cell of a boolean column says yes, else 0, float32 (n,)."""
    yes = yes_and_no.place_of_yes(column.categories)
    return (codes(column.categories, cells) == yes).astype(np.float32)


def texts(cells):
    """Cells as text, whole numbers without a point: 3 and 3.0 are the same category."""
    import pyarrow
    from pyarrow import compute, types

    if types.is_floating(cells.type):
        values = cells.to_numpy(zero_copy_only=False)
        known = values[~np.isnan(values)]
        if (known == np.floor(known)).all() and (np.abs(known) < 2**53).all():
            cells = cells.cast(pyarrow.int64())
    if types.is_timestamp(cells.type):
        seconds = cells.cast(pyarrow.timestamp("s"), safe=False)
        return compute.strftime(seconds, format="%Y-%m-%d %H:%M:%S")
    return cells.cast(pyarrow.string())


def shown(column: Column, numbers: np.ndarray) -> str:
    """The numbers of a cell as the cell was written, more or less."""
    first = numbers[0]
    if np.isnan(first):
        return ""
    if column.kind == "text":
        known = numbers[~np.isnan(numbers)].astype(int)
        return " ".join(column.categories[i] if i >= 0 else "?" for i in known)
    if column.categories:
        code = int(first)
        return column.categories[code] if 0 <= code < len(column.categories) else "?"
    if column.format in dates.UNIX:
        seconds = int(first) * 86_400 + float(numbers[1])
        return f"{seconds * dates.UNIX[column.format]:.0f}"
    if column.kind == "date":
        moment = np.datetime64(int(first), "D") + np.timedelta64(int(numbers[1]), "s")
        form = column.format or ("%Y-%m-%d %H:%M:%S" if numbers[1] else "%Y-%m-%d")
        form = form.replace("%q", str((moment.item().month + 2) // 3))
        return moment.item().strftime(form)
    return f"{first:g}".replace(".", column.decimal)


def _numbers(column: Column, cells, where: str) -> np.ndarray:
    from pyarrow import types

    if types.is_string(cells.type):
        cells = figures.bare(figures.unmarked(cells), column.format)
        wrong = figures.wrong(cells, column.decimal)
        if len(wrong):
            place = int(wrong[0])
            raise Mistake(
                f"{where}row {place + 1}, column {column.name}: "
                f"'{cells[place].as_py()[:SHOWN]}' where a number belongs"
            )
        cells = figures.cast(cells, column.decimal)
    elif types.is_boolean(cells.type):
        cells = cells.cast("int8").cast("float64")
    elif not types.is_floating(cells.type):
        known = np.flatnonzero(cells.is_valid().to_numpy(zero_copy_only=False))
        if len(known):
            place = int(known[0])
            raise Mistake(
                f"{where}row {place + 1}, column {column.name}: "
                f"'{str(cells[place].as_py())[:SHOWN]}' where a number belongs"
            )
        return np.full(len(cells), np.nan, np.float32)
    values = cells.to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore"):
        small = values.astype(np.float32)
    if np.isinf(small).any():
        place = int(np.flatnonzero(np.isinf(small))[0])
        raise Mistake(
            f"{where}row {place + 1}, column {column.name}: {values[place]:g} is not a "
            "finite number of 32 bits; correct the data"
        )
    return small


def _is_text(values, count: int) -> bool:
    """Whether different cells are sentences rather than categories."""
    from pyarrow import compute

    sample = values[:1000]
    lengths = compute.add(compute.count_substring(sample, " "), 1)
    return len(values) >= ALIKE * count and compute.mean(lengths).as_py() >= WORDY


def _sorted(values) -> tuple[str, ...]:
    """Categories in the order of their numbers, if all are some, or their letters."""
    found = values.to_pylist()
    try:
        return tuple(sorted(found, key=float))
    except ValueError:
        return tuple(sorted(found))

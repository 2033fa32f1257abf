"""Dates in the cells of a column: how they are written, and the numbers they become."""

import re
from datetime import timedelta

import numpy as np

from zoo.core.columns import Column
from zoo.errors import Mistake

DATES = ("%d.%m.%Y", "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y年%m月%d日")
DATES += ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y")
DATES += ("%d.%m.%y", "%m/%d/%y", "%d/%m/%y")  # after those of whole years
DATES += ("%Y-%m", "%m/%Y")  # of a month its first day
DATES += ("%b %Y", "%B %Y", "%b-%Y", "%Y %b", "%Y-%b")
QUARTER = "%Y-Q%q"  # 1960Q1, 1960-Q1 or 1960 Q1; of a quarter its first day
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
CLOCKS = ("%H:%M", "%H:%M:%S", "%I:%M %p")
CALENDAR = (1000, 3000)  # years that a number of eight digits may name
# What numbers of a column of time may be, by their digits.
DIGITS = {6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
CENTURIES = (1900, 2100)  # of which they are
UNIX = {  # ticks of a second
    "Unix seconds": 1.0,
    "Unix milliseconds": 1e3,
    "Unix microseconds": 1e6,
    "Unix nanoseconds": 1e9,
}
UNIX_YEARS = (3.2e8, 4.1e9)  # seconds since 1970: 1980 to 2099
SHOWN = 40  # letters of a cell in an error


def encode(column: Column, cells, where: str) -> np.ndarray:
    """Days since 1970 and the seconds of the day, float32 (n, 2); NaN = missing.

    See `moments_of`.
    """
    days, rest = np.divmod(moments_of(column, cells, where), 86_400)
    return np.stack([days, rest], axis=1).astype(np.float32)


def moments_of(column: Column, cells, where: str) -> np.ndarray:
    """Seconds since 1970, exact to the microsecond, float64 (n,); NaN = missing.

    Args:
        column: of dates.
        cells: strings or timestamps; where times are of `UNIX`, also numbers.
        where: before the number of a row in an error.

    Raises:
        Mistake: names the row of a cell that is no date.
    """
    import pyarrow
    from pyarrow import compute, types

    ticks_of = UNIX.get(column.format)
    if ticks_of and types.is_floating(cells.type):
        return cells.to_numpy(zero_copy_only=False) / ticks_of
    if types.is_string(cells.type):
        moments = _parsed(cells, "" if ticks_of else column.format)
        wrong = compute.and_(cells.is_valid(), moments.is_null())
        if compute.any(wrong).as_py():
            place = compute.index(wrong, True).as_py()
            form = f", written as {column.format}" if column.format else ""
            raise Mistake(
                f"{where}row {place + 1}, column {column.name}: "
                f"'{cells[place].as_py()[:SHOWN]}' where a date belongs{form}"
            )
        cells = moments
    elif not types.is_timestamp(cells.type):
        raise Mistake(f"column {column.name} holds {cells.type} where dates belong")
    ticks = cells.cast(pyarrow.timestamp("us")).cast(pyarrow.int64()).fill_null(0)
    found = ticks.to_numpy(zero_copy_only=False) / 1e6
    found[cells.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return found


def _parsed(strings, form: str):
    """Timestamps; null where a string is no date."""
    import pyarrow
    from pyarrow import compute

    if form == QUARTER:
        for number in (1, 2, 3, 4):
            strings = compute.replace_substring_regex(
                strings,
                rf"^(\d{{4}})[- ]?Q{number}$",
                rf"\1-{3 * number - 2:02}-01",
            )
    elif form:
        return compute.strptime(strings, format=form, unit="s", error_is_null=True)
    pattern = (
        r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$"
    )
    fits = compute.match_substring_regex(strings, pattern)
    strings = compute.if_else(fits, strings, None)
    # The local time counts, not its zone.
    strings = compute.replace_substring_regex(
        strings,
        r"^(.{10}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?)\d*(Z|[+-]\d{2}:?\d{2})?$",
        r"\1",
    )
    strings = compute.replace_substring_regex(
        strings, r"(T| )(\d{2}:\d{2})$", r"\1\2:00"
    )
    try:
        return strings.cast(pyarrow.timestamp("us"))
    except pyarrow.ArrowInvalid:  # such as the 30th of February
        found = [_moment(text) for text in strings.to_pylist()]
        return pyarrow.array(found, pyarrow.timestamp("us"))


def _moment(text: str | None):
    try:
        return None if text is None else np.datetime64(text, "us").item()
    except ValueError:
        return None


def stranger(values) -> int | None:
    """Where the first cell stands that is no date, where nine of ten are; or None."""
    from pyarrow import compute

    for form in ("", *(date + time for date in DATES for time in TIMES)):
        found = _parsed(values, form)
        years = compute.year(found).fill_null(0)
        inside = compute.and_(
            compute.greater(years, CALENDAR[0]), compute.less(years, CALENDAR[1])
        )
        right = inside.to_numpy(zero_copy_only=False)
        if not right.all() and right.mean() >= 0.9:
            return int(right.argmin())
    return None


def as_written(moments, zone: str | None):
    """Moments of UTC as a clock shows them that differs from it by, say, "+01:00".

    So it is where they are text: the local time counts. Where clocks are changed, as in
    Europe/Berlin, they stay those of UTC.
    """
    import pyarrow
    from pyarrow import compute

    found = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", zone or "")
    if not found:
        return moments
    minutes = 60 * int(found[2]) + int(found[3])
    apart = timedelta(minutes=-minutes if found[1] == "-" else minutes)
    return compute.add(moments, pyarrow.scalar(apart, pyarrow.duration("us")))


def offsets(values) -> list[str]:
    """The differences from UTC at the ends of times, each once, such as "+01:00"."""
    from pyarrow import compute

    pattern = r":\d{2}(?:\.\d+)?(?P<offset>Z|[+-]\d{2}:?\d{2})$"
    found = compute.struct_field(compute.extract_regex(values, pattern), "offset")
    known = [
        each.replace("Z", "+0000") for each in compute.unique(found).to_pylist() if each
    ]
    return sorted({f"{each[:3]}:{each[-2:]}" for each in known})


def form_of(values) -> str | None:
    """How these different cells are dates: "" for ISO 8601; None if they are not."""
    sample = values[:1000]
    if not any(map(str.isdigit, sample[0].as_py())):
        return None
    several = (date + time for date in DATES for time in TIMES)
    for form in ("", *several, QUARTER, *CLOCKS):
        if _are(sample, form) and _are(values, form):
            return form
    return None


def _are(strings, form: str) -> bool:
    """Whether all are dates of this form; a year has four digits, or it has two."""
    from pyarrow import compute

    found = _parsed(strings, form)
    if found.null_count:
        return False
    years = compute.min_max(compute.year(found)).as_py()
    return CALENDAR[0] < years["min"] and years["max"] < CALENDAR[1]


def form_of_numbers(numbers: np.ndarray) -> str:
    """How numbers in a column of time are dates, such as 2026013114; "" if not.

    Args:
        numbers: float64 (n,), none missing.

    Returns:
        A form of `DIGITS`, or a key of `UNIX`.
    """
    import pyarrow
    from pyarrow import compute

    low, high = numbers.min(), numbers.max()
    form = DIGITS.get(len(f"{max(low, 0):.0f}"))
    if form and (numbers == np.floor(numbers)).all() and high < 1e14:
        found = _parsed(pyarrow.array(numbers.astype("int64").astype(str)), form)
        if not found.null_count:
            years = compute.min_max(compute.year(found)).as_py()
            if CENTURIES[0] <= years["min"] and years["max"] <= CENTURIES[1]:
                return form
    first, last = UNIX_YEARS
    several = UNIX.items()
    return next((u for u, t in several if first * t <= low and high <= last * t), "")


def are_digits(known) -> bool:
    """Whether numbers are dates of eight digits, such as 20260131."""
    sample = known[:1000].to_pylist()
    if not all(len(cell) == 8 and cell.isdigit() for cell in sample):
        return False
    first, last = CALENDAR
    return (
        all(first < int(cell[:4]) < last for cell in sample)
        and not _parsed(known, "%Y%m%d").null_count
    )

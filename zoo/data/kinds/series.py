"""A table in the order of time, as the steps of one series or of several."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from zoo.core import measured
from zoo.core.columns import Column, places
from zoo.core.columns import of as described
from zoo.data.kinds import cells, clocks, steps
from zoo.data.kinds.steps import Step
from zoo.errors import Mistake

LACKING = (
    "if rows are lacking on purpose, as on weekends, set data.step=row, or give a "
    "longer step"
)
FARTHEST = 2.0**53  # of two moments, in seconds, months or numbers


@dataclass(frozen=True)
class Timeline:
    """How windows are cut from a table, for whoever reads another one later.

    clock: the column that says when; a date, or a number.
    target: the column that is forecast; it comes first in a row.
    window, horizon: steps that are seen, and that are forecast.
    step: how far it is to the next row, see `zoo.data.kinds.steps`.
    resampled: whether the rows of a step become their mean.
    key: the column that says which series a row is of; "" if there is one series.
    ahead: columns that are known before they happen.
    season: steps after which a series repeats itself, about; 0 if none was found.
    zone: the difference of the times from UTC, such as "+01:00"; "" if they say none.
    """

    clock: Column
    target: str
    window: int
    horizon: int
    step: Step
    resampled: bool = False
    key: str = ""
    ahead: tuple[str, ...] = ()
    season: int = 0
    zone: str = ""

    @property
    def dates(self) -> bool:
        return self.clock.kind == "date"

    @property
    def length(self) -> int:
        """Rows in what a network sees: the window, and what is known ahead."""
        return self.window + (self.horizon if self.ahead else 0)

    def together(self, count: int) -> np.ndarray:
        """Equal parts of so many windows, about two horizons each, by their numbers.

        Windows of two parts that are neighbours answer some steps together: of parts as
        long as a horizon most of them do.
        """
        parts = max(2, round(count / (2 * self.horizon)))
        return np.arange(count) * parts // count

    def to_json(self) -> dict:
        """The same as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping) -> "Timeline":
        """The timeline that `to_json` gave; else a ValueError or TypeError."""
        found = cls(**values)
        counts = found.window, found.horizon, found.season + 1
        if not all(type(each) is int and 0 < each < 2**31 for each in counts):
            raise ValueError("window, horizon and season are counts")
        names = found.target, found.key, found.zone, *found.ahead
        if not all(isinstance(each, str) for each in names):
            raise ValueError("columns have names")
        (clock,), step = described([found.clock]), Step(**dict(found.step))
        if clock.kind not in ("date", "number") or type(found.resampled) is not bool:
            raise ValueError("times are dates or numbers")
        if not clocks.ZONE.fullmatch(found.zone):
            raise ValueError("a zone is a difference from UTC")
        if not _is_step(step):
            raise ValueError("times are in equal steps")
        return replace(found, clock=clock, step=step, ahead=tuple(found.ahead))


def _is_step(step: Step) -> bool:
    """Whether moments can be so far from each other."""
    if not measured.is_finite(step.size) or not 0 <= step.size < FARTHEST:
        return False
    if step.unit == "month":
        return step.size >= 1 and step.size == int(step.size)
    return step.unit == steps.ROW or (step.unit in ("s", "number") and step.size > 0)


def hidden(columns: tuple[Column, ...], ahead: tuple[str, ...], time: str):
    """Which numbers of a row nobody knows before they happen, bool (width,)."""
    known = {*ahead, time}
    return np.repeat(
        [column.name not in known for column in columns],
        [column.width for column in columns],
    )


@dataclass
class Series:
    """Rows of one series in the order of time, one for each step.

    key: its name; "" if it is the only one.
    moments: float64 (n,), when.
    rows: float32 (n, width); NaN where nothing is known.
    added: how many steps had no row.
    """

    key: str
    moments: np.ndarray
    rows: np.ndarray
    added: int = 0


def in_order(moments: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, bool]:
    """The rows by series and time, and whether those of a series were out of order.

    Args:
        moments: float64 (n,).
        keys: int (n,), which series.
    """
    grouped = np.argsort(keys, kind="stable")
    same = np.diff(keys[grouped]) == 0
    if not (same & (np.diff(moments[grouped]) < 0)).any():
        return grouped, False
    return np.lexsort((moments, keys)), True


def refuse_twice(
    name: str,
    moments: np.ndarray,
    keys: np.ndarray,
    names: tuple[str, ...],
    order: np.ndarray,
    dates: bool,
    learned: bool = False,
) -> None:
    """Refuse two rows of one series at one time.

    Args:
        name: of the table.
        moments, keys: of each row, when, and which of the series with these names.
        names: of the series; ("",) if there is one.
        order: of the rows, by series and time.
        dates: whether the moments are dates.
        learned: whether a network has learned the steps, which no setting changes then.

    Raises:
        Mistake: there are some; the first two are named.
    """
    twice = (np.diff(keys[order]) == 0) & (np.diff(moments[order]) == 0)
    if not twice.any():
        return
    first = int(twice.argmax())
    one, two = sorted((int(order[first]) + 1, int(order[first + 1]) + 1))
    key = names[keys[order[first]]]
    of = f" of '{key}'" if key else ""
    hint = "" if key else ", set data.key to the column that tells series apart"
    hint += ", or set data.step, and the rows of a step become their mean"
    count = twice.sum()
    occur = "1 time occurs" if count == 1 else f"{count:,} times occur"
    raise Mistake(
        f"{name}: {occur} more than once, such as "
        f"{steps.shown(moments[order[first]], dates)}{of} in rows {one} and {two}; "
        f"keep one row for each time{'' if learned else hint}"
    )


def laid(
    name: str,
    key: str,
    moments: np.ndarray,
    found: np.ndarray,
    timeline: Timeline,
    columns: tuple[Column, ...],
    learned: bool = False,
) -> Series:
    """Rows of one series, ascending, with one row for each step.

    Args:
        name, key: of the table, and of the series.
        moments, found: the rows, float64 (n,) and float32 (n, width).
        timeline, columns: what a window is, and what a row holds.
        learned: whether a network has learned the steps, which no setting changes then.

    Raises:
        Mistake: they do not lie in the steps, or most steps have no row.
    """
    step, dates = timeline.step, timeline.dates
    such = f"the network learned steps of {step}, so give rows that are so far apart"
    if step.unit == steps.ROW:
        return Series(key, moments, found)
    if timeline.resampled:
        moments, found = _means(step.begun(moments), found, columns, timeline)
    exact = step.between(moments, moments[0])
    counts = np.rint(exact).astype("int64")
    if (np.abs(exact - counts) > steps.CLOSE).any() or (np.diff(counts) <= 0).any():
        wrong = np.abs(exact - counts) > steps.CLOSE
        wrong[1:] |= np.diff(counts) <= 0
        place = int(wrong.argmax())
        raise Mistake(
            f"{name}: {steps.shown(moments[place], dates)} is not a whole number of "
            f"steps of {step} after {steps.shown(moments[0], dates)}; "
            + (such if learned else f"set data.step, {steps.WRITTEN}")
        )
    count = int(counts[-1]) + 1
    added = count - len(counts)
    if not added:
        return Series(key, moments, found)
    if added > steps.SPARSE * count:
        after = steps.shown(moments[int(np.diff(counts).argmax())], dates)
        raise Mistake(
            f"{name}{f', {key}' if key else ''}: {added:,} of {count:,} steps of "
            f"{step} have no row, such as those after {after}; "
            + (such if learned else LACKING)
        )
    whole = np.full((count, found.shape[1]), np.nan, np.float32)
    whole[counts] = found
    when = step.after(moments[0], np.arange(count))
    return Series(key, when, _dated(when, whole, columns, timeline), added)


def date_of(moments: np.ndarray) -> np.ndarray:
    """The two numbers of a date, days and seconds, float32 (n, 2)."""
    return np.stack(np.divmod(moments, steps.DAY), axis=1).astype(np.float32)


def _means(begun: np.ndarray, found: np.ndarray, columns, timeline) -> tuple:
    """The moments of steps, and of each the mean of its numbers, or its last row."""
    when, starts = np.unique(begun, return_index=True)
    if len(when) == len(begun):
        return when, _dated(when, found, columns, timeline)
    known = ~np.isnan(found)
    sums = np.add.reduceat(np.where(known, found, 0).astype("float64"), starts)
    counts = np.add.reduceat(known.astype("int64"), starts)
    with np.errstate(invalid="ignore"):
        means = (sums / counts).astype(np.float32)
    last = found[np.append(starts[1:], len(found)) - 1]
    for column, place in places(columns):
        if column.kind != "number":
            means[:, place] = last[:, place]
    return when, _dated(when, means, columns, timeline)


def _dated(when: np.ndarray, found: np.ndarray, columns, timeline) -> np.ndarray:
    """Rows with the moments with which they begin, if they hold the time."""
    found = found.copy()
    for column, place in places(columns):
        if column.name == timeline.clock.name:
            found[:, place] = date_of(when)
    return found


def keys_of(name: str, key: str, plain: Mapping) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which series each row is of, int (n,), and their names."""
    if not key:
        count = len(next(iter(plain.values())))
        return np.zeros(count, np.int32), ("",)
    if plain[key].null_count:
        raise Mistake(
            f"{name}: {plain[key].null_count:,} rows have no {key}, so nobody knows of "
            "which series they are; fill it in, or leave the rows out"
        )
    from pyarrow import compute

    written = cells.texts(plain[key])
    names = tuple(sorted(compute.unique(written).to_pylist()))
    return cells.codes(names, written).astype(np.int32), names

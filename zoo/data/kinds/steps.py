"""Moments in equal steps: an hour, a month, a number, or simply the next row."""

import re
from dataclasses import dataclass

import numpy as np

from zoo.errors import Mistake, unknown

DAY = 86_400  # seconds
ROW = "row"
UNIVERSAL = ("UTC", "Etc/UTC", "GMT", "Z")
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": DAY, "w": 7 * DAY}
MONTHS = {"month": 1, "year": 12}
ALSO = {"m": "min", "hour": "h", "day": "d", "week": "w", "mo": "month", "y": "year"}
WRITTEN = "such as 15min, 1h, 1d, 1month, or row, which takes each row as a step"
TICKS = 1_000_000  # of a second: moments are exact to the microsecond
SPARSE = 0.25  # of the steps may have no row; more is no series of this step
CLOSE = 1e-3  # of a step: how near to a whole number of steps moments must be


@dataclass(frozen=True)
class Step:
    """How far it is from one row of a series to the next.

    size: so many of `unit`; 0 for "row".
    unit: "s", seconds of dates; "month"; "number", of times that are numbers; or "row",
        each row is a step, whatever the time between.
    """

    size: float
    unit: str

    def __str__(self) -> str:
        if self.unit == ROW:
            return ROW
        if self.unit == "number":
            return f"{self.size:g}"
        if self.unit == "month":
            years, rest = divmod(int(self.size), 12)
            return f"{self.size:g}month" if rest else f"{years}year"
        for name, seconds in reversed(SECONDS.items()):
            if self.size % seconds == 0:
                return f"{self.size / seconds:g}{name}"
        return f"{self.size:.6f}".rstrip("0") + "s"

    def between(self, moments: np.ndarray, origin: float) -> np.ndarray:
        """How many steps each moment is from the origin, float64."""
        if self.unit == "month":
            return (_months(moments) - _months(np.array([origin]))) / self.size
        apart = moments - origin
        if self.unit == "s":  # floats of today are a quarter of a microsecond apart
            apart = np.round(apart, 6)
        return apart / self.size

    def after(self, origin: float, counts: np.ndarray) -> np.ndarray:
        """The moments so many steps from the origin, float64; NaN for rows.

        After the last day of a month comes the last day of another.
        """
        if self.unit == ROW:
            return np.full(len(counts), np.nan)
        if self.unit != "month":
            return origin + self.size * counts
        first = _months(np.array([origin]))[0]
        months = (first + counts * int(self.size)).astype("datetime64[M]")
        begins = months.astype("datetime64[s]").astype("int64")
        most = ((months + 1).astype("datetime64[s]").astype("int64")) - begins
        day, second = divmod(origin - _begin(np.array([origin]))[0], DAY)
        if _months(np.array([origin + DAY]))[0] > first:
            day = 31
        return begins + np.minimum(day, most // DAY - 1) * DAY + second

    def begun(self, moments: np.ndarray) -> np.ndarray:
        """The step in which each moment lies, as the moment with which it begins."""
        if self.unit == "month":
            first = _months(moments) // int(self.size) * int(self.size)
            return first.astype("datetime64[M]").astype("datetime64[s]").astype("int64")
        if self.unit == "s":
            ticks = np.rint(moments * TICKS).astype("int64")
            return ticks // (size := round(self.size * TICKS)) * size / TICKS
        counts = moments / self.size
        near = np.rint(counts)  # 0.3 / 0.1 is a little below 3
        close = np.abs(counts - near) <= 1e-9 * np.maximum(1, np.abs(counts))
        return np.where(close, near, np.floor(counts)) * self.size

    @property
    def season(self) -> int:
        """Steps of a day, of a week of days or of a year of months; 0 if none."""
        period = {"s": DAY if self.size < DAY else 7 * DAY, "month": 12}
        count = period.get(self.unit, 0) / (self.size or 1)
        return int(count) if count >= 2 and count == int(count) else 0


def read(text: str, dates: bool) -> Step:
    """The step that a user wrote, such as "1h".

    Args:
        text: a number and a unit; of times that are numbers, a number.
        dates: whether the times are dates.

    Raises:
        Mistake: it is nothing of this.
    """
    text = str(text).strip()
    if text == ROW:
        return Step(0.0, ROW)
    found = re.fullmatch(r"(\d*\.?\d*)\s*([a-zA-Z]*)", text)
    size = float(found[1] or 1) if found and found[1] != "." else 0.0
    unit = (found[2] if found else "").lower()
    if not found or not size > 0 or not text:
        raise Mistake(f"data.step={text}; accepted: a number and a unit, {WRITTEN}")
    if not dates:
        if unit:
            raise Mistake(
                f"data.step={text} is for dates, and the times are numbers; give a "
                "number, such as 1, or row"
            )
        return Step(size, "number")
    if unit != "ms":
        unit = ALSO.get(unit, unit)
        unit = ALSO.get(unit.removesuffix("s"), unit.removesuffix("s") or unit)
    if unit in MONTHS and size == int(size):
        return Step(size * MONTHS[unit], "month")
    if unit in MONTHS:
        raise Mistake(f"data.step={text}; accepted: whole numbers of {unit}s")
    seconds = {"ms": 1e-3, **SECONDS}
    if unit not in seconds:
        raise unknown("unit of data.step", unit or text, (*seconds, *MONTHS, ROW))
    ticks = size * seconds[unit] * TICKS
    if abs(ticks - round(ticks)) > CLOSE:
        raise Mistake(
            f"data.step={text}; accepted: whole numbers of microseconds, to which "
            "times are exact"
        )
    return Step(size * seconds[unit], "s")


def find(moments: np.ndarray, same: np.ndarray, dates: bool, name: str) -> Step:
    """The step of moments that lie in equal ones, some of which may have no row.

    Args:
        moments: float64 (n,), one series after the other, each ascending.
        same: bool (n - 1,), whether a row is of the same series as the one before.
        dates: whether they are seconds since 1970.
        name: of the table, for the errors.

    Raises:
        Mistake: they do not.
    """
    ways = np.diff(moments)[same]
    if dates:  # which are exact to the microsecond
        ways = np.round(ways, 6)
    if not len(ways):
        raise Mistake(f"{name} has one row; a series has many")
    sizes, counts = np.unique(ways, return_counts=True)
    step = Step(float(sizes[counts.argmax()]), "s" if dates else "number")
    wrong = _uneven(ways, step)
    if dates and step.size >= 28 * DAY:
        months = np.diff(_months(moments))[same]
        sizes, counts = np.unique(months, return_counts=True)
        monthly = Step(float(max(1, sizes[counts.argmax()])), "month")
        uneven = _uneven(months, monthly)
        days = (moments - _begin(moments)) // DAY
        last = _months(moments) != _months(moments + DAY)
        if len(np.unique(days)) > 1 and not last.all():
            uneven = np.ones(len(ways), bool)
        if wrong.any() or not uneven.any():  # else each 28 days, or 364
            step, wrong = monthly, uneven
    if wrong.any():
        place = int(np.flatnonzero(same)[wrong.argmax()]) + 1
        hint = f"set data.step, {WRITTEN}; rows within a step become their mean"
        if dates and step.unit == "s" and step.size % DAY == 0 and _changed(ways, step):
            hint = (
                "so are midnights of a place whose clocks are changed, written in UTC; "
                "write the dates of that place, without an hour"
            )
        raise Mistake(
            f"the times of {name} are not in equal steps: most are {step} apart, and "
            f"{shown(moments[place - 1], dates)} is followed by "
            f"{shown(moments[place], dates)}; {hint}"
        )
    return step


def _uneven(ways: np.ndarray, step: Step) -> np.ndarray:
    """Which ways from row to row are no whole number of steps."""
    apart = ways / step.size
    return np.abs(apart - np.rint(apart)) > CLOSE


def _changed(ways: np.ndarray, step: Step) -> bool:
    """Whether all ways are whole numbers of steps but for an hour, or a part of it."""
    return bool((np.abs(ways - np.rint(ways / step.size) * step.size) <= 3600).all())


def shown(moment: float, dates: bool) -> str:
    """A moment as a user writes it."""
    if np.isnan(moment):
        return ""
    if not dates:
        return f"{moment:.10g}"
    date = np.datetime64(round(moment * 1e6), "us")
    if moment % DAY == 0:
        return str(date.astype("datetime64[D]"))
    if date.astype("datetime64[s]") != date:
        return str(date).replace("T", " ").rstrip("0")
    return str(date.astype("datetime64[s]")).replace("T", " ").removesuffix(":00")


def _months(moments: np.ndarray) -> np.ndarray:
    """Months since January 1970, int64."""
    dates = moments.astype("int64").astype("datetime64[s]")
    return dates.astype("datetime64[M]").astype("int64")


def _begin(moments: np.ndarray) -> np.ndarray:
    """The moment with which its month begins."""
    months = _months(moments).astype("datetime64[M]")
    return months.astype("datetime64[s]").astype("int64")

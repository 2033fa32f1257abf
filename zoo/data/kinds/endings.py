"""How a series ends: its last window, from which the next steps are forecast."""

import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from zoo.core import kept
from zoo.core.columns import Column, places, width
from zoo.data.kinds import cells, clocks, given, rows, sheet, steps, tables
from zoo.data.kinds.series import (
    Series,
    Timeline,
    date_of,
    hidden,
    in_order,
    keys_of,
    laid,
    refuse_twice,
)
from zoo.data.kinds.sheet import Sheet
from zoo.data.kinds.values import is_cell
from zoo.errors import Mistake


@dataclass
class Ending:
    """The last window of a series, and what comes after it.

    name: of the series.
    inputs: float32, what a network sees.
    moments, values: of the window, when and what; NaN where it is not known.
    ahead: when the steps are that are forecast.
    truth: what they were, if the series goes on; else empty.
    """

    name: str
    inputs: np.ndarray
    moments: tuple[str, ...]
    values: np.ndarray
    ahead: tuple[str, ...]
    truth: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))


def endings(
    raw,
    timeline: Timeline,
    columns: tuple[Column, ...],
    back: int = 0,
    form: Mapping | None = None,
) -> list[Ending]:
    """The last window of each series that a user gave.

    Args:
        raw: the file of a table, a frame of pandas or polars, a mapping from column to
            values; or several of these.
        timeline, columns: as the network learned them.
        back: forecast so many steps before the last known value.
        form: of the file that was learned from, see `zoo.data.kinds.sheet.read`.

    Returns:
        A list of `Ending`. A series ends with its last known value of the target; rows
        after it, without one, say what is known ahead.

        Of several series in a table, those that are too short are left out, and a
        warning says so.

    Raises:
        Mistake: it is nothing of this, a column is missing, all series of a table are
            shorter than the window, or what is known ahead is not given.
    """
    if type(back) is not int or back < 0:
        raise Mistake(f"back={back}; accepted: 0 steps or more")
    found = []
    known = (timeline.clock.name, *(column.name for column in columns))
    for part in _sheets(raw, known, form):
        every = list(_split(part, timeline, columns))
        said = [_why_not(part.name, each, timeline, back) for each in every]
        short = [each for each in said if each]
        if short and len(short) == len(every):
            raise Mistake(short[0])
        if short:
            are = "is" if len(short) == 1 else "are"
            warnings.warn(
                f"{part.name}: {len(short):,} of {len(every):,} series {are} not "
                f"forecast; {short[0]}",
                stacklevel=2,
            )
        able = [each for each, reason in zip(every, said, strict=True) if not reason]
        those = [_ending(part.name, each, timeline, columns, back) for each in able]
        _tell_gaps(part.name, able, those, timeline)
        found += those
    return found


def _why_not(name: str, series: Series, timeline: Timeline, back: int) -> str:
    """The reason why a series cannot be gone on with; "" if it can."""
    called, window = series.key or name, timeline.window
    if np.isnan(series.rows[:, 0]).all():
        return f"{called} has no value of {timeline.target}; nothing to go on"
    end = _end(series) - back
    if end < window:
        return (
            f"{called} has {max(end, 0):,} steps{f' {back} back' if back else ''}, and "
            f"the network sees {window:,}; give a longer series"
        )
    if np.isnan(series.rows[end - window : end, 0]).all():
        return f"{called}: the last {window:,} steps have no value of {timeline.target}"
    return ""


def _tell_gaps(name: str, every: list[Series], found: list[Ending], timeline) -> None:
    """Warn of steps without a row where a window lacks values."""
    gaps = [
        (series.added, len(series.rows), ending.name)
        for series, ending in zip(every, found, strict=True)
        if series.added and np.isnan(ending.values).any()
    ]
    if gaps:
        added, count, called = max(gaps)
        of = f" of '{called}'" if timeline.key else ""
        warnings.warn(
            f"{name}: {added:,} of {count:,} steps of {timeline.step}{of} have no row; "
            "the network sees them as missing",
            stacklevel=3,
        )


def _sheets(raw, known: tuple, form: Mapping | None) -> Iterator[Sheet]:
    wanted = "a table with a column of time: a file, or a frame"
    if not isinstance(raw, list) or _are_rows(raw):
        raw = kept.named_columns(raw)
    if isinstance(raw, str) and ("\n" in raw or "\r" in raw):  # text as in a file
        yield sheet.of_text(raw, known, form)
    elif isinstance(raw, str | os.PathLike):
        yield sheet.read(raw, known=known, usual=form)
    elif given.is_frame(raw):
        given.check_index(raw, known)
        yield rows.sheet_of({str(name): raw[name] for name in raw.columns})
    elif isinstance(raw, Mapping):
        yield rows.sheet_of(raw)
    elif given.is_series(raw):
        raise Mistake(
            f"a column alone says no time; give {wanted}, such as series.reset_index()"
        )
    elif isinstance(raw, Sheet | Ending) or not isinstance(raw, list | tuple):
        raise Mistake(f"{given.described(raw)} is no series; give {wanted}")
    else:
        for each in raw:
            yield from _sheets(each, known, form)


def _are_rows(raw: list) -> bool:
    """Whether these are dictionaries of a value for each column, and no tables."""
    return bool(raw) and all(
        isinstance(row, Mapping) and all(map(is_cell, row.values())) for row in raw
    )


def _split(part: Sheet, timeline: Timeline, columns) -> Iterator[Series]:
    """The series of a table, in steps."""
    name, time = part.name, timeline.clock.name
    if part.columns and not len(part):
        raise Mistake(f"{name} has no rows; give the steps before the forecast")
    names = [time, *([timeline.key] if timeline.key else [])]
    names += [column.name for column in columns if column.name not in names]
    sheet.check_header(part, names)
    tables.pick(part.columns, tuple(names), name)
    plain = {each: cells.plain(part.columns[each], each) for each in names}
    clock, zone = replace(timeline.clock, decimal=part.decimal), ""
    if timeline.dates:
        written = part.columns[time], plain[time]
        plain[time], zone = clocks.by_clock(name, time, *written, timeline.zone)
    moments = clocks.moments_of(
        name,
        clock,
        cells.typed(plain[time], part.decimal)
        if clock.kind == "number"
        else plain[time],
    )
    if timeline.dates:
        moments = clocks.as_learned(name, moments, zone, timeline.zone)
    keys, known = keys_of(name, timeline.key, plain)
    order, _ = in_order(moments, keys)
    if not timeline.resampled:
        refuse_twice(name, moments, keys, known, order, timeline.dates, True)
    parts = []
    for column in columns:
        if column.name == time:
            parts.append(date_of(moments))
            continue
        if part.found and column.kind == "number":
            column = replace(column, decimal=part.decimal)
        parts.append(cells.encode(column, plain[column.name], f"{name}, "))
        rows.tell_unknown(column, plain[column.name], parts[-1])
    values = np.concatenate(parts, axis=1)
    for number, key in enumerate(known):
        own = order[keys[order] == number]
        yield laid(name, key, moments[own], values[own], timeline, columns, True)


def _end(series: Series) -> int:
    """Steps until behind the last known value of the target, which has one."""
    return int(np.flatnonzero(~np.isnan(series.rows[:, 0]))[-1]) + 1


def _ending(name: str, series: Series, timeline: Timeline, columns, back: int):
    called = series.key or name
    window, horizon = timeline.window, timeline.horizon
    end = _end(series) - back
    seen = np.full((timeline.length, width(columns)), np.nan, np.float32)
    seen[:window] = series.rows[end - window : end]
    when = series.moments[end : end + horizon]
    if len(when) < horizon:
        more = np.arange(len(when) + 1, horizon + 1)
        when = np.append(when, timeline.step.after(series.moments[end - 1], more))
    if timeline.ahead:
        later = series.rows[end : end + horizon].copy()
        later[:, hidden(columns, timeline.ahead, timeline.clock.name)] = np.nan
        _check_ahead(called, later, timeline, columns)
        seen[window:] = later
    truth = series.rows[end : end + horizon, 0] if back else np.zeros(0, np.float32)
    shown = [
        steps.shown(moment, timeline.dates)
        for moment in series.moments[end - window : end]
    ]
    ahead = [
        steps.shown(moment, timeline.dates) or f"+{i}"
        for i, moment in enumerate(when, 1)
    ]
    return Ending(
        called, seen, tuple(shown), seen[:window, 0].copy(), tuple(ahead), truth
    )


def _check_ahead(called, later, timeline, columns) -> None:
    """Refuse a series that does not say what is to be known ahead."""
    lacking = [
        column.name
        for column, place in places(columns)
        if column.name in timeline.ahead
        and not column.missing  # as what seldom happens is
        and np.isnan(later[:, place]).all()
    ]
    short = len(later) < timeline.horizon
    if short or lacking:
        named = timeline.ahead if short else lacking
        are = "is" if len(named) == 1 else "are"
        there = len(later) if short else f"{len(later)}, without {', '.join(lacking)}"
        raise Mistake(
            f"{called}: {', '.join(named)} {are} known ahead, so give "
            f"{timeline.horizon} rows more after the last {timeline.target}, with "
            f"{'it' if len(named) == 1 else 'them'} and no {timeline.target}; given: "
            f"{there}; what is known already zoo.predict forecasts with back="
            f"{timeline.horizon}"
        )


def as_table(
    window: np.ndarray, timeline: Timeline, columns: tuple[Column, ...]
) -> str:
    """Rows of a window as a CSV file; where they hold no time, it counts from 0."""
    lines = [rows.shown(row, columns) for row in window]
    head = [column.name for column in columns]
    if timeline.clock.name not in head:
        when = timeline.step.after(0.0, np.arange(len(window)))
        counted = np.where(np.isnan(when), np.arange(len(window)), when)
        shown = [steps.shown(moment, timeline.dates) for moment in counted]
        lines = [f"{time},{line}" for time, line in zip(shown, lines, strict=True)]
        head = [timeline.clock.name, *head]
    return "\n".join([",".join(head), *lines, ""])

"""Series of one's own: windows of a table in the order of time, and their answers."""

import itertools
import os
import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zoo.core.columns import Column
from zoo.data import judged
from zoo.data.dataset import Dataset
from zoo.data.kinds import cells, clocks, series, steps
from zoo.data.kinds.dates import UNIX
from zoo.data.kinds.series import Series, Timeline
from zoo.data.kinds.sheet import Sheet
from zoo.data.sources import stand_ins, table, windowing
from zoo.data.sources.targets import SHOWN, Target, target_names
from zoo.errors import Mistake, unknown


def read(
    path: str | os.PathLike,
    window: int = 0,
    horizon: int = 0,
    target: str | None = None,
    time: str = "",
    key: str = "",
    ahead: tuple[str, ...] = (),
    step: str = "",
    season: int = 0,
    calendar: bool = True,
    split: str = "",
    columns: dict | None = None,
    test: float | None = None,
    validation: float = 0.1,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
) -> Dataset:
    """Windows of the series in a CSV, TSV, JSON lines, Parquet or xlsx file.

    An example is `window` steps of all columns; the answer is the next `horizon` values
    of the target. The windows of validation come after those of training, and those of
    the test after them; none crosses a border. Windows whose answers are not all known
    are left out.

    Args:
        path: of the file.
        window, horizon: steps that are seen, and that are forecast; at least 1.
        target: the column of numbers that is forecast.
        time: the column of dates or numbers that says when.
        key: the column that says which series a row is of, if there are several.
        ahead: columns that are known before they happen, such as holidays or prices;
            their next `horizon` values are seen, too.
        step: how far it is from row to row, such as "1h"; found by default. If it is
            given, rows within a step become their mean; "row" takes each row as a step.
        season: steps after which the series repeats itself; found by default.
        calendar: whether month, weekday and hour are seen, where times are dates.
        split: "ett" takes the first 8,640, the next 2,880 and the next 2,880 rows, as
            the literature does with ETTh1 and ETTh2: windows of validation and test
            begin before the border, so that all rows after it are answered.
        columns: kinds by the names of columns, see `zoo.data.sources.table.read`.
        test: share of the last rows for the test, default 0.2.
        validation: share of the last rows before them for validation.
        separator, decimal, encoding, header, sheet: see `zoo.data.kinds.sheet.read`.

    Raises:
        Mistake: no such file or column; a time that is none; two rows at one time;
            steps that are not equal; or fewer rows than a window and its horizon.
    """
    names = [each for each in (time, key) if each]
    named = (*names, *table.named(target, None, columns))
    found = table.load(path, separator, decimal, encoding, header, sheet, named)
    asked = (window, horizon, target, time, key, ahead, step, season, calendar)
    return of(str(path), found, *asked, split, columns, test, validation)


def of(
    name: str,
    found: Sheet,
    window: int = 0,
    horizon: int = 0,
    target: str | None = None,
    time: str = "",
    key: str = "",
    ahead: Sequence[str] = (),
    step: str = "",
    season: int = 0,
    calendar: bool = True,
    split: str = "",
    columns: dict | None = None,
    test: float | None = None,
    validation: float = 0.1,
) -> Dataset:
    """The data set of a table; see `read`."""
    given = {"window": window, "horizon": horizon, "season": season + 1}
    for what, count in given.items():
        if type(count) is not int or count < 1:
            shown = count if what != "season" else season
            raise Mistake(
                f"data.{what}={shown}; accepted: whole numbers from "
                f"{0 if what == 'season' else 1}, such as data.window=168 "
                "data.horizon=24"
            )
    if split and split not in windowing.SPLITS:
        raise unknown("data.split", split, windowing.SPLITS)
    target = _one(found, target, time)
    ahead = _named(found, target, time, key, ahead)
    for each, what in {time: "time", key: "key"}.items():
        if each and each in (columns or {}):
            raise Mistake(
                f"data.columns.{each} says what is learned from a column, and '{each}' "
                f"is the {what} of the series; leave it out"
            )
    plain = {each: cells.plain(values, each) for each, values in found.columns.items()}
    written = found.columns[time], plain[time]
    plain[time], zone = clocks.by_clock(found.name, time, *written)
    del written
    found.columns.clear()  # memory of a column is given back at once
    moments, clock = _times(found, time, plain)
    keys, names = series.keys_of(found.name, key, plain)
    plain.pop(key, None)
    column, values = _target(found, target, plain.pop(target))
    covariates = _covariates(found, target, values, plain, columns, ahead)
    described = [column, *covariates.columns]
    parts = [values, *covariates.parts]
    if calendar and clock.kind == "date":
        described.append(clock)
        parts.append(series.date_of(moments))
    wide = np.concatenate(parts, axis=1)
    del parts, values, covariates
    order, sorted_now = series.in_order(moments, keys)
    dates = clock.kind == "date"
    unix = clock.format in UNIX
    if not step or step == steps.ROW:
        series.refuse_twice(found.name, moments, keys, names, order, dates)
    if not (np.diff(order) == 1).all():
        wide, moments, keys = wide[order], moments[order], keys[order]
    same = np.diff(keys) == 0
    given_step = (
        steps.read(step, dates)
        if step
        else steps.find(moments, same, dates, found.name)
    )
    line = Timeline(
        clock,
        target,
        window,
        horizon,
        given_step,
        bool(step) and step != steps.ROW,
        key,
        tuple(ahead),
        season,
        clocks.UTC if unix else zone,
    )
    every = _laid(found.name, line, moments, wide, keys, names, tuple(described))
    del wide, keys
    notes = ["its rows were not in the order of time, and are sorted"] * sorted_now
    notes += [f"the times '{time}' are {clock.format}, read as dates in UTC"] * unix
    return windowing.cut(
        name, found, line, tuple(described), every, split, test, validation, notes
    )


def _one(found: Sheet, target, time: str) -> str:
    """The column that is forecast."""
    names = list(found.columns)
    listed = ", ".join(names[:SHOWN])
    if not time:
        raise Mistake(
            f"{found.name} has the columns {listed}; say which one is the time: "
            f"data.time={names[0]}"
        )
    if not target:
        raise Mistake(
            f"{found.name} has the columns {listed}; say which one is to be forecast: "
            f"--target {names[-1]}"
        )
    several = target_names(found, target)
    if len(several) > 1:
        raise Mistake(
            f"{found.name}: the targets {', '.join(several)} are {len(several)} "
            "columns, and a network forecasts one: train one for each, as --target "
            f"{several[0]}; each sees the other columns, too"
        )
    return several[0]


def _named(found: Sheet, target, time: str, key: str, ahead) -> tuple[str, ...]:
    """The columns that are known ahead, after a look at all names."""
    names = list(found.columns)
    parts = [part.strip() for part in key.split(",")] if isinstance(key, str) else key
    if key not in names and len(parts) > 1 and set(parts) <= set(names):
        raise Mistake(
            f"data.key names {len(parts)} columns, {', '.join(parts)}, and a key is "
            "one: put them into one column, such as 'a 1', and name that"
        )
    for each in (time, target, *([key] if key else []), *ahead):
        if each not in names:
            raise found.lacks(str(each))
    several = [time, target, *([key] if key else []), *ahead]
    for each in several:
        if several.count(each) > 1:
            raise Mistake(
                f"column '{each}' is given for two of time, target, key and ahead; a "
                "column is one of them"
            )
    return tuple(ahead)


def _times(found: Sheet, time: str, plain: dict) -> tuple[np.ndarray, Column]:
    values = cells.typed(plain.pop(time), found.decimal)
    clock = clocks.clock_of(found.name, time, values, plain)
    return clocks.moments_of(found.name, clock, values), replace(clock, missing=False)


def _target(found: Sheet, target: str, values) -> tuple[Column, np.ndarray]:
    """The target, and its values, float32 (n, 1); NaN where they are missing."""
    column = cells.find(target, cells.typed(values, found.decimal), found.decimal)
    if column is None or column.kind not in ("number", "boolean"):
        what = "is empty" if column is None else f"holds kind {column.kind}"
        raise Mistake(
            f"{found.name}: the target '{target}' {what}; accepted: a column of numbers"
        )
    unit = column.format if column.kind == "number" else ""
    column = Column(target, decimal=found.decimal, format=unit)
    numbers = cells.encode(
        column, cells.typed(values, found.decimal), f"{found.name}, "
    )
    known = numbers[~np.isnan(numbers)]
    if known.min() == known.max() and not judged.known():
        raise Mistake(
            f"{found.name}: the target '{target}' is "
            f"{cells.constant(known[0], values)}; nothing is to be learned"
        )
    return column, numbers


def _covariates(found, target, values, plain, kinds, ahead) -> table.Rows:
    """The other columns that a network sees; what is left out is told."""
    named = {**plain, target: None}
    wanted = table.kinds_of(
        Sheet(found.name, named, found.decimal), kinds or {}, (target,)
    )
    typed = {}
    for each in list(plain):
        raw = plain.pop(each)
        as_text = wanted.get(each, {}).get("kind") in ("category", "date", "boolean")
        typed[each] = raw if as_text else cells.typed(raw, found.decimal)
    answers = Target((target,), "numbers", values, outputs=(target,))
    rows = table.rows_of(found, typed, wanted, answers, ahead)
    for i in reversed(range(len(rows.columns))):
        if rows.columns[i].kind == "text":
            rows.left_out[rows.columns.pop(i).name] = "sentences, which no window holds"
            del rows.parts[i]
    table.tell(found, rows)
    stand_ins.tell(found.name, table.numbers_of(rows, answers))
    return rows


def _laid(name, line: Timeline, moments, wide, keys, names, columns) -> list[Series]:
    """Every series with a row for each step; those that are too short are told."""
    borders = np.flatnonzero(np.diff(keys)) + 1
    needed, short, every = line.window + line.horizon, [], []
    ends = [0, *borders.tolist(), len(keys)]
    for first, end in itertools.pairwise(ends):
        key = names[keys[first]]
        each = series.laid(
            name, key, moments[first:end], wide[first:end], line, columns
        )
        if line.key and len(each.rows) < needed:
            short.append(key)
        else:
            every.append(each)
    if short and not every:
        raise Mistake(
            f"{name}: none of {len(names):,} series has the {needed:,} steps of a "
            f"window of {line.window:,} and a horizon of {line.horizon:,}; give a "
            "smaller data.window"
        )
    if short:
        warnings.warn(
            f"{name}: {len(short):,} of {len(names):,} series have fewer steps than "
            f"the {needed:,} of a window and its horizon, and are left out, such as "
            f"'{short[0]}'",
            stacklevel=5,
        )
    return every

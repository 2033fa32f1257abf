"""When the rows of a series were: what its column of time holds, and by which clock."""

import re
import warnings
from dataclasses import replace

import numpy as np

from zoo.core.columns import Column
from zoo.data.kinds import cells, dates, steps
from zoo.errors import Mistake

UTC = "+00:00"
ZONE = re.compile(r"([+-]\d\d:\d\d)?")


def clock_of(name: str, time: str, values, others) -> Column:
    """What the column of time holds.

    Args:
        name: of the table.
        time: the name of the column.
        values: its cells, as `cells.typed` gives them.
        others: the cells of all columns, by name, of which one may be meant.

    Raises:
        Mistake: it holds neither dates nor numbers.
    """
    from pyarrow import types

    if types.is_floating(values.type) and not values.null_count:  # kept in 64 bits
        form = dates.form_of_numbers(values.to_numpy(zero_copy_only=False))
        return Column(time, kind="date" if form else "number", format=form)
    found = cells.find(time, values)
    if found is not None and found.kind in ("date", "number"):
        return found

    other = [
        each
        for each, there in others.items()
        if (column := cells.find(each, there)) and column.kind == "date"
    ]
    hint = f"; columns of dates: {', '.join(other)}" if other else ""
    written = found is not None and types.is_string(values.type)
    if written and (place := dates.stranger(values)) is not None:
        raise Mistake(
            f"{name}, row {place + 1}: the time '{time}' is "
            f"'{values[place].as_py()[: dates.SHOWN]}', and dates stand in other "
            "rows; correct it, or leave the row out"
        )
    what = "is empty" if found is None else f"holds kind {found.kind}"
    raise Mistake(
        f"{name}: the column '{time}' {what}, which is no time; accepted: dates, such "
        f"as 2026-01-31 14:00, 2026-01 or 2026-Q1, or numbers{hint}"
    )


def by_clock(name: str, time: str, values, plain, learned: str = "") -> tuple:
    """The times of a column as its clock shows them, and its difference from UTC.

    Times in a zone whose clocks are changed are read in UTC, and a warning says so; as
    dates of the zone, if all are of one time of day there, as midnights are.

    Args:
        name: of the table.
        time: the name of the column.
        values, plain: its cells, as the table holds them, and as `cells.plain` gives
            them.
        learned: the difference from UTC by which a network has learned them.

    Returns:
        The cells, and the difference, such as "+01:00"; "" if they say none.
    """
    from pyarrow import compute, types

    zone = getattr(values.type, "tz", None)
    if not zone:
        found = dates.offsets(plain) if types.is_string(plain.type) else []
        return plain, found[0] if len(found) == 1 else ""
    if zone[0] in "+-":
        return plain, f"{zone[:3]}:{zone[-2:]}"
    if zone in steps.UNIVERSAL:
        return plain, UTC
    local = compute.local_timestamp(values)
    if not learned and _are_days(local):
        warnings.warn(
            f"{name}: the times '{time}' are one time of day in {zone}, and are read "
            "and forecast as dates there",
            stacklevel=5,
        )
        return local, ""
    warnings.warn(
        f"{name}: the times '{time}' are of {zone}, whose clocks may be changed; "
        "they are read and forecast in UTC, where steps are equal",
        stacklevel=5,
    )
    return plain, UTC


def _are_days(moments) -> bool:
    """Whether several timestamps are all of one time of day."""
    import pyarrow

    ticks = moments.cast(pyarrow.timestamp("us"), safe=False).cast(pyarrow.int64())
    known = ticks.drop_null().to_numpy()
    return len(known) > 1 and len(np.unique(known % (steps.DAY * steps.TICKS))) == 1


def as_learned(name: str, moments: np.ndarray, zone: str, learned: str) -> np.ndarray:
    """Moments by the clock that a network learned; a warning says what is done.

    Args:
        name: of the table.
        moments: seconds since 1970 by a clock that differs from UTC by `zone`.
        zone, learned: see `by_clock`.
    """
    if zone == learned or not zone:
        return moments
    given = f"{name}: its times differ from UTC by {zone}, and those that the network"
    if not learned:
        warnings.warn(
            f"{given} learned do not say theirs; they are taken as they are written",
            stacklevel=5,
        )
        return moments
    warnings.warn(
        f"{given} learned by {learned}; they are converted, and so is what is forecast",
        stacklevel=5,
    )
    return moments + _seconds(learned) - _seconds(zone)


def _seconds(zone: str) -> int:
    """The difference from UTC, in seconds."""
    size = 3600 * int(zone[1:3]) + 60 * int(zone[4:])
    return -size if zone[0] == "-" else size


def moments_of(name: str, clock: Column, values) -> np.ndarray:
    """Seconds since 1970, or numbers, float64 (n,).

    Raises:
        Mistake: a time is missing, or is none; its row is named.
    """
    from pyarrow import types

    gone = values.is_null().to_numpy(zero_copy_only=False)
    if gone.any():
        raise Mistake(
            f"{name}, row {int(gone.argmax()) + 1}: the time '{clock.name}' is missing "
            f"({gone.sum():,} of {len(gone):,} rows); fill it in, or leave the rows out"
        )
    written = clock.kind == "date" and types.is_string(values.type)
    if written and len(zones := dates.offsets(values)) > 1:
        found = dates.moments_of(clock, values, f"{name}, ")
        if len(np.unique(found % steps.DAY)) == 1:  # such as midnights of one place
            return found
        raise Mistake(
            f"{name}: the times '{clock.name}' differ from UTC by {zones[0]} and by "
            f"{zones[1]}, as where a clock is changed, and local times are not in "
            "equal steps; write all of them in UTC"
        )
    if clock.kind == "number" and types.is_floating(values.type):
        return values.to_numpy(zero_copy_only=False)
    if clock.kind == "date":
        if clock.format in dates.UNIX:
            written = cells.typed(values, clock.decimal)
            if types.is_floating(written.type) and len(written):
                ticks = written.to_numpy(zero_copy_only=False)
                form = dates.form_of_numbers(ticks)
                if form in dates.UNIX:  # a network may have learned from others
                    clock = replace(clock, format=form)
        else:
            digits = types.is_floating(values.type)  # such as 20260131
            written = cells.texts(values) if digits else values
        return dates.moments_of(clock, written, f"{name}, ")
    return cells.encode(clock, values, f"{name}, ")[:, 0].astype("float64")

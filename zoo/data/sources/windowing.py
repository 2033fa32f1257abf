"""Windows of series: where training, validation and test part, and what is left out."""

import warnings
from dataclasses import replace

import numpy as np

from zoo.core.columns import Column
from zoo.data import categories
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import series, steps
from zoo.data.kinds.series import Series, Timeline
from zoo.data.kinds.sheet import Sheet
from zoo.data.windows import Windows
from zoo.errors import Mistake

TEST = 0.2
LAGS = 100_000  # values from which a season is found
REPEATS = 0.2  # of a season: the least correlation with itself
# H. Zhou et al. 2021, arXiv:2012.07436: hours of 12, 4 and 4 months of 30 days.
ETT = (8640, 11_520, 14_400)
SPLITS = ("ett",)


def cut(
    name: str,
    found: Sheet,
    line: Timeline,
    columns: tuple[Column, ...],
    every: list[Series],
    split: str,
    test: float | None,
    validation: float,
    notes: list[str],
) -> Dataset:
    """The data set of series: their windows, in training, validation and test.

    Args:
        name: of the data set.
        found: the table, whose columns are gone, for what is said of it.
        line, columns: what a window is, and what a row holds.
        every: the series.
        split, test, validation: see `zoo.data.sources.series.read`.
        notes: what is to be told of the rows.

    Raises:
        Mistake: there are too few rows, or no window has all of its answers.
    """
    one = len(every) == 1
    rows = every[0].rows if one else np.concatenate([each.rows for each in every])
    when = every[0].moments if one else np.concatenate([e.moments for e in every])
    starts = np.cumsum([0, *(len(each.rows) for each in every)])
    parts = _parts(found.name, line, every, when, split, test, validation, notes)
    usable = _usable(rows[:, 0], line)
    splits, left_out = {}, 0
    for part, spans in parts.items():
        begins = [
            np.arange(starts[i] + a, starts[i] + b, dtype=np.int32)
            for i, (a, b) in enumerate(spans)
        ]
        chosen = begins[0] if one else np.concatenate(begins)
        kept = chosen[usable[chosen]]
        left_out += len(chosen) - len(kept)
        splits[part] = kept
    notes += _gaps(line, every, rows, left_out)
    if notes:
        warnings.warn(f"{found.name}: {'; '.join(notes)}", stacklevel=5)
    for part, kept in splits.items():
        if not len(kept):
            raise Mistake(
                f"{found.name}: no window of the {part} part has all of its "
                f"{line.horizon:,} answers; fill the gaps in, or give a smaller window"
            )
    if not line.season:
        trained = every[0].rows[: parts["train"][0][1] + line.window, 0]
        line = replace(line, season=line.step.season or _season(trained, line))
    made = {part: _split(rows, kept, line, columns) for part, kept in splits.items()}
    dataset = Dataset(
        name=name,
        kind="series",
        train=made["train"],
        validation=made.get("validation"),
        test=made.get("test"),
        features=tuple(column.name for column in columns),
        license="that of the table: zoo does not know it",
        description=_described(found, line, every, parts, splits),
        missing=True,
        task="numbers",
        outputs=tuple(f"{line.target} +{i}" for i in range(1, line.horizon + 1)),
        columns=columns,
        form=found.form,
        timeline=line,
    )
    return categories.learned(dataset)


def _split(rows, starts, line: Timeline, columns) -> Split:
    """Windows that begin at these rows, and their answers."""
    inputs = Windows(rows, starts, line.length, after=line.horizon)
    if line.ahead:
        unseen = series.hidden(columns, line.ahead, line.clock.name)
        inputs = replace(inputs, after=0, unknown=line.window, hidden=unseen)
    return Split(
        inputs, Windows(rows[:, 0], starts + line.window, line.horizon, line.window)
    )


def _enough(wanted: float, least: int, part: str, notes: list[str]) -> int:
    """Steps of a part, which holds a few windows of one series if there is one."""
    count = round(wanted)
    if 0 < count < least:
        notes.append(
            f"{part} has {least:,} steps, not {count:,}, so that windows fit in"
        )
        return least
    return count


def _least(every: list[Series], ordered: np.ndarray, end: int, few: int) -> int:
    """Steps before a border, of all series, among which are `few` of one of them.

    Args:
        ordered: the moments of all series, ascending.
        end: how many of them lie before the border.
    """
    border = ordered[end] if 0 <= end < len(ordered) else np.inf
    ends = [int(np.searchsorted(each.moments, border)) for each in every]
    begins = [
        each.moments[last - few]
        for each, last in zip(every, ends, strict=True)
        if last >= few
    ]
    return end - int(np.searchsorted(ordered, max(begins))) if begins else end


def _parts(
    name, line: Timeline, every, when, split, test, validation, notes: list[str]
) -> dict:
    """Of each part and series the first start of a window, and one behind the last."""
    needed, count = line.window + line.horizon, len(when)
    if split == "ett":
        if len(every) > 1 or count < ETT[-1]:
            raise Mistake(
                f"data.split=ett takes {ETT[-1]:,} rows of one series, and {name} has "
                f"{count:,} of {len(every)}"
            )
        first, second, third = ETT
        firsts = {"train": (0, first), "validation": (first - line.window, second)}
        firsts["test"] = (second - line.window, third)
        return {k: [(a, b - needed + 1)] for k, (a, b) in firsts.items()}
    for what, share in {"test": test, "validation": validation}.items():
        if share is not None and not 0 <= share < 1:
            raise Mistake(
                f"{what}={share} is not a share of the rows; give a number from 0 (no "
                "such split) to below 1, such as 0.1"
            )
    ordered = when if len(every) == 1 else np.sort(when)
    few = line.window + 2 * line.horizon  # steps that hold a few windows
    least = _least(every, ordered, count, few)
    held = _enough((TEST if test is None else test) * count, least, "test", notes)
    least = _least(every, ordered, count - held, few)
    checked = _enough(validation * (count - held), least, "validation", notes)
    if not held + checked and needed > count:
        raise Mistake(
            f"{name} has {count:,} steps, and a window of {line.window:,} with its "
            f"horizon of {line.horizon:,} takes {needed:,}"
        )
    if held + checked + needed > count:
        raise Mistake(
            f"{name} has {count:,} steps, too few for training, validation and test "
            f"with a window of {line.window:,} and a horizon of {line.horizon:,}; give "
            "a smaller data.window, or data.test=0 or validation=0"
        )
    borders = [count - held - checked, count - held, count]
    shares = {"train": (0, borders[0])}
    if checked:
        shares["validation"] = (borders[0], borders[1])
    if held:
        shares["test"] = (borders[1], borders[2])
    found = {}
    for part, (a, b) in shares.items():
        ends = [ordered[place] if place < count else np.inf for place in (a, b)]
        spans = []
        for each in every:
            first, last = np.searchsorted(each.moments, ends).tolist()
            spans.append((first, max(first, last - needed + 1)))
        found[part] = spans
        if not sum(last - first for first, last in spans):
            of = f" of any of its {len(every):,} series" if line.key else ""
            raise Mistake(
                f"{name} has {b - a:,} steps in its {part} part, of {count:,} in all, "
                f"and a window of {line.window:,} with a horizon of {line.horizon:,} "
                f"needs {needed:,}{of}; give a smaller data.window, or "
                + (
                    "data.test=0 or validation=0"
                    if part == "train"
                    else f"another share of {part}"
                )
            )
    return found


def _usable(target: np.ndarray, line: Timeline) -> np.ndarray:
    """Whether a window that begins at a row has all answers, and a value to go on."""
    known = np.concatenate([[0], np.cumsum(~np.isnan(target), dtype=np.int32)])
    last = len(known) - line.window - line.horizon
    begin = known[:last]
    seen = known[line.window : line.window + last] - begin
    answers = (
        known[line.window + line.horizon :] - known[line.window : line.window + last]
    )
    return (answers == line.horizon) & (seen > 0)


def _gaps(line: Timeline, every: list[Series], rows, left_out: int) -> list[str]:
    """What is missing, in words."""
    said, added = [], sum(each.added for each in every)
    if added:
        said.append(f"{added:,} of {len(rows):,} steps of {line.step} have no row")
    gone = [np.isnan(each.rows[:, 0]) for each in every]
    lacking = sum(int(each.sum()) for each in gone)
    if lacking:
        longest, where = max(
            (_stretch(each), number) for number, each in enumerate(gone)
        )
        count, place = longest
        of = every[where]
        when = steps.shown(of.moments[place], line.dates)
        named = f" of '{of.key}'" if of.key else ""
        have = "step has" if lacking == 1 else "steps have"
        said.append(
            f"{lacking:,} {have} no {line.target}, at most {count:,} in a row, "
            f"from {when}{named}; windows see them as missing, and {left_out:,} "
            "windows whose answers are among them are left out"
        )
    return said


def _stretch(gone: np.ndarray) -> tuple[int, int]:
    """The length and the place of the longest stretch."""
    edges = np.diff(np.concatenate([[0], gone.astype(np.int8), [0]]))
    firsts, lasts = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(firsts):
        return 0, 0
    longest = int((lasts - firsts).argmax())
    return int(lasts[longest] - firsts[longest]), int(firsts[longest])


def _season(target: np.ndarray, line: Timeline) -> int:
    """The steps after which a series is most like itself; 0 if it never is."""
    values = np.asarray(target[:LAGS], "float64")
    values = np.where(np.isnan(values), np.nanmean(values), values)
    count, most = len(values), min(line.window, len(values) // 3)
    if most < 3:
        return 0
    trend = np.polynomial.Polynomial.fit(np.arange(count), values, 1)
    values = values - trend(np.arange(count))
    size = 2 ** int(np.ceil(np.log2(2 * count)))
    spectrum = np.fft.rfft(values, size)
    alike = np.fft.irfft(spectrum * np.conj(spectrum))[: most + 2]
    if not alike[0] > 0:
        return 0
    alike = alike / alike[0]
    inner = alike[1:-1]
    peaks = np.flatnonzero((inner > alike[:-2]) & (inner >= alike[2:])) + 1
    peaks = peaks[(peaks >= 2) & (peaks <= most)]
    if not len(peaks) or alike[peaks].max() < REPEATS:
        return 0
    return int(peaks[alike[peaks].argmax()])


def _described(found: Sheet, line: Timeline, every, parts, splits) -> str:
    count = sum(len(each.rows) for each in every)
    several = f"{len(every):,} series by {line.key}, " if line.key else ""
    first = steps.shown(min(each.moments[0] for each in every), line.dates)
    last = steps.shown(max(each.moments[-1] for each in every), line.dates)
    ahead = f" and of {', '.join(line.ahead)} ahead" if line.ahead else ""
    return (
        f"{several}{count:,} steps of {line.step} in {found.name}, {first} to {last}: "
        f"{line.horizon:,} values of {line.target} from the {line.window:,} steps "
        f"before{ahead}. {found.found}"
    ).strip()

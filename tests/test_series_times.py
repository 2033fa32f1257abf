"""Times of a series: steps, seasons, gaps, and times that are none."""

import warnings

import numpy as np
import pandas as pd
import pyarrow
import pytest
from series import HOURS, load, table

from zoo import data
from zoo.data.kinds import steps
from zoo.errors import Mistake

pytestmark = pytest.mark.once
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep")
MONTHS += ("October", "Nov", "December")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("start", "step", "found", "season"),
    [
        ("2026-01-01", "h", "1h", 24),
        ("2026-01-01", "D", "1d", 7),
        ("2026-01-01", "m", "1min", 1440),
    ],
)
def test_steps_are_found(start, step, found, season):
    line = load(table(start=start, step=step)).timeline
    assert (str(line.step), line.season) == (found, season)


def test_months_are_steps():
    months = np.arange("1990-01", "2020-01", dtype="datetime64[M]")
    for ends in (0, 1):  # the first days, and the last ones
        when = (months + ends).astype("datetime64[D]") - ends
        columns = {**table(len(when)), "when": when.astype("datetime64[s]")}
        found = load(columns, window=24)
        assert (str(found.timeline.step), found.timeline.season) == ("1month", 12)
    step = steps.Step(1, "month")
    end = float(np.datetime64("2024-01-31", "s").astype(int))
    named = [steps.shown(each, True) for each in step.after(end, np.array([1, 2]))]
    assert named == ["2024-02-29", "2024-03-31"]


@pytest.mark.parametrize(("days", "named"), [(28, "4w"), (91, "13w"), (365, "365d")])
def test_equal_steps_of_many_days_are_no_months(days, named):
    when = np.datetime64("1900-01-02", "s") + days * np.arange(150).astype("m8[D]")
    keep = np.delete(np.arange(150), [70, 71])  # a gap makes no difference
    columns = {**table(148), "when": when[keep]}
    with pytest.warns(UserWarning, match=f"2 of 150 steps of {named} have no row"):
        found = load(columns, window=12, horizon=3)
    [ending] = data.items(found, columns)
    assert ending.ahead[0] == str(when[-1] + np.timedelta64(days, "D"))[:10]


def test_a_season_is_found_in_numbers():
    count = 300
    wave = np.sin(2 * np.pi * np.arange(count) / 11).astype("float32")
    wave += np.random.default_rng(0).normal(0, 0.1, count).astype("float32")
    found = load({"when": np.arange(1700.0, 2000.0), "load": wave}, window=24)
    assert (str(found.timeline.step), found.timeline.season) == ("1", 11)
    assert found.features == ("load",)  # numbers have no calendar


def test_gaps_are_named_and_their_windows_left_out():
    columns = table()
    keep = np.r_[0:100, 103:HOURS]
    columns = {name: values[keep] for name, values in columns.items()}
    columns["load"][[200, 201]] = np.nan
    said = (
        r"3 of 400 steps of 1h have no row; 5 steps have no load, at most 3 in a row, "
        r"from 2026-01-05 04:00; windows see them as missing, and \d+ windows"
    )
    with pytest.warns(UserWarning, match=said):
        found = load(columns)
    for name in ("train", "validation", "test"):
        assert np.isfinite(np.asarray(found.split(name).targets)).all()
    assert np.isnan(np.asarray(found.train.inputs)[..., 0]).any()
    assert np.isfinite(np.asarray(found.train.inputs)[..., 2:]).all()  # of all times


def test_unsorted_rows_are_sorted_and_told():
    columns = table()
    mixed = np.random.default_rng(0).permutation(HOURS)
    shuffled = {name: values[mixed] for name, values in columns.items()}
    with pytest.warns(
        UserWarning, match="were not in the order of time, and are sorted"
    ):
        found = load(shuffled)
    assert np.array_equal(found.test.inputs[:], load(columns).test.inputs[:])


def test_steps_are_resampled_on_request():
    columns = table(5 * HOURS, step="m")
    columns["late"] = columns["when"] + (np.arange(5 * HOURS) > 99) * np.timedelta64(
        9, "s"
    )
    with pytest.raises(
        Mistake,
        match="not in equal steps: most are 1min apart, and 2026-01-01 01:39 is",
    ):
        load(columns, time="late")
    found = load(columns, step="5min")
    hours = columns["load"].reshape(-1, 5).mean(axis=1)
    assert np.allclose(found.train.inputs[[0]][0, :, 0], hours[:48])
    assert str(found.timeline.step) == "5min"


@pytest.mark.parametrize(
    ("row", "step"), [("s", "1h"), ("min", "1D"), ("100ms", "1500ms"), ("17us", "1ms")]
)
def test_a_step_begins_where_pandas_lets_it_begin(row, step):
    count = 100_000 if row == "min" else 20_000
    when = pd.date_range("1969-12-20", periods=count, freq=row)
    values = np.random.default_rng(0).normal(size=count)
    expected = pd.Series(values, when).resample(step, origin="epoch").mean()
    given = {"window": 2, "horizon": 1, "test": 0.0, "validation": 0.0}
    found = load({"when": when, "load": values}, **given, step=step)
    rows = found.train.inputs.rows
    np.testing.assert_allclose(rows[:, 0], expected, rtol=1e-5, atol=1e-6)


def test_weekdays_are_steps_of_a_row():
    columns = table(560, step="D")
    keep = np.arange(560) % 7 < 5
    columns = {name: values[keep] for name, values in columns.items()}
    with pytest.raises(
        Mistake, match=r"steps of 1d have no row.*weekends, set data.step=row"
    ):
        load(columns)
    assert load(columns, step="row").train.inputs.rows.shape[0] == 400


def test_bad_times_are_told_in_a_line():
    columns = table()
    columns["city"] = np.where(np.arange(HOURS) % 2, "Rome", "Oslo")
    with pytest.raises(
        Mistake, match=r"'city' holds kind category, which is no time.*when"
    ):
        load(columns, time="city")
    twice = {name: np.append(values, values[7]) for name, values in columns.items()}
    said = "1 time occurs more than once, such as 2026-01-01 07:00 in rows 8 and 401"
    with pytest.raises(Mistake, match=said):
        load(twice)
    missing = {**columns, "when": columns["when"].copy()}
    missing["when"][3] = np.datetime64("NaT")
    with pytest.raises(Mistake, match="row 4: the time 'when' is missing"):
        load(missing)
    words = {**columns, "load": np.full(HOURS, "high")}
    with pytest.raises(Mistake, match="the target 'load' holds kind category"):
        load(words)
    with pytest.raises(Mistake, match="has 40 steps, too few"):
        load(table(40))


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M"])
@pytest.mark.parametrize("odd", ["soon", "31.02.2026", "9999-12-31"])
def test_a_cell_that_is_no_time_is_named(form, odd):
    columns = table()
    when = [each.item().strftime(form) for each in columns["when"]]
    when[6] = odd
    said = f"row 7: the time 'when' is '{odd}', and dates stand in other rows"
    with pytest.raises(Mistake, match=said):
        load({**columns, "when": np.array(when)})


def test_clocks_that_are_changed_are_told():
    columns = table()
    local = [str(each) for each in columns["when"]]
    same = np.array([f"{each}+01:00" for each in local])
    assert len(load({**columns, "when": same}).train) == len(load(columns).train)
    zones = ["+02:00"] * 100 + ["+0100"] * (HOURS - 100)
    changed = np.array([f"{at}{zone}" for at, zone in zip(local, zones, strict=True)])
    said = r"differ from UTC by \+01:00 and by \+02:00, .* write all of them in UTC"
    with pytest.raises(Mistake, match=said):
        load({**columns, "when": changed})
    universal = [f"{at}{'Z' if i % 2 else '+00:00'}" for i, at in enumerate(local)]
    load({**columns, "when": np.array(universal)})


def test_moments_of_a_zone_are_those_of_its_clock_or_told():
    columns = table()
    moments = pyarrow.array(columns["when"])
    ahead = moments.cast(pyarrow.timestamp("us", "+01:30"))
    found = load({**columns, "when": ahead})
    [ending] = data.items(found, {**columns, "when": ahead})
    assert (ending.moments[-1], ending.ahead[0]) == (
        "2026-01-17 16:30",
        "2026-01-17 17:30",
    )
    written = [f"{at}+01:30" for at in columns["when"] + np.timedelta64(90, "m")]
    [same] = data.items(found, {**columns, "when": np.array(written)})
    np.testing.assert_array_equal(same.inputs, ending.inputs)
    berlin = {**columns, "when": moments.cast(pyarrow.timestamp("us", "Europe/Berlin"))}
    said = "the times 'when' are of Europe/Berlin, .* read and forecast in UTC"
    with pytest.warns(UserWarning, match=said):
        found = load(berlin)
    with pytest.warns(UserWarning, match=said):
        [ending] = data.items(found, berlin)
    assert ending.ahead[0] == "2026-01-17 16:00"


@pytest.mark.parametrize(
    ("zone", "freq", "step"),
    [
        ("Europe/Berlin", "D", "1d"),
        ("Europe/London", "D", "1d"),
        ("Australia/Lord_Howe", "W", "1w"),
        ("America/New_York", "MS", "1month"),
    ],
)
def test_midnights_of_a_place_are_its_dates(zone, freq, step):
    when = pd.date_range("2020-01-01", periods=200, freq=freq, tz=zone)
    columns = table(200)
    given = {"window": 12, "horizon": 2, "validation": 0.2}
    expected = load({**columns, "when": when.tz_localize(None)}, **given)
    frame = {**columns, "when": when}
    text = {**columns, "when": np.array(when.strftime("%Y-%m-%dT%H:%M:%S%z"))}
    for there, told in ((frame, True), (text, False)):
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            found = load(there, **given)
            [ending] = data.items(found, there)
        said = f"the times 'when' are one time of day in {zone}, and are read"
        assert sum(said in str(each.message) for each in heard) == 2 * told
        assert (str(found.timeline.step), found.timeline.zone) == (step, "")
        for name in ("train", "test"):
            one, other = (each.split(name).inputs for each in (expected, found))
            np.testing.assert_array_equal(one, other)
        assert ending.moments[-1] == str(when[-1].date())
    if step == "1d":
        utc = {**columns, "when": np.array(when.tz_convert("UTC").strftime("%FT%TZ"))}
        said = (
            "are midnights of a place whose clocks are changed, written in UTC; write"
        )
        with pytest.raises(Mistake, match=said):
            load(utc, **given)


@pytest.mark.parametrize(
    ("written", "step", "ahead"),
    [
        ([f"2026-01-01 00:00:{i / 4:05.2f}0" for i in range(99)], "0.25s", ":24.75"),
        ([f"{i / 1000:06.3f}" for i in range(99)], "0.001s", ":00.099"),
        ([f"2026-01-01T00:00:00.{i:06}" for i in range(99)], "0.000001s", ".000099"),
        ([f"{np.datetime64(i, 'D')}Z" for i in range(99)], "1d", "1970-04-10"),
        ([f"{1960 + i // 4}-Q{i % 4 + 1}" for i in range(99)], "3month", "1984-10-01"),
        ([f"{1960 + i // 4}Q{i % 4 + 1}" for i in range(99)], "3month", "1984-10-01"),
        (
            [
                f"1/{1 + i // 24}/2026 {i % 12 or 12}:00 {'AP'[i // 12 % 2]}M"
                for i in range(99)
            ],
            "1h",
            "2026-01-05 03:00",
        ),
        (
            [f"{MONTHS[i % 12]} {1960 + i // 12}" for i in range(99)],
            "1month",
            "1968-04",
        ),
    ],
)
def test_parts_of_seconds_and_names_of_quarters_and_months(written, step, ahead):
    if step == "0.001s":
        written = [f"2026-01-01T00:00:{each}Z" for each in written]
    columns = {"when": written, "load": np.sin(np.arange(99))}
    given = {"time": "when", "target": "load", "window": 8, "horizon": 2}
    given |= {"test": 0.0, "validation": 0.0}
    found = data.load(columns, **given)
    assert str(found.timeline.step) == step
    [ending] = data.items(found, columns)
    assert ahead in ending.ahead[0]
    if step == "0.001s":  # rows of a step that is given become their mean
        found = data.load(columns, **given, step="2ms")
        values = np.sin(np.arange(98)).reshape(-1, 2).mean(axis=1)
        np.testing.assert_allclose(found.train.inputs[0][:, 0], values[:8], rtol=1e-6)


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("%Y%m%d%H", lambda when: [f"{each:%Y%m%d%H}" for each in when.tolist()]),
        ("%Y%m%d%H%M", lambda when: [int(f"{w:%Y%m%d%H%M}") for w in when.tolist()]),
        ("%Y%m%d%H%M%S", lambda when: [f"{w:%Y%m%d%H%M%S}" for w in when.tolist()]),
        ("Unix seconds", lambda when: when.astype(int)),
        ("Unix milliseconds", lambda when: [f"{each}000" for each in when.astype(int)]),
        ("Unix nanoseconds", lambda when: when.astype(int) * 10**9),
    ],
)
def test_numbers_of_a_column_of_time_are_dates(form, written):
    columns = table()
    plain = load(columns)
    given = {**columns, "when": np.array(written(columns["when"]))}
    unix = form.startswith("Unix")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = load(given)
    said = f"the times 'when' are {form}, read as dates in UTC"
    assert [said in str(each.message) for each in told] == [True] * unix
    assert (found.timeline.clock.format, str(found.timeline.step)) == (form, "1h")
    [first, same] = [np.asarray(each.train.inputs[:3]) for each in (plain, found)]
    np.testing.assert_array_equal(first, same)  # month, weekday and hour among them
    several = (1, 1000, 10**6) if unix else ()  # each unit is known by its digits
    for other in (given["when"], *(columns["when"].astype(int) * u for u in several)):
        [ending] = data.items(found, {**columns, "when": other})
        assert ending.ahead[0] == "2026-01-17 16:00"


def test_months_and_days_in_digits_are_dates():
    months = np.arange("2000-01", "2016-08", dtype="datetime64[M]")
    for form, step in (("%Y%m", "1month"), ("%Y%m%d", "1month")):
        when = np.array([int(each.strftime(form)) for each in months.tolist()])
        line = load({**table(len(when)), "when": when}, window=12, horizon=3).timeline
        assert (line.clock.format, str(line.step)) == (form, step)
    for when in (np.arange(400), 100_000 + np.arange(400), 5e7 + np.arange(400)):
        line = load({**table(), "when": when}).timeline
        assert (line.clock.kind, str(line.step)) == ("number", "1")


def test_times_of_another_clock_are_converted():
    columns = table()
    local = {**columns, "when": np.array([f"{w}+01:00" for w in columns["when"]])}
    found = load(local)
    [expected] = data.items(found, local)
    earlier = columns["when"] - np.timedelta64(1, "h")
    utc = pyarrow.array(earlier).cast(pyarrow.timestamp("us", "UTC"))
    for when in (np.array([f"{each}Z" for each in earlier]), utc):
        said = r"differ from UTC by \+00:00, .* learned by \+01:00; they are converted"
        with pytest.warns(UserWarning, match=said):
            [ending] = data.items(found, {**columns, "when": when})
        np.testing.assert_array_equal(ending.inputs, expected.inputs)
        assert ending.ahead == expected.ahead
    [plain] = data.items(found, columns)  # of the clock that was learned
    assert plain.ahead == expected.ahead
    with pytest.warns(UserWarning, match="do not say theirs; they are taken as they "):
        data.items(load(columns), local)

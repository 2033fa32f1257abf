"""Series: windows, borders, times, gaps, keys, and what needs no network."""

import tracemalloc

import numpy as np
import pandas as pd
import pyarrow
import pytest
from series import GIVEN, HOURS, load, table

import zoo
from zoo import data
from zoo.data import floors
from zoo.data.kinds import steps
from zoo.data.windows import Windows
from zoo.errors import Mistake

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))


# --- Windows


def test_windows_and_answers_are_those_of_a_sliding_view():
    columns = table()
    found = load(columns, test=0.0, validation=0.0)
    views = np.lib.stride_tricks.sliding_window_view(columns["load"], 48 + 12)
    assert found.train.inputs.shape == (len(views), 48, 4)  # load, wind, two of when
    assert np.array_equal(np.asarray(found.train.inputs)[:, :, 0], views[:, :48])
    assert np.array_equal(np.asarray(found.train.targets), views[:, 48:])
    assert found.features == ("load", "wind", "when")
    assert found.outputs[::11] == ("load +1", "load +12")


def test_no_window_crosses_a_border():
    columns = table()
    columns["load"] = np.arange(HOURS, dtype="float32")
    found = load(columns, test=0.2)
    spans = []
    for name in ("train", "validation", "test"):
        split = found.split(name)
        both = np.asarray(split.inputs)[:, :, 0], np.asarray(split.targets)
        assert (both[1][:, 0] == both[0][:, -1] + 1).all()
        spans.append((both[0].min(), both[1].max()))
    assert spans == [(0, 239), (240, 319), (320, 399)]


def test_parts_of_a_series_follow_each_other_in_time():
    columns = table()
    columns["load"] = np.arange(HOURS, dtype="float32")
    spans = []
    for part in range(3):
        found = load(columns, fold=(part, 3), validation=0.0)
        assert found.validation is None
        for split in (found.train, found.test):
            seen, answers = np.asarray(split.inputs)[:, :, 0], np.asarray(split.targets)
            spans.append((seen.min(), answers.max()))
    pairs = [((0, 99), (100, 199)), ((0, 199), (200, 299)), ((0, 299), (300, 399))]
    assert list(zip(spans[::2], spans[1::2], strict=True)) == pairs
    found = load(columns, fold=(2, 3), validation=0.25)
    ends = [found.split(name).targets.seen().max() for name in ("train", "validation")]
    assert ends == [224, 299]
    with pytest.raises(Mistake, match=r"part 0 of 3: no .* lies in the 25 steps"):
        load(columns, fold=(0, 3), validation=0.25)


@pytest.mark.realdata
def test_the_literatures_split_of_etth1(shared_data):
    path = shared_data / "raw" / "ett" / "ETTh1.csv"
    about = {"time": "date", "target": "OT", "window": 168, "horizon": 24}
    found = data.load(path, split="ett", **about)
    hourly = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=7, dtype="f4")
    sizes = [len(found.split(name)) for name in ("train", "validation", "test")]
    assert sizes == [8640 - 191, 2880 - 23, 2880 - 23]
    test = found.test
    assert np.array_equal(test.targets[[0]][0], hourly[11_520:11_544])
    assert np.array_equal(test.targets[[-1]][0], hourly[14_376:14_400])
    scaled = (np.asarray(test.targets) - hourly[:8640].mean()) / hourly[:8640].std()
    last = (hourly[11_519:14_376, None] - hourly[:8640].mean()) / hourly[:8640].std()
    measured = floors.floors(found, "test").metrics
    mse = ((scaled - last) ** 2).mean(dtype="float64")
    assert measured["last value"]["loss"] == pytest.approx(mse, 1e-4)
    assert mse == pytest.approx(0.0343, abs=5e-5)
    assert measured["season before, 24 steps"]["loss"] == pytest.approx(
        0.0458, abs=1e-4
    )


@pytest.mark.slow
def test_a_long_series_takes_the_memory_of_its_rows():
    count = 10_000_000
    rows = np.zeros((count, 3), np.float32)
    tracemalloc.start()
    starts = np.arange(count - 191, dtype=np.int32)
    windows = Windows(rows, starts, 168, after=24)
    batch = windows[np.arange(0, 10**6, 10**4)]
    answers = Windows(rows[:, 0], starts + 168, 24, before=168)
    assert batch.shape == (100, 168, 3)
    assert answers[:5].shape == (5, 24)
    assert len(windows.seen()) == len(answers.seen()) == count
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most <= 3 * rows.nbytes  # all windows have 20 GB


def test_the_order_is_a_function_of_seed_and_epoch():
    found = load(table())
    first, again, other = (
        np.concatenate([y for _, y in found.batches(batch=64, seed=1, epoch=epoch)])
        for epoch in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(np.sort(first[:, 0]), np.sort(other[:, 0]))


def test_a_part_is_as_long_as_a_few_windows():
    said = "validation has 72 steps, not 32, so that windows fit in"
    with pytest.warns(UserWarning, match=said):
        found = load(table(), validation=0.1)
    assert len(found.validation) == 72 - 59


# --- Several series


def keyed(sizes=(600, 500)):
    parts = [table(size) for size in sizes]
    names = ("when", "wind", "load")
    columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
    columns["site"] = np.repeat([f"s{i}" for i in range(len(sizes))], sizes)
    columns["load"] = columns["load"] + 100 * (columns["site"] == "s1")
    return columns


def test_series_of_a_key_are_kept_apart():
    found = load(keyed(), key="site", test=0.4)
    for name in ("train", "validation"):
        windows = np.asarray(found.split(name).inputs)[..., 0]
        high = windows > 100
        assert (high.all(axis=1) | ~high.any(axis=1)).all()
    answered = np.asarray(found.test.targets)
    assert (answered > 100).any()
    assert (answered < 100).any()
    border = found.train.rows[:, 2:]
    later = np.asarray(found.validation.inputs)[..., 2:]
    stamps = [part[..., 0] * steps.DAY + part[..., 1] for part in (border, later)]
    assert stamps[0].max() < stamps[1].min()


def test_keys_with_few_rows_are_named():
    with pytest.warns(
        UserWarning, match="1 of 2 series have fewer steps than the 60 .*'s1'"
    ):
        found = load(keyed((400, 59)), key="site")
    assert len(found.train.inputs.rows) == 400
    with pytest.raises(Mistake, match="none of 2 series has the 60 steps"):
        load(keyed((30, 40)), key="site")


def test_a_part_holds_windows_of_one_series_though_most_have_ended():
    sizes = np.random.default_rng(0).integers(60, 300, 50)
    found = load(keyed(tuple(sizes)), key="site", window=24, horizon=6)
    shares = {"validation": 0.25 * 0.8, "test": 0.2}
    for name, share in shares.items():
        rows = found.split(name).inputs.seen()
        assert len(rows) <= share * sizes.sum()  # as asked for, none is moved
    with pytest.raises(
        Mistake, match="needs 54 of any of its 9 series; give a smaller"
    ):
        load(keyed((150,) * 9), key="site", window=48, horizon=6, validation=0.1)


def test_series_that_are_too_short_are_left_out_of_a_forecast():
    columns = keyed((400, 390, 30))
    with pytest.warns(UserWarning, match="1 of 3 series have fewer steps"):
        found = load(columns, key="site")
    said = "1 of 3 series is not forecast; s2 has 30 steps, and the network sees 48"
    with pytest.warns(UserWarning, match=said):
        endings = data.items(found, columns)
    assert [each.name for each in endings] == ["s0", "s1"]
    alone = {name: values[-30:] for name, values in columns.items()}
    with pytest.raises(Mistake, match="s2 has 30 steps, and the network sees 48"):
        data.items(found, alone)


def test_steps_without_a_row_are_told_in_a_forecast():
    found, columns = load(table()), table()
    for gone, said in ((390, "1 of 400 steps of 1h have no row; the netw"), (90, "")):
        given = {name: np.delete(values, gone) for name, values in columns.items()}
        if said:
            with pytest.warns(UserWarning, match=said):
                data.items(found, given)
        else:  # no window sees it
            data.items(found, given)


# --- Known ahead


def test_what_is_known_ahead_is_seen_and_nothing_else():
    columns = table(price=np.arange(HOURS, dtype="float32") ** 0.5)
    found = load(columns, ahead="price")
    first = found.train.inputs[[0]][0]
    assert first.shape == (60, 5)
    named = dict(zip(("load", "wind", "price", "day", "second"), first.T, strict=True))
    assert np.isnan(named["load"][48:]).all()
    assert np.isnan(named["wind"][48:]).all()
    assert np.allclose(named["price"], np.arange(60) ** 0.5)
    assert np.isfinite(named["second"]).all()


# --- Floors


def test_floors_are_what_one_computes_by_hand():
    found = load(table())
    train, test = (
        (np.asarray(s.inputs)[..., 0].astype(float), np.asarray(s.targets, float))
        for s in (found.train, found.test)
    )
    spread = found.train.rows[:, 0].std(dtype="float64")
    measured = floors.floors(found, "test", seconds=10.0).metrics
    by_hand = {
        "last value": np.repeat(test[0][:, -1:], 12, axis=1),
        "season before, 24 steps": test[0][:, 24:36],
    }
    mean, scale = train[0].mean(axis=0), train[0].std(axis=0)
    from sklearn.linear_model import RidgeCV

    ridge = RidgeCV(alphas=floors.STRENGTHS).fit((train[0] - mean) / scale, train[1])
    by_hand["ridge regression"] = ridge.predict((test[0] - mean) / scale)
    assert measured.keys() == by_hand.keys()
    for name, answers in by_hand.items():
        errors = answers - test[1]
        each = np.abs(errors).mean(axis=0)  # of each step of the horizon
        assert measured[name]["mae"] == pytest.approx(each.mean(), rel=1e-4)
        mse = (errors**2).mean() / spread**2
        assert measured[name]["loss"] == pytest.approx(mse, rel=1e-4)


def test_a_floor_without_its_season_says_why():
    found = floors.floors(load(table(), window=12), "test")
    assert found.left_out["season before"] == (
        "the season of 24 steps is longer than the window of 12"
    )


# --- Bad input: one line each


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"horizon": 0}, "data.horizon=0; accepted: whole numbers from 1"),
        ({"window": -1}, "data.window=-1; accepted: whole numbers from 1"),
        ({"window": 390}, "has 400 steps, too few for training, validation and test"),
        ({"time": "wen"}, "wen.*when"),
        ({"time": "wind", "target": "load"}, "occur more than once"),
        ({"target": "when"}, "is given for two of time, target"),
        ({"target": "lod"}, "lod.*load"),
        ({"target": "load, wind"}, "load, wind are 2 columns, .* as --target load;"),
        ({"target": ["wind", "load"]}, "train one for each, as --target wind; each"),
        ({"time": ""}, "say which one is the time: data.time="),
        ({"key": "nothing"}, "nothing"),
        ({"key": "load,wind"}, "names 2 columns, load, wind, and a key is one: put"),
        ({"step": "1 parsec"}, "parsec"),
        ({"step": "2.5months"}, "step=2.5months; accepted: whole numbers of months"),
        ({"step": "0.0005ms"}, "step=0.0005ms; accepted: whole numbers of microsec"),
        ({"split": "etth"}, "etth.*ett"),
        ({"test": 1.5}, "test=1.5 is not a share"),
        ({"fold": (0, 30)}, r"30 folds of 400 steps; accepted: 2 to 5, as a wind"),
        (
            {"fold": (0, 3), "key": "wind"},
            "a series with data.key=wind is not cross-val",
        ),
        ({"groups": "wind"}, "is for tables; a series has data.key=wind"),
    ],
)
def test_bad_arguments_are_told_in_a_line(changes, said):
    with pytest.raises(Mistake, match=said) as error:
        load(table(), **changes)
    assert "\n" not in str(error.value)


def test_the_time_is_no_column_to_learn_from():
    given = {"columns": {"when": "date"}, **GIVEN}
    with pytest.raises(Mistake, match="'when' is the time of the series; leave it out"):
        data.load(table(), **given)


def test_two_columns_of_one_name(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("when,load,load\n2026-01-01,1,2\n")
    with pytest.raises(Mistake, match="2 columns are called 'load'"):
        data.load(path, **GIVEN)


def test_series_that_packages_ship_ask_for_them(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for name, package in {"weather": "pvlib", "sunspots": "statsmodels"}.items():
        with pytest.raises(
            Mistake, match=f"{name} needs .*pip install --no-deps {package}"
        ):
            data.load(name)
    assert {"weather", "sunspots"} <= {*zoo.data.names()}


def test_rows_tables_and_units_are_read_in_a_forecast_too():
    columns = table()
    columns["load"] = [f"{each:.2f} kW" for each in columns["load"]]
    found = load(columns)
    frame = pd.DataFrame(columns)
    [expected] = data.items(found, frame)
    for given in (pyarrow.table(columns), frame.to_dict("records")):
        [ending] = data.items(found, given)
        np.testing.assert_array_equal(ending.inputs, expected.inputs)
        assert ending.ahead == expected.ahead
    with pytest.raises(
        Mistake, match=r"'when' is the index of the table; table\.reset"
    ):
        data.items(found, frame.set_index("when"))


def test_a_category_that_was_never_seen_is_told_in_a_forecast():
    sky = np.where(np.arange(HOURS) % 5, "fair", "rain")
    found = load(table(sky=sky))
    with pytest.warns(UserWarning, match="column sky: 'hail' is unknown to the netw"):
        data.items(found, table(sky=np.append(sky[:-1], "hail")))


def test_each_column_that_is_known_ahead_is_given_in_a_frame_too():
    fair = np.where(np.arange(HOURS + 12) % 50 == 3, "fair", None)
    found = load(table(fair=fair[:HOURS]), ahead=("wind", "fair"))
    frame = pd.DataFrame(table(HOURS + 12, fair=fair))
    with pytest.raises(
        Mistake, match=r"given: 3; .* zoo.predict forecasts with back=12"
    ):
        data.items(found, frame[:HOURS], back=3)
    frame.loc[HOURS:, ["load", "fair"]] = None  # what seldom happens may not happen
    [ending] = data.items(found, frame)
    assert ending.ahead[0] == "2026-01-17 16:00"
    with pytest.raises(Mistake, match=r"wind, fair are known ahead, so give 12.* them"):
        data.items(found, frame[:HOURS])
    frame.loc[HOURS:, "wind"] = None
    with pytest.raises(Mistake, match=r"wind is known.*with it and.*12, without wind"):
        data.items(found, frame)

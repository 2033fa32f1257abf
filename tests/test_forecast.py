"""lstm_forecast: what it sees of a window, and runs that forecast."""

import json
from dataclasses import replace

import numpy as np
import pandas
import pytest
from forecasts import RECIPE, answers, csv, tmp_path_series
from series import table

import zoo
from zoo import cli, publishing
from zoo.core.columns import Column
from zoo.data.kinds import endings
from zoo.errors import Mistake
from zoo.exporting import checks
from zoo.reporting.seen import look


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forecast")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        csv(folder / "own.csv", table(300))
        return zoo.train(RECIPE, run=folder / "run", quiet=True)


# --- The network


@pytest.mark.parametrize("kind", ["last", "mean"])
def test_normalization_is_reversible(kind):
    model = zoo.build("lstm_forecast", window=6, horizon=2, units=(4,), normalize=kind)
    window = np.random.default_rng(0).normal(size=(3, 6, 1))
    moved = 5.0 if kind == "last" else 3.0
    scale = 1.0 if kind == "last" else 2.0
    there = answers(model, scale * window + moved)
    assert np.allclose(there, scale * answers(model, window) + moved, atol=1e-4)


@pytest.mark.parametrize("kind", ["last", "mean"])
def test_as_many_examples_as_steps_are_forecast_as_one_by_one(kind):
    model = zoo.build("lstm_forecast", window=6, horizon=3, units=(4,), normalize=kind)
    rows = np.random.default_rng(0).normal(size=(3, 6, 1)).astype("float32")
    found = [
        np.asarray(model.predict_on_batch(each)) for each in (rows, *rows[:, None])
    ]
    np.testing.assert_allclose(
        found[0], np.concatenate(found[1:]), rtol=1e-5, atol=1e-6
    )


def test_the_linear_path_is_a_matrix_product():
    model = zoo.build(
        "lstm_forecast", window=6, horizon=2, units=(4,), linear=3, normalize="none"
    )
    kernel = np.arange(6, dtype="float32").reshape(3, 2)
    window = np.random.default_rng(0).normal(size=(3, 6, 1)).astype("float32")
    before = answers(model, window)
    model.get_layer("linear").set_weights([kernel])
    assert np.allclose(
        answers(model, window) - before, window[:, -3:, 0] @ kernel, atol=1e-5
    )


def test_a_missing_last_value_is_not_the_level():
    model = zoo.build("lstm_forecast", window=6, horizon=2, units=(4,))
    window = np.array([[[1], [2], [3], [4], [5], [np.nan]]])
    there = answers(model, window + 10)
    assert np.allclose(there, answers(model, window) + 10, atol=1e-4)
    assert np.isfinite(answers(model, np.full((1, 6, 1), np.nan))).all()


def test_the_day_itself_is_not_seen():
    columns = (Column("load"), Column("when", "date"))
    model = zoo.build("lstm_forecast", columns=columns, window=4, horizon=1, units=(4,))
    window = np.random.default_rng(0).normal(size=(1, 4, 3))
    window[..., 1:] = 100, 0
    later = window.copy()
    later[..., 1] += 7 * 400  # other day and year, the same weekday, another month
    january = window.copy()
    january[..., 1] = np.datetime64("2026-01-07").astype(int)
    same = january.copy()
    same[..., 1] = np.datetime64("2026-01-14").astype(int)
    assert np.array_equal(answers(model, january), answers(model, same))
    assert not np.array_equal(answers(model, window), answers(model, later))


def test_what_is_ahead_is_seen():
    columns = (Column("load"), Column("price"))
    model = zoo.build(
        "lstm_forecast", columns=columns, window=4, horizon=2, ahead=("price",)
    )
    window = np.random.default_rng(0).normal(size=(1, 6, 2)).astype("float32")
    window[:, 4:, 0] = np.nan
    other = window.copy()
    other[:, 5, 1] += 1
    assert not np.array_equal(answers(model, window), answers(model, other))
    other = window.copy()
    other[:, 5, 0] = 7
    assert np.array_equal(answers(model, window), answers(model, other))


@pytest.mark.once
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"cell": "lstn"}, "lstn.*lstm"),
        ({"normalize": "men"}, "men.*mean"),
        ({"linear": 9}, "linear=9; accepted: 0 to the window of 6 steps"),
        ({"horizon": 0}, "horizon=0; accepted: 1 step or more"),
        ({"ahead": ("prize",), "columns": (Column("load"), Column("price"))}, "price"),
        ({"columns": (Column("when", "date"),)}, "which is to be a number"),
        ({"units": 4}, "units takes the width of each layer"),
        ({"memory": (1, 2)}, "memory takes a number for each of the layers"),
    ],
)
def test_bad_arguments_are_told(arguments, said):
    with pytest.raises(Mistake, match=said):
        zoo.build("lstm_forecast", **{"window": 6, **arguments})


# --- A run


def test_scaling_is_that_of_the_training_rows(run):
    rows = table(300)["load"][: 300 - 60 - 48]
    unit = run.model.get_layer("unit")
    columns = run.model.get_layer("columns")
    assert np.allclose(unit.input_mean, np.full(4, rows.mean()), rtol=1e-5)
    assert np.allclose(np.sqrt(unit.input_variance), rows.std(), rtol=1e-4)
    assert columns.input_mean[0] == pytest.approx(rows.mean(), rel=1e-5)


def test_it_forecasts_what_comes_after_the_last_row(run, tmp_path):
    [said] = zoo.predict(run, tmp_path_series(tmp_path), confidence=0.5)
    assert said.times == tuple(f"2026-01-13 {hour}:00" for hour in (12, 13, 14, 15))
    assert list(said.history)[-1] == "2026-01-13 11:00"
    assert len(said.history) == 24
    window = run.dataset().test.inputs.rows[-24:][None]
    assert np.allclose(
        list(said.numbers.values()), answers(run.model, window), rtol=1e-4
    )
    low, high = said.intervals["load +2"]
    errors = run.metrics["conformal"]["errors"]["load +2"]
    place = int(np.ceil((len(errors) + 1) * 0.5)) - 1
    assert (high - low) / 2 == pytest.approx(errors[place])
    few = "at 0.95 stand on 6 horizons that do not overlap in validation, and take 19"
    with pytest.warns(UserWarning, match=few):
        zoo.predict(run, tmp_path_series(tmp_path), confidence=0.95)


def test_a_step_back_knows_the_truth(run, tmp_path):
    path = tmp_path_series(tmp_path)
    [said] = zoo.predict(run, path, back=4)
    assert np.allclose(list(said.truth.values()), table(300)["load"][-4:], rtol=1e-5)
    [last] = answers(run.model, run.dataset().test.inputs[[-1]])
    assert np.allclose(list(said.numbers.values()), last, rtol=1e-4)
    measured = zoo.evaluate(run, "test")
    assert measured["mae"] == pytest.approx(run.metrics["test"]["mae"], rel=1e-5)


def test_each_step_has_its_error(run):
    test = run.dataset().test
    errors = np.abs(answers(run.model, test.inputs) - test.targets).mean(axis=0)
    steps = run.metrics["steps"]["test"]
    assert np.allclose([each["mae"] for each in steps.values()], errors, rtol=1e-4)
    assert run.metrics["test"]["mae"] == pytest.approx(errors.mean(), rel=1e-4)
    each = np.abs(answers(run.model, test.inputs) - test.targets).mean(axis=1)
    beside = (len(each) + 3) / 4  # windows, of a horizon of 4
    expected = each.std(ddof=1) / np.sqrt(beside)
    assert run.metrics["noise"]["mae"] == pytest.approx(expected, rel=1e-4)


def test_short_and_strange_series_are_told(run, tmp_path):
    short = {name: values[:20] for name, values in table(300).items()}
    csv(tmp_path / "short.csv", short)
    with pytest.raises(
        Mistake, match=r"short\.csv has 20 steps, and the network sees 24"
    ):
        zoo.predict(run, tmp_path / "short.csv")
    with pytest.raises(Mistake, match="missing column 'wind'"):
        zoo.predict(run, {"when": short["when"], "load": short["load"]})
    lines = (tmp_path / "short.csv").read_text().splitlines()
    (tmp_path / "bare.csv").write_text("\n".join(lines[1:]))
    with pytest.raises(
        Mistake,
        match=r"bare\.csv has no header: .* above it: when, load, wind, in the ",
    ):
        zoo.predict(run, tmp_path / "bare.csv")
    (tmp_path / "next.json").write_text('[{"when": "2026-01-01", "load": 1}]')
    with pytest.raises(Mistake, match=r"next.json is JSON; accepted: .*\.jsonl"):
        zoo.predict(run, tmp_path / "next.json")
    nothing = {**table(300), "load": np.full(300, np.nan)}
    with pytest.raises(Mistake, match="has no value of load"):
        zoo.predict(run, nothing)
    with pytest.raises(
        Mistake, match="is no series; give a table with a column of time"
    ):
        zoo.predict(run, 7)
    with pytest.raises(Mistake, match=r"a column alone says no time; .* series.reset_"):
        zoo.predict(run, pandas.Series([1.0]))
    with pytest.raises(Mistake, match="the table has no rows; give the steps before"):
        zoo.predict(run, {name: [] for name in short})
    # No setting of the data changes what a network has learned.
    for step, said in {
        "m": "02:01 is not a whole number of steps of 1h .*; the network learned steps",
        "D": "of 1h have no row, .*; the network learned steps of 1h, so give rows",
    }.items():
        other = table(300, "2026-01-01T02:00", step)
        with pytest.raises(Mistake, match=said):
            zoo.predict(run, other)
    twice = {name: np.append(each, each[-1:]) for name, each in table(300).items()}
    with pytest.raises(Mistake, match=r"keep one row for each time$"):
        zoo.predict(run, twice)


@pytest.mark.once
def test_the_command_line_forecasts_and_draws(run, tmp_path, capsys):
    path, chart = str(tmp_path_series(tmp_path)), tmp_path / "chart.svg"
    words = ["predict", str(run.folder), path]
    more = ["--confidence", "0.5", "--back", "4", "--chart", str(chart)]
    assert cli.call([*words, *more]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "series",
        "time",
        "forecast",
        "0.5",
        "interval",
        "truth",
    ]
    assert lines[1].startswith("next.csv  2026-01-13 08:00")
    assert "<svg" in chart.read_text()
    assert cli.call([*words, "--json"]) == 0
    [said] = json.loads(capsys.readouterr().out)
    assert said["times"][0] == "2026-01-13 12:00"


@pytest.mark.once
def test_a_chart_is_for_series_and_has_an_ending(run, tmp_path):
    from zoo.reporting import forecasts

    with pytest.raises(Mistake, match=r"\.bmp"):
        forecasts.check(tmp_path / "chart.bmp")
    with pytest.raises(Mistake, match="there is no folder"):
        forecasts.check(tmp_path / "nowhere" / "chart.svg")
    said = zoo.predict(run, [table(30 + i) for i in range(10)])
    with pytest.warns(UserWarning, match=r"some.svg has the first 9 of 10 series"):
        forecasts.draw(said, tmp_path / "some.svg")


@pytest.mark.slow
def test_an_exported_run_forecasts_the_same(run, tmp_path):
    path = tmp_path_series(tmp_path)
    file = zoo.export(run, tmp_path / "run.onnx")
    [one], [other] = zoo.predict(run, path), zoo.predict(file, path)
    assert one.times == other.times
    numbers = [list(each.numbers.values()) for each in (one, other)]
    assert np.allclose(*numbers, rtol=1e-4)


@pytest.mark.parametrize("normalize", ["last", "mean"])
def test_an_export_is_checked_at_the_level_of_the_series(normalize, tmp_path):
    columns = table(200)
    columns["load"] = 50_000 + 2 * (columns["load"] - 50)
    csv(tmp_path / "own.csv", columns)
    network = {"units": (4,), "cell": "mingru", "normalize": normalize}
    recipe = replace(
        RECIPE, data=str(tmp_path / "own.csv"), model_arguments=network, epochs=1
    )
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True, floor=False)
    inputs, expected = checks.read(zoo.export(run))
    level = columns["load"][:200].mean()
    assert np.nanmean(inputs[..., 0]) == pytest.approx(level, abs=10)
    assert np.nanstd(inputs[..., 0]) == pytest.approx(20, rel=0.5)
    assert expected.mean() == pytest.approx(level, abs=50)
    days = inputs[..., 2]  # of January 2026
    assert (np.rint(days) == days)[~np.isnan(days)].all()


@pytest.mark.slow
@pytest.mark.once
def test_a_table_trains_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    csv(tmp_path / "own.csv", table(200))
    words = ["train", "own.csv", "--target", "load", "data.time=when"]
    words += ["data.window=24", "data.horizon=4", "epochs=1", "--run", "run"]
    words += ["data.ahead=wind"]
    with pytest.warns(UserWarning, match="validation has 32 steps, not 16"):
        assert cli.call([*words, "--no-floor"]) == 0
    printed = capsys.readouterr()
    assert 'model="lstm_forecast"' in printed.err
    suggested = printed.out.partition("zoo predict ")[2].splitlines()[0].split()
    assert suggested[1:] == [str(tmp_path / "own.csv"), "--back", "4"]
    assert cli.call(["predict", *suggested]) == 0


@pytest.mark.once
def test_a_window_is_written_as_a_table(run, tmp_path):
    window = run.dataset().test.inputs[-1]
    path = tmp_path / "example.csv"
    path.write_text(
        endings.as_table(window, run.about_data.timeline, run.about_data.columns)
    )
    [said] = zoo.predict(run, path)
    assert np.allclose(list(said.history.values()), window[:, 0], rtol=1e-4)


@pytest.mark.once
def test_the_card_of_a_forecast_says_nothing_of_classes(run):
    said = publishing.describe(run, "load")["limits"]
    assert said.startswith("It answers whatever it is shown, and knows nothing of")


@pytest.mark.once
def test_a_report_of_a_series_is_drawn(run):
    page = zoo.report(run).read_text("utf-8")
    assert "load +1" in page
    sizes = np.bincount(look(run).groups)  # of windows that answer the same steps
    assert sizes.min() >= 7  # two horizons, about
    assert sizes.max() <= 9
    drawn = page.partition('id="forecasts"')[2].partition("<section")[0]
    assert drawn.count("<svg") == drawn.count("dotted: what came") == 4
    assert "season before, 24 steps" in drawn or "last value" in drawn
    told = zoo.report(run, format="md").read_text("utf-8")
    assert "## Result" in told
    assert "## Forecasts" not in told  # it has nothing but drawings


@pytest.mark.slow
@pytest.mark.once
def test_a_series_is_cross_validated_in_the_order_of_time(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv(tmp_path / "own.csv", table(300))
    recipe = replace(RECIPE, validation=0.0, epochs=1)
    run = zoo.cross_validate(recipe, 2, tmp_path / "parts", quiet=True)
    assert [each["examples"] for each in run.metrics["folds"]] == [73, 73]
    given = {**RECIPE.data_arguments, "fold": (1, 2), "validation": 0.0}
    second = zoo.data.load("own.csv", **given).test
    errors = np.asarray(second.targets) - np.asarray(second.inputs)[:, -1:, 0]
    found = run.metrics["folds"][1]["floors"]["last value"]["mae"]
    assert found == pytest.approx(np.abs(errors).mean(), rel=1e-5)
    assert run.metrics["interval"]["mae"][0] < run.metrics["test"]["mae"]

"""Runs side by side, and the runs of a folder as a table."""

import json
import shutil

import numpy as np
import pytest
from scipy import stats
from strangers import edit

import zoo
from zoo import cli
from zoo.errors import Mistake
from zoo.reporting.seen import look
from zoo.run import open_run

pytestmark = pytest.mark.once


def trained(folder, data="moons", seed=0, epochs=1, **fields):
    recipe = zoo.Recipe(
        "deep_mlp", data, {"hidden": (8,)}, batch=32, epochs=epochs, seed=seed, **fields
    )
    return zoo.train(recipe, run=folder, quiet=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    trained(place / "short")
    trained(place / "long", seed=1, epochs=12)
    return place


@pytest.fixture(scope="module")
def found(folder):
    return zoo.compare(folder / "short", folder / "long")


def right(run):
    seen = look(open_run(run))
    return (seen.outputs[:, 0] >= 0) == (seen.targets == 1)


@pytest.mark.slow
def test_a_difference_is_that_of_the_same_examples(folder, found):
    accuracy, loss = found.differences
    first, other = right(folder / "short"), right(folder / "long")
    assert (accuracy.metric, accuracy.run) == ("accuracy", "long")
    assert (accuracy.first, accuracy.value) == (first.mean(), other.mean())
    only = int((first & ~other).sum()), int((other & ~first).sum())
    assert accuracy.p == pytest.approx(stats.binomtest(only[0], sum(only)).pvalue)
    drawn = stats.bootstrap(
        (other.astype(float) - first,), np.mean, method="percentile", rng=0
    )
    expected = tuple(drawn.confidence_interval)
    assert accuracy.interval == pytest.approx(expected, abs=0.011)
    tested = zoo.evaluate(folder / "long")
    assert found.metrics["long"] == pytest.approx(tested)
    assert loss.value == pytest.approx(tested["loss"])
    assert loss.p is None
    assert loss.is_clear


def test_what_differs_is_told(found):
    rows = {row[0]: row[1:] for row in found.settings}
    assert rows["seed"] == ["0", "1"]
    assert rows["epochs"] == ["1", "12"]
    assert "model" not in rows


def test_the_page_has_curves_over_each_other(found, tmp_path):
    path = found.save(tmp_path / "page.html")
    page = path.read_text("utf-8")
    assert page.count("<svg") == 2
    assert "exact McNemar test" in page
    assert "script" not in page
    assert found._repr_html_().startswith("<iframe")


def test_the_command_prints_three_tables_and_writes_the_page(
    folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert cli.call(["compare", str(folder / "short"), str(folder / "long")]) == 0
    said = capsys.readouterr().out
    assert "long - short" in said
    assert said.endswith("comparison.html\n")
    assert (tmp_path / "comparison.html").is_file()


@pytest.mark.slow
def test_runs_that_cannot_be_compared_are_named(folder, tmp_path, moved):
    with pytest.raises(Mistake, match=r"^1 runs to compare; accepted: 2 to 10$"):
        zoo.compare(folder / "short")
    with pytest.raises(Mistake, match="same run is given twice"):
        zoo.compare(folder / "short", folder / "short")
    rings = trained(tmp_path / "rings", "circles")
    with pytest.raises(Mistake, match=r"only in the first .*; only in the second"):
        zoo.compare(folder / "short", rings)
    line = zoo.train(
        zoo.Recipe("deep_mlp", "line", {"hidden": ()}, batch=8, epochs=1),
        run=tmp_path / "line",
        quiet=True,
    )
    with pytest.raises(Mistake, match="one answers classes, the other numbers"):
        zoo.compare(folder / "short", line)
    with pytest.raises(Mistake, match=r"number of examples is 200 and 80; give runs"):
        zoo.compare(folder / "short", moved)
    wilder = trained(tmp_path / "wilder", data_arguments={"noise": 0.3})
    with pytest.raises(Mistake, match="test splits hold different inputs; give runs"):
        zoo.compare(folder / "short", wilder)


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """A run on fewer points of the same classes."""
    place = tmp_path_factory.mktemp("moved") / "moved"
    return trained(place, data_arguments={"samples": 400})


def test_a_page_of_numbers_has_mean_errors(tmp_path):
    runs = [
        zoo.train(
            zoo.Recipe("deep_mlp", "line", {"hidden": ()}, batch=8, epochs=epochs),
            run=tmp_path / f"line-{epochs}",
            quiet=True,
        )
        for epochs in (1, 3)
    ]
    mae, square = zoo.compare(*runs).differences
    assert mae.value == pytest.approx(zoo.evaluate(runs[1])["mae"])
    assert square.metric == "mean_squared_error"
    assert square.value == pytest.approx(zoo.evaluate(runs[1])["rmse"] ** 2, rel=1e-5)


# --- The runs of a folder


@pytest.fixture
def several(folder, tmp_path):
    place = tmp_path / "several"
    for name in ("short", "long"):
        shutil.copytree(folder / name, place / name)
    return place


def test_runs_are_sorted_by_any_metric(several):
    listed = [row["run"] for row in zoo.runs(several).rows]
    assert listed == ["long", "short"]
    for metric in ("accuracy", "loss", "balanced_accuracy", "auc"):
        first, last = zoo.runs(several, sort=metric).rows
        assert (first["run"], last["run"]) == ("long", "short"), metric
    assert zoo.runs(several, sort="epochs").rows[0]["run"] == "short"
    kept = json.loads((several / "long" / "metrics.json").read_text())
    assert zoo.runs(several).rows[0]["accuracy"] == kept["test"]["accuracy"]


def test_what_cannot_be_read_costs_one_line(several, capsys):
    (several / "short" / "recipe.json").write_text("{")
    (several / "notes").mkdir()
    edit(several / "long" / "data.json", name="<script>")
    (several / "begun").mkdir()
    (several / "begun" / "recipe.json").write_text("{}")
    assert cli.call(["runs", str(several), "--sort", "accuracy"]) == 0
    printed = capsys.readouterr()
    head, *rows = printed.out.splitlines()
    assert head.split()[:4] == ["run", "model", "data", "backend"]
    assert [row.split()[0] for row in rows] == ["long"]
    first, second = printed.err.splitlines()
    assert first.startswith("begun: ")
    assert "has not ended" in first
    assert second.startswith("short: ")
    assert "recipe.json" in second


def test_a_folder_without_runs(tmp_path, several):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(Mistake, match="there is no such folder; `zoo train` makes"):
        zoo.runs(tmp_path / "gone")
    with pytest.raises(Mistake, match=r"holds no runs; `zoo train` makes runs$"):
        zoo.runs(empty)
    with pytest.raises(Mistake, match="unknown column to sort by 'acuracy'; did you"):
        zoo.runs(several, sort="acuracy")


def test_a_notebook_shows_the_table(several):
    assert "iframe" in zoo.runs(several)._repr_html_()
    assert [row["run"] for row in zoo.runs(several / "long").rows] == ["long"]

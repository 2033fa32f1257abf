"""What a search shows: its charts, its table of trials and its progress."""

import re
import sys

import numpy as np
import pytest
from searches import TINY

from zoo import metrics
from zoo.tuning import charts, table, trial
from zoo.tuning.progress import Progress
from zoo.tuning.report import importances, pareto
from zoo.tuning.search import FIRST, Settings, metric_of

pytestmark = pytest.mark.once


def test_the_pareto_set_is_what_no_other_beats_in_both():
    costs, values = [3, 1, 2, 2, 9, 5], [0.8, 0.5, 0.7, 0.6, 0.8, 0.9]
    assert pareto(costs, values) == [1, 2, 0, 5]


def test_the_hyperparameter_that_decides_is_the_most_important():
    random = np.random.default_rng(0)
    trials = [
        {"values": {"a": a, "b": b, "c": 1}, "validation_loss": np.log10(a) ** 2}
        for a, b in zip(
            10 ** random.uniform(-4, 1, 40), random.normal(size=40), strict=True
        )
    ]
    shares = importances(trials, "validation_loss")
    assert list(shares) == ["a", "b"]
    assert shares["a"] > 0.9
    assert sum(shares.values()) == pytest.approx(1)
    assert importances(trials[:7], "validation_loss") == {}


def test_trials_far_worse_than_most_do_not_squeeze_the_chart():
    losses = [0.30, 0.31, 0.32, 0.33, 900.0]
    trials = [
        {
            "trial": n,
            "validation_loss": loss,
            "validation_accuracy": 0.5,
            "overrides": "",
        }
        for n, loss in enumerate(losses)
    ]
    drawn = charts.progress(trials, "validation_loss")
    point = r'id="progress-\d">.*?href="#(\w+)".*? y="([\d.]+)"'
    points = re.findall(point, drawn, re.DOTALL)
    markers = [marker for marker, _ in points]
    assert len(set(markers[:4])) == 1
    assert markers[4] != markers[0]
    heights = [float(y) for _, y in points]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] - heights[-1] > 50


@pytest.mark.parametrize("terminal", [False, True])
def test_each_trial_that_ends_is_told_once(terminal, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    settings = Settings("", (), TINY, "jax", trials=4)
    done = {"status": "COMPLETED", "overrides": "dropout=0.1", "reason": ""}
    values = {"validation_accuracy": 0.75, "validation_loss": 0.5}
    failed = {"trial": 1, "status": "FAILED", "overrides": "batch=[1]", "reason": "no"}
    with Progress(settings, None, False) as shown:
        trials = [{"trial": 0, **done, **values}]
        shown.show(trials)
        trials += [failed, {"trial": 2, "status": "RUNNING"}]
        shown.show(trials)
        shown.show(trials)
    told = capsys.readouterr().err
    assert "1 trials are done already" in told
    assert told.count("trial 1 of 4: validation accuracy -, best 0.7500 (trial 0)") == 1
    assert "batch=[1]; failed: no" in told
    assert "trial 0 of 4" not in told
    assert "trial 2 of 4" not in told
    assert ("2/4" in told) == terminal


def test_a_hyperparameter_may_have_the_name_of_a_column(tmp_path):
    row = {
        "trial": 0,
        "status": "FAILED",
        "epochs": 9,
        "overrides": "",
        "reason": "",
    }
    table.write(tmp_path, [{**row, "values": {"epochs": 3, "reason": "none"}}])
    (read,) = table.read(tmp_path, ["accuracy"])
    assert read["epochs"] == 9
    assert read["reason"] == ""
    assert read["values"] == {"epochs": 3, "reason": "none"}


@pytest.mark.parametrize("task", FIRST)
def test_a_search_by_the_loss_shows_the_metric_of_its_task(task):
    line = {"loss": 1.0, **metrics.counted(task, 1.0, 2)}
    line |= {f"validation_{name}": 0.5 for name in metrics.names(task, 3)}
    assert metric_of(line) == FIRST[task]
    judged = trial.judge([[{**line, "epoch": 1}]], "loss")
    assert metric_of(judged) == FIRST[task]

"""What zoo 0.1 (commit ebf94ef) left opens: runs, a search, a state, a ledger."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo import tuning
from zoo.run import Run, open_run

OLD = Path(__file__).parent / "old"
ANSWERS = json.loads((OLD / "answers.json").read_text("utf-8"))


@pytest.fixture
def digits():
    return zoo.data.load("mnist_sample", validation=0).test.inputs[:3]


def answers(name, inputs):
    with pytest.warns(UserWarning, match="run of an older zoo: its model is read from"):
        return [each.probabilities for each in zoo.predict(OLD / name, inputs)]


def same(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)


def test_a_run_on_points_answers_as_it_did():
    lines = [",".join(map(str, point)) for point in ANSWERS["points"]]
    same(answers("moons", lines), ANSWERS["moons"])


def test_a_run_on_digits_answers_as_it_did(digits):
    same(answers("digits", list(digits)), ANSWERS["digits"])


def test_a_run_on_texts_answers_as_it_did():
    same(answers("texts", ANSWERS["sentences"]), ANSWERS["texts"])


def test_its_recipe_history_and_metrics_are_read():
    run = open_run(OLD / "moons")
    assert run.recipe.model == "deep_mlp"
    assert run.recipe.learning_rate == 0.01
    assert run.backend == "jax"
    assert len(run.history) == 20
    assert run.metrics["test"]["accuracy"] > 0.9


def test_a_run_is_evaluated_as_it_was():
    with pytest.warns(UserWarning, match="older zoo"):
        found = zoo.evaluate(OLD / "moons")
    assert found["accuracy"] == open_run(OLD / "moons").metrics["test"]["accuracy"]


def test_a_search_is_read_and_its_winner_opens():
    search = tuning.load(OLD / "search")
    assert [trial["status"] for trial in search.trials] == ["COMPLETED"] * 3
    assert search.best["trial"] == 2
    assert search.recipe.model_arguments["hidden"] == (116, 10)
    winner = OLD / "search" / "winner" / "trial-2-seed-1"
    with pytest.warns(UserWarning, match="older zoo"):
        assert Run(winner).model.count_params() == 116 * 3 + 117 * 10 + 11


def test_a_training_goes_on_from_its_state(tmp_path):
    """The state of the end: nothing is trained, and the weights are the old ones."""
    folder = Path(shutil.copytree(OLD / "moons", tmp_path / "moons"))
    (folder / "metrics.json").unlink()
    recipe = Run(folder).recipe
    if zoo.backend.current() != "jax":
        with pytest.raises(zoo.errors.Mistake, match="made on jax"):
            zoo.train(recipe, run=folder, resume=True, quiet=True)
        return
    run = zoo.train(recipe, run=folder, resume=True, quiet=True)
    assert (folder / "run.json").is_file()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*older zoo")
        before = Run(OLD / "moons").model
    for new, old in zip(run.model.get_weights(), before.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


def test_a_training_that_was_stopped_ends_as_it_would_have(tmp_path):
    """Stopped in the third of six epochs; `end.npz` has the weights of zoo 0.1."""
    stopped = OLD / "stopped" / zoo.backend.current()
    folder = Path(shutil.copytree(stopped, tmp_path / "stopped"))
    recipe = Run(folder).recipe
    resumed = zoo.train(recipe, run=folder, resume=True, quiet=True)
    whole = zoo.train(recipe, run=tmp_path / "whole", quiet=True)
    assert [line["epoch"] for line in resumed.history] == [1, 2, 3, 4, 5, 6]
    with np.load(stopped / "end.npz") as file:
        then = [file[name] for name in file.files]
    for new, other, old in zip(
        resumed.model.get_weights(), whole.model.get_weights(), then, strict=True
    ):
        np.testing.assert_allclose(new, other, rtol=0, atol=1e-6)
        np.testing.assert_allclose(new, old, rtol=0, atol=1e-6)


@pytest.mark.once
def test_lines_of_the_ledger_are_read():
    lines = (OLD / "results.jsonl").read_text("utf-8").splitlines()
    for line in map(json.loads, lines):
        assert {"recipe", "backend", "seed"} <= line.keys()

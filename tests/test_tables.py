"""The tables in README.md and in the recipes are what the ledger says."""

import dataclasses
import functools
import itertools
import sys

import floors
import ledger
import numpy as np
import pages
import pytest
import tables
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from zoo import backend, data
from zoo import recipe as recipes
from zoo.evaluation.reproduction import holds
from zoo.metrics import better, summarize

pytestmark = pytest.mark.once


def test_tables_are_those_of_the_ledger(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["tables.py", "--check"])
    tables.main()  # it exits where one differs


@functools.cache
def everywhere(name):
    """Today's lines of recipe `name`, by backend."""
    return {each: ledger.measured(name, each, lines()) for each in backend.NAMES}


lines = functools.cache(ledger.read)


def seeds_needed(measured):
    """Five, or three where on some hardware every run takes more than five minutes."""
    fastest = {}
    for line in itertools.chain.from_iterable(measured.values()):
        hardware, seconds = line["device"], line["metrics"]["seconds"]["total"]
        fastest[hardware] = min(seconds, fastest.get(hardware, seconds))
    return 3 if max(fastest.values(), default=0) > 5 * 60 else 5


@pytest.mark.parametrize(
    "name", [name for name in recipes.names() if recipes.load(name).expects]
)
def test_every_claim_was_measured_on_clean_code_and_holds(name):
    """A single run has no spread: its backend only has to come up to the others."""
    expects, measured = recipes.load(name).expects, everywhere(name)
    needed = seeds_needed(measured)
    assert any(len(found) >= needed for found in measured.values())
    summaries = {
        each: summarize(
            [line["metrics"][expects.split][expects.metric] for line in found]
        )
        for each, found in measured.items()
        if found
    }
    for each, summary in summaries.items():
        if summary.count == 1:
            value = better(expects.metric, summary.mean)
            assert value >= better(expects.metric, expects.bound), each
        else:
            assert holds(expects, summary), each
    for found in measured.values():
        assert not any(line["commit"].endswith("-dirty") for line in found)


@pytest.mark.parametrize("name", recipes.names())
def test_backends_agree(name):
    """Losses of the same seeds differ between backends by chance only.

    Where a backend trains something else, as one whose frozen layers stayed frozen, its
    accuracies may hide it: they are those of a few pictures. By Welch's test, which
    knows how little three seeds say of their spread; one comparison in a hundred may
    fail by chance.
    """
    expects = recipes.load(name).expects
    split = expects.split if expects else "test"
    losses = [
        {line["seed"]: line["metrics"][split]["loss"] for line in found}
        for found in everywhere(name).values()
    ]
    for pair in itertools.combinations(losses, 2):
        seeds = set.intersection(*map(set, pair))
        if len(seeds) < 3:
            continue
        one, two = ([found[seed] for seed in seeds] for found in pair)
        alike = np.allclose(one, two, rtol=1e-6, atol=0)
        assert alike or stats.ttest_ind(one, two, equal_var=False).pvalue > 0.01


def test_floors_of_the_file_are_scikit_learns():
    """By scikit-learn's own classes, called here."""
    known = floors.read()
    dataset = data.load_for(recipes.load("moons"))
    seen, asked = dataset.train, dataset.test
    most = DummyClassifier().fit(seen.inputs, seen.targets)
    line = make_pipeline(StandardScaler(), LogisticRegression())
    line.fit(seen.inputs, seen.targets)
    found = {name: each["accuracy"] for name, each in known["moons"]["floors"].items()}
    assert found["most frequent class"] == most.score(asked.inputs, asked.targets)
    assert found["logistic regression"] == line.score(asked.inputs, asked.targets)


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_that_is_not_better_than_its_floor_says_so(name):
    """By Student's interval over the seeds, on the backend with the most."""
    expects = recipes.load(name).expects or recipes.Expected("accuracy", 0)
    rows, metric = everywhere(name), expects.metric
    own = [
        line["metrics"][expects.split][metric] for line in max(rows.values(), key=len)
    ]
    floor, _ = tables.best_floor(name, rows)
    ahead = [better(metric, each) - better(metric, floor) for each in own]
    lower = np.mean(ahead)
    if len(own) > 1:
        error = np.std(own, ddof=1) / np.sqrt(len(own))
        lower -= stats.t.ppf(0.95, len(own) - 1) * error
    text = (recipes.folder() / f"{name}.py").read_text("utf-8")
    said = "no network is needed: this one is not better than that" in text
    assert said == (lower <= 1e-9)


def test_floors_are_those_of_the_lines_and_of_the_file_for_older_ones():
    old = {"metrics": {"test": {}}}
    assert tables.best_floor("moons", {"jax": [old]}) == (1.0, "gradient boosting")
    one, two = (
        {"metrics": {"floors": {"mean": {"accuracy": low}, name: {"accuracy": high}}}}
        for low, high, name in (
            (0.5, 0.7, "line"),
            (0.5, 0.9, "line, stopped after 40 iterations"),
        )
    )
    found = tables.best_floor("moons", {"jax": [old, one], "torch": [two]})
    assert found == (pytest.approx(0.8), "line, stopped after 40 iterations")


def test_floors_of_a_cross_validation_go_through_its_parts(monkeypatch):
    monkeypatch.setattr(floors, "SECONDS", 0)
    monkeypatch.setattr(floors, "SEEDS", 2)
    claim = recipes.Expected("accuracy", 0.5, folds=3)
    recipe = recipes.Recipe("deep_mlp", "moons", expects=claim)
    found = floors.measure(recipe)["floors"]
    right = [
        DummyClassifier()
        .fit(fold.train.inputs, fold.train.targets)
        .predict(fold.test.inputs)
        == fold.test.targets
        for seed in range(2)
        for fold in (
            data.load_for(dataclasses.replace(recipe, seed=seed), fold=(part, 3))
            for part in range(3)
        )
    ]
    share = np.concatenate(right).mean()
    assert found["most frequent class"]["accuracy"] == pytest.approx(share)


def test_the_backends_are_compared_over_the_seeds_of_both():
    def line(seed, accuracy):
        return {"seed": seed, "metrics": {"test": {"accuracy": accuracy}}}

    rows = {
        "jax": [line(0, 0.90), line(1, 0.92), line(2, 0.10)],
        "tensorflow": [line(1, 0.95), line(0, 0.90)],
        "torch": [],
    }
    # (0.90 + 0.95) / 2 - (0.90 + 0.92) / 2, in points; seed 2 has no partner.
    assert tables.apart("moons", rows) == "1.50"


def test_a_page_that_differs_is_named_and_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("before\n<a>\nold\n<b>\nafter\n")
    text = pages.between(page.read_text(), ("<a>", "<b>"), ["| new |"])
    assert text == "before\n<a>\n\n| new |\n\n<b>\nafter\n"
    with pytest.raises(SystemExit, match="run `python tool` and commit"):
        pages.update({page: text}, True, "python tool")
    assert "old" in page.read_text()
    pages.update({page: text}, False, "python tool")
    assert page.read_text() == text
    assert capsys.readouterr().out == "differs: page.md\nwritten: page.md\n"

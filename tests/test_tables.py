"""The tables in README.md and in the recipes are what the ledger says."""

import itertools
import subprocess
import sys
from pathlib import Path

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

ROOT = Path(__file__).parents[1]


def test_tables_are_those_of_the_ledger():
    command = [sys.executable, str(ROOT / "tools" / "tables.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def everywhere(name):
    """Today's lines of recipe `name`, by backend."""
    lines = ledger.read()
    return {each: ledger.measured(name, each, lines) for each in backend.NAMES}


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


def test_every_recipe_has_floors_and_small_ones_are_measured_again():
    """Against scikit-learn's own classes, called here."""
    known = floors.read()
    assert set(known) == set(recipes.names())
    dataset = data.load("moons", validation=0)
    seen, asked = dataset.train, dataset.test
    most = DummyClassifier().fit(seen.inputs, seen.targets)
    line = make_pipeline(StandardScaler(), LogisticRegression())
    line.fit(seen.inputs, seen.targets)
    assert known["moons"]["floors"] == pytest.approx(
        {
            "most frequent class": most.score(asked.inputs, asked.targets),
            "logistic regression": line.score(asked.inputs, asked.targets),
        }
    )


def test_a_floor_that_did_not_converge_says_so(monkeypatch):
    monkeypatch.setattr(floors, "ITERATIONS", 1)
    found = floors.measure(recipes.load("moons"))["floors"]
    assert list(found)[1] == "logistic regression, stopped after 1 iterations"


def test_large_pictures_are_averaged_before_the_regression():
    dataset = data.load("mnist_sample")
    large = np.zeros((1, 64, 96, 3), np.uint8)
    large[:, :32] = 255
    small = floors.features(large, dataset).reshape(32, 32, 3)
    assert small[:16].min() == 1
    assert small[16:].max() == 0


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

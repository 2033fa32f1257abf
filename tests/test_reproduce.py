"""A recipe's claim is checked by running it; the ledger counts what is current."""

import json
import re

import ledger
import pytest

from zoo import cli
from zoo import recipe as recipes
from zoo.errors import Mistake
from zoo.evaluation.reproduction import reproduce
from zoo.metrics import summarize

pytestmark = pytest.mark.once

RECIPE = """
import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    data="blobs",
    model_arguments={"hidden": (8,)},
    epochs=EPOCHS,
    learning_rate=0.03,
    expects=zoo.Expected(metric="accuracy", at_least=CLAIM),
)
"""


@pytest.fixture
def recipe(tmp_path):
    def write(epochs, claim):
        text = RECIPE.replace("EPOCHS", str(epochs)).replace("CLAIM", str(claim))
        path = tmp_path / "mine.py"
        path.write_text(text)
        return str(path)

    return write


def test_a_claim_that_holds(recipe, capsys):
    assert cli.call(["reproduce", recipe(10, 0.9), "--seeds", "2"]) == 0
    said = capsys.readouterr().out
    assert "(2)" in said
    assert "the claim of 90.00% holds" in said


def test_a_claim_that_does_not_hold(recipe, capsys):
    with pytest.raises(SystemExit, match="1"):
        cli.call(["reproduce", recipe(1, 1.0), "--seeds", "2"])
    assert "the claim of 100.00% does NOT hold" in capsys.readouterr().out


def test_nothing_to_check(recipe, tmp_path):
    with pytest.raises(Mistake, match="seeds=1; accepted: at least 2"):
        reproduce(recipe(1, 1.0), seeds=1)
    silent = tmp_path / "silent.py"
    silent.write_text(re.sub(r"    expects=.*\n", "", RECIPE.replace("EPOCHS", "1")))
    with pytest.raises(Mistake, match=r"silent\.py has no `expects=`"):
        reproduce(str(silent))


def test_the_ledger_counts_the_newest_line_of_todays_recipe(monkeypatch, tmp_path):
    monkeypatch.setattr(ledger, "path", lambda: tmp_path / "results.jsonl")
    assert ledger.read() == []
    today = ledger.fields(recipes.load("circles"))
    stale = {**today, "epochs": 1}
    for seed, fields, accuracy in [(0, today, 0.5), (0, today, 0.9), (1, stale, 0.1)]:
        ledger.append(
            {
                "recipe": "circles",
                "backend": "jax",
                "seed": seed,
                "fields": json.loads(json.dumps(fields)),
                "accuracy": accuracy,
            }
        )
    [line] = ledger.measured("circles", "jax", ledger.read())
    assert (line["seed"], line["accuracy"]) == (0, 0.9)
    assert ledger.measured("circles", "torch", ledger.read()) == []


def test_summary():
    summary = summarize([0.98, 0.99, 1.0])
    assert summary.percent() == "99.00% ± 1.00 (3)"
    assert summarize([0.5]).deviation == 0
    assert summarize([0.5]).percent() == "50.00% (1)"


def test_a_claim_about_what_a_run_does_not_have(recipe, tmp_path):
    path = tmp_path / "train.py"
    text = RECIPE.replace("at_least=CLAIM", 'at_least=0.1, split="train"')
    path.write_text(text.replace("EPOCHS", "1"))
    with pytest.raises(
        Mistake, match="accuracy of the train split, and there a run has noth"
    ):
        reproduce(str(path), seeds=2)

"""Numbers are judged by their error: advice, floors, claims, a search."""

import dataclasses
import json

import numpy as np
import pytest
from own_rows import LINE

import zoo
from zoo import cli
from zoo import recipe as recipes
from zoo.errors import Mistake
from zoo.metrics import shown
from zoo.reporting.advice import advise, compare
from zoo.training import setup

once = pytest.mark.once


RESULT = {
    "test": {"mae": 43.0},
    "noise": {"mae": 1.0},
    "floors": {"mean": {"mae": 65.0}, "ridge regression": {"mae": 44.0}},
}


@once
def test_a_network_is_compared_with_floors_by_its_error():
    assert compare(RESULT) == [
        "mean, mae 65, this network 43 ± 1: 22 better",
        "ridge regression, mae 44, this network 43 ± 1: within its noise",
    ]
    history = [{"loss": 1.0, "mae": 43.0, "seconds": 1.0, "waiting": 0.0}]
    assert advise(history, RESULT) == [
        "Not shown to need a network: ridge regression reached mae 44 on the same "
        "examples, this network 43 ± 1; more examples to judge by would tell, or train "
        "longer, on more data, or another network."
    ]


def curves(trained, validation, r2=0.5):
    return [
        {
            "loss": a / 10,
            "mae": a,
            "validation_loss": b / 10,
            "validation_mae": b,
            "validation_r2": r2,
            "seconds": 1.0,
            "waiting": 0.0,
        }
        for a, b in zip(trained, validation, strict=True)
    ]


EPOCHS = np.arange(1, 21)


@once
@pytest.mark.parametrize(
    ("history", "words"),
    [
        (curves(10 / EPOCHS, 10 / EPOCHS + EPOCHS / 4), "Overfitting: the validation"),
        (curves(0 * EPOCHS + 3, 0 * EPOCHS + 9), "Overfitting: mae is 3 in training"),
        (curves(10 / EPOCHS, 10 / EPOCHS), "Still improving: the validation mae fell"),
        (curves(0 * EPOCHS + 9, 0 * EPOCHS + 9, 0.0), "Underfitting: r2 is 0.00 in"),
        (curves(0 * EPOCHS + 9, 0 * EPOCHS + 9), "No need to regularize more: mae is"),
        (
            curves(np.where(EPOCHS == 9, 9.0, 10 / EPOCHS), 0 * EPOCHS + 9),
            "Learning rate too high: the training loss jumped",
        ),
    ],
)
def test_advice_speaks_of_the_error(history, words):
    assert advise(history)[0].startswith(words)


@once
def test_a_claim_has_one_bound():
    claim = zoo.Expected("mae", at_most=1)
    assert (claim.bound, claim.at_least) == (1.0, None)
    with pytest.raises(Mistake, match="a claim says at_least or at_most, one of them"):
        zoo.Expected("mae")
    with pytest.raises(Mistake, match=r"given at_least=1.0, at_most=2.0"):
        zoo.Expected("mae", 1, at_most=2)
    recipe = dataclasses.replace(LINE, expects=claim)
    written = json.loads(json.dumps(recipes.to_json(recipe)))
    assert recipes.from_json(written) == recipe


@pytest.mark.slow
@once
def test_a_claim_about_an_error_is_checked(tmp_path, capsys):
    text = (
        "import zoo\nrecipe = zoo.Recipe(model='deep_mlp', data='line', batch=8,"
        "model_arguments={'hidden': ()}, validation=0.0, epochs=20, learning_rate=0.3,"
        "schedule='cosine', loss='mean_squared', "
        "expects=zoo.Expected('mae', at_most=BOUND))"
    )
    path = tmp_path / "own.py"
    path.write_text(text.replace("BOUND", "0.2"))
    assert cli.call(["reproduce", str(path), "--seeds", "2"]) == 0
    assert "the claim of 0.2 holds" in capsys.readouterr().out
    path.write_text(text.replace("BOUND", "1e-9"))
    with pytest.raises(SystemExit, match="1"):
        cli.call(["reproduce", str(path), "--seeds", "2"])
    said = capsys.readouterr().out
    assert "mae, one value a seed: " in said
    assert "the claim of 1e-09 does NOT hold" in said


@once
def test_the_command_line_and_the_report_say_numbers(tmp_path, capsys):
    folder = str(tmp_path / "line")
    words = ["train", "linear_regression", "epochs=2", "--run", folder, "--no-floor"]
    assert cli.call(words) == 0
    assert "test mae: 0." in capsys.readouterr().out
    assert cli.call(["predict", folder, "0.5", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["input", "y"]
    assert lines[1].split()[0] == "0.5"
    assert cli.call(["evaluate", folder]) == 0
    assert "r2" in capsys.readouterr().out
    assert cli.call(["report", folder]) == 0
    assert cli.call(["report", folder, "--format", "png"]) == 0
    assert (tmp_path / "line" / "report.png").stat().st_size > 5000
    page = (tmp_path / "line" / "report.html").read_text("utf-8")
    assert "predicted against true" in page
    assert "The line" in page


@once
def test_what_is_for_classes_says_so():
    with pytest.raises(Mistake, match="a hypermodel learns classes; line has the tas"):
        zoo.hypermodel(LINE)


@once
def test_a_loss_or_a_claim_of_classes_is_told_before_training(capsys):
    dataset = zoo.data.load("line")
    claim = zoo.Expected("accuracy", at_least=0.9)
    with pytest.raises(Mistake, match=r"unknown metric of numbers in expects .accu"):
        setup.check(dataclasses.replace(LINE, expects=claim), dataset)
    recipe = dataclasses.replace(LINE, loss="crossentropy")
    setup.check(recipe, dataset, quiet=False)
    said = "line has numbers to be answered, so the loss is mean_squared; accepted: "
    assert said in capsys.readouterr().err


@pytest.mark.slow
@once
def test_a_search_judges_numbers_by_their_error(tmp_path, capsys):
    recipe = dataclasses.replace(LINE, epochs=2, validation=0.2)
    found = zoo.tune(recipe, trials=3, winners=1, run=tmp_path / "mae", quiet=True)
    assert (found.settings.objective, found.metric) == ("mae", "mae")
    errors = [trial["validation_mae"] for trial in found.trials]
    assert found.best["validation_mae"] == min(errors)
    assert found.result.mean == found.winner["test"][0]["mae"]
    page = (tmp_path / "mae" / "report.html").read_text("utf-8")
    assert "validation mae" in page
    assert "Test mae of the winner, 1 fresh seeds: " in page
    assert cli.call(["tune", str(tmp_path / "mae")]) == 0
    said = capsys.readouterr().out
    assert f"validation mae {shown('mae', min(errors))}, loss" in said
    found = zoo.tune(
        recipe, trials=2, winners=0, objective="r2", run=tmp_path / "r2", quiet=True
    )
    assert found.best["validation_r2"] == max(t["validation_r2"] for t in found.trials)
    with pytest.raises(Mistake, match="unknown objective of numbers 'accuracy'"):
        zoo.tune(recipe, objective="accuracy", run=tmp_path / "none")

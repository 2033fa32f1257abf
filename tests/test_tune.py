"""Searches: trials, the report, and the winner."""

import csv
import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from searches import OWN_MODEL, TINY

import zoo
from zoo import backend
from zoo import recipe as recipes
from zoo.cli import call
from zoo.errors import Mistake
from zoo.tuning import load, reopen, trial
from zoo.tuning.report import report
from zoo.tuning.search import Search
from zoo.tuning.trial import Limits


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A small search that is over."""
    folder = tmp_path_factory.mktemp("searches") / "tiny"
    only = ("learning_rate", "hidden_1", "activation", "dropout")
    return zoo.tune(TINY, trials=6, only=only, run=folder, winners=2, quiet=True)


@pytest.mark.once
def test_a_search_leaves_a_table_a_winner_and_a_command(found):
    text = (found.folder / "trials.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["trial"] for row in rows] == [str(n) for n in range(6)]
    assert {row["status"] for row in rows} == {"COMPLETED"}
    assert rows[0]["overrides"] == ""
    overrides = (found.folder / "best.txt").read_text().split()
    assert recipes.override(TINY, overrides) != TINY or overrides == []
    best = max(t["validation_accuracy"] for t in found.trials)
    assert found.best["validation_accuracy"] == best
    assert found.winner["seeds"] == [1, 2]
    assert found.result.count == 2
    assert found.command == f"zoo train RECIPE {found.overrides}".strip()


@pytest.mark.once
def test_the_report_shows_every_trial(found):
    page = (found.folder / "report.html").read_text()
    assert page.count("<svg") >= 4
    for each in found.trials:
        told = f"trial {each['trial']}: accuracy {each['validation_accuracy']:.4f}"
        assert page.count(told) >= 4  # in each chart
    assert f"2 fresh seeds: {found.result.percent()}" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.once
def test_the_report_of_data_whose_name_is_not_utf8(found, tmp_path):
    folder = shutil.copytree(found.folder, tmp_path / "search")
    kept = json.loads((folder / "search.json").read_text()) | {"name": "caf\udce9.csv"}
    (folder / "search.json").write_text(json.dumps(kept))
    report(load(folder))
    assert r"zoo tune caf\udce9.csv" in (folder / "report.html").read_text()


@pytest.mark.once
def test_a_finished_search_is_read_without_keras(found):
    code = (
        "import sys; from zoo.tuning import load; search = load(sys.argv[1]);"
        "print(len(search.trials), search.best['trial'], 'keras' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(found.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["6", str(found.best["trial"]), "False"]


@pytest.mark.slow
@pytest.mark.once
def test_the_same_seed_gives_the_same_trials_and_winner(found, tmp_path):
    only = ("learning_rate", "hidden_1", "activation", "dropout")
    again = zoo.tune(TINY, trials=6, only=only, run=tmp_path, winners=0, quiet=True)
    assert _results(again) == _results(found)
    other = zoo.tune(
        TINY, trials=6, only=only, run=tmp_path / "other", seed=1, winners=0, quiet=True
    )
    assert _results(other)[1:] != _results(found)[1:]


def _results(search):
    names = ("trial", "overrides", "validation_accuracy", "validation_loss")
    return [tuple(each[name] for name in names) for each in search.trials]


def test_the_search_never_reads_the_test_split(monkeypatch, tmp_path):
    kept = []
    real = trial.datasets
    monkeypatch.setattr(
        trial, "datasets", lambda *a: [kept.append(d) or d for d in real(*a)]
    )
    only = ("learning_rate",)
    zoo.tune(TINY, trials=1, only=only, run=tmp_path, winners=0, quiet=True)
    assert kept
    assert all(dataset.test is None for dataset in kept)


def test_a_trial_is_judged_by_the_weights_that_training_keeps():
    lines = [(1, 0.9, 0.5), (2, 0.7, 0.3), (3, 0.8, 0.4)]
    names = ("epoch", "validation_accuracy", "validation_loss")
    history = [dict(zip(names, line, strict=True)) for line in lines]
    last = trial.judge([history], "accuracy")
    assert (last["validation_accuracy"], last["validation_loss"]) == (0.8, 0.4)
    assert (last["best_epoch"], last["epochs"]) == (1, 3)
    best = trial.judge([history], "accuracy", early_stopping=5)
    assert (best["validation_accuracy"], best["validation_loss"]) == (0.7, 0.3)


@pytest.mark.slow
@pytest.mark.once
def test_fresh_seeds_leave_the_test_split_as_the_search_had_it(tmp_path):
    fold = {"samples": 120, "fold": (1, 5)}
    recipe = dataclasses.replace(TINY, data_arguments=fold, seed=4, epochs=1)
    # The winner is then judged by no validation.
    recipe, only = dataclasses.replace(recipe, validation=0.0), ("learning_rate",)
    search = zoo.tune(
        recipe, trials=1, only=only, folds=2, run=tmp_path / "f", winners=2, quiet=True
    )
    assert (search.winner["seeds"], search.winner["validation"]) == ([5, 6], [])
    tested = trial.data.load("circles", seed=4, **fold).test.inputs
    for seed in (5, 6):
        run = zoo.Run(search.folder / "winner" / f"trial-0-seed-{seed}")
        assert run.recipe.seed == seed
        again = trial.data.load("circles", seed=seed, **run.recipe.data_arguments)
        assert np.array_equal(again.test.inputs, tested)


@pytest.mark.once
def test_folds_share_the_examples_and_the_classes():
    folds = trial.datasets(TINY, 5)
    sizes = [len(fold.validation) for fold in folds]
    assert (len(folds), sum(sizes)) == (5, 96)
    assert max(sizes) - min(sizes) <= 1
    shares = [fold.validation.targets.mean() for fold in folds]
    assert max(shares) - min(shares) < 0.06
    seen = np.concatenate([fold.validation.inputs for fold in folds])
    assert len(np.unique(seen, axis=0)) == 96


@pytest.mark.once
def test_without_validation_data_a_search_says_what_to_do(tmp_path):
    recipe = dataclasses.replace(TINY, validation=0.0)
    with pytest.raises(
        Mistake, match=r"set validation=0\.1 or use --folds 5, in a .* --inner"
    ):
        zoo.tune(recipe, run=tmp_path / "no", quiet=True)


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ({"tuner": "baysian"}, "did you mean 'bayesian'"),
        ({"objective": "acuracy"}, "did you mean 'accuracy'"),
        ({"trials": 0}, "trials=0; accepted: at least 1"),
        ({"folds": 1}, "folds=1; accepted: 0, or 2 to 96"),
        ({"changes": ["trainable=head"]}, "model deep_mlp has no set_trainable"),
    ],
)
@pytest.mark.once
def test_a_wrong_setting_is_told(setting, text, tmp_path):
    with pytest.raises(Mistake, match=text):
        zoo.tune(TINY, run=tmp_path / "no", **{"trials": 1, "quiet": True, **setting})


@pytest.mark.once
def test_another_search_in_the_folder_is_not_mixed_up(found):
    with pytest.raises(Mistake, match="has seed=0, not 7; give the same settings"):
        zoo.tune(TINY, trials=6, seed=7, run=found.folder, quiet=True)


@pytest.mark.slow
@pytest.mark.once
def test_a_search_of_relative_paths_goes_on_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    text = OWN_MODEL.replace("width % 2", "False")
    flat = "keras.layers.Flatten()(inputs)"
    text = text.replace('name="hidden")(x)', f'name="hidden")({flat})')
    (tmp_path / "net.py").write_text(text)
    for kind, value in (("cat", 0), ("dog", 255)):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for n in range(12):
            picture = Image.fromarray(np.full((4, 4), abs(value - n), "uint8"))
            picture.save(tmp_path / "pets" / kind / f"{n}.png")
    recipe = dataclasses.replace(
        TINY,
        model="net.py",
        model_arguments={},
        data="./pets",
        data_arguments={"size": 4},
        epochs=1,
        batch=4,
    )
    settings = {"tuner": "random", "run": "search", "winners": 0, "quiet": True}
    begun = zoo.tune(recipe, ["data=./pets"], trials=1, **settings)
    assert begun.command.startswith(f"zoo train RECIPE data={tmp_path / 'pets'}")
    path = tmp_path / "search" / "search.json"
    kept = json.loads(path.read_text())
    assert kept["recipe"]["model"] == str(tmp_path / "net.py")
    assert kept["recipe"]["data"] == str(tmp_path / "pets")
    assert begun.best["trial"] == 0

    kept["recipe"] |= {"model": "net.py", "data": "./pets"}  # as zoo 0.1 wrote it
    path.write_text(json.dumps(kept))
    zoo.tune(recipe, ["data=./pets"], trials=1, **settings)
    assert json.loads(path.read_text())["recipe"]["model"] == str(tmp_path / "net.py")

    monkeypatch.chdir(tmp_path / "other")
    found = reopen(tmp_path / "search", trials=2, winners=1, quiet=True, trust=True)
    assert [each["status"] for each in found.trials] == ["COMPLETED"] * 2
    assert found.result.count == 1


@pytest.mark.slow
@pytest.mark.once
def test_a_trial_that_fails_is_recorded_and_the_search_goes_on(own_recipe, tmp_path):
    diverging = dataclasses.replace(own_recipe, learning_rate=1e30, clip_norm=0.0)
    only = {"only": ("width",), "run": tmp_path / "a", "quiet": True}
    with pytest.raises(Mistake, match="the loss is not a number in epoch 1"):
        zoo.tune(diverging, trials=1, **only)
    [failed] = Search(tmp_path / "a").trials
    assert failed["status"] == "FAILED"
    assert "the loss is not a number in epoch 1" in failed["reason"]
    search = zoo.tune(
        own_recipe,
        trials=6,
        seed=3,
        only=("width",),
        run=tmp_path / "b",
        winners=0,
        quiet=True,
    )
    reasons = {t["values"]["width"]: t["reason"] for t in search.trials}
    assert len(reasons) == 6
    for width, reason in reasons.items():
        refused = "own_net.py cannot be built for circles, whose examples are of "
        refused += "shape (2,): no odd width"
        assert reason.endswith(refused) if width % 2 else reason == ""
    assert any(reasons.values())


@pytest.mark.slow
@pytest.mark.once
def test_the_time_limit_leaves_a_search_that_goes_on(tmp_path):
    folder = tmp_path / "short"
    only = {"only": ("learning_rate",), "winners": 0, "quiet": True}
    short = zoo.tune(TINY, trials=3, max_minutes=1e-6, run=folder, **only)
    assert short.trials == []
    whole = reopen(folder, winners=0, quiet=True)
    assert [t["status"] for t in whole.trials] == ["COMPLETED"] * 3


@pytest.mark.slow
@pytest.mark.once
def test_hyperband_continues_its_best_trials(tmp_path):
    recipe = dataclasses.replace(TINY, epochs=4)
    search = zoo.tune(
        recipe,
        tuner="hyperband",
        trials=8,
        only=("learning_rate", "l2"),
        run=tmp_path / "hyperband",
        winners=0,
        quiet=True,
    )
    epochs = [t["epochs"] for t in search.trials]
    assert set(epochs) == {2, 4}
    assert not list(search.folder.rglob("state-*"))
    again = trial.run(
        recipes.override(recipe, search.trials[-1]["overrides"].split()),
        trial.datasets(recipe),
        "accuracy",
        Limits(int(epochs[-1])),
    )
    loss = search.trials[-1]["validation_loss"]
    assert again["validation_loss"] == pytest.approx(loss, rel=1e-4)


@pytest.mark.once
def test_a_search_goes_on_with_more_trials(found, tmp_path):
    folder = shutil.copytree(found.folder, tmp_path / "longer")
    longer = reopen(folder, trials=7, winners=0, quiet=True)
    assert _results(longer)[:6] == _results(found)
    assert len(longer.trials) == longer.settings.trials == 7


@pytest.mark.once
def test_the_command_shows_a_search_and_refuses_what_it_would_ignore(found, capsys):
    folder = str(found.folder)
    assert call(["tune", folder]) == 0
    shown = capsys.readouterr().out
    assert "trials: 6 of 6, 0 failed" in shown
    assert found.command in shown
    assert call(["tune", folder, "--resume", "--tuner", "bayesian", "epochs=3"]) == 2
    told = capsys.readouterr().err
    assert "epochs=3, --tuner: what decides the search in" in told
    assert "begin another search from a recipe" in told
    assert call(["tune", folder, "--workers", "2"]) == 2
    assert "add --resume to continue it" in capsys.readouterr().err


@pytest.mark.once
def test_a_search_of_which_every_trial_failed_is_a_mistake(
    tmp_path, monkeypatch, capsys
):
    def fail(*_):
        raise Mistake("the gradient is not a number")

    monkeypatch.setattr(trial, "run", fail)
    folder = str(tmp_path / "failed")
    assert call(["tune", "circles", "--trials", "2", "--run", folder]) == 2
    said = f"all 2 trials of {folder} failed, the last: the gradient is not a number; "
    assert said in capsys.readouterr().err
    (tmp_path / "failed" / "search.json").write_text("{")
    assert call(["tune", "circles", "--trials", "2", "--run", folder]) == 2
    assert f"{folder}/search.json cannot be read: Expect" in capsys.readouterr().err


@pytest.mark.once
def test_a_search_that_has_tried_every_value_says_so(tmp_path, capsys):
    words = ["tune", "circles", "epochs=1", "--only", "schedule", "--trials", "5"]
    assert call([*words, "--winners", "0", "--run", str(tmp_path / "few")]) == 0
    said = capsys.readouterr().out
    assert "trials: 3 of 5, 0 failed\nthe hyperparameters that are searched" in said
    assert "--resume" not in said


@pytest.mark.once
def test_a_recipe_is_not_taken_for_a_folder_of_its_name(
    found, tmp_path, monkeypatch, capsys
):
    shutil.copytree(found.folder, tmp_path / "circles")
    monkeypatch.chdir(tmp_path)
    assert call(["tune", "circles", "--trials", "0", "--run", "new"]) == 2
    assert "trials=0; accepted: at least 1" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(backend.current() != "torch", reason="JAX is not needed there")
def test_a_search_on_pytorch_needs_no_jax():
    code = (
        "import sys; sys.modules['jax'] = None\n"
        "from zoo.engine import startup; startup.load()\n"
        "import zoo.tuning.tuner; print('works')"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "works"

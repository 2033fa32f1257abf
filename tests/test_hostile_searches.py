"""Searches from strangers: a damaged or changed file costs one line."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from searches import TINY
from strangers import refused

import zoo
from zoo.cli import call
from zoo.errors import Mistake
from zoo.tuning import kept, load, reopen, trial

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A search of two trials; nobody changes it."""
    folder = tmp_path_factory.mktemp("searches") / "sound"
    only = {"only": ("learning_rate", "l2"), "winners": 1, "quiet": True}
    return zoo.tune(TINY, ["epochs=1"], trials=2, run=folder, name="circles", **only)


@pytest.fixture
def search(sound, tmp_path):
    """A copy of its folder, to be changed."""
    return Path(shutil.copytree(sound.folder, tmp_path / "search"))


def edit(path, place, value):
    """Put a value at a place of a JSON file; `...` takes the name out."""
    about = inside = json.loads(path.read_text())
    for name in place[:-1]:
        inside = inside[name]
    if value is ...:
        del inside[place[-1]]
    else:
        inside[place[-1]] = value
    path.write_text(json.dumps(about))


def go_on(folder):
    return reopen(folder, trials=3, winners=0, quiet=True)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (["trials"], "x", "search field trials is of type int; given: 'x'"),
        (["trials"], 0, "trials=0; accepted: at least 1"),
        (["changes"], "epochs", "search field changes is of type tuple"),
        (["changes"], [1], "changes holds 1; accepted: text"),
        (["recipe"], [], "a recipe is an object of fields"),
        (["recipe", "model"], ..., "the recipe has no field model"),
        (["tuner"], "os", "unknown tuner 'os'"),
        (["objective"], "os", "unknown objective 'os'"),
        (["backend"], "os", "unknown backend 'os'"),
        (["wave"], ..., "not so: ['wave']"),
        (["more"], 1, "not so: ['more']"),
    ],
)
def test_settings_that_are_none_are_refused(search, place, value, words, capsys):
    edit(search / "search.json", place, value)
    assert call(["tune", str(search)]) == 2
    assert f"{search}/search.json cannot be read: " in (said := capsys.readouterr().err)
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("validation_accuracy", "x", "its columns are not those of a search"),
        ("COMPLETED", "DONE", "has the status 'DONE'"),
        ("\n0,", "\nzero,", "trial zero has no number"),
        ("\n1,", "\n0,", "two trials have one number"),
        ("learning_rate=", "learning_rate=';rm -rf x'", "trial 1 has changes that are"),
        (",1.0,1.0,", ",,1.0,", "trial 0 has no best_epoch, and is completed"),
        (",1.0,1.0,", ",x,1.0,", "trial 0 has best_epoch 'x', no number"),
        (",1.0,1.0,", ",-1,1.0,", "trial 0 has best_epoch=-1; accepted: at least 0"),
        ("COMPLETED,0", "COMPLETED,7", "; accepted: 0 to 1"),
    ],
)
def test_a_table_of_trials_that_is_none_is_refused(search, old, new, words, capsys):
    path = search / "trials.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert call(["tune", str(search)]) == 2
    assert f"{path} is damaged: " in (said := capsys.readouterr().err)
    assert words in said


@pytest.mark.parametrize("value", [{}, [{}], [5], [{"accuracy": "high"}]])
def test_a_winner_without_its_metrics_is_refused(search, value):
    edit(search / "winner.json", ["test"], value)
    with refused(f"{search / 'winner.json'} is damaged: it has no accuracy of each"):
        _ = load(search).result


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (["test", 0, "accuracy"], 1.58, "it has accuracy=1.58; accepted: 0 to 1"),
        (["test", 0, "accuracy"], float("nan"), "it has accuracy=nan; accepted: 0 to"),
        (["seeds"], [1, 2, 3], "its seeds are not those of its tests"),
    ],
)
def test_a_winner_that_cannot_be_is_refused(search, place, value, words, capsys):
    edit(search / "winner.json", place, value)
    assert call(["tune", str(search)]) == 2
    said = f"zoo: {search / 'winner.json'} is damaged: {words}"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["state", "state/trial_0", "winner"])
def test_a_search_writes_through_no_link_of_a_stranger(search, name, tmp_path):
    place, there = search / name, tmp_path / "elsewhere"
    place.rename(there)
    before = sorted(there.rglob("*"))
    place.symlink_to(there)
    with refused(f"{place} is a link: what is written there would lie elsewhere; put"):
        go_on(search)
    assert sorted(there.rglob("*")) == before


def test_a_pipe_in_the_place_of_the_workers_is_told(search):
    shutil.rmtree(search / "state" / "workers")
    os.mkfifo(search / "state" / "workers")
    with refused("state/workers is a file"):
        go_on(search)


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_lock_that_is_none_is_refused(search, kind, tmp_path):
    lock, mine = search / "state" / "lock", tmp_path / "mine.txt"
    mine.write_text("mine")
    lock.unlink(missing_ok=True)
    lock.symlink_to(mine) if kind == "link" else lock.mkdir()
    with refused(f"{lock} cannot be locked: "):
        go_on(search)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (["start_order"], ["0", "../../../x"], "start_order are no numbers of trials"),
        (["start_order"], 5, "start_order are no numbers of trials"),
        (["end_order"], ["7"], "its end_order cannot be"),
        (["retry_queue"], [None], "its retry_queue cannot be"),
        (["ongoing_trials"], {"../x.0": "0"}, "its ongoing_trials cannot be"),
        (["run_times", "0"], "often", "its run_times cannot be"),
        (["seed"], 99, "its seed is not that of the search"),
        (["starts"], ..., "it has display"),
        (["hyperparameters", "space", 0, "class_name"], "Lambda", "cannot be"),
        (["hyperparameters", "space", 1, "config", "max_value"], 9.0, "those that the"),
        (["hyperparameters", "space"], [], "are not those that the recipe has"),
    ],
)
def test_a_state_of_a_search_that_is_none_is_refused(search, place, value, words):
    path = search / "state" / "oracle.json"
    edit(path, place, value)
    with refused(f"{path} is damaged: ", words, "begin the search again with --run"):
        go_on(search)


@pytest.mark.parametrize("past", [[None], {}, "7", 0])
def test_a_place_in_hyperband_that_is_none(past):
    rounds = [[{"past_id": None, "id": "0"}], [{"past_id": "0", "id": "1"}]]
    bracket = {"bracket_num": 1, "rounds": rounds}
    assert kept._are_brackets([bracket], {"0", "1"})
    rounds[1][0]["past_id"] = past
    assert not kept._are_brackets([bracket], {"0", "1"})


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (["trial_id"], "1", "it is not that of trial 0"),
        (["status"], "DONE", "its status is DONE"),
        (["message"], 5, "its message is no text"),
        (["hyperparameters", "values"], [], "its hyperparameters"),
        (["hyperparameters", "values", "learning_rate"], "x", "is damaged"),
        (["hyperparameters", "values", "tuner/epochs"], -1, "its tuner/epochs is -1"),
        (["hyperparameters", "space", 0], {"class_name": "os"}, "its hyperparameters"),
        (["metrics", "metrics", "validation_loss"], ..., "are not finite numbers"),
        (["metrics", "metrics"], [], "is damaged"),
    ],
)
def test_a_trial_that_is_none_is_refused(search, place, value, words):
    path = search / "state" / "trial_0" / "trial.json"
    edit(path, place, value)
    with refused(f"{path} is damaged: ", words):
        go_on(search)


def test_a_missing_or_broken_state_is_refused(search):
    path = search / "state" / "trial_1" / "trial.json"
    path.write_text("{")
    with refused(f"{path} is damaged: Expecting"):
        go_on(search)
    path.unlink()
    with refused(f"{path} cannot be read: there is no such file"):
        go_on(search)


@pytest.mark.parametrize(
    ("field", "value"),
    [("model", "evil.py"), ("loss", "evil.loss"), ("data", "somebody:digits")],
)
def test_a_search_executes_no_code_that_it_names(search, field, value, capsys):
    edit(search / "search.json", ["recipe", field], value)
    said = f"{search} would execute {value}, code that is not zoo's"
    with refused(said):
        go_on(search)
    assert call(["tune", str(search), "--resume"]) == 2
    assert said in capsys.readouterr().err


def test_a_search_is_told_from_a_run(search):
    for verb in (zoo.evaluate, zoo.report, lambda run: zoo.predict(run, "0,0")):
        with refused(f"it is a search, whose best runs are in {search / 'winner'}"):
            verb(search)


def test_a_search_goes_on_with_the_data_that_it_began_with(tmp_path):
    path = tmp_path / "own.csv"
    lines = [f"{x:.3f},{'no' if x < 0 else 'yes'}" for x in np.linspace(-1, 1, 60)]
    path.write_text("\n".join(["x,answer", *lines]))
    recipe = zoo.Recipe(
        "deep_mlp",
        str(path),
        {"hidden": (4,)},
        {"target": "answer"},
        validation=0.2,
        batch=8,
        epochs=1,
    )
    settings = {"only": ("learning_rate",), "winners": 0, "quiet": True}
    folder = zoo.tune(recipe, trials=1, run=tmp_path / "search", **settings).folder
    path.write_text("\n".join(["x,answer", *lines, "0.5,yes"]))
    for again in (go_on, lambda x: zoo.tune(recipe, trials=1, run=x, **settings)):
        with pytest.raises(Mistake, match="the data are not those that the search in"):
            again(folder)


def test_a_trial_whose_validation_overflows_has_failed(tmp_path, monkeypatch):
    """Its accuracy is a number, and could have been the best."""
    sound = trial.run

    def overflow(*given):
        return {**sound(*given), "validation_loss": float("nan")}

    monkeypatch.setattr(trial, "run", overflow)
    recipe, run = zoo.recipe.override(TINY, ["epochs=1"]), tmp_path / "search"
    with pytest.raises(Mistake, match="the validation loss is nan: training diverged"):
        zoo.tune(recipe, trials=1, only=("l2",), run=run, quiet=True)


def test_the_first_trial_is_the_recipe_to_the_last_digit(tmp_path):
    recipe = zoo.recipe.override(TINY, ["learning_rate=0.0123456", "weight_decay=1e-4"])
    for tuner in ("random", "bayesian"):
        settings = {"tuner": tuner, "only": ("learning_rate", "weight_decay")}
        run = tmp_path / tuner
        found = zoo.tune(recipe, ["epochs=1"], trials=1, run=run, winners=0, **settings)
        assert found.trials[0]["overrides"] == ""
        assert found.trials[0]["values"]["learning_rate"] == 0.0123456


@pytest.mark.parametrize(
    ("rate", "words"),
    [("0", "0 trains nothing"), ("1e-307", "1e-307; a search tries a tenth of it")],
)
def test_a_search_needs_a_learning_rate(rate, words, tmp_path):
    with pytest.raises(Mistake, match=f"learning_rate={words}"):
        zoo.tune("circles", [f"learning_rate={rate}"], run=tmp_path / "no", quiet=True)


@pytest.mark.parametrize(
    "given", [{"trials": "5"}, {"seed": -1}, {"workers": "1"}, {"max_minutes": "1"}]
)
def test_settings_of_other_types_cost_one_line(given, tmp_path):
    with refused():
        zoo.tune("circles", run=tmp_path / "none", **given)

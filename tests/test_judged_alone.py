"""Other examples judge a run, and are not learned from: one class of them is enough."""

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tones import tones

import zoo
from zoo.errors import Mistake

pytestmark = pytest.mark.once


def trained(data, folder, model="deep_mlp", arguments=None, **about):
    """A run of one epoch on these data."""
    recipe = zoo.Recipe(
        model,
        data,
        model_arguments={"hidden": ()} if arguments is None else arguments,
        data_arguments=about,
        batch=8,
        epochs=1,
    )
    return zoo.train(recipe, run=folder / "run", floor=False, quiet=True)


def rows(count=80) -> pd.DataFrame:
    draws = np.random.default_rng(0)
    ill = draws.integers(0, 2, count)
    return pd.DataFrame(
        {
            "age": draws.normal(50, 9, count) + 9 * ill,
            "who": np.arange(count) // 2,
            "ill": np.array(["no", "yes"])[ill],
        }
    )


@pytest.mark.parametrize("about", [{}, {"groups": "who"}], ids=["rows", "groups"])
def test_of_one_class_there_is_an_accuracy_and_no_area(tmp_path, about):
    run = trained(rows(), tmp_path, target="ill", **about)
    other = rows(40).query("ill == 'yes'").assign(who=7)
    names = [name for name in ("age", "who") if name not in about.values()]
    said = zoo.predict(run, other[names])
    with pytest.warns(UserWarning, match="auc compares .* all examples are 'yes'$"):
        found = zoo.evaluate(run, data=other)
    assert found["accuracy"] == np.mean([each.label == "yes" for each in said])
    assert "auc" not in found


@pytest.mark.parametrize("count", [1, 9])
def test_numbers_that_are_equal_have_an_error(tmp_path, count):
    own = rows().assign(ill=np.arange(80) / 7)
    run = trained(own, tmp_path, target="ill", task="numbers")
    other = own[:count].assign(ill=3.5)
    said = [each.numbers["ill"] for each in zoo.predict(run, other[["age", "who"]])]
    with pytest.warns(UserWarning, match="r2 compares examples with their mean, and"):
        found = zoo.evaluate(run, data=other)
    error = np.abs(np.array(said) - 3.5).mean()
    assert found["mae"] == pytest.approx(error, rel=1e-5)


@pytest.mark.parametrize("lists", [False, True])
def test_of_examples_without_labels_there_is_no_precision(tmp_path, lists):
    own = rows()
    is_ill, is_old = own.pop("ill") == "yes", own["age"] > 50
    if lists:
        pairs = zip(is_ill, is_old, strict=True)
        own["is"] = [["ill"] * ill + ["old"] * old for ill, old in pairs]
        run = trained(own, tmp_path, target="is")
        other = own[:6].assign(**{"is": [[]] * 6})
    else:
        own = own.assign(ill=is_ill.astype(int), old=is_old.astype(int))
        run = trained(own, tmp_path, target="ill,old")
        other = own[:6].assign(ill=0, old=0)
    said = zoo.predict(run, other[["age", "who"]])
    with pytest.warns(UserWarning, match="average_precision is of the labels that ex"):
        found = zoo.evaluate(run, data=other)
    withheld = np.mean([2 - len(each.labels) for each in said]) / 2
    assert found["label_accuracy"] == pytest.approx(withheld)


def test_a_folder_may_hold_one_class(tmp_path):
    draws = np.random.default_rng(0)
    for name, light in (("bright", 120), ("dark", 0), ("gray", 60)):
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(6):
            shades = light + draws.integers(0, 90, (8, 8, 3))
            picture = Image.fromarray(shades.astype("uint8"))
            picture.save(tmp_path / "own" / name / f"{number}.png")
    path = str(tmp_path / "own")
    run = trained("folder", tmp_path, path=path, size=8, channels=1)
    (tmp_path / "own").rename(tmp_path / "moved")
    with pytest.raises(Mistake, match=r"there is no folder .* --data PLACE"):
        zoo.evaluate(run)
    found = zoo.evaluate(run, "test", data=tmp_path / "moved")
    assert found == pytest.approx(run.metrics["test"])
    (tmp_path / "other").mkdir()
    (tmp_path / "moved" / "gray").rename(tmp_path / "other" / "gray")
    files = sorted((tmp_path / "other" / "gray").iterdir())
    right = np.mean([each.label == "gray" for each in zoo.predict(run, files)])
    assert zoo.evaluate(run, data=tmp_path / "other")["accuracy"] == right


def test_what_is_of_another_form_or_unknown_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = trained(rows(), tmp_path, target="ill")
    for empty in ("", " "):
        with pytest.raises(Mistake, match=rf"data='{empty}' names nothing; give a fil"):
            zoo.evaluate(run, data=empty)
    with pytest.raises(Mistake, match="classes of the data in memory are not all kno"):
        zoo.evaluate(run, data=rows().replace("no", "perhaps"))
    with pytest.raises(Mistake, match="lacks the column 'age', from which the run le"):
        zoo.evaluate(run, data=rows().drop(columns="age"))
    tones(tmp_path / "sounds")
    with pytest.raises(Mistake, match="as a folder of sounds, and the run learned fr"):
        zoo.evaluate(run, data="sounds")
    np.savez("own.npz", x=np.zeros((4, 2)), y=np.arange(4))
    with pytest.raises(Mistake, match=r"own\.npz has no array 'ill'"):
        zoo.evaluate(run, data="own.npz")


@pytest.mark.slow
@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("unit", ["characters", "words"])
def test_a_text_is_told_by_the_tokens_that_the_network_knows(tmp_path, unit, carry):
    draws = np.random.default_rng(0)
    words = ["the", "cat", "sat", "on", "a", "mat", "and", "ran", "to", "see", "sun"]
    (tmp_path / "own.txt").write_text(" ".join(draws.choice(words, 900)))
    size = {"units": (8,)}
    about = {"window": 8, "unit": unit, "carry": carry}
    run = trained(str(tmp_path / "own.txt"), tmp_path, "lstm_language", size, **about)
    text = " ".join(draws.choice([*words[3:], "zebra"], 60))
    (tmp_path / "other.txt").write_text(text)
    if unit == "characters":
        with pytest.warns(UserWarning, match="unknown, such as 'b', 'z': what the net"):
            found = zoo.evaluate(run, data=tmp_path / "other.txt")
    else:
        found = zoo.evaluate(run, data=tmp_path / "other.txt")
    tokens = list(text) if unit == "characters" else re.findall(" ?[a-z]+", text)
    known = run.about_data.classes
    ids = [known.index(each) if each in known else 0 for each in tokens]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that it does not know
        split = run.dataset(place=tmp_path / "other.txt", divided=False).train
    inputs, answers = (np.asarray(each) for each in (split.inputs, split.targets))
    assert sorted(answers[answers >= 0]) == sorted(ids[1:])  # each of them once
    if carry:
        return
    logits = np.asarray(run.model.predict(inputs, verbose=0), "float64")
    losses = np.logaddexp.reduce(logits, -1)
    losses = losses - np.take_along_axis(logits, answers.clip(0)[..., None], -1)[..., 0]
    assert found["loss"] == pytest.approx(losses[answers >= 0].mean(), rel=1e-5)
    assert found["accuracy"] == np.mean((logits.argmax(-1) == answers)[answers >= 0])


@pytest.mark.slow
def test_a_text_that_moved_has_the_same_splits(tmp_path):
    draws = np.random.default_rng(0)
    path = tmp_path / "own.txt"
    path.write_text("".join(draws.choice(list("abc "), 900)))
    run = trained(str(path), tmp_path, "lstm_language", {"units": (8,)}, window=8)
    then = zoo.evaluate(run, "train")
    moved = path.rename(tmp_path / "moved.txt")
    assert zoo.evaluate(run, "test", data=moved) == run.metrics["test"]
    assert zoo.evaluate(run, "train", data=moved) == then
    with pytest.warns(UserWarning, match=r"moved\.txt holds what .* learned from"):
        zoo.evaluate(run, data=moved)


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 9])
def test_sounds_are_of_the_length_that_the_network_takes(tmp_path, count):
    tones(tmp_path / "own")
    run = trained(str(tmp_path / "own"), tmp_path, "lstm_speech", {"units": (4,)})
    tones(tmp_path / "other", count)  # each is longer than the one before
    files = sorted(Path(tmp_path / "other").rglob("*.wav"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of those that are cut off
        said = zoo.predict(run, files)
        found = zoo.evaluate(run, data=tmp_path / "other")
    right = [
        each.label == file.parent.name for each, file in zip(said, files, strict=True)
    ]
    assert found["accuracy"] == np.mean(right)


@pytest.mark.slow
def test_a_series_may_stay_where_it_is(tmp_path):
    draws = np.random.default_rng(0)
    own = pd.DataFrame(
        {
            "when": pd.date_range("2025-01-01", periods=160, freq="h"),
            "load": draws.normal(50, 9, 160),
            "warmth": draws.normal(10, 3, 160),
        }
    )
    about = {"time": "when", "target": "load", "window": 6, "horizon": 2}
    run = trained(own, tmp_path, "lstm_forecast", {"units": (4,)}, **about)
    still = own[:20].assign(load=40.0, warmth=12.0)
    with pytest.warns(
        UserWarning, match="r2 compares examples with their mean, and al"
    ):
        found = zoo.evaluate(run, data=still)
    assert found["mae"] > 0
    with pytest.raises(Mistake, match="lacks the column 'warmth', from which the run"):
        zoo.evaluate(run, data=own.drop(columns="warmth"))
    with pytest.raises(
        Mistake, match="has 7 steps, and a window of 6 with its horizon"
    ):
        zoo.evaluate(run, data=own[:7])
    daily = own.assign(when=pd.date_range("2025-01-01", periods=160))
    with pytest.raises(Mistake, match="are of 1d, and the network learned from steps"):
        zoo.evaluate(run, data=daily)

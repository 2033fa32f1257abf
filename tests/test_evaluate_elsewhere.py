"""A run is evaluated on other examples, or on its own at another place."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from forecasts import RECIPE, answers, csv
from PIL import Image
from series import table

import zoo
from zoo import cli
from zoo.errors import Mistake

pytestmark = pytest.mark.once


def flowers(seed: int, count: int, kinds=("rose", "tulip", "daisy")) -> pd.DataFrame:
    """Rows whose kind is told by their length, with some on the wrong side."""
    draws = np.random.default_rng(seed)
    number = draws.integers(0, len(kinds), count)
    place = np.array([["rose", "tulip", "daisy"].index(kind) for kind in kinds])
    return pd.DataFrame(
        {
            "length": place[number] * 2 + draws.normal(0, 0.8, count),
            "color": draws.choice(["red", "white"], count),
            "kind": np.array(kinds)[number],
        }
    )


def lines(said: str) -> list[list[str]]:
    return [line.split() for line in said.splitlines()]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    flowers(0, 240).to_csv(folder / "own.csv", index=False)
    recipe = zoo.Recipe(
        model="deep_mlp",
        model_arguments={"hidden": (8,)},
        data=str(folder / "own.csv"),
        data_arguments={"target": "kind"},
        batch=16,
        epochs=4,
        learning_rate=0.02,
    )
    return zoo.train(recipe, run=folder / "run", quiet=True)


@pytest.mark.parametrize("kinds", [("rose", "tulip", "daisy"), ("tulip", "rose")])
def test_other_examples_are_answered_all_and_by_the_names_of_their_classes(
    trained, tmp_path, capsys, kinds
):
    other = flowers(7, 45, kinds)[["kind", "color", "length"]]
    other.to_csv(tmp_path / "other.csv", index=False)
    said = zoo.predict(trained, other.drop(columns="kind"))
    right = np.mean([each.label for each in said] == other["kind"])
    assert 0.5 < right < 1
    found = zoo.evaluate(trained, data=tmp_path / "other.csv")
    assert found["accuracy"] == pytest.approx(right)
    words = ["evaluate", str(trained.folder), "--data", str(tmp_path / "other.csv")]
    assert cli.call(words) == 0
    assert ["accuracy", f"{right:.6f}"] in lines(capsys.readouterr().out)
    assert zoo.evaluate(trained, data=other) == pytest.approx(found)


@pytest.mark.parametrize(
    "change",
    [
        {"color": "red"},  # alone it would tell nothing, and be left out
        *({"color": ["white"] * n + ["red"] + ["white"] * (20 - n)} for n in range(8)),
        {"color": ["blue", "red", None] * 7},
        {"ward": [f"east {n % 4}" for n in range(21)]},
        {"length": [*range(20), np.nan]},
    ],
    ids=["one value", *(f"rare {n}" for n in range(8)), "unknown", "more", "counted"],
)
def test_columns_are_read_as_the_run_learned_them(trained, change):
    other = flowers(3, 21).assign(**change)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = zoo.predict(trained, other[["length", "color"]])
    right = np.mean([each.label for each in said] == other["kind"])
    names = sorted(trained.about_data.classes)
    logits = np.log([[each.probabilities[name] for name in names] for each in said])
    logits *= trained.temperature
    truth = logits[np.arange(21), [names.index(kind) for kind in other["kind"]]]
    loss = (np.log(np.exp(logits).sum(1)) - truth).mean()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = zoo.evaluate(trained, data=other)
    unknown = any("'blue' is unknown to the net" in str(each.message) for each in told)
    assert unknown == ("blue" in [*other["color"]])
    left = any("not used: ward; the network" in str(each.message) for each in told)
    assert left == ("ward" in other)
    assert found["accuracy"] == pytest.approx(right)
    assert found["loss"] == pytest.approx(loss, rel=1e-4)


def test_numbers_of_few_values_are_no_classes(tmp_path):
    draws = np.random.default_rng(0)
    x = draws.normal(size=(200, 2))
    own = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x @ [2, 1]})
    recipe = zoo.Recipe(
        "deep_mlp",
        own,
        model_arguments={"hidden": ()},
        data_arguments={"target": "y"},
        epochs=2,
    )
    run = zoo.train(recipe, run=tmp_path / "run", floor=False, quiet=True)
    other = own[:12].assign(y=[1, 2, 3, 4] * 3)
    said = [each.numbers["y"] for each in zoo.predict(run, other[["a", "b"]])]
    mae = np.abs(np.array(said) - other["y"]).mean()
    assert zoo.evaluate(run, data=other)["mae"] == pytest.approx(mae, rel=1e-5)


def test_labels_that_none_has_are_counted_as_such(tmp_path):
    draws = np.random.default_rng(0)
    size = draws.normal(size=120)
    words = [
        ["big"] * int(n > 0) + ["odd"] * int(n > 1) + ["low"] * int(n < 0) for n in size
    ]
    own = pd.DataFrame({"size": size, "more": draws.normal(size=120), "is": words})
    recipe = zoo.Recipe(
        "deep_mlp",
        own,
        model_arguments={"hidden": ()},
        data_arguments={"target": "is"},
        batch=16,
        epochs=2,
    )
    run = zoo.train(recipe, run=tmp_path / "run", floor=False, quiet=True)
    other = own[:40].assign(**{"is": [["big"], ["low"], [], ["low"]] * 10})
    said = zoo.predict(run, other[["size", "more"]])
    names = ("big", "low", "odd")
    right = [
        (name in each.labels) == (name in truth)
        for each, truth in zip(said, other["is"], strict=True)
        for name in names
    ]
    found = zoo.evaluate(run, data=other)
    assert found["label_accuracy"] == pytest.approx(np.mean(right))


def test_of_a_few_rows_none_is_held_back(trained, tmp_path):
    few = flowers(5, 40)[["length", "color", "kind"]].drop_duplicates("kind")[:2]
    few.to_csv(tmp_path / "few.csv", index=False)
    said = zoo.predict(trained, few[["length", "color"]])
    right = np.mean([each.label for each in said] == few["kind"])
    assert zoo.evaluate(trained, data=tmp_path / "few.csv")["accuracy"] == right


@pytest.mark.slow
def test_of_a_series_every_window_is_answered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv(tmp_path / "own.csv", table(200))
    run = zoo.train(replace(RECIPE, epochs=1), run="run", floor=False, quiet=True)
    other = table(60, load=np.arange(60) % 7 + 47.5)
    csv(tmp_path / "other.csv", other)
    found = zoo.evaluate(run, data="other.csv")
    line = run.about_data.timeline
    whole = zoo.data.load("./other.csv", **RECIPE.data_arguments, validation=0, test=0)
    count = 60 - line.window - line.horizon + 1
    assert len(whole.train) == count
    said = answers(run.model, whole.train.inputs[np.arange(count)])
    values = np.asarray(other[line.target], "float64")
    truth = np.lib.stride_tricks.sliding_window_view(values, line.horizon)
    truth = truth[line.window :]
    assert found["mae"] == pytest.approx(np.abs(said - truth).mean(), rel=1e-4)
    with pytest.warns(UserWarning, match=r"own\.csv holds what .* learned from"):
        zoo.evaluate(run, data="own.csv")


def test_its_own_data_at_another_place_have_the_same_test(trained, tmp_path):
    flowers(0, 240).to_csv(tmp_path / "moved.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = zoo.evaluate(trained, "test", data=tmp_path / "moved.csv")
    assert found == pytest.approx(trained.metrics["test"])
    with pytest.warns(UserWarning, match=r"moved.csv holds what .* learned from: spl"):
        whole = zoo.evaluate(trained, data=tmp_path / "moved.csv")
    assert whole == pytest.approx(zoo.evaluate(trained, "all"))
    assert whole["accuracy"] != found["accuracy"]


def test_a_published_run_is_evaluated_where_its_data_lie_now(trained, tmp_path):
    published = zoo.publish(trained, tmp_path / "published")
    words = rf"there is no file own\.csv; .*`zoo evaluate {published} --data PLACE`"
    with pytest.raises(Mistake, match=words):
        zoo.evaluate(published)
    flowers(0, 240).to_csv(tmp_path / "data.csv", index=False)
    found = zoo.evaluate(published, "test", data=tmp_path / "data.csv")
    assert found == pytest.approx(trained.metrics["test"])


def test_pictures_are_brought_to_the_size_that_the_network_takes(tmp_path):
    draws = np.random.default_rng(0)
    for name in ("bright", "dark"):
        (tmp_path / "digits" / name).mkdir(parents=True)
        for number in range(9):
            shades = 60 * (name == "bright") + draws.integers(90, 120, (20, 30, 3))
            picture = shades.astype("uint8")
            Image.fromarray(picture).save(tmp_path / "digits" / name / f"{number}.png")
    recipe = zoo.Recipe(
        "deep_mlp",
        str(tmp_path / "digits"),
        model_arguments={"hidden": ()},
        data_arguments={"size": 8, "channels": 1},
        batch=4,
        epochs=2,
    )
    run = zoo.train(recipe, run=tmp_path / "run", floor=False, quiet=True)
    (tmp_path / "digits").rename(tmp_path / "pets")
    published = zoo.publish(run, tmp_path / "published")
    for each in (run, published):  # a folder, and not zoo's digits
        with pytest.raises(Mistake, match=r"there is no folder .*digits; .* --data "):
            zoo.evaluate(each)
        found = zoo.evaluate(each, "test", data=tmp_path / "pets")
        assert found == pytest.approx(run.metrics["test"])


def test_what_cannot_be_evaluated_is_told(trained, tmp_path):
    rows = flowers(1, 30)
    rows.to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(Mistake, match=r"there is no file or folder nowhere\.csv$"):
        zoo.evaluate(trained, data="nowhere.csv")
    rows.replace("rose", "lily").to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(Mistake, match=r"classes of .* new: lily; it learned daisy, r"):
        zoo.evaluate(trained, data=tmp_path / "new.csv")
    with pytest.raises(Mistake, match=r"data=other.csv: a model has no data set"):
        zoo.evaluate(trained.model, data="other.csv")
    split = trained.dataset().test
    with pytest.raises(Mistake, match=r"data=other\.csv is not used: the examples are"):
        zoo.evaluate(trained, split, data="other.csv")
    with pytest.raises(Mistake, match="unknown split 'al'"):
        zoo.evaluate(trained, "al")


def test_a_data_set_that_is_made_lies_nowhere(tmp_path):
    recipe = zoo.Recipe("perceptron", "moons", batch=100, epochs=1)
    run = zoo.train(recipe, run=tmp_path / "run", floor=False, quiet=True)
    flowers(1, 30).to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(Mistake, match=r"moons is made by its name, and not read from"):
        zoo.evaluate(run, data=tmp_path / "own.csv")

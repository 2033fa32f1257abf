"""Frames of pandas, polars and Arrow are tables: trained on, kept and asked."""

import dataclasses
import datetime
import decimal
import os
import time
from fractions import Fraction

import numpy as np
import pytest
from own_tables import load

import zoo
from zoo import cli, data
from zoo.core.folders import UNUSED
from zoo.core.kept import keep
from zoo.errors import Mistake

once = pytest.mark.once
# which a prediction does not use, and says so
ASKED_WITH_ANSWERS = pytest.mark.filterwarnings("ignore:not used:UserWarning")


@ASKED_WITH_ANSWERS
@pytest.mark.once
def test_a_frame_is_trained_on_and_its_run_is_evaluated_later(tmp_path, capsys):
    import pandas

    draw = np.random.default_rng(0)
    frame = pandas.DataFrame({"x": draw.normal(size=80), "c": ["u", "v"] * 40})
    frame["y"] = np.where(frame["x"] > 0, "high", "low")
    recipe = zoo.Recipe(
        model="deep_mlp",
        data=frame,
        data_arguments={"target": "y"},
        batch=8,
        epochs=4,
        learning_rate=0.03,
    )
    assert zoo.Recipe(model="deep_mlp", data=frame).data == recipe.data
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True, floor=False)
    assert zoo.evaluate(run)["accuracy"] >= 0.9
    assert cli.call(["recipe", str(run.folder)]) == 0
    written, said = capsys.readouterr()
    assert written.startswith('"""deep_mlp on the data in memory.')
    assert said == (
        "zoo: the data were in memory, and data= is a copy in zoo's cache; save them "
        "in a file of your own, and name it\n"
    )
    found = [each.label for each in zoo.predict(run, frame[:4])]
    assert found == frame["y"][:4].tolist()
    pair = zoo.Recipe(model="deep_mlp", data=(frame[["x", "c"]], frame["y"]))
    assert load(pair.data).classes == ("high", "low")
    with pytest.raises(Mistake, match="data is of type list; give the name of a data"):
        zoo.Recipe(model="deep_mlp", data=[1, 2, 3])


@once
@ASKED_WITH_ANSWERS
def test_frames_hold_what_notebooks_hold(tmp_path):
    import pandas

    count = 60
    random = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "x": random.normal(size=count),
            "bin": pandas.cut(random.normal(size=count), 3),
            "whole": pandas.array([None, 1, 2] * 20, dtype="Int64"),
            "sure": pandas.array([None, True, False] * 20, dtype="boolean"),
            "seen": pandas.date_range("2024-01-01", periods=count, tz="Europe/Berlin"),
            "took": pandas.to_timedelta(random.integers(0, 99, count), unit="s"),
            "paid": [decimal.Decimal("1.25") * (i % 7) for i in range(count)],
            "at": [datetime.time(i % 24, 30) for i in range(count)],
            "y": random.choice(["a", "b"], count),
        }
    )
    found = load(keep(frame), target="y")
    kinds = [column.kind for column in found.columns]
    assert kinds == [
        "number",
        "category",
        "number",
        "boolean",
        "date",
        "number",
        "number",
        "date",
    ]
    rows = data.decode(found, frame.head(3))
    assert rows[1, found.features.index("took") + 1] == frame["took"][1].seconds
    for same in (
        frame.head(3)[frame.columns[::-1]],
        frame.head(3).to_dict("records"),
        [frame.iloc[i] for i in range(3)],
    ):
        np.testing.assert_array_equal(data.decode(found, same), rows)
    np.testing.assert_array_equal(data.decode(found, frame.iloc[0].to_dict()), rows[:1])
    with pytest.raises(Mistake, match="missing column 'paid'; found: x, bin"):
        data.decode(found, frame.iloc[0].drop("paid"))
    twice = frame[["x", "y"]].set_axis(["x", "x"], axis=1)
    with pytest.raises(Mistake, match="2 columns are called 'x'; keep one, or name"):
        keep(twice)
    with pytest.raises(Mistake, match="complex numbers cannot be read"):
        keep(frame[["y"]].assign(z=1j))
    with pytest.raises(Mistake, match="the table has no rows"):
        keep(frame.head(0))
    outputs = random.normal(size=(count, 2))
    several = load(keep((frame[["x"]], outputs)))
    assert several.outputs == ("target 1", "target 2")


@once
@ASKED_WITH_ANSWERS
def test_columns_of_moments_tensors_and_fractions():
    import torch

    count = 40
    random = np.random.default_rng(0)
    numbers = torch.tensor(random.normal(size=count), requires_grad=True)
    columns = {
        "day": [
            np.datetime64("2024-01-31") + int(i) for i in random.permutation(count)
        ],
        "month": np.datetime64("2020-01") + random.permutation(count),
        "took": [np.timedelta64(int(i), "D") for i in random.permutation(count)],
        "each": list(numbers),
        "all": numbers.bfloat16(),
        "part": [Fraction(int(i), 3) for i in random.permutation(count)],
        "y": random.choice(["a", "b"], count),
    }
    found = load(keep(columns), target="y")
    kinds = [column.kind for column in found.columns]
    assert kinds == ["date", "date", "number", "number", "number", "number"]
    pair = numbers.reshape(-1, 1), columns["y"]
    assert load(keep(pair)).columns[0].kind == "number"
    with pytest.raises(Mistake, match="complex numbers cannot be read"):
        keep({"x": [1j, 2j], "y": ["a", "b"]})


@once
@pytest.mark.parametrize("words", [("False", "True"), ("false", "true"), ("no", "Yes")])
@ASKED_WITH_ANSWERS
def test_a_boolean_is_the_same_as_a_word_and_as_a_truth(words, tmp_path):
    import pandas

    truths = [True, False, False, True] * 6
    path = tmp_path / "own.csv"
    lines = [f"{i % 5},{words[truth]},{i % 2}\n" for i, truth in enumerate(truths)]
    path.write_text("a,b,y\n" + "".join(lines))
    frame = pandas.DataFrame({"a": np.arange(24) % 5, "b": truths, "y": lines})
    learned = load(path, target="y", validation=0, test=0)
    expected = learned.train.inputs
    assert set(expected[:, 1]) == {0, 1}
    given = (frame, frame.replace({"b": {True: "TRUE", False: "FALSE"}}), str(path))
    for same in (*given, frame.to_dict("records"), frame.astype({"b": int})):
        taken = data.decode(learned, data.items(learned, same))
        np.testing.assert_array_equal(taken[:, 1] == taken[0, 1], truths)
        np.testing.assert_array_equal(taken, expected)
    whole = load(keep(frame), target="a", columns={"y": "ignore"}, validation=0, test=0)
    given = data.items(whole, {"b": ["True", "FALSE", "yes", 1]})
    with pytest.warns(UserWarning, match="column b: 'yes' is unknown to the network"):
        taken = data.decode(whole, given)
    np.testing.assert_array_equal(taken, [[1], [0], [-1], [1]])


@once
@ASKED_WITH_ANSWERS
def test_a_frame_of_polars_is_a_table_and_asks(tmp_path):
    import polars

    count = 60
    random = np.random.default_rng(0)
    frame = polars.DataFrame(
        {
            "x": random.normal(size=count),
            "kind": polars.Series(["u", "v", None] * 20, dtype=polars.Categorical),
            "day": [datetime.date(2024, 1, 1 + i % 28) for i in range(count)],
            "paid": [decimal.Decimal("1.25") * (i % 7) for i in range(count)],
            "y": random.choice(["a", "b"], count),
        }
    )
    found = load(keep(frame), target="y", validation=0, test=0)
    kinds = [column.kind for column in found.columns]
    assert kinds == ["number", "category", "date", "number"]
    rows = found.train.inputs
    for same in (frame, frame.drop("y"), frame.to_dicts(), frame.to_pandas()):
        taken = data.items(found, same)  # as prediction takes them, and then decodes
        np.testing.assert_array_equal(data.decode(found, taken), rows)
    records = frame.drop("day", "paid").to_pandas().to_records(index=False)
    for same in (frame.lazy(), frame.to_arrow(), frame.to_dicts()):
        assert load(keep(same), target="y", validation=0, test=0).columns == (
            found.columns
        )
        taken = data.items(found, same)
        np.testing.assert_array_equal(data.decode(found, taken), rows)
    named = load(keep(records), target="y", validation=0, test=0)
    assert named.features == ("x", "kind")
    with pytest.raises(Mistake, match="a column is a table itself; give the values"):
        keep({"train": frame.to_pandas()})
    with pytest.raises(Mistake, match=r"type generator; give .* a list of dict"):
        keep(row for row in frame.to_dicts())
    first = frame.row(0, named=True)
    np.testing.assert_array_equal(data.decode(found, first), rows[:1])
    pair = load(keep((frame[["x"]], frame["y"])))
    assert pair.classes == ("a", "b")


@pytest.mark.once
def test_data_in_memory_are_called_so(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    x = np.random.default_rng(0).normal(size=(60, 2))
    recipe = zoo.Recipe("deep_mlp", (x, (x[:, 0] > 0).astype(int)), batch=16, epochs=1)
    zoo.train(recipe, run="~/own", floor=False, quiet=True)
    assert (tmp_path / "own" / "run.json").exists()
    page = zoo.report("~/own", format="md").read_text("utf-8")
    assert "on the data in memory, seed 0" in page
    assert ".parquet, seed" not in page
    assert [row["data"] for row in zoo.runs("~").rows] == ["the data in memory"]
    with pytest.raises(Mistake, match=r"larger than the data: the data in memory has"):
        zoo.train(dataclasses.replace(recipe, batch=500), run=tmp_path / "b")
    with pytest.raises(Mistake, match=r"has the key 1; accepted: text, such as '1'"):
        dataclasses.replace(recipe, class_weight={1: 5.0})


@pytest.mark.once
def test_nothing_is_left_of_data_that_cannot_be_kept(tmp_path, monkeypatch):
    def fails(*_, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    monkeypatch.setattr(np, "savez", fails)
    with pytest.raises(Mistake, match=r"cannot be written .No space left on device."):
        keep((np.zeros((4, 2, 2)), np.arange(4)))
    assert list((tmp_path / "given").iterdir()) == []


@pytest.mark.once
def test_data_in_memory_that_nobody_uses_leave_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    about = {"target": "y", "test": 0.0, "validation": 0.0}
    columns = {"x": [1.5, 2.5, 3.5] * 9, "y": ["a", "b", "a"] * 9}
    old, used = keep(columns), keep({**columns, "x": [0.5, 2.5, 3.5] * 9})
    long_ago = time.time() - UNUSED - 9
    for path in (old, used):
        os.utime(path, (long_ago, long_ago))
    assert data.load(used, **about).classes == ("a", "b")
    keep({**columns, "x": [7.5, 2.5, 3.5] * 9})
    assert os.path.exists(used)
    assert not os.path.exists(old)
    with pytest.raises(
        Mistake, match=r"memory are no longer in the cache, as .*parquet"
    ):
        data.load(old, **about)
    assert keep(columns) == old
    assert len(data.load(old, **about).train) == 27


@pytest.mark.once
@pytest.mark.parametrize("name", ["\u200b", "\u2060\u200b"])
def test_a_class_whose_name_nobody_sees_is_refused(name):
    said = "a class of the data in memory has an empty name, by which no answer"
    with pytest.raises(Mistake, match=said):
        data.load({"x": [1.5, 2.5] * 9, "y": ["a", name] * 9}, target="y")

"""A table of one's own: described, trained on and asked, without a recipe."""

import csv
import importlib.util
import random
import runpy
from pathlib import Path

import numpy as np
import pytest
from own_tables import load, written

import zoo
from zoo import cli, data
from zoo.data import categories, identity
from zoo.errors import Mistake
from zoo.run import Run

once = pytest.mark.once
# which a prediction does not use, and says so
ASKED_WITH_ANSWERS = pytest.mark.filterwarnings("ignore:not used:UserWarning")


def german(path, rows=200):
    """As a spreadsheet in German exports it."""
    draw = random.Random(0)
    lines = ["nr;größe;farbe;tag;ok;einheit;satz;kopie;art"]
    for number in range(1, rows + 1):
        kind = draw.choice(["äpfel", "birnen"])
        size = draw.random() * 5 + 5 * (kind == "äpfel")
        cells = [
            number,
            f"{size:.3f}".replace(".", ","),
            draw.choice(["rot", "grün", ""]),
            f"{draw.randint(1, 28):02}.03.2020",
            draw.choice(["ja", "nein"]),
            "kg",
            f"dies ist der lange Satz {number}",
            kind[0],
            kind,
        ]
        lines.append(";".join(map(str, cells)))
    path.write_text("\n".join(lines) + "\n", encoding="cp1252")
    return str(path)


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return german(tmp_path / "own.csv")


@once
def test_separator_decimals_encoding_and_columns_are_found_and_said(table):
    with pytest.warns(UserWarning, match="left out") as warned:
        found = data.load(table, target="art")
    said = str(warned[0].message)
    for name, why in {
        "nr": "it counts the rows",
        "einheit": "it has one value",
        "kopie": "it tells the target art: a leak",
    }.items():
        assert f"{name} ({why}" in said
    assert found.classes == ("birnen", "äpfel")
    assert found.task == "classes"
    kinds = {column.name: column.kind for column in found.columns}
    assert kinds == {
        "größe": "number",
        "farbe": "category",
        "tag": "date",
        "ok": "boolean",
        "satz": "text",
    }
    for words in ("separator semicolon", "decimal comma", "cp1252", "a header"):
        assert words in found.description
    shown = "\n".join(categories.table(found))
    assert "read as %d.%m.%Y" in shown
    assert "grün, rot; 2" in shown  # per cent missing
    assert "satz    text, 5 words" in shown  # each number stands once
    assert [len(part) for part in (found.train, found.validation, found.test)] == [
        144,
        16,
        40,
    ]


@once
def test_a_category_of_other_splits_is_unknown_and_so_is_one_that_comes_later(tmp_path):
    rows = "".join(f"{'rare' if i == 7 else 'ab'[i % 2]},{i % 3}\n" for i in range(30))
    path = written(tmp_path / "own.csv", "word,y\n" + rows)
    for seed in range(9):
        found = load(path, target="y", validation=0.3, seed=seed)
        known = set(found.columns[0].categories)
        if "rare" not in known:
            assert sorted(known) == ["a", "b"]
            places = [found.validation.inputs[:, 0], found.test.inputs[:, 0]]
            assert (np.concatenate(places) == -1).sum() == 1
            break
    else:
        raise AssertionError("the rare word was in every training split")
    told = "column word: 'new', as 1 more cells are, is unknown to the network, which "
    with pytest.warns(UserWarning, match=f"{told}learned from a, b"):
        data.decode(found, [["b"], ["new"], ["newer"]])
    with pytest.warns(UserWarning, match="'never seen' is unknown to the network"):
        codes = data.decode(found, [["b"], ["never seen"], [None]])[:, 0]
    np.testing.assert_array_equal(codes, [1, -1, np.nan])


@once
def test_words_of_a_column_are_those_that_the_training_rows_hold_twice(tmp_path):
    lines = [
        f"{i % 7},the note of number{i} is {'ab'[i % 2]},{i % 2}" for i in range(60)
    ]
    lines[5] = "3,,1"
    path = written(tmp_path / "own.csv", "n,note,y\n" + "\n".join(lines))
    found = load(path, target="y")
    note = found.columns[1]
    assert (note.kind, note.length, note.missing) == ("text", 6, True)
    assert note.categories == ("a", "b", "is", "note", "of", "the")
    row = [5, 3, 4, -1, 2, 1]
    decoded = data.decode(found, [2, "The note, of number9: is B"])
    np.testing.assert_array_equal(decoded, [[2, *row]])
    decoded = data.decode(found, {"n": [2, 3], "note": ["a a", None]})
    rest = [np.nan] * 4
    np.testing.assert_array_equal(decoded[:, 1:], [[0, 0, *rest], [np.nan] * 6])
    short = load(path, target="y", columns={"note": {"kind": "text", "length": 2}})
    assert short.input_shape == (3,)
    aligned = identity.align(short, found.classes, ("n", "note"), found.columns)
    inputs = np.asarray(aligned.train.inputs)
    assert inputs.shape[1] == 7
    assert np.isnan(inputs[:, 3:]).all()
    kept = found.train.inputs[:, :3]
    np.testing.assert_array_equal(inputs[:, :3], kept)
    with pytest.raises(Mistake, match="length of column 'note' is -2; accepted: of a"):
        load(path, target="y", columns={"note": {"kind": "text", "length": -2}})
    alone = load(path, target="y", columns={"n": "ignore"})
    assert alone.kind == "text"
    with pytest.raises(Mistake, match=r"column note of .* has no value in 1 rows"):
        load(path, target="y", groups="note")


@once
def test_tasks_follow_from_the_target(tmp_path):
    rows = [
        f"{i * 0.37 % 5:.2f},{i * 1.7:.1f},{i % 2},{i // 3 % 2},{i % 5}"
        for i in range(60)
    ]
    path = written(tmp_path / "own.csv", "x,price,a,b,rank\n" + "\n".join(rows))
    price = load(path, target="price", test=0, validation=0)
    assert (price.task, price.outputs, price.classes) == ("numbers", ("price",), ())
    np.testing.assert_allclose(
        price.train.targets[:, 0], np.arange(60) * 1.7, rtol=1e-5
    )
    labels = load(path, target="a,b", test=0, validation=0)
    assert (labels.task, labels.classes) == ("labels", ("a", "b"))
    np.testing.assert_array_equal(labels.train.targets[:, 0], np.arange(60) % 2)
    assert load(path, target="rank").classes == ("0", "1", "2", "3", "4")
    assert load(path, target="rank", task="numbers").outputs == ("rank",)
    path = tmp_path / "own.jsonl"
    lines = [f'{{"x": {i % 7}, "tags": ["t{i % 2}", "u"]}}' for i in range(30)]
    found = load(written(path, "\n".join(lines)), target="tags", test=0, validation=0)
    assert (found.task, found.classes) == ("labels", ("t0", "t1", "u"))
    np.testing.assert_array_equal(found.train.targets[:2], [[1, 0, 1], [0, 1, 1]])


@once
def test_ids_and_the_target_in_another_unit_are_left_out(tmp_path):
    draw = random.Random(0)
    ids = draw.sample(range(10**6), 60)
    lines = [f"{n},{n},{n % 50 * 2.54:.1f},{n % 50},{n % 7}\n" for n in ids]
    path = written(tmp_path / "a.csv", "PassengerId,paid,cm,inch,x\n" + "".join(lines))
    with pytest.warns(UserWarning, match="left out") as warned:
        found = data.load(path, target="inch", task="numbers")
    assert found.features == ("paid", "x")
    said = str(warned[0].message)
    assert "PassengerId (it has another number in each row, as an id has)" in said
    assert "cm (it tells the target inch: a leak)" in said


@pytest.mark.filterwarnings("ignore:own.csv. left out")
@ASKED_WITH_ANSWERS
@pytest.mark.once
def test_a_table_is_trained_on_without_a_recipe_and_asked(table, capsys):
    words = [
        "train",
        table,
        "--target",
        "art",
        "epochs=15",
        "--run",
        "run",
        "--no-floor",
    ]
    assert cli.call(words) == 0
    _, err = capsys.readouterr()
    assert 'data_arguments={"target": "art"}' in err
    assert "\nfarbe   category, 2 values" in err
    run = Run("run")
    assert run.metrics["test"]["accuracy"] >= 0.9
    rows = [
        {"größe": "9,5", "farbe": "rot", "tag": "01.03.2020", "ok": "ja", "satz": ""},
        {"größe": 0.5, "farbe": "lila", "tag": None, "ok": "nein", "satz": "Dies; da"},
    ]
    with pytest.warns(UserWarning, match="column farbe: 'lila' is unknown to the"):
        answers = zoo.predict(run, rows)
    assert [each.label for each in answers] == ["äpfel", "birnen"]
    assert answers[0].input == "9,5;rot;01.03.2020;ja;"
    assert answers[1].input == "0,5;?;;nein;dies ?"
    again = zoo.predict(run, [each.input for each in answers])
    assert [each.label for each in again] == ["äpfel", "birnen"]
    assert len(zoo.predict(run, table)) == 200
    assert zoo.evaluate(run)["accuracy"] == run.metrics["test"]["accuracy"]
    assert cli.call(["recipe", "run"]) == 0
    with open("again.py", "w", encoding="utf-8") as file:
        file.write(capsys.readouterr().out)
    assert runpy.run_path("again.py")["recipe"] == run.recipe


@once
@pytest.mark.filterwarnings("ignore:own.csv. left out")
def test_a_table_is_searched_without_a_recipe(table, capsys):
    pytest.importorskip("keras_tuner")
    words = ["tune", table, "--target", "größe", "--objective", "accuracy"]
    assert cli.call(words) == 2
    err = capsys.readouterr().err
    assert "unknown objective of numbers 'accuracy'; accepted: loss, mae, r2, r" in err


@once
@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("perceptron", "takes numbers alone, and column 'farbe' is a cat"),
        ("lstm_sentiment", "takes texts, and 'farbe' was.*set data.text=farbe if"),
    ],
)
def test_a_model_that_knows_no_columns_is_refused(table, model, said):
    recipe = zoo.Recipe(model=model, data=table, data_arguments={"target": "art"})
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(Mistake, match=said),
    ):
        zoo.train(recipe, quiet=True, run="run")


@once
def test_penguins_are_those_of_the_package_with_what_is_missing():
    package = importlib.util.find_spec("palmerpenguins")
    path = Path(package.origin).parent / "data" / "penguins.csv"
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = load("penguins", validation=0)
    assert [len(found.train), len(found.test)] == [275, 69]
    assert found.classes == tuple(sorted({row["species"] for row in rows}))
    inputs = np.concatenate([found.train.inputs, found.test.inputs])
    missing = [sum(row[name] == "NA" for row in rows) for name in found.features]
    assert np.isnan(inputs).sum(axis=0).tolist() == missing
    place = found.features.index("body_mass_g")
    masses = [float(row["body_mass_g"]) for row in rows if row["body_mass_g"] != "NA"]
    assert np.nanmean(inputs[:, place]) == pytest.approx(np.mean(masses), rel=1e-5)

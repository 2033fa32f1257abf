"""A table of one's own: read, described, trained on and asked, without a recipe."""

import csv
import datetime
import decimal
import importlib.util
import json
import random
import runpy
import warnings
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo import cli, data
from zoo.core.kept import keep
from zoo.data import categories, identity
from zoo.data.kinds import sheet
from zoo.errors import Mistake
from zoo.run import Run

once = pytest.mark.once


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


def load(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return data.load(*arguments, **options)


def written(path, text, **options):
    path.write_text(text, **options)
    return str(path)


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
def test_what_is_found_can_be_set(tmp_path):
    text = "1|2|a\n3|4|b\n5|2|a\n7|4|b\n9|4|a\n"
    path = written(tmp_path / "own.txt", text)
    options = {"separator": "|", "header": False, "columns": {"column 2": "category"}}
    found = load(path, target="column 3", validation=0, test=0, **options)
    np.testing.assert_array_equal(
        found.train.inputs.T, [[1, 3, 5, 7, 9], [0, 1, 0, 1, 1]]
    )
    assert found.columns[1].categories == ("2", "4")
    ignored = {"column 2": "ignore"}
    found = load(path, target="column 3", validation=0, test=0, columns=ignored)
    assert found.features == ("column 1",)
    path = written(
        tmp_path / "us.csv", "when,y\n" + '"03/04/2020",a\n"05/04/2020",b\n' * 3
    )
    for form, day in (("%m/%d/%Y", 4), ("%d/%m/%Y", 3)):
        columns = {"when": {"kind": "date", "format": form}}
        found = load(path, target="y", validation=0, test=0, columns=columns)
        days = found.train.inputs[0, 0].astype(int).astype("datetime64[D]").item()
        assert days.day == day


@once
@pytest.mark.parametrize(
    "suffix", [".csv", ".tsv", ".parquet", ".jsonl", "frame", "dict"]
)
def test_the_same_rows_in_every_form(suffix, tmp_path):
    import pandas

    frame = pandas.DataFrame(
        {
            "size": [1.5, None, 3.25, 4.0, 0.5, 2.0],
            "color": ["red", "blue", None, "red", "blue", "red"],
            "count": [3, 1, 4, 1, 5, 9],
            "kind": ["a", "b", "a", "b", "a", "b"],
        }
    )
    path = tmp_path / f"own{suffix}"
    match suffix:
        case ".csv" | ".tsv":
            frame.to_csv(path, index=False, sep="," if suffix == ".csv" else "\t")
        case ".parquet":
            frame.to_parquet(path)
        case ".jsonl":
            frame.to_json(path, orient="records", lines=True)
        case "frame":
            path = frame
        case "dict":
            path = {name: frame[name].tolist() for name in frame}
    found = load(path, target="kind", test=0, validation=0)
    rows = found.train.inputs
    np.testing.assert_array_equal(rows[:, 0], [1.5, np.nan, 3.25, 4, 0.5, 2])
    np.testing.assert_array_equal(rows[:, 1], [1, 0, np.nan, 1, 0, 1])
    np.testing.assert_array_equal(rows[:, 2], [3, 1, 4, 1, 5, 9])
    np.testing.assert_array_equal(found.train.targets, [0, 1] * 3)
    again = data.decode(found, frame if suffix == "frame" else path)
    np.testing.assert_array_equal(again, rows)


@once
def test_a_workbook(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    day = datetime.datetime(2024, 1, 2, 12)
    for row in [
        ("day", "size", "kind"),
        *[(day, i / 2, "ab"[i % 2]) for i in range(6)],
    ]:
        book.active.append(row)
    book.save(tmp_path / "own.xlsx")
    found = load(tmp_path / "own.xlsx", target="kind", test=0, validation=0)
    assert found.features == ("size",)  # the day is the same everywhere
    assert found.train.inputs[:, 0].tolist() == [i / 2 for i in range(6)]


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


MISTAKES = {
    "no such column": (
        "a,b\n1,x\n2,y\n",
        {"target": "c"},
        "unknown column of own.csv 'c'",
    ),
    "no target": ("a,b\n1,x\n2,y\n", {}, "has the columns a, b; say which.*--target b"),
    "a target is missing": (
        "a,b\n1,x\n2,\n3,y\n",
        {"target": "b"},
        r"own.csv, row 2: the target 'b' is missing \(1 of 3 rows\)",
    ),
    "one class": ("a,b\n1,x\n2,x\n", {"target": "b"}, "'b' is 'x' in every row; two"),
    "a word among numbers": (
        "a,b\n" + "".join(f"{i},{'xy'[i % 2]}\n" for i in range(30)) + "oops,x\n",
        {"target": "b"},
        r"column 'a' holds numbers, and in row 31 'oops' \(1 of 31 are no numbers\).*"
        "data.columns.a=category",
    ),
    "too many classes": (
        "a,b\n" + "".join(f"{i % 9},w{i}\n" for i in range(10_000)),
        {"target": "b"},
        "'b' has 10,000 different values in 10,000 rows; accepted: at most 1,000",
    ),
    "empty": ("", {"target": "b"}, "own.csv is empty"),
    "a header alone": ("a,b\n", {"target": "b"}, "own.csv has no rows"),
    "100,000 columns": (
        ",".join(f"c{i}" for i in range(100_000)) + "\n" + "1," * 99_999 + "1\n",
        {"target": "c1"},
        "own.csv has 100,000 columns; accepted: at most 16,384",
    ),
    "a short row": (
        "a,b\n1,x\n2\n3,y\n",
        {"target": "b"},
        "own.csv, line 3 has 1 cell where 2 belong: '2'",
    ),
    "a column twice": ("a,a,b\n1,2,x\n", {"target": "b"}, "2 columns are called 'a'"),
    "an unknown kind": (
        "a,b\n1,x\n2,y\n",
        {"target": "b", "columns": {"a": "nmber"}},
        "unknown kind of column 'a' 'nmber'; did you mean 'number'",
    ),
    "another encoding": (
        "a,b\n1,x\n2,y\n",
        {"target": "b", "encoding": "utf-61"},
        "there is no encoding 'utf-61'; give one of Python's",
    ),
    "an open quote": (
        "a,b\n" + "1,x\n2,y\n" * 5 + '3,"x\n' + "1,x\n2,y\n" * 5,
        {"target": "b"},
        "before 'x' is not closed, so that the last 11 lines are one cell",
    ),
    "an open quote at the start": (
        '"a,b\n1,x\n2,y\n',
        {"target": "b"},
        "own.csv, line 1: the quotation mark before 'a,b' is not closed",
    ),
    "a cell of megabytes": (
        "a,b\n" + "1,x\n2,y\n" * 9999 + f"{'3' * 2**25},y\n",
        {"target": "b"},
        "own.csv has a line of more than 8,388,608 letters; is it CSV",
    ),
    "bytes": ("\0\1\2\n", {"target": "b"}, "own.csv is no text: it holds NUL bytes"),
    "nothing to learn from": ("a,b\n1,x\n1,y\n", {"target": "b"}, "no column to learn"),
    "infinite": (
        "a,b\n1,x\ninf,y\n",
        {"target": "b"},
        "row 2, column a: inf is not a finite number",
    ),
}


@once
@pytest.mark.parametrize("case", MISTAKES)
def test_a_table_that_cannot_be_learned_is_one_line(case, tmp_path, monkeypatch):
    text, options, message = MISTAKES[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(Mistake, match=message) as caught:
        load("own.csv", **options)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["own.csv"]


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


@once
def test_numbers_as_spreadsheets_write_them(tmp_path):
    lines = ["umsatz;rabatt;preis;zahl;uhr;tag;y"]
    for i in range(40):
        cells = f"1.{3 * i:03},5;{i % 30},5 %;{i % 9},75 €;{i % 3} 0{i:02} 000,5"
        lines.append(f"{cells};{i % 24:02}:30;{1 + i % 28:02}.03.24;{(i * 7 % 13) / 2}")
    text = "sep=;\r\n" + "\r\n".join(lines).replace(".5", ",5")
    path = written(tmp_path / "own.csv", text, encoding="utf-16")
    found = load(path, target="y", validation=0, test=0)
    kinds = [(each.kind, each.format) for each in found.columns]
    assert kinds == [
        ("number", ""),
        ("number", "%"),
        ("number", "€"),
        ("number", ""),
        ("date", "%H:%M"),
        ("date", "%d.%m.%y"),
    ]
    first = found.train.inputs[1]
    assert first[:4].tolist() == [1003.5, 1.5, 1.75, 1_001_000.5]
    assert first[5] == 1.5 * 3600
    assert first[6] == (datetime.date(2024, 3, 2) - datetime.date(1970, 1, 1)).days
    row = ["1.003,5", "1,5", "1,75 €", 1_001_000.5, "1:30", "02.03.24"]
    np.testing.assert_array_equal(data.decode(found, row)[0], first)
    with pytest.raises(
        Mistake, match=r"column preis: '1,99 \$' where a number belongs"
    ):
        data.decode(found, [*row[:2], "1,99 $", *row[3:]])
    priced = load(path, target="preis", columns={"y": "ignore"})
    assert priced.task == "numbers"


@once
def test_japanese_text_needs_no_encoding_to_be_given(tmp_path):
    rows = "".join(
        f"名{i % 7},2023年{1 + i % 12}月1日,{'犬猫'[i % 2]}\n" for i in range(40)
    )
    path = written(tmp_path / "own.csv", "名前,日付,種類\n" + rows, encoding="cp932")
    found = load(path, target="種類")
    assert found.classes == ("犬", "猫")
    assert found.columns[1].format == "%Y年%m月%d日"
    for words in ("größe, süß — „gut“", "élève réélu\u2019s œuvre"):
        text = Path(written(tmp_path / "own.txt", words, encoding="cp1252"))
        assert sheet.encoding_of(text) == "cp1252"


@once
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_and_32_and_quoted_lines(encoding, tmp_path):
    text = "name,y\n" + '"a\nb",1\n"c;d",0\n' * 2
    path = written(tmp_path / "own.csv", text, encoding=encoding)
    found = load(path, target="y", test=0, validation=0)
    assert found.columns[0].categories == ("a\nb", "c;d")


@once
def test_lines_that_end_with_a_bare_return(tmp_path):
    (tmp_path / "own.csv").write_bytes(b"a,b,y\r1,x,0\r2,y,1\r4,x,1\r")
    found = load(tmp_path / "own.csv", target="y", test=0, validation=0)
    np.testing.assert_array_equal(found.train.inputs, [[1, 0], [2, 1], [4, 0]])


@once
def test_a_column_of_objects_is_named_and_can_be_left_out(tmp_path):
    path = tmp_path / "own.jsonl"
    lines = [{"a": i % 3, "b": {"c": i}, "y": i % 2} for i in range(8)]
    path.write_text("".join(map("{}\n".format, map(json.dumps, lines))))
    with pytest.raises(Mistake, match=r"'b' holds cells of type struct<c: int64>; acc"):
        load(path, target="y", test=0, validation=0)
    found = load(path, target="y", columns={"b": "ignore"}, test=0, validation=0)
    assert found.features == ("a",)


@pytest.mark.filterwarnings("ignore:own.csv. left out")
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
def test_a_model_that_knows_no_columns_is_refused(table):
    recipe = zoo.Recipe(
        model="perceptron", data=table, data_arguments={"target": "art"}
    )
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(
            Mistake, match="takes numbers alone, and column 'farbe' is a cat"
        ),
    ):
        zoo.train(recipe, quiet=True, run="run")


def test_a_frame_is_trained_on_and_its_run_is_evaluated_later(tmp_path):
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
    found = [each.label for each in zoo.predict(run, frame[:4])]
    assert found == frame["y"][:4].tolist()
    pair = zoo.Recipe(model="deep_mlp", data=(frame[["x", "c"]], frame["y"]))
    assert load(pair.data).classes == ("high", "low")
    with pytest.raises(Mistake, match="data is of type list; give the name of a data"):
        zoo.Recipe(model="deep_mlp", data=[1, 2, 3])


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


@once
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
@pytest.mark.parametrize("words", [("False", "True"), ("false", "true"), ("no", "Yes")])
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
    taken = data.decode(whole, data.items(whole, {"b": ["True", "FALSE", "yes", 1]}))
    np.testing.assert_array_equal(taken, [[1], [0], [-1], [1]])


@once
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

"""A table of one's own: read, described, trained on and asked, without a recipe."""

import csv
import datetime
import importlib.util
import json
import random
import runpy
from pathlib import Path

import numpy as np
import pytest
from own_tables import load, written

import zoo
from zoo import cli, data
from zoo import recipe as recipes
from zoo.core import kept
from zoo.core.columns import Column
from zoo.data import categories, identity
from zoo.data.kinds import cells
from zoo.data.kinds.encodings import encoding_of
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
def test_a_column_is_found_by_a_name_that_the_locale_lacks(tmp_path):
    text = "größe,art\n" + "".join(f"{i * i},{'ab'[i % 2]}\n" for i in range(20))
    path = written(tmp_path / "own.csv", text, encoding="utf-8")
    typed = "data.target=größe".encode().decode("ascii", "surrogateescape")
    recipe = recipes.override(zoo.Recipe(model="deep_mlp", data=path), [typed])
    assert recipe.data_arguments == {"target": "größe"}


@once
def test_labels_are_written_as_lists_or_as_yes_and_no(tmp_path):
    rows = [(i * i, "['wet', 'cold']" if i % 2 else "[]") for i in range(20)]
    path = tmp_path / "own.csv"
    for tags in (str, lambda text: text.replace("'", '""')):
        text = "".join(f'{x},"{tags(tag)}"\n' for x, tag in rows)
        path.write_text(f"x,tags\n{text}", "utf-8")
        found = data.load(path, target="tags", validation=0, test=0)
        assert (found.task, found.classes) == ("labels", ("cold", "wet"))
        np.testing.assert_array_equal(found.train.targets, [[0, 0], [1, 1]] * 10)
    path.write_text("x,tags\n" + "1,a\n2,b\n" * 9, "utf-8")
    with pytest.raises(
        Mistake, match=r"'tags' holds no lists; write each as \[\"a\", "
    ):
        data.load(path, target="tags", task="labels")
    for yes, no in (("True", "False"), ("ja", "nein"), ("TRUE", "FALSE")):
        text = "".join(
            f"{i * i},{yes if i % 2 else no},{no if i % 4 else yes}\n"
            for i in range(20)
        )
        path.write_text(f"x,wet,cold\n{text}", "utf-8")
        found = data.load(path, target="wet,cold", validation=0, test=0)
        assert found.task == "labels"
        expected = [[0, 1], [1, 0], [0, 0], [1, 0]] * 5
        np.testing.assert_array_equal(found.train.targets, expected)


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
@ASKED_WITH_ANSWERS
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
def test_cells_that_are_looked_up_are_those_that_are_read():
    random = np.random.default_rng(0)
    columns = (
        Column("n"),
        Column("n", format="€", decimal=","),
        Column("c", "category", (" blue", "green", "?", "2.0")),
        Column("b", "boolean", ("FALSE", "True")),
    )
    few = 1.5, -0.0, 3, 2**53 + 1, 1e39, np.nan, np.inf, True, None, np.float32(2)
    words = "green", "blue", " blue", "GREEN", "?", "2.0", "true", "FALSE", "1,5", "x"
    found = 0
    for _ in range(2000):
        some = [few, words, few[:3], (few[0], few[5]), words[:3:2]][random.integers(5)]
        values = [some[i] for i in random.integers(len(some), size=random.integers(4))]
        for column in columns if values else ():
            quick = cells.at_once(column, values)
            if quick is not None:
                found += 1
                read = cells.encode(column, cells.plain(kept.array(values)))
                np.testing.assert_array_equal(quick, read, strict=True)
    assert found > 500


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
        assert encoding_of(text) == "cp1252"


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

"""Tables as spreadsheets of many languages write them, and prediction from the same."""

import json
import os
import random
import warnings

import numpy as np
import pandas as pd
import pytest
import series
from own_tables import load, written

from zoo import data
from zoo.data.kinds import sheet
from zoo.errors import Mistake
from zoo.serving import inputs

pytestmark = pytest.mark.once
LANGUAGES = {  # header, cells, encoding
    "Turkish": ("Yaş;İlgi", ("evet", "hayır"), "cp1254"),  # noqa: RUF001
    "Polish": ("Źródło;Tak?", ("tak", "nie"), "cp1250"),
    "Russian": ("Возраст;Ответ", ("да", "нет"), "cp1251"),
    "Greek": ("Ηλικία;Απάντηση", ("ναι", "όχι"), "cp1253"),  # noqa: RUF001
    "Japanese": ("年齢;回答", ("はい", "いいえ"), "euc_jp"),
    "Chinese": ("年龄;回答", ("是", "否"), "gb18030"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_column_that_is_named_tells_the_encoding(language, tmp_path):
    header, (yes, no), encoding = LANGUAGES[language]
    rows = "".join(f"{i * i},5;{yes if i % 2 else no}\n" for i in range(30))
    path = written(tmp_path / "own.csv", f"{header}\n{rows}", encoding=encoding)
    feature, target = header.split(";")
    columns = {feature: "number"} if target.isascii() else None
    found = load(path, target=target, columns=columns)
    assert {*found.classes} == {yes, no}
    assert found.features == (feature,)
    assert f"{encoding} (a guess, as it is not UTF-8; data.enc" in found.description
    labels = load(path, target=target, columns=columns, encoding=encoding)
    assert f"the encoding {encoding}, a header" in labels.description


TITLES = {
    "as wide": "Umsatz 2025;;;\n;;;\n",
    "ragged": "Umsatz 2025\nErstellt am 01.02.2025\n\n",
    "a comment": "# von Kasse 3\n",
}


@pytest.mark.parametrize("title", TITLES)
def test_a_title_above_the_header_and_empty_rows_below(title, tmp_path):
    rows = "".join(f"{i * i},5;{'abc'[i % 3]};{'xy'[i % 2]};\n" for i in range(30))
    text = f"{TITLES[title]}Menge;Ort;Art;\n{rows};;;\n;;;\n"
    found = load(written(tmp_path / "own.csv", text), target="Art", test=0)
    assert found.features == ("Menge", "Ort")
    assert len(found.train) + len(found.validation) == 30
    count = TITLES[title].count("\n")
    lines = "line" if count == 1 else "lines"
    assert f"a header beneath {count} {lines} left out." in found.description


def test_a_word_among_the_rows_is_no_header(tmp_path):
    path = written(tmp_path / "own.csv", "a,b\n1,kind\n2,y\n3,kind\n")
    with pytest.raises(Mistake, match=r"unknown column of own.csv 'kind'; accepted: a"):
        load(path, target="kind")


CELLS = {  # of a column: cells, its kind, and the numbers of the first ones
    "millions": (["1.234.567", "2.234.567", "3"], "number", [1234567, 2234567, 3]),
    "kilograms": (["61,9 kg", "7,25 kg", "8 kg"], "number", [61.9, 7.25, 8]),
    "accounting": (["(3,5)", "4,25", "(1.000,5)"], "number", [-3.5, 4.25, -1000.5]),
    "typeset": (["\u22123,5", "4,25", "0,5"], "number", [-3.5, 4.25, 0.5]),
    "dashes": (["-", "4,25", "0,5"], "number", [np.nan, 4.25, 0.5]),
    "errors": (["#DIV/0!", "4,25", "#NV"], "number", [np.nan, 4.25, np.nan]),
    "months": (["2025-01", "2025-02", "1969-12"], "date", None),
    "codes": (["01067", "10115", "80331"], "category", [0, 1, 2]),
    "signs": (["+", "-", "+"], "category", [0, 1, 0]),
}


@pytest.mark.parametrize("ends", [";", ","])
@pytest.mark.parametrize("case", CELLS)
def test_cells_as_spreadsheets_write_them(case, ends, tmp_path):
    cells, kind, expected = CELLS[case]
    rows = "".join(
        f'"{cells[i % 3]}"{ends}"{i * i},25"{ends}{"xy"[i % 2]}\n' for i in range(24)
    )
    path = written(tmp_path / "own.csv", f"a{ends}b{ends}y\n{rows}", encoding="utf-8")
    found = load(path, target="y", test=0, validation=0)
    column = found.columns[0]
    assert (column.name, column.kind) == ("a", kind)
    inputs = found.train.inputs
    if expected:
        np.testing.assert_allclose(inputs[:3, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(inputs[:, -1], np.arange(24) ** 2 + 0.25)
    again = data.decode(found, written(tmp_path / "more.csv", f"b{ends}a\n" + "".join(
        f'"{i * i},25"{ends}"{cells[i % 3]}"\n' for i in range(24)
    ), encoding="utf-8"))  # fmt: skip
    np.testing.assert_array_equal(again, inputs)


def test_codes_are_classes_with_their_zeros_and_words_among_many_numbers_are_told(
    tmp_path,
):
    rows = "".join(f"{i % 9},{['01067', '10115'][i % 2]}\n" for i in range(30))
    found = load(written(tmp_path / "a.csv", f"a,zip\n{rows}"), target="zip")
    assert found.classes == ("01067", "10115")
    rows = "".join(f"{i if i % 4 else '90+'},{'xy'[i % 2]}\n" for i in range(60))
    path = written(tmp_path / "b.csv", f"age,y\n{rows}")
    with pytest.raises(
        Mistake, match=r"'age' holds numbers, and in row 1 '90\+' \(15 of 60 are no num"
    ):
        load(path, target="y")
    assert load(path, target="y", columns={"age": "category"}).task == "classes"


def test_a_total_below_is_told(tmp_path):
    draw = random.Random(0)
    values = [(draw.randint(1, 90), round(draw.gauss(30, 5), 2)) for _ in range(40)]
    total = (sum(n for n, _ in values), round(sum(x for _, x in values), 2))
    rows = "".join(f"{'AB'[i % 2]},{n},{x}\n" for i, (n, x) in enumerate(values))
    path = written(tmp_path / "own.csv", f"place,n,price\n{rows}")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        data.load(path, target="price")
    assert not [each for each in told if "a total" in str(each.message)]
    path = written(
        tmp_path / "own.csv", f"place,n,price\n{rows}Sum,{total[0]},{total[1]}"
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        data.load(path, target="price")
    [said] = [str(each.message) for each in told if "a total" in str(each.message)]
    assert said == (
        "own.csv: the last row seems to be a total: it has the sum of all others in n, "
        "price; remove it"
    )


@pytest.mark.parametrize(
    ("learned", "other", "right"),
    [
        (",.", ";,", [51.126, 0.126]),
        (",.", ";,", [51.126, 1.126]),
        (";,", ",.", [51.126, 1.126]),
        (";.", ";,", [51.126, 0.126]),
        (";,", ";.", [51.126, 0.126]),
        (";,", ";.", [51126, 1126]),
        (";.", ";,", [51126, 1126]),
    ],
)
def test_what_may_be_thousands_is_told_by_a_zero_or_the_separator(
    learned, other, right, tmp_path
):
    """The last two are read as the file that was learned from."""

    def lines(form: str, rows: list) -> str:
        ends, decimal = form
        shown = ([str(cell).replace(".", decimal) for cell in row] for row in rows)
        return "".join(ends.join(row) + "\n" for row in shown)

    rows = [["a", "b", "y"]]
    rows += [[f"{i}.12", f"{i * i}.5", "xy"[i % 2]] for i in range(40)]
    path = written(tmp_path / "own.csv", lines(learned, rows))
    load(path, target="y").save(tmp_path)
    restored = data.restore(tmp_path)
    given = [["a", "b"], ["51.126", "0.126" if right[1] < 1 else "1.126"]]
    more = written(tmp_path / "more.csv", lines(other, given))
    np.testing.assert_allclose(data.decode(restored, str(more)), [right])


def test_no_thousands_begin_with_a_zero(tmp_path):
    rows = "".join(f"{i % 7}.5,{i % 5}.1,{'xy'[i % 2]}\n" for i in range(40))
    found = load(written(tmp_path / "own.csv", f"a,b,y\n{rows}"), target="y")
    with pytest.raises(Mistake, match="column a: '0,126' where a number belongs"):
        data.decode(found, {"a": "0,126", "b": "1,126"})


WRITTEN = {  # what a spreadsheet program makes of a table's text
    "decimal commas": lambda text: text.replace(",", ";").replace(".", ","),
    "tabs": lambda text: text.replace(",", "\t"),
    "bars": lambda text: text.replace(",", "|"),
    "old line ends": lambda text: text.replace("\n", "\r"),
    "title": lambda text: "Report of January\n" + text,
    "sign": lambda text: "sep=;\n" + text.replace(",", ";"),
    "spaces": lambda text: text.replace(",", " , ", 3),
    "mark": lambda text: "\ufeff" + text,
}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("kind", ["tabular", "series"])
def test_a_table_that_is_sent_is_read_as_its_file_is(kind, how, tmp_path):
    """So is what comes from a stream."""
    columns = series.table()
    columns["load"] = columns["load"].astype("float64").round(2)
    if kind == "series":
        known = series.load(columns, window=24, horizon=4)
    else:
        known = load({**columns, "bin": ["in", "out"] * 200}, target="bin")
    frame = pd.DataFrame(columns).tail(40)
    text = WRITTEN[how](frame.to_csv(index=False))
    path = tmp_path / "more.csv"
    path.write_text(text, "utf-8", newline="")
    right = data.decode(known, data.items(known, frame))
    for given in ([str(path)], inputs.of_bytes(known, text.encode()), text):
        found = data.decode(known, data.items(known, given))
        np.testing.assert_allclose(found, right, rtol=1e-5)


def test_a_series_without_names_is_forecast_if_it_was_learned_so(tmp_path):
    frame = pd.DataFrame(series.table(200))
    path, sent = tmp_path / "own.csv", frame.tail(60).to_csv(index=False, header=False)
    frame.to_csv(path, index=False, header=False)
    names = {"time": "column 1", "target": "column 3"}
    known = series.load(str(path), **names, window=24, horizon=4)
    [found] = data.items(known, inputs.of_bytes(known, sent.encode()))
    np.testing.assert_allclose(found.values, frame["load"].tail(24), rtol=1e-6)
    named = series.load(series.table(), window=24, horizon=4)
    message = (
        "the table has no header: its first line .* above it: when, load, wind, in"
    )
    with pytest.raises(Mistake, match=message):
        data.items(named, inputs.of_bytes(named, sent.encode()))


def test_a_file_is_read_as_the_one_that_was_learned_from(tmp_path):
    rows = [
        (f"{1 + i % 9},{100 + i}", ["Киев", "Минск"][i * i % 7 % 2]) for i in range(60)
    ]
    text = "a;city;y\n" + "".join(
        f"{a};{c};{'xy'[i % 2]}\n" for i, (a, c) in enumerate(rows)
    )
    path = written(tmp_path / "own.csv", text, encoding="cp1251")
    found = load(path, target="y", encoding="cp1251", decimal=".", test=0, validation=0)
    found.save(tmp_path)
    restored = data.restore(tmp_path)
    assert restored.form == {
        "separator": ";",
        "decimal": ".",
        "encoding": "cp1251",
        "header": True,
    }
    more = tmp_path / "more.csv"
    for encoding in ("cp1251", "utf-8", "utf-16"):
        written(
            more, "city;a\n" + "".join(f"{c};{a}\n" for a, c in rows), encoding=encoding
        )
        np.testing.assert_array_equal(
            data.decode(restored, str(more)), found.train.inputs
        )
    assert found.train.inputs[0, 0] == 1100  # and not 1.1
    written(more, "city;a\n?;1,5\n", encoding="utf-8")
    assert data.decode(restored, str(more))[0, 0] == 1.5  # no thousand
    about = json.loads((tmp_path / "data.json").read_text("utf-8"))
    assert about.pop("form")
    (tmp_path / "data.json").write_text(json.dumps(about), "utf-8")
    with pytest.raises(Mistake, match=r"data.json is damaged: it has no form; train"):
        data.restore(tmp_path)
    spaced = text.replace(";", " ")
    path = written(tmp_path / "own.txt", spaced, encoding="utf-8")
    found = load(path, target="y", separator="space", test=0, validation=0)
    np.testing.assert_array_equal(
        load(path, target="y", separator=" ", test=0, validation=0).train.inputs,
        decoded := found.train.inputs,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # y is not used
        np.testing.assert_array_equal(data.decode(found, path), decoded)


def test_another_sheet_beneath_a_title_and_the_prediction_from_it(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["a", "note"])
    sheet = book.create_sheet("Zahlen")
    for row in [
        ["Bericht"],
        [],
        ["a", "y"],
        *[[i * i, "xy"[i % 2]] for i in range(30)],
    ]:
        sheet.append(row)
    book.save(tmp_path / "own.xlsx")
    options = {"target": "y", "sheet": "Zahlen", "test": 0, "validation": 0}
    found = load(tmp_path / "own.xlsx", **options)
    assert "a header beneath 1 line left out, sheet 'Zahlen' of 2" in found.description
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # y is not used
        again = data.decode(found, tmp_path / "own.xlsx")
    np.testing.assert_array_equal(again[:, 0], np.arange(30) ** 2)


def test_what_is_given_in_memory_is_called_so():
    frame = pd.DataFrame({"a": [1.0, np.inf] * 20, "y": ["u", "v"] * 20})
    with pytest.raises(Mistake, match=r"^the data in memory, row 2, column a: inf is"):
        load(frame, target="y")
    frame["a"] = 10**15 + np.arange(40) % 3
    frame["b"] = np.arange(40) ** 2
    frame["huge"] = [2**70 + i % 2**60 for i in range(40)]
    with pytest.warns(UserWarning, match="left out a .its values are one in 32 bits;"):
        assert data.load(frame, target="y").features == ("b",)
    one_hot = (np.arange(80.0).reshape(40, 2) ** 2, np.eye(4)[np.arange(40) % 4])
    with pytest.warns(
        UserWarning, match="one of target 1, .* are taken as labels; for c"
    ):
        assert data.load(one_hot).task == "labels"


def test_rows_of_unknown_categories_are_no_copies(tmp_path):
    rows = "".join(f"name{i},{i % 2},{'xy'[i % 2]}\n" for i in range(99))
    path = written(tmp_path / "own.csv", f"name,b,y\n{rows}")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        data.load(path, target="y", columns={"name": "category", "b": "number"})
    assert not [each for each in told if "as well, such as" in str(each.message)]


def test_a_file_or_folder_that_could_be_the_name_of_a_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("pq", "with space", "moons"):
        (tmp_path / name).mkdir()
        written(tmp_path / name / "train.csv", "a,y\n" + "1,u\n4,v\n9,u\n" * 9)
        with pytest.raises(
            Mistake, match=f"'target'.*; for the folder of this name give '\\./{name}'"
        ):
            load(name, target="y")
        assert load(f"./{name}", target="y").task == "classes"
        assert load(tmp_path / name, target="y").task == "classes"
    monkeypatch.chdir(tmp_path / "pq")
    assert load(".", target="y").task == load("../pq", target="y").task == "classes"


def test_cells_aligned_by_spaces(tmp_path):
    place = tmp_path / "printed.txt"
    lines = "größe   town name     price\n-----  ---------  ------\n"
    lines += "  1,5  New York      2,5\n 12,5  Rome         12,0\n"
    place.write_bytes(lines.encode("cp1252"))
    found = sheet.read(place, known=("größe",))
    words = "cells aligned by spaces, a decimal comma, the encoding cp1252 (a guess"
    assert words in found.found
    columns = {name: each.to_pylist() for name, each in found.columns.items()}
    assert columns == {
        "größe": ["1,5", "12,5"],
        "town name": ["New York", "Rome"],
        "price": ["2,5", "12,0"],
    }
    place.write_text(" 0.00632  18.00   2.310  0\n 0.02731   0.00   7.070  0\n")
    assert len(sheet.read(place).columns) == 4
    place.write_text("size  town  price\n1.5         2\n2.5   Rome  3\n")
    with pytest.raises(Mistake, match=r"'price'.*aligned cells need equally many in e"):
        raise sheet.read(place).lacks("price")
    for line in ("1,   2,   3", "good.  film,1"):  # commas that are no decimal ones
        place.write_text(f"{line}\n{line}\n")
        assert "the separator comma" in sheet.read(place).found


def test_tables_in_files_whose_names_are_not_utf8_are_read(tmp_path):
    import openpyxl
    import pyarrow
    from pyarrow import parquet

    for name in ("a.csv", "a.jsonl", "a.parquet", "a.xlsx"):
        path = tmp_path / name
        if name == "a.xlsx":
            book = openpyxl.Workbook()
            book.active.append(["a", "b"])
            book.active.append([1, 2])
            book.save(path)
        elif name == "a.parquet":
            parquet.write_table(pyarrow.table({"a": [1], "b": [2]}), path)
        else:
            path.write_text({"a.csv": "a,b\n1,2\n", "a.jsonl": '{"a":1,"b":2}'}[name])
        odd = path.rename(tmp_path / os.fsdecode(b"caf\xe9" + path.suffix.encode()))
        assert list(sheet.read(odd).columns) == ["a", "b"]


def test_the_index_of_a_frame_in_a_parquet_file_is_no_column(tmp_path):
    draws = np.random.default_rng(0).normal(size=(80, 2))
    frame = pd.DataFrame(draws, columns=["a", "b"]).assign(y=["x", "z"] * 40)
    frame.sample(60, random_state=0).to_parquet(tmp_path / "own.parquet")
    found = load(tmp_path / "own.parquet", target="y")
    assert found.features == ("a", "b")
    assert data.decode(found, pd.DataFrame(draws, columns=["a", "b"])).shape == (80, 2)
    old = sheet.read(
        tmp_path / "own.parquet", known=("__index_level_0__",)
    )  # learned by an older zoo
    assert list(old.columns) == ["a", "b", "y", "__index_level_0__"]

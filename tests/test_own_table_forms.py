"""A table of one's own in every form: files, encodings, numbers, lists."""

import datetime
import json
from pathlib import Path

import numpy as np
import pytest
from own_tables import load, written

import zoo
from zoo import data
from zoo import recipe as recipes
from zoo.core import kept
from zoo.core.columns import Column
from zoo.data.kinds import cells
from zoo.data.kinds.encodings import encoding_of
from zoo.errors import Mistake

once = pytest.mark.once
# which a prediction does not use, and says so
ASKED_WITH_ANSWERS = pytest.mark.filterwarnings("ignore:not used:UserWarning")


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

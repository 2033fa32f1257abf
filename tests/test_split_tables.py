"""A folder with train.csv, val.csv and test.csv is read as it is split."""

import warnings

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from zoo import cli, data
from zoo.errors import Mistake
from zoo.training import defaults

pytestmark = pytest.mark.once

HEAD = "size,town,price\n"


def rows(first, count, head=HEAD):
    return head + "".join(
        f"{i * 0.37 % 5:.2f},{'ab'[i % 2]},{i * 7.7 % 31:.1f}\n"
        for i in range(first, first + count)
    )


@pytest.fixture
def houses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "houses"
    folder.mkdir()
    (folder / "train.csv").write_text(rows(0, 60))
    return folder


def sizes(**arguments):
    found = data.load("./houses", target="price", **arguments)
    splits = (found.train, found.validation, found.test)
    return [part and len(part) for part in splits]


def test_splits_are_those_of_the_files_and_columns_are_matched_by_name(houses):
    (houses / "Valid.csv").write_text(rows(60, 8))
    assert sizes() == [60, 8, None]
    turned = "price;town;size\n1,5;b;2,5\n2,5;c;3,5\n"
    (houses / "test.csv").write_text(turned)
    with pytest.raises(Mistake, match=r"train.csv has the decimal sign '\.' and test"):
        sizes()
    (houses / "test.csv").write_text(turned.replace(",", "."))
    assert sizes() == [60, 8, 2]
    found = data.load("./houses", target="price")
    np.testing.assert_array_equal(found.test.inputs, [[2.5, 1], [3.5, -1]])
    np.testing.assert_array_equal(found.test.targets, [[1.5], [2.5]])
    assert found.description.startswith(
        "The rows of houses/ (train.csv, then Valid.csv, then test.csv)."
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recipe = defaults.recipe_for("./houses", {"target": "price"})
    assert (recipe.loss, recipe.validation) == ("mean_squared", 0.1)


def test_a_test_without_answers_is_left_out(houses):
    (houses / "test.csv").write_text("size,town\n1,a\n")
    with pytest.warns(
        UserWarning, match="test.csv has no column price, which is to be"
    ):
        assert sizes() == [43, 5, 12]


def test_what_does_not_fit_is_named(houses):
    (houses / "test.csv").write_text(rows(0, 5, "size,city,price\n"))
    with pytest.raises(
        Mistake, match=r"different columns; only test\.csv has city, tow"
    ):
        sizes()
    (houses / "test.csv").write_text(rows(0, 5))
    (houses / "test.tsv").write_text(rows(0, 5))
    with pytest.raises(
        Mistake, match=r"has test\.csv and test\.tsv, both for the test"
    ):
        sizes()
    (houses / "test.tsv").unlink()
    with pytest.raises(Mistake, match=r"has its own test; leave out test=0\.5"):
        sizes(test=0.5)


def test_tables_of_no_split_are_told_and_others_are_read_as_the_training_is(houses):
    (houses / "train.csv").write_text(rows(0, 60).replace(",", ";"))
    (houses / "test.csv").write_text("size;town;price\n1,234;a;2,500\n1,235;b;3,125\n")
    (houses / "holdout.csv").write_text(rows(0, 5))
    with pytest.warns(
        UserWarning, match="1 table is passed over in .*, such as holdout.csv: it is ca"
    ):
        found = data.load("./houses", target="price")
    np.testing.assert_array_equal(found.test.targets, [[2500], [3125]])


def test_a_training_without_a_test_says_what_is_measured(houses, capsys):
    (houses / "dev.csv").write_text(rows(60, 8))
    words = ["train", "houses", "--target", "price", "epochs=1", "--run", "run"]
    assert cli.call([*words, "--no-floor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("validation mae: ")
    assert lines[1] == (
        "There is no test split: the result is that of the validation split; "
        "data.test=0.2 holds a test out of the training."
    )
    assert any("zoo evaluate run --split validation" in line for line in lines)
    assert cli.call(["evaluate", "run"]) == 2
    said = "has no test split here; it has train and validation"
    assert said in capsys.readouterr().err
    assert cli.call(["evaluate", "run", "--split", "validation"]) == 0
    assert f"{lines[0].split()[-1][:4]}" in capsys.readouterr().out
    assert sizes(test=0.2) == [48, 8, 12]


def test_the_parquet_files_of_a_folder_are_one_table(tmp_path):
    def write(number, **columns):
        table = pyarrow.table(columns)
        parquet.write_table(table, tmp_path / f"part-{number}.parquet")

    first = {"y": np.arange(30) / 7, "x": np.arange(30) % 4}
    write(0, **first)
    write(1, x=np.arange(30) % 5 / 2, y=np.arange(30.0))
    (tmp_path / "_SUCCESS").touch()
    found = data.load(str(tmp_path), target="y", test=0, validation=0)
    assert found.train.inputs[:, 0].tolist() == [
        *first["x"],
        *(np.arange(30) % 5 / 2),
    ]
    with pytest.warns(UserWarning, match="not used: y") as told:
        again = data.decode(found, data.items(found, str(tmp_path)))
    assert len(told) == 1
    np.testing.assert_array_equal(again, found.train.inputs)
    times = np.datetime64("2026-01-01", "s") + 900 * np.arange(30)
    for number in (0, 1):
        write(number, t=times + 900 * 30 * number, y=np.arange(30.0) % 7)
    series = {"target": "y", "time": "t", "window": 4, "horizon": 2}
    series |= {"test": 0.0, "validation": 0.0}
    found = data.load(str(tmp_path), **series)
    [ending] = data.items(found, str(tmp_path))
    assert ending.ahead == ("2026-01-01 15:00", "2026-01-01 15:15")
    write(1, t=times, z=np.arange(30.0))
    with pytest.raises(Mistake, match=r"part-0.parquet and part-1.* only one has y, z"):
        data.load(str(tmp_path), **series)


def test_folders_of_parts_are_columns_as_in_pandas(tmp_path):
    import pandas

    draw = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "y": draw.normal(0, 1, 60),
            "x": draw.normal(0, 1, 60),
            "year": draw.integers(2024, 2027, 60),
            "site": draw.choice(["a b", "c/d"], 60),
        }
    )
    frame.to_parquet(tmp_path / "parts", partition_cols=["year", "site"])
    found = data.load(str(tmp_path / "parts"), target="y", test=0, validation=0)
    assert found.features == ("x", "year", "site")
    kinds = [column.kind for column in found.columns]
    assert kinds == ["number", "number", "category"]
    expected = pandas.read_parquet(tmp_path / "parts")
    inputs, targets = found.train.inputs, found.train.targets
    order, other = np.argsort(targets[:, 0]), np.argsort(expected["y"].to_numpy())
    np.testing.assert_allclose(inputs[order, 1], expected["year"].astype(int)[other])
    names = np.array(found.columns[2].categories)[inputs[order, 2].astype(int)]
    assert names.tolist() == expected["site"].iloc[other].tolist()


def test_a_series_is_cut_from_one_table(houses):
    said = r"data.horizon cuts a series of one table .* put them into one; data.test"
    with pytest.raises(Mistake, match=said):
        sizes(time="size", window=4, horizon=2)


@pytest.mark.parametrize("form", ["{0}-{1:05}-of-00002.parquet", "{0}/{1}.parquet"])
def test_parts_of_each_split_are_used_as_such(tmp_path, form):
    draw, expected = np.random.default_rng(0), {}
    for part, rows in (("train", 40), ("validation", 20), ("test", 30)):
        for number in range(2):
            values = draw.normal(0, 1, rows)
            table = pyarrow.table({"x": values, "y": draw.normal(0, 1, rows)})
            path = tmp_path / form.format(part, number)
            path.parent.mkdir(exist_ok=True)
            parquet.write_table(table, path)
            expected[part] = [*expected.get(part, []), *values.astype("float32")]
    found = data.load(str(tmp_path), target="y")
    for part, values in expected.items():
        assert found.split(part).inputs[:, 0].tolist() == values
    said = "has tables of the splits train, validation, test: the rows of all of them"
    given = {tmp_path: [*expected.values()]}
    if "/" in form:
        given[tmp_path / "test"] = [expected["test"]]
    for folder, values in given.items():
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            inputs = data.decode(found, data.items(found, str(folder)))
        assert len(inputs) == sum(map(len, values))
        assert (said in str(told[0].message)) == (folder == tmp_path)

"""Rows of measurements, as people type them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.data.kinds.tables import check, decode
from zoo.errors import Mistake

pytestmark = pytest.mark.once

FEATURES = ("age", "shape", "margin")


def rows(*raw, missing=True):
    return decode(raw, FEATURES, missing)


def same(found, expected):
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array(expected, np.float32))


def test_rows_of_every_form():
    same(rows("67,3,5"), [[67, 3, 5]])
    same(rows({"margin": 5, "age": "67", "shape": 3}), [[67, 3, 5]])
    same(rows([67, 3, 5], (1, None, 2.5)), [[67, 3, 5], [1, np.nan, 2.5]])
    same(rows("67,3,5\n1,2,3\n"), [[67, 3, 5], [1, 2, 3]])
    same(decode(["7"], ("age",), False), [[7]])
    same(rows(), np.zeros((0, 3)))


def test_a_header_may_be_in_any_order_with_other_columns(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("\ufeffmargin, severity,age,shape\n5,1, 67 ,3\n\n1,0,?,\n", "utf-8")
    expected = [[67, 3, 5], [np.nan, np.nan, 1]]
    text = path.read_text("utf-8-sig")
    for one in (str(path), path, text, {"age": 67, "shape": 3, "margin": 5, "id": 9}):
        left = "id" if isinstance(one, dict) else "severity"
        told = rf"not used: {left}; the network learned from age, shape, margin"
        with pytest.warns(UserWarning, match=told):
            same(rows(one), expected[:1] if isinstance(one, dict) else expected)


@given(st.lists(st.tuples(*[st.floats(width=32, allow_infinity=False)] * 3)))
def test_what_is_printed_is_read_back(values):
    text = "\n".join(["age,shape,margin", *(",".join(map(repr, v)) for v in values)])
    if values:
        same(rows(text), values)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("age,shape\n1,2", "row 1: missing column 'margin'; found: age, shape; needed"),
        ({"age": 1}, "the row: missing column 'shape'; found: age; needed"),
        ("weight,size\n1,2", "row 1: missing column 'age'; found: weight, size"),
        ("1,2,3\n4,old,6", "row 2, column shape: 'old' where a number belongs"),
        ("age,shape,margin\n1,2,3\nx,5,6", "row 2, column age: 'x' where a number"),
        ("1,2", "row 1 has 2 values where 3 belong: age, shape, margin"),
        ([1, 2], "the row has 2 values where 3 belong"),
        ("age,shape,margin\n1,2", "row 1 has 2 values where 3 belong"),
        ("1,inf,3", "row 1, column shape: inf is not finite"),
        ("age,shape,margin\n", "no rows; give a row of values for age, shape, margin"),
        (
            "nosuch.csv",
            "there is no file 'nosuch.csv'; give a CSV file with the columns",
        ),
        (Path("nosuch.csv"), "there is no file 'nosuch.csv'"),
    ],
)
def test_mistaken_rows(raw, text):
    with pytest.raises(Mistake, match=text):
        rows(raw)


def test_mistakes_in_a_file_name_the_file(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("age,shape,margin\n1,2,three\n")
    with pytest.raises(Mistake, match=r"rows\.csv, row 1, column margin: 'three'"):
        rows(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Mistake, match="is not a text file in UTF-8"):
        rows(path)
    path.write_text("")
    with pytest.raises(Mistake, match=r"rows\.csv, no rows"):
        rows(path)


@pytest.mark.parametrize("cell", ["", "?", "NaN", "NA", None])
def test_missing_values_where_none_may_be(cell):
    assert np.isnan(rows([1, cell, 3])[0, 1])
    with pytest.raises(Mistake, match="the row, column shape: a value is missing"):
        rows([1, cell, 3], missing=False)


def test_data_to_learn_from_is_finite():
    array = np.array([[1, 2], [3, np.nan]])
    check(array, ("a", "b"), True, "dots")
    with pytest.raises(Mistake, match="dots, row 2, column b: nan is not a finite"):
        check(array, ("a", "b"), False, "dots")
    array[0, 0] = np.inf
    with pytest.raises(Mistake, match="dots, row 1, column a: inf is not a finite"):
        check(array, ("a", "b"), True, "dots")
    array[0, 0] = -3e38
    with pytest.raises(
        Mistake, match=r"a: -3e\+38 is too large; accepted: up to 1e\+18"
    ):
        check(array, ("a", "b"), True, "dots")

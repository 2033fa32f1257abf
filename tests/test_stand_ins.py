"""Numbers that seem to stand for what is missing are named, and stay as they are."""

import warnings

import numpy as np
import pytest
from series import load, table

from zoo import data

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))


def told(values, **more) -> list[str]:
    """What is said of a table with this column of 100 rows."""
    draw = np.random.default_rng(1)
    frame = {"x": values, "z": draw.normal(0, 1, 100), "y": draw.normal(0, 1, 100)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = data.load({**frame, **more}, target="y", validation=0, test=0)
    np.testing.assert_array_equal(found.train.inputs[:, 0], values.astype("float32"))
    return [str(each.message) for each in caught]


def put(number, values, rows=5):
    values = np.array(values, float)
    values[:rows] = number
    return values


USUAL = np.random.default_rng(0).uniform(3, 40, 100)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (put(-9999, USUAL), "'x' is -9999 in 5 of 100 rows, all others are "),
        (put(-999.9, USUAL, 2), "'x' is -999.9 in 2 of 100 rows"),
        (put(9999, USUAL, 80), "'x' is 9999 in 80 of 100 rows"),
        (put(-99, 40 * USUAL), "'x' is -99 in 5 of 100 rows"),  # none else is negative
        (put(99, np.arange(100) % 2), "'x' is 99 in 5 of 100 rows, all others are 0 t"),
        (put(32767, USUAL), "'x' is 32767 in 5 of 100 rows"),
        (put(1e20, USUAL), "'x' is 1e+20 in 5 of 100 rows"),
        (put(-8888, put(-9999, USUAL, 9)), "'x' is -9999 in 4, -8888 in 5 of 100 rows"),
        (put(-9999, put(9999, USUAL, 9)), "'x' is -9999 in 5, 9999 in 4 of 100 rows"),
        (put(0, 1000 + USUAL), "'x' is 0 in 5 of 100 rows"),
    ],
)
def test_a_number_far_outside_that_repeats_is_named(values, said):
    [found] = told(values)
    assert said in found
    assert "if such a number stands for a value that is missing, leave its" in found


@pytest.mark.parametrize(
    "values",
    [
        USUAL,
        put(-9999, USUAL, 1),  # once: any number may be an outlier
        put(9999, 1000 * USUAL),  # among the others
        put(-1, USUAL),
        put(0, 1000 + USUAL, 60),  # what most rows have is no exception
        2.0 ** (np.arange(100) % 12),
        10.0 ** (np.arange(100) % 3),
        np.arange(100) % 2,
    ],
)
def test_other_numbers_are_not(values):
    assert told(values) == []


def test_targets_and_series_are_looked_at_too():
    target = put(-9999, USUAL)
    assert told(USUAL, y=target)[0].count("'y' is -9999 in 5") == 1
    columns = table()
    columns["load"][7:30] = -9999
    with pytest.warns(UserWarning, match=r"'load' is -9999 in 23 of 400 rows, all oth"):
        load(columns)

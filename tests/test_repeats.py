"""Equal rows and texts in two splits or two classes are told; natural ones are not."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from zoo import data
from zoo.data import repeats
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds.tokens import split_words
from zoo.training import defaults

pytestmark = [pytest.mark.once, pytest.mark.without_tensorflow]


def table(train, test, targets=None):
    rows = [np.asarray(part, np.float32) for part in (train, test)]
    classes = [np.zeros(len(part), np.int32) for part in rows]
    splits = map(Split, rows, targets or classes)
    return Dataset("mine", "tabular", *_with_none(splits), classes=("a", "b"))


def _with_none(splits):
    train, test = splits
    return train, None, test


def told(dataset):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        repeats.tell(dataset)
    return [str(warning.message) for warning in caught]


def test_rows_of_the_test_that_are_in_train():
    rows = np.random.default_rng(0).normal(size=(100, 3))
    test = np.concatenate([rows[10:12], rows[90:] + 1])
    (line,) = told(table(rows, test))
    shown = ", ".join(f"{value:g}" for value in rows[10].astype(np.float32))
    assert line == (
        "found 2 rows of mine's test split (16.7% of it) in train as well, such as "
        f"{shown}; its accuracy flatters the network: remove them"
    )
    assert told(table(rows, rows + 1)) == []


def test_what_is_read_to_choose_a_recipe_tells_no_repeats(tmp_path):
    """The training reads it again, and tells of the splits that it has."""
    rows = [f"{i * 7.31:.2f},{i % 2}" for i in range(40)]
    file = tmp_path / "twice.csv"
    file.write_text("\n".join(["weight,kind", *rows, *rows[:30]]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        defaults.recipe_for(str(file), {"target": "kind"})
        assert caught == []
        data.load(str(file), target="kind")
    assert any("in train as well" in str(each.message) for each in caught)


def test_a_row_of_two_classes():
    rows = np.arange(60.0).reshape(20, 3)
    rows[19] = rows[3]
    targets = [np.arange(20) // 10, np.zeros(1, int)]
    (line,) = told(table(rows, [[-1, -1, -1]], targets))
    assert line == (
        "found 1 row of mine in two classes or more, such as 9, 10, 11; keep each in "
        "the class that is right"
    )


@pytest.mark.parametrize("task", ["labels", "strings"])
def test_an_input_with_two_answers_of_several_parts(task):
    rows = np.arange(60.0).reshape(20, 3)
    rows[19] = rows[3]
    targets = [np.arange(20)[:, None] // 10 + [[0, 1]], np.zeros((1, 2), int)]
    found = replace(table(rows, [[-1, -1, -1]], targets), task=task)
    what = {"labels": "different labels", "strings": "two strings or more"}[task]
    (line,) = told(found)
    assert f"found 1 row of mine with {what}, such as 9, 10, 11; keep each" in line


def test_rows_of_few_small_numbers_are_equal_by_nature():
    rows = np.random.default_rng(0).integers(0, 4, (200, 4))
    assert told(table(rows[:150], rows[150:])) == []
    wide = np.random.default_rng(0).integers(0, 4, (200, 40))
    assert "found 50 rows" in told(table(wide, wide[:50]))[0]


def test_texts_in_both_splits_and_two_classes():
    words = [f"a film of number {i} and more" for i in range(10)]
    train, test = split_words(
        [*words, "so good"], ["so good", "A film of number 3, and more."]
    )
    targets = np.zeros(11, np.int32), np.ones(2, np.int32)
    splits = _with_none(map(Split, (train, test), targets))
    lines = told(Dataset("films", "text", *splits, classes=("bad", "good")))
    assert lines == [
        "found 1 text of films's test split (50.0% of it) in train as well, such as "
        "'a film of number 3 and more ...'; its accuracy flatters the network: remove "
        "them",
        "found 1 text of films in two classes or more, such as 'a film of number 3 and "
        "more ...'; keep each in the class that is right",
    ]

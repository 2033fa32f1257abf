"""Splits, their order, batches, and what is saved for prediction."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo import data
from zoo.core.columns import Column
from zoo.data import identity
from zoo.data.dataset import Rows
from zoo.data.splits import carve
from zoo.errors import Mistake

pytestmark = pytest.mark.once

SEEDS = st.integers(0, 2**63)


def points(count=10, **changes):
    inputs = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
    targets = np.arange(count, dtype=np.int32) % 2
    given = {"train": data.Split(inputs, targets), "classes": ("a", "b")} | changes
    return data.Dataset("dots", "points", features=("x", "y"), **given)


@given(st.integers(0, 300), SEEDS, st.integers(0, 1000))
def test_order_is_a_permutation_and_a_pure_function(count, seed, epoch):
    first = data.order(count, seed, epoch)
    assert sorted(first) == list(range(count))
    np.testing.assert_array_equal(first, data.order(count, seed, epoch))


def test_order_depends_on_seed_and_epoch_and_never_changes():
    assert data.order(8, 0, 0).tolist() == [0, 2, 1, 5, 4, 3, 6, 7]
    assert data.order(5, 7, 3).tolist() == [2, 3, 0, 4, 1]
    orders = {tuple(data.order(50, *key)) for key in ((0, 0), (0, 1), (1, 0), (1, 1))}
    assert len(orders) == 4
    assert data.order(8, 0, 0).dtype == np.int64


@given(
    st.lists(st.integers(0, 4), min_size=20, max_size=200),
    st.floats(0.05, 0.9),
    SEEDS,
)
def test_carving_is_disjoint_complete_stratified_and_seeded(labels, share, seed):
    targets = np.array(labels + [0, 1, 2, 3, 4] * 2)
    classes = tuple("abcde")
    kept, held = carve(targets, share, seed, classes, "validation")
    assert sorted([*kept, *held]) == list(range(len(targets)))
    assert np.all(np.diff(kept) > 0)
    assert np.all(np.diff(held) > 0)
    sizes, taken = np.bincount(targets), np.bincount(targets[held], minlength=5)
    total = round(share * len(targets))
    assert np.all(np.abs(taken - sizes * total / len(targets)) <= 1)
    assert np.all(taken < sizes)
    assert abs(len(held) - total) <= 5
    again = carve(targets, share, seed, classes, "validation")
    np.testing.assert_array_equal(held, again[1])


def test_another_seed_holds_out_other_examples():
    targets = np.arange(100) % 2
    first, second = (carve(targets, 0.1, s, ("a", "b"), "validation") for s in (0, 1))
    assert first[1].tolist() != second[1].tolist()


@pytest.mark.parametrize("share", [1, 1.5, -0.1, float("nan"), "0.1", None])
def test_a_share_out_of_range(share):
    with pytest.raises(Mistake, match=f"validation={share} is not a share"):
        carve(np.zeros(10, int), share, 0, ("a",), "validation")


def test_shares_and_classes_that_are_too_small():
    with pytest.raises(Mistake, match=r"validation=0.01 of 10 examples is none"):
        carve(np.zeros(10, int), 0.01, 0, ("a",), "validation")
    with pytest.raises(Mistake, match="class 'rare' has 1 example"):
        carve(np.array([0] * 9 + [1]), 0.2, 0, ("common", "rare"), "validation")
    with pytest.raises(Mistake, match="seed=-1; a seed is 0 or"):
        carve(np.zeros(10, int), 0.2, -1, ("a",), "validation")


def test_no_share_holds_nothing_out_and_keeps_the_order():
    kept, held = carve(np.array([1, 0, 1]), 0, 0, ("a", "b"), "validation")
    assert kept.tolist() == [0, 1, 2]
    assert held.tolist() == []


@given(st.integers(1, 10), SEEDS, st.integers(0, 5))
def test_batches_hold_every_example_once(batch, seed, epoch):
    pairs = list(points().batches(batch=batch, seed=seed, epoch=epoch))
    inputs = np.concatenate([inputs for inputs, _ in pairs])
    targets = np.concatenate([targets for _, targets in pairs])
    index = data.order(10, seed, epoch)
    np.testing.assert_array_equal(inputs[:, 0], 2 * index)
    np.testing.assert_array_equal(targets, index % 2)
    assert [len(targets) for _, targets in pairs[:-1]] == [batch] * (len(pairs) - 1)


def test_unshuffled_batches_keep_the_order():
    inputs = [inputs for inputs, _ in points().batches(batch=4, shuffle=False)]
    assert [len(part) for part in inputs] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(inputs), points().train.inputs)


def test_mistaken_batches():
    dataset = points(test=data.Split(np.zeros((3, 2)), np.zeros(3, np.int32)))
    with pytest.raises(Mistake, match="batch=11 is larger than the data: dots has 10"):
        dataset.batches(batch=11)
    assert len(list(dataset.batches("test", batch=11))) == 1
    with pytest.raises(Mistake, match="batch=0; a batch holds at least 1"):
        dataset.batches(batch=0)
    with pytest.raises(Mistake, match="unknown split 'tset'; did you mean 'test'"):
        dataset.batches("tset")
    with pytest.raises(Mistake, match="dots has no validation split"):
        dataset.batches("validation")


def test_a_saved_data_set_comes_back_without_examples(tmp_path):
    dataset = points(license="free", citation="Gödel, 1931", missing=True)
    dataset.save(tmp_path)
    restored = data.restore(tmp_path)
    assert len(restored.train) == 0
    assert restored.facts() == dataset.facts() == {"input_shape": (2,), "classes": 2}
    for name in ("name", "kind", "classes", "features", "license", "citation"):
        assert getattr(restored, name) == getattr(dataset, name)
    np.testing.assert_array_equal(data.decode(restored, ["1,2"]), [[1, 2]])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.json"]


COLUMNS = (
    Column("age", missing=True),
    Column("town", "category", ("Bonn", "Köln")),
    Column("seen", "date", format="%d.%m.%Y"),
)


def table(task="numbers", **given):
    """Four rows of a number, a category and a date, and two numbers to answer."""
    rows = np.arange(16, dtype="float32").reshape(4, 4)
    targets = np.float32([[1, 0], [2.5, 1], [1e6, 1], [-3, 0]])
    given = {"outputs": ("price", "rent"), "columns": COLUMNS, **given}
    split = data.Split(rows, targets)
    names = tuple(column.name for column in COLUMNS)
    return data.Dataset("own", "tabular", split, features=names, task=task, **given)


def test_a_table_of_numbers_to_answer_comes_back_with_its_columns(tmp_path):
    table().save(tmp_path)
    restored = data.restore(tmp_path)
    assert (restored.task, restored.outputs) == ("numbers", ("price", "rent"))
    assert restored.columns == COLUMNS
    assert restored.input_shape == (4,)
    assert restored.train.targets.shape == (0, 2)
    assert restored.train.targets.dtype == np.float32
    facts = restored.facts()
    assert (facts["classes"], facts["task"]) == (2, "numbers")
    assert facts["columns"] == COLUMNS


def test_targets_of_several_numbers_are_told_apart_and_held_out():
    whole, near = table().train.targets, table().train.targets + np.float32(0.25)
    prints = {
        identity.fingerprint(data.Split(table().train.inputs, targets))
        for targets in (whole, near)
    }
    assert len(prints) == 2
    kept, held = carve(whole, 0.5, 0, (), "test")
    np.testing.assert_array_equal(np.sort([*kept, *held]), range(4))
    assert len(held) == 2


def test_columns_and_labels_are_put_into_the_order_that_a_run_learned():
    labels = table("labels", outputs=(), classes=("new", "cheap"))
    found = identity.align(labels, ("cheap", "new"), ("seen", "age", "town"))
    np.testing.assert_array_equal(found.train.inputs[0], [2, 3, 0, 1])
    np.testing.assert_array_equal(found.train.targets[:, 1], [1, 2.5, 1e6, -3])
    assert [column.name for column in found.columns] == ["seen", "age", "town"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task": "guesses"}, "task is 'guesses'; accepted: classes, numbers, labels"),
        ({"outputs": []}, "its task is numbers, with 0 classes and 0 outputs"),
        ({"classes": ["a", "b"]}, "its task is numbers, with 2 classes and 2 outputs"),
        ({"task": "labels", "outputs": []}, "its task is labels, with 0 classes"),
        ({"columns": [{"name": "age"}] * 4}, "names 3 columns and its input_shape"),
        ({"columns": [{"name": "age", "kind": "word"}]}, "damaged: columns is"),
        ({"columns": [{"name": "a", "kind": "category"}]}, "damaged: columns is"),
        ({"columns": [{"name": "a", "size": 3}]}, "damaged: columns is"),
    ],
)
def test_a_damaged_description_of_a_table_is_refused(tmp_path, change, words):
    table().save(tmp_path)
    path = tmp_path / "data.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}))
    with pytest.raises(Mistake, match=words):
        data.restore(tmp_path)


def test_folders_that_hold_no_run(tmp_path):
    with pytest.raises(Mistake, match="is not the folder of a run: it has no data"):
        data.restore(tmp_path)
    (tmp_path / "data.json").write_text('{"name": "dots", "ki')
    with pytest.raises(Mistake, match=r"data\.json cannot be read: Unterminated"):
        data.restore(tmp_path)
    (tmp_path / "data.json").write_text(json.dumps({"name": "dots"}))
    with pytest.raises(Mistake, match="is damaged"):
        data.restore(tmp_path)


def test_a_card_names_sizes_classes_and_license():
    text = points(license="free").card()
    assert "dots: points, input shape (2,)" in text
    assert "examples: train 10" in text
    assert "classes: a, b" in text
    assert "license: free" in text


def test_a_large_array_is_read_from_disk_row_by_row(tmp_path):
    np.save(tmp_path / "rows.npy", np.arange(20).reshape(10, 2))
    array = np.load(tmp_path / "rows.npy", mmap_mode="r")
    split = data.Split(array, np.arange(10)).take(np.arange(1, 10)).take(np.arange(8))
    assert isinstance(split.inputs, Rows)
    assert (len(split), split.inputs.shape) == (8, (8, 2))
    assert len(split.inputs) == 8
    assert split.inputs.dtype == array.dtype
    np.testing.assert_array_equal(split.inputs[np.array([0, 7])], [[2, 3], [16, 17]])
    np.testing.assert_array_equal(split.targets, range(1, 9))

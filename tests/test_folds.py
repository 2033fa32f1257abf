"""Who is in which part: copies, groups and later examples never help to answer."""

import dataclasses
import itertools
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.model_selection import StratifiedGroupKFold

from zoo import Recipe, data
from zoo.core.columns import Column
from zoo.core.random import order
from zoo.data import folds, keys
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds.tokens import split_words
from zoo.data.sources import generated
from zoo.data.splits import carve, together
from zoo.errors import Mistake
from zoo.tuning import trial

pytestmark = pytest.mark.once


def patients(count=300, groups=40, test=False, last="patient"):
    """A table whose last column names groups, most of whose rows are of one class."""
    random = np.random.default_rng(0)
    group = random.integers(0, groups, count).astype(np.float32)
    targets = ((group % 4 == 0) | (random.random(count) < 0.1)).astype(np.int32)
    rows = np.c_[random.normal(size=(count, 2)), group].astype(np.float32)
    cut = count * 2 // 3 if test else count
    return Dataset(
        "own",
        "tabular",
        Split(rows[:cut], targets[:cut]),
        test=Split(rows[cut:], targets[cut:]) if test else None,
        classes=("healthy", "ill"),
        features=("a", "b", last),
    )


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=12, max_size=60))
def test_copies_and_groups_stay_on_one_side(examples):
    prints, groups, targets = np.array(examples).T
    whole = Split(targets[:, None], targets % 2, prints, groups)
    dataset = Dataset("own", "points", whole, classes=("a", "b"))
    members = together(groups, prints)
    parts = min(3, members.max() + 1)
    if parts < 2:
        return
    found = folds.cut(dataset, whole, parts, order(len(targets), 0, 0))
    answered = np.concatenate([held for _, held in found])
    assert sorted(answered) == list(range(len(targets)))
    for kept, held in found:
        assert not set(groups[kept]) & set(groups[held])
        assert not set(prints[kept]) & set(prints[held])


def test_what_belongs_together_through_a_third_one():
    found = together(np.array([5, 5, 7, 8]), None, np.array([1, 2, 2, 3]))
    assert found.tolist() == [0, 0, 0, 1]
    assert together(None) is None


def test_groups_are_as_even_as_scikit_learns():
    own = keys.take(patients(), groups="patient")
    assert own.features == ("a", "b")
    assert own.input_shape == (2,)
    cut = [folds.split(own, (part, 5), 0).test for part in range(5)]
    theirs = StratifiedGroupKFold(5, shuffle=True, random_state=0).split(
        own.train.inputs, own.train.targets, own.train.groups
    )
    spread = [np.std([own.train.targets[held].mean() for _, held in theirs])]
    assert np.std([part.targets.mean() for part in cut]) <= spread
    assert max(map(len, cut)) - min(map(len, cut)) <= 6


def test_single_examples_even_out_what_groups_cannot():
    prints = np.r_[np.zeros(10), np.arange(1, 31)]
    targets = np.r_[np.zeros(20), np.ones(20)].astype(int)
    whole = Split(targets[:, None], targets, prints)
    dataset = Dataset("own", "points", whole, classes=("a", "b"))
    found = folds.cut(dataset, whole, 4, order(40, 0, 0))
    counts = [np.bincount(targets[held], minlength=2).tolist() for _, held in found]
    assert sorted(counts) == [[3, 5], [3, 5], [4, 5], [10, 5]]


def test_equal_rows_are_copies_unless_equal_by_nature():
    rows = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    rows[30:] = rows[:30]
    targets = np.arange(60, dtype=np.int32) % 2
    own = Dataset("own", "points", Split(rows, targets), classes=("a", "b"))
    for part in range(3):
        cut = folds.split(own, (part, 3), 0)
        assert not {*map(tuple, cut.train.inputs)} & {*map(tuple, cut.test.inputs)}
        assert len(cut.test) == 20
    whole = np.round(rows).astype(np.float32)
    few = dataclasses.replace(own, train=Split(whole, targets))
    assert folds.join(few).prints is None


def test_parts_of_pictures_are_those_of_both_splits():
    digits = data.load("mnist_sample", validation=0)
    both = np.concatenate([np.asarray(digits.train.inputs), digits.test.inputs])
    first, second = (folds.split(digits, (part, 2), 0) for part in (0, 1))
    halves = (first.test, second.test)
    sums = [half.inputs[np.arange(len(half))].sum((1, 2, 3)) for half in halves]
    np.testing.assert_array_equal(
        np.sort(np.concatenate(sums)), np.sort(both.sum((1, 2, 3)))
    )
    np.testing.assert_array_equal(
        second.train.inputs[np.arange(9)], first.test.inputs[np.arange(9)]
    )
    np.testing.assert_array_equal(second.train.inputs[3], first.test.inputs[3])
    counts = np.bincount(first.test.targets)
    assert max(counts) - min(counts) <= 1


def test_parts_of_pictures_on_disk_are_read_from_both(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 1), np.uint8)
    np.save(tmp_path / "one.npy", pictures[:20])
    np.save(tmp_path / "two.npy", pictures[20:])
    one, two = (np.load(tmp_path / f"{n}.npy", "r") for n in ("one", "two"))
    targets = np.arange(30, dtype=np.int32) % 3
    own = Dataset(
        "own",
        "image",
        Split(one, targets[:20]),
        test=Split(two, targets[20:]),
        classes=("a", "b", "c"),
    )
    whole = folds.join(own)
    for kept, held in folds.cut(own, whole, 5, order(30, 0, 0)):
        for index in (kept, held):
            split = whole.take(index)
            found = split.inputs[np.arange(len(split))]
            np.testing.assert_array_equal(found, pictures[index])
            np.testing.assert_array_equal(split.targets, targets[index])


def test_parts_of_texts_keep_equal_texts_together():
    texts = [f"this film number {i} was good" for i in range(20)]
    texts += [*texts[:5], "good", "good"]  # short texts are equal by chance
    train, test = split_words(texts[:13], texts[13:])
    targets = np.arange(27, dtype=np.int32) % 2
    targets[20:25] = targets[:5]
    own = Dataset(
        "own",
        "text",
        Split(train, targets[:13]),
        test=Split(test, targets[13:]),
        classes=("a", "b"),
    )
    whole = folds.join(own)
    assert len(np.unique(whole.prints)) == 22
    np.testing.assert_array_equal(whole.prints[:5], whole.prints[20:25])
    assert [whole.inputs.words[i] for i in whole.inputs.joined().flat[:6]] == (
        texts[0].split()
    )
    for part in range(3):
        cut = folds.split(own, (part, 3), 0)
        assert not set(cut.train.prints) & set(cut.test.prints)
        encoded = data._encoded(cut)
        assert encoded.encoder.size > 2
        assert len(encoded.test.inputs) in (8, 9, 10)


def test_later_examples_are_answered_from_the_past():
    own = keys.take(patients(last="day"), time="day")
    found = folds.cut(own, own.train, 4, np.arange(300))
    times = own.train.times
    answered = np.concatenate([held for _, held in found])
    assert len(set(answered)) == len(answered)
    for (kept, held), (later, _) in itertools.pairwise(found):
        assert times[kept].max() < times[held].min()
        np.testing.assert_array_equal(later, np.sort(np.r_[kept, held]))
    assert min(len(held) for _, held in found) >= 40
    assert len(set(answered) | set(found[0][0])) == 300
    with pytest.raises(Mistake, match="9 folds in the order of time need 10 blocks"):
        folds.cut(own, dataclasses.replace(own.train, times=times // 20), 9, None)


def test_what_is_held_out_is_apart_as_well():
    own = keys.take(patients(), groups="patient").train
    about = (0.2, 0, ("a", "b"), "validation", None)
    kept, held = carve(own.targets, *about, groups=own.groups)
    assert not set(own.groups[kept]) & set(own.groups[held])
    assert abs(len(held) - 60) < 9
    assert abs(own.targets[held].mean() - own.targets.mean()) < 0.05
    again = carve(own.targets, *about, groups=own.groups)[1]
    np.testing.assert_array_equal(held, again)
    two = carve(own.targets, *about, groups=own.groups % 2)[1]
    assert len(set(own.groups[two] % 2)) == 1
    with pytest.raises(Mistake, match="all 300 examples are of one group"):
        carve(own.targets, *about, groups=own.groups * 0)
    copies = {"prints": np.zeros(300, np.uint64), "groups": own.groups % 5}
    with pytest.raises(Mistake, match="the 5 groups hold copies of each other's"):
        carve(own.targets, *about[:-1], **copies)
    kept, held = carve(own.targets, *about, times=own.groups)
    assert own.groups[kept].max() < own.groups[held].min()
    with pytest.raises(Mistake, match="are of one moment"):
        carve(own.targets, *about, times=own.groups * 0)


def test_splits_that_share_a_group_are_drawn_anew_and_told():
    words = "the splits of own are not apart in patient: test is drawn again, 1.. of"
    with pytest.warns(UserWarning, match=words):
        own = keys.apart(keys.take(patients(test=True), "patient"), "patient")
    assert not set(own.train.groups) & set(own.test.groups)
    assert abs(len(own.test) - 100) < 9
    with pytest.warns(UserWarning, match="not apart in day"):
        own = keys.apart(keys.take(patients(test=True, last="day"), "", "day"), "day")
    assert own.train.times.max() < own.test.times.min()


def test_a_column_beside_pictures_and_texts_says_who_goes_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    lines = ["file,review,patient,day,ill"]
    for i in range(40):
        name, words = f"{i}.png", " ".join(draw.choice(list("abcdefgh"), 6))
        Image.fromarray(draw.integers(0, 256, (8, 8, 3), "uint8")).save(name)
        lines.append(f"{name},{words},p{i // 4},2026-01-{i // 2 + 1:02},{'ny'[i % 2]}")
    Path("own.csv").write_text("\n".join(lines), "utf-8")
    texts = "\n".join(line.split(",", 1)[1] for line in lines)
    Path("texts.csv").write_text(texts, "utf-8")
    for name, more in (("own.csv", {"size": 8}), ("texts.csv", {"text": "review"})):

        def load(name=name, **about):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return data.load(name, target="ill", **about)

        apart = load(**more, groups="patient", fold=(0, 2))
        splits = [apart.train, apart.validation, apart.test]
        members = [set(split.groups) for split in splits]
        assert sum(map(len, members)) == len(set.union(*members)) == 10
        later = load(**more, time="day")
        assert later.train.times.max() < later.validation.times.min()
        assert later.validation.times.max() < later.test.times.min()
        with pytest.raises(Mistake, match="did you mean 'patient'"):
            load(**more, groups="patiant")
        with pytest.raises(Mistake, match="time=patient is a column of kind category"):
            load(**more, time="patient")
    Path("texts.csv").write_text(texts.replace("p3", ""), "utf-8")
    with pytest.raises(Mistake, match=r"patient of texts\.csv has no value in 4 rows"):
        load(**more, groups="patient")


def test_dates_are_days_and_seconds():
    rows = np.float32([[1, 10, 3600, 5], [2, 10, 0, 6], [3, 9, 7200, 7]])
    columns = (Column("a"), Column("seen", "date"), Column("b"))
    own = Dataset(
        "own",
        "tabular",
        Split(rows, np.int32([0, 1, 0])),
        classes=("x", "y"),
        features=("a", "seen", "b"),
        columns=columns,
    )
    found = keys.take(own, time="seen")
    np.testing.assert_array_equal(found.train.inputs, rows[:, [0, 3]])
    assert found.columns == (columns[0], columns[2])
    assert found.train.times.tolist() == [867_600, 864_000, 784_800]
    towns = dataclasses.replace(columns[1], kind="category", categories=("u", "v"))
    other = dataclasses.replace(own, columns=(columns[0], towns, Column("c"), *columns))
    with pytest.raises(Mistake, match="time=seen is a column of kind category"):
        keys.take(other, time="seen")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"groups": "x", "time": "y"}, "groups=x and time=y: give one of them"),
        ({"groups": "patiant"}, "unknown column of own 'patiant'.*patient"),
        ({"time": "tomorrow"}, "unknown column of own 'tomorrow'"),
    ],
)
def test_columns_that_cannot_be_meant(arguments, words):
    with pytest.raises(Mistake, match=words):
        keys.take(patients(), **arguments)


def test_what_no_column_can_say():
    with pytest.raises(Mistake, match="groups=a names a column, and mnist_sample has"):
        data.load("mnist_sample", groups="a")
    own = patients()
    only = Split(own.train.inputs[:, 2:], own.train.targets)
    one = dataclasses.replace(own, train=only, features=("patient",))
    with pytest.raises(Mistake, match="own has no other column than patient"):
        keys.take(one, groups="patient")
    own.train.inputs[3, 2] = np.nan
    with pytest.raises(Mistake, match="column patient of own has no value in 1 rows"):
        keys.take(own, groups="patient")
    few = keys.take(patients(groups=3), groups="patient")
    with pytest.raises(Mistake, match="5 folds of 3 groups; give 3 folds or fewer"):
        folds.split(few, (0, 5), 0)


def test_a_recipe_names_the_column_and_searches_keep_groups_apart(monkeypatch):
    monkeypatch.setattr(generated, "moons", lambda: patients())
    recipe = Recipe(
        "deep_mlp", "moons", data_arguments={"groups": "patient"}, validation=0.2
    )
    own = data.load_for(recipe)
    assert own.features == ("a", "b")
    assert not set(own.train.groups) & set(own.validation.groups)
    for each in trial.datasets(recipe, 4):
        assert not set(each.train.groups) & set(each.validation.groups)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"target": "kind"},
            "10 of 50 examples were carved out as the test split, stratified, seed 0. "
            "Earlier and later rows are on both sides; where rows go on from each "
            "other, data.time=day tests on the latest.",
        ),
        ({"target": "kind", "time": "day"}, "The latest 10 of 50 examples are the "),
        ({"target": "kind", "groups": "who"}, "as the test split, whole groups, seed"),
        ({"target": "size"}, "carved out as the test split, seed 0."),
    ],
)
def test_how_the_test_was_chosen_is_said(arguments, said, tmp_path):
    path, draw = tmp_path / "days.csv", np.random.default_rng(0)
    rows = [
        f"2024-{1 + n % 12:02}-{1 + n // 12:02},{draw.random():.4f},p{n % 9},{n % 2}y"
        for n in range(50)
    ]
    path.write_text("\n".join(["day,size,who,kind", *rows]), encoding="utf-8")
    assert said in data.load(path, validation=0, **arguments).description


def test_a_share_for_the_test_beside_parts_is_told():
    table = {"x": np.arange(40.0) ** 1.5, "y": ["a", "b"] * 20}
    given = {"target": "y", "test": 0.5, "validation": 0.0}
    said = "data.test=0.5 is not used: the test split is one of 4 parts"
    with pytest.warns(UserWarning, match=said):
        found = data.load(table, fold=(1, 4), **given)
    assert len(found.test) == 10

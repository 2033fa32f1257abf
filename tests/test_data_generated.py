"""Circles, moons, blobs and spirals."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs, make_circles, make_moons
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from toy_sets import python

from zoo import data
from zoo.data.sources import generated
from zoo.errors import Mistake

pytestmark = pytest.mark.once


@pytest.mark.parametrize("name", generated.NAMES)
def test_every_set_is_complete_repeatable_and_learnable(name):
    dataset, again = data.load(name), data.load(name)
    whole = data.load(name, validation=0)
    assert dataset.kind == "points"
    assert dataset.features == ("x", "y")
    assert dataset.input_shape == (2,)
    assert dataset.train.inputs.dtype == np.float32
    assert dataset.train.targets.dtype == np.int32
    np.testing.assert_array_equal(dataset.train.inputs, again.train.inputs)
    np.testing.assert_array_equal(dataset.test.inputs, whole.test.inputs)
    assert whole.validation is None
    assert len(whole.train) == len(dataset.train) + len(dataset.validation)
    assert 4 * len(whole.test) == len(whole.train)
    assert set(whole.train.targets) == set(range(len(dataset.classes)))
    neighbors = KNeighborsClassifier(5).fit(whole.train.inputs, whole.train.targets)
    assert neighbors.score(whole.test.inputs, whole.test.targets) > 0.98


def test_no_test_point_is_in_train():
    dataset = data.load("spirals")
    train = {tuple(point) for point in dataset.train.inputs}
    validation = {tuple(point) for point in dataset.validation.inputs}
    test = {tuple(point) for point in dataset.test.inputs}
    assert not train & test
    assert not train & validation
    assert not validation & test


@pytest.mark.parametrize(("samples", "seed"), [(1000, 42), (33, 0), (2001, 7)])
def test_circles_moons_and_blobs_have_the_bits_of_scikit_learns(samples, seed):
    """The study notes' circles are those of 1000 samples with seed 42."""
    options = {"n_samples": samples, "random_state": seed}
    for name, points, arguments in (
        ("circles", make_circles(noise=0.03, factor=0.8, **options), {}),
        ("moons", make_moons(noise=0.1, **options), {}),
        ("blobs", make_blobs(centers=5, cluster_std=1.5, **options), {"centers": 5}),
    ):
        train, test, train_targets, test_targets = train_test_split(
            *points, test_size=0.2, random_state=seed
        )
        found = data.load(
            name, samples=samples, data_seed=seed, validation=0, **arguments
        )
        np.testing.assert_array_equal(found.train.inputs, train.astype("float32"))
        np.testing.assert_array_equal(found.test.inputs, test.astype("float32"))
        np.testing.assert_array_equal(found.train.targets, train_targets)
        np.testing.assert_array_equal(found.test.targets, test_targets)


def test_they_need_no_scikit_learn():
    code = (
        "import zoo.data\n"
        f"for name in {generated.NAMES}:\n"
        "    zoo.data.load(name)\n"
        "print('sklearn' in sys.modules)\n"
    )
    assert python(code) == ["False"]


def test_arguments_change_the_points_and_the_seed_of_training_does_not():
    first = data.load("circles", seed=1, validation=0)
    second = data.load("circles", seed=2, validation=0)
    np.testing.assert_array_equal(first.train.inputs, second.train.inputs)
    other = data.load("circles", data_seed=7, samples=100, noise=0.1, factor=0.5)
    assert len(other.train) + len(other.validation) + len(other.test) == 100
    assert len(data.load("spirals", arms=5).classes) == 5
    assert len(data.load("blobs", centers=3).classes) == 3


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("circles", {"noice": 0.1}, "argument of the data set circles 'noice'; did"),
        ("circles", {"factor": 1.0}, r"factor=1\.0; the inner radius lies between"),
        ("moons", {"samples": 5}, "samples=5; give a whole number from 20"),
        ("moons", {"data_seed": -4}, "data_seed=-4; give a whole number from 0"),
        ("moons", {"noise": -1}, "noise or std is -1; give a number from 0"),
        ("blobs", {"centers": 1}, "centers=1; give 2 or more"),
        (
            "moons",
            {"noise": np.inf},
            "noise or std is inf; give a number from 0 to 1",
        ),
        ("spirals", {"arms": 1}, "arms=1; give 2 or more"),
        ("spirals", {"arms": 10**9}, "a class, and at most one for each of the 900 sa"),
        ("moons", {"vocabulary_size": 9}, "unknown argument .* 'vocabulary_size'"),
    ],
)
def test_mistaken_arguments(name, arguments, text):
    with pytest.raises(Mistake, match=text):
        data.load(name, **arguments)

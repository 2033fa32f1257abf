"""What the methods of explanation compute, by hand."""

import itertools
import math

import keras
import numpy as np
import pytest

import zoo
from zoo.engine import gradients
from zoo.explanation import methods

pytestmark = pytest.mark.once


def test_smoothgrad_is_the_mean_gradient_under_its_noise():
    """Of a square, whose gradient is linear, by NumPy."""

    def ask(points):
        return (points**2).sum(axis=(1, 2)), 2 * points

    x = np.arange(12.0).reshape(3, 4)
    found = methods.smoothgrad(ask, x, seed=0, number=1)
    deviation = 2 * methods.NOISE * 11 / math.sqrt(methods.SAMPLES)
    assert 0 < np.abs(found - 2 * x).max() < 4 * deviation


def test_integrated_gradients_of_a_cubic_are_exact():
    """Of x^3 from b: the integral by hand is x^3 - b^3 for each number by itself."""

    def ask(points):
        return (points.astype("float64") ** 3).sum(axis=1), 3 * points**2.0

    x, base = np.array([1.0, -2.0, 0.5], "float32"), np.array([0.5, 1, 0], "float32")
    found, change = methods.integrated_gradients(ask, x, base)
    np.testing.assert_allclose(found, x**3 - base**3, atol=1e-5)
    assert change == pytest.approx((x**3 - base**3).sum())


def test_shapley_values_are_the_means_over_all_orders():
    table = np.random.default_rng(0).normal(size=2**4)

    def score(hidden):
        return table[(hidden * [1, 2, 4, 8]).sum(axis=1)]

    expected = np.zeros(4)
    for order in itertools.permutations(range(4)):
        hidden = np.ones((5, 4), bool)
        for shown, part in enumerate(order, 1):
            hidden[shown:, part] = False
        expected[list(order)] += np.diff(score(hidden)) / 24
    found, change = methods.shapley(score, 4)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.sum() == pytest.approx(change) == table[0] - table[15]


def test_maps_weigh_as_much_as_the_mean_of_their_gradient():
    maps = np.random.default_rng(0).normal(size=(3, 2, 2)).astype("float32")
    slopes = np.random.default_rng(1).normal(size=(1, 3, 2, 2))
    found = methods.grad_cam(lambda points: (None, slopes), maps, (3, 2))
    expected = (maps * slopes[0].mean(axis=(0, 1))).sum(axis=2, keepdims=True)
    np.testing.assert_allclose(found, expected)


def test_of_flattened_maps_the_mean_gradient_says_the_opposite():
    # One of six places speaks for the answer, the others, which are dark, against it.
    weights = np.full((1, 3, 2, 1), -1.0)
    weights[0, 0, 0] = 4
    maps = np.zeros((3, 2, 1), "float32")
    maps[0, 0] = 1
    mean, found = (
        method(lambda points: (None, weights), maps, (3, 2))
        for method in (methods.grad_cam, methods.hires_cam)
    )
    assert mean[0, 0, 0] == pytest.approx(-1 / 6)
    np.testing.assert_array_equal(found, maps * weights[0])


def test_windows_cover_every_pixel():
    for shape in ((28, 28), (5, 9), (1, 3), (224, 100)):
        assert methods.windows(*shape).any(axis=0).all()


@pytest.mark.once
def test_what_is_explained_again_is_compiled_once(tmp_path, monkeypatch):
    recipe = zoo.Recipe("deep_mlp", "moons", {"hidden": (4,)}, batch=100, epochs=1)
    run = zoo.train(recipe, run=tmp_path / "run", floor=False, quiet=True)
    compiled, make = [], gradients.compile_gradient
    monkeypatch.setattr(
        gradients, "compile_gradient", lambda model: compiled.append(1) or make(model)
    )
    found = [zoo.explain(run, [0.5, 1], method="gradient")[0] for _ in range(3)]
    assert len(compiled) == 1
    run.model.set_weights([0 * each for each in run.model.get_weights()])
    assert found[2].attributions.any()
    assert not zoo.explain(run, [0.5, 1], method="gradient")[0].attributions.any()
    assert keras.models.clone_model(run.model).count_params() == 17

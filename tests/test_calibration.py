"""Probabilities that mean what they say: temperature, calibration error, the run."""

import dataclasses

import numpy as np
import pytest
from scipy import optimize, special

import zoo
from zoo import metrics
from zoo import recipe as recipes
from zoo.core import files
from zoo.errors import Mistake
from zoo.run import Run


def answers(classes, scale, count=400, seed=0):
    """Logits that are `scale` times too large, and targets drawn from what is true."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(count, classes)) * 2
    shares = special.softmax(logits, axis=1)
    targets = np.array([random.choice(classes, p=share) for share in shares])
    return logits * scale, targets


@pytest.mark.once
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("scale", [0.3, 1, 4])
def test_the_temperature_has_the_least_cross_entropy(classes, scale):
    logits, targets = answers(classes, scale)

    def loss(log):
        shares = special.log_softmax(logits * np.exp(-log), axis=1)
        return -shares[np.arange(len(targets)), targets].mean()

    best = np.exp(optimize.minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)
    assert metrics.temperature(logits, targets) == pytest.approx(best, rel=1e-3)
    assert best == pytest.approx(scale, rel=0.3)
    if classes == 2:
        one = logits[:, 1:] - logits[:, :1]
        assert metrics.temperature(one, targets) == pytest.approx(best, rel=1e-3)


@pytest.mark.once
def test_answers_that_are_all_right_say_nothing_about_wrong_ones():
    assert metrics.temperature(np.eye(3) * 5, np.arange(3)) == 1


@pytest.mark.once
def test_the_calibration_error_by_hand():
    sure = np.array([0.95, 0.91, 0.55, 0.65])
    logits = np.log(sure / (1 - sure))[:, None]
    targets = np.array([1, 0, 1, 1])  # right, wrong, right, right
    by_hand = (abs(0.95 - 1 + 0.91) + abs(0.55 - 1) + abs(0.65 - 1)) / 4
    assert metrics.calibration_error(logits, targets) == pytest.approx(by_hand)


@pytest.mark.once
def test_too_sure_answers_are_put_right():
    found = metrics.calibration(answers(5, 4), answers(5, 4, seed=1))
    assert found["error_after"] < found["error_before"] / 3


@pytest.mark.once
def test_a_run_keeps_its_temperature_and_predicts_with_it(tmp_path):
    recipe = recipes.override(recipes.load("moons"), ["epochs=1", "data.noise=0.3"])
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True)
    dataset = run.dataset()
    held, asked = (
        (np.asarray(run.model.predict(split.inputs, verbose=0)), split.targets)
        for split in (dataset.validation, dataset.test)
    )
    found = run.metrics["calibration"]
    assert found == pytest.approx(metrics.calibration(held, asked), rel=1e-3)
    assert found["temperature"] != pytest.approx(1, abs=0.01)
    (said,) = zoo.predict(run, [dataset.test.inputs[0]])
    expected = special.expit(asked[0][0, 0] / found["temperature"])
    assert said.probabilities[dataset.classes[1]] == pytest.approx(expected, rel=1e-4)


@pytest.mark.once
def test_without_validation_nothing_is_fitted(tmp_path):
    recipe = recipes.override(recipes.load("moons"), ["epochs=1"])
    recipe = dataclasses.replace(recipe, validation=0)
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True)
    assert "calibration" not in run.metrics


@pytest.mark.once
@pytest.mark.parametrize("told", [{"temperature": 0}, {"temperature": [1]}, 3, []])
def test_a_temperature_that_is_none_is_refused(tmp_path, told):
    found = {"test": {"loss": 0.5}, "calibration": told}
    files.write_json(tmp_path / "metrics.json", found)
    with pytest.raises(Mistake, match=r"metrics\.json is damaged: the temperature is"):
        _ = Run(tmp_path).temperature

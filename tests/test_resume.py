"""Runs repeat their bits, also when they are stopped in the middle of an epoch."""

import dataclasses
import os
import signal

import numpy as np
import pytest

import zoo
from zoo.training import session, states, train
from zoo.training.folder import Stopped

RECIPE = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (8,), "batch_normalization": "after", "dropout": 0.3},
    data="mnist_sample",
    validation=0.9,
    batch=16,
    epochs=2,
    seed=3,
    augment={"shift": 0.1, "mixup": 0.2},
    optimizer="adamw",
    schedule="cosine",
    warmup_epochs=0.5,
    weight_decay=1e-3,
    clip_norm=1.0,
    ema=0.9,
)
RECIPES = {
    "all options": RECIPE,
    "accumulated gradients": dataclasses.replace(RECIPE, accumulate=3, ema=0.0),
    "two stages": dataclasses.replace(
        RECIPE,
        epochs=1,
        stages=({"epochs": 1}, {"epochs": 1, "optimizer": "sgd", "batch": 24}),
    ),
    "augmented on the device": dataclasses.replace(
        RECIPE, augment={"flip": 0.5}, augment_on="device"
    ),
    "convolutions": dataclasses.replace(
        RECIPE, model="lenet", model_arguments={}, epochs=1
    ),
}


def contents(run):
    """Everything that training computed."""
    weights = {v.path: np.array(v.numpy()) for v in run.model.variables}
    curve = [
        {key: line[key] for key in line if key not in ("seconds", "waiting")}
        for line in run.history
    ]
    metrics = {key: run.metrics[key] for key in ("test", "validation")}
    return weights, curve, metrics


def assert_same(run, other):
    weights, *rest = contents(run)
    other_weights, *other_rest = contents(other)
    assert weights.keys() == other_weights.keys()
    for path in weights:
        assert np.array_equal(weights[path], other_weights[path]), path
    assert rest == other_rest


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {
        name: train(recipe, run=folder / name.replace(" ", "-"), quiet=True)
        for name, recipe in RECIPES.items()
    }


@pytest.mark.slow
def test_the_same_recipe_and_seed_give_the_same_weights(uninterrupted, tmp_path):
    again = train(RECIPE, run=tmp_path / "again", quiet=True)
    assert_same(again, uninterrupted["all options"])


@pytest.mark.once
def test_another_seed_gives_other_weights(uninterrupted, tmp_path):
    recipe = dataclasses.replace(RECIPE, seed=4)
    other, *_ = contents(train(recipe, run=tmp_path / "other", quiet=True))
    weights, *_ = contents(uninterrupted["all options"])
    assert not np.array_equal(weights["logits/kernel"], other["logits/kernel"])


@pytest.mark.slow
def test_pictures_that_the_device_changes_give_the_curve_of_the_host(
    uninterrupted, tmp_path
):
    name = "augmented on the device"
    recipe = dataclasses.replace(RECIPES[name], augment_on="host")
    host = train(recipe, run=tmp_path / "host", quiet=True)
    losses, others = (
        [line["loss"] for line in run.history] for run in (host, uninterrupted[name])
    )
    assert losses == pytest.approx(others, rel=1e-5)
    still = dataclasses.replace(recipe, augment={})
    other = train(still, run=tmp_path / "still", quiet=True)
    assert other.history[0]["loss"] != pytest.approx(losses[0], rel=1e-3)


STOPS = {  # (epoch, step), both from 0
    "all options": [(0, 2), (1, 4)],
    "accumulated gradients": [(0, 4)],  # between two updates
    "two stages": [(0, 4), (1, 6)],
    "augmented on the device": [(0, 3)],
    "convolutions": [(0, 4)],
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] * ("device" in n)) for n in STOPS],
)
def test_an_interrupted_run_ends_as_if_nothing_had_happened(
    name, uninterrupted, tmp_path, monkeypatch
):
    """It is stopped in the middle of an epoch; and again, later, when it goes on."""
    monkeypatch.setattr(session, "CHUNK_SECONDS", 0.0)  # a batch a chunk
    recipe, counted = RECIPES[name], session.Session._count
    for number, place in enumerate(STOPS[name]):

        def stopping(self, *given, place=place):
            counted(self, *given)
            if (self.state.epoch, self.state.step) == place:
                os.kill(os.getpid(), signal.SIGTERM)

        with monkeypatch.context() as patch:
            patch.setattr(session.Session, "_count", stopping)
            with pytest.raises(
                Stopped, match=r"the state is saved; `zoo train .* --resume"
            ):
                train(
                    RECIPES[name], run=tmp_path / "run", resume=number > 0, quiet=True
                )
        assert not (tmp_path / "run" / "metrics.json").exists()
        _, progress = states.read(states.newest(tmp_path / "run"))
        assert (progress["epoch"], progress["step"]) == place
    resumed = train(recipe, run=tmp_path / "run", resume=True, quiet=True)
    assert_same(resumed, uninterrupted[name])

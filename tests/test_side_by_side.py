"""Trials trained side by side: each gives what it gives by itself."""

from dataclasses import replace
from itertools import chain

import keras
import pytest
from searches import TINY

import zoo
from zoo import recipe as recipes
from zoo.errors import Mistake
from zoo.tuning import trial
from zoo.tuning.trial import Limits

if keras.backend.backend() != "jax":
    pytest.skip("JAX alone trains side by side", allow_module_level=True)

from zoo.tuning import side_by_side

ROWS = replace(TINY, model_arguments={"hidden": (6,), "classes": 1}, batch=16)
CHANGES = [
    "",
    "model.hidden=9,5,7 model.activation=tanh optimizer=sgd momentum=0.9",
    "optimizer=sgd learning_rate=0.1 schedule=linear batch=8",
    "model.dropout=0.3 model.batch_normalization=before model.l2=0.01",
    "model.batch_normalization=after model.activation=sigmoid model.l1=0.001",
    "weight_decay=0.01 schedule=cosine warmup_epochs=0.5",
    "model.hidden=() early_stopping=1 learning_rate=0.5",
]


@pytest.mark.parametrize(
    ("changes", "folds"),
    [
        (["data.samples=97"], 2),
        (
            ["data=blobs", "batch=24", "loss=mean_squared_error", "model.classes=4"],
            0,
        ),
    ],
)
def test_trials_side_by_side_give_what_each_gives_alone(changes, folds):
    base = recipes.override(ROWS, changes)
    datasets = trial.datasets(base, folds)
    planned = [recipes.override(base, each.split()) for each in CHANGES]
    none = [Limits()] * len(planned)
    together = dict(chain(*side_by_side.run(planned, datasets, "loss", none)))
    assert sorted(together) == list(range(len(planned)))
    for number, each in enumerate(planned):
        alone = trial.run(each, datasets, "loss", Limits())
        for name in ("validation_loss", "validation_accuracy", "best_epoch", "epochs"):
            value = pytest.approx(alone[name], rel=1e-4, abs=1e-6)
            assert together[number][name] == value, (CHANGES[number], name)
        assert together[number]["parameters"] == alone["parameters"]


def test_what_does_not_fit_is_left_to_be_trained_alone():
    changes = ["", "model.hidden=65,", "learning_rate=1e30 optimizer=sgd"]
    planned = [recipes.override(ROWS, each.split()) for each in changes]
    programs = side_by_side.run(planned, trial.datasets(ROWS), "loss", [Limits()] * 3)
    found = dict(chain(*programs))
    assert sorted(found) == [0, 2]
    assert isinstance(found[2], Mistake)
    assert "the loss is not a number in epoch 1" in str(found[2])


def test_layers_without_weights_before_the_first_dense_one_are_no_hindrance():
    found = [side_by_side.network.read(zoo.build("mammogram_mlp")) for _ in range(2)]
    assert [layer.kernel.shape for layer in found[0].layers] == [(4, 6), (6, 1)]
    assert found[0].kind == found[1].kind  # they can be trained in one program

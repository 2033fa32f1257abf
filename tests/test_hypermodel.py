"""Keras-tuner's own tuners, and a user's, search zoo's models and recipes."""

import dataclasses

import keras_tuner
import numpy as np
import pytest
from searches import TINY

import zoo
from zoo.errors import Mistake


class OwnTuner(keras_tuner.RandomSearch):
    """A user's tuner: it counts its trials."""

    count = 0

    def run_trial(self, trial, *arguments, **options):
        self.count += 1
        return super().run_trial(trial, *arguments, **options)


def test_a_users_tuner_searches_a_recipe(tmp_path):
    own = OwnTuner(
        zoo.hypermodel(TINY),
        objective="val_accuracy",
        max_trials=2,
        seed=1,
        directory=tmp_path,
    )
    own.search(epochs=1, verbose=0)
    assert own.count == 2
    best = own.oracle.get_best_trials(1)[0]
    assert 0 <= best.score <= 1
    assert "learning_rate" in best.hyperparameters.values


@pytest.mark.once
def test_a_users_model_file_in_keras_tuners_search(tmp_path, own_recipe):
    x = np.random.default_rng(0).normal(size=(40, 2)).astype("float32")
    y = (x[:, 0] > 0).astype("int32")
    hp = keras_tuner.HyperParameters()
    hp.Choice("width", [2, 8])
    bayesian = keras_tuner.BayesianOptimization(
        zoo.hypermodel(own_recipe.model),
        objective="val_loss",
        max_trials=2,
        hyperparameters=hp,
        tune_new_entries=False,
        directory=tmp_path,
    )
    bayesian.search(x, y, validation_data=(x, y), epochs=1, verbose=0)
    assert len(bayesian.oracle.get_best_trials(2)) == 2


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("loss", ["crossentropy", "mean_squared_error"])
def test_hypermodel_compiles_loss_and_accuracy_of_logits(classes, loss):
    arguments = {"hidden": (4,), "classes": classes}
    recipe = dataclasses.replace(TINY, model_arguments=arguments, loss=loss)
    model = zoo.hypermodel(recipe).build(keras_tuner.HyperParameters())
    data = zoo.data.load("circles", samples=120, validation=0.25).validation
    loss_, accuracy = model.evaluate(data.inputs, data.targets, verbose=0)
    ours = zoo.evaluate(model, data)
    assert accuracy == pytest.approx(ours["accuracy"])
    if loss == "crossentropy":
        assert loss_ == pytest.approx(ours["loss"], rel=1e-4)


def test_hypermodel_takes_arguments_of_build():
    model = zoo.hypermodel("deep_mlp", input_shape=(3,), classes=5).build(
        keras_tuner.HyperParameters()
    )
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 5))


@pytest.mark.once
def test_an_unknown_hypermodel_names_the_nearest():
    with pytest.raises(Mistake, match="did you mean 'lenet'"):
        zoo.hypermodel("lenett")

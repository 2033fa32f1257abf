"""The benchmark of a training from fresh weights, compiled as users have it.

It computes for longer than it is compiled.
"""

import dataclasses

import pytest

from benchmarks.speed import race


@pytest.mark.slow
def test_a_race_ends_with_trained_weights():
    small = {"filters": 4, "batch_normalization": True}
    sample = {"data": "mnist_sample", "batch": 25, "epochs": 2}
    recipe = dataclasses.replace(race.RECIPE, model_arguments=small, **sample)
    (seconds, accuracy), (_, other) = race.run(2, recipe)
    assert seconds > 0
    assert min(accuracy, other) > 0.7
    assert accuracy != other  # other weights and another order

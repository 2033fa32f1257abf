"""Sounds and sequences are explained: which stretches of time speak for an answer."""

import keras
import numpy as np
import pytest
from keras import ops

from zoo.data.dataset import Dataset, Split
from zoo.data.kinds.sound_files import PADDING
from zoo.engine import steps
from zoo.explanation import attribution

RATE = 8000


def explained(kind, given, score, rate=0):
    """Attributions of a network whose first logit is `score` of its inputs."""
    inputs = keras.Input(given.shape[1:])
    first = score(inputs)[:, None]
    logits = ops.concatenate([first, ops.zeros_like(first)], axis=1)
    model = keras.Model(inputs, logits)
    split = Split(given, np.zeros(len(given), "int32"))
    dataset = Dataset("own", kind, split, classes=("cue", "none"), rate=rate)
    weights = np.tile([[1.0, 0.0]], (len(given), 1))
    return list(
        attribution.attributed(
            *(model, steps.compile_forward(model), dataset),
            *(list(given), given, weights, "occlusion", 0),
        )
    )


def test_only_the_stretches_of_a_sound_with_the_cue_speak_for_it():
    given = np.full((2, 800), PADDING, "int16")
    given[0, :600] = 8192
    given[1, :40] = 16384  # too short for a stretch of 10 ms: it is one
    one, other = explained(
        "sound",
        given,
        lambda x: ops.sum(ops.square(x[:, 400:440] / 32768), axis=1),
        RATE,
    )
    assert one["steps"] == len(one["attributions"]) == 7  # stretches of 600 samples
    assert np.flatnonzero(one["attributions"]).tolist() == [4, 5]
    assert one["attributions"].sum() == pytest.approx(40 / 16)
    assert one["parts"][:2] == ("0.000 s", "0.011 s")
    assert set(one["values"]) == {"0.25"}
    assert one["compared"] == "silence"
    assert (other["parts"], other["values"]) == (("0.000 s",), ("0.5",))
    assert other["attributions"].tolist() == [0.0]  # no more is heard of padding


def test_a_step_of_a_sequence_is_compared_with_the_mean_of_its_channel():
    given = np.full((1, 8, 2), np.nan, "float32")
    given[0, :6, 0] = [1, 2, 9, 4, 5, 3]
    given[0, 1:6, 1] = 1.0
    [found] = explained(
        "sequence",
        given,
        lambda x: ops.sum(ops.where(ops.isnan(x), 0.0, x)[:, 2:4, 0], axis=1),
    )
    assert found["parts"] == tuple(f"step {i}" for i in range(1, 7))
    np.testing.assert_allclose(found["attributions"], [0, 0, 5, 0, 0, 0], atol=1e-6)
    assert found["values"][0] == "1"  # what is missing is left out

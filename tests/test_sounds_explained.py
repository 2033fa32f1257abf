"""Sounds and sequences are explained: which stretches of time speak for an answer."""

import keras
import numpy as np
import pytest
from keras import ops

from zoo.data.dataset import Dataset, Split
from zoo.data.kinds.sound_files import PADDING
from zoo.engine import steps
from zoo.errors import Mistake
from zoo.explanation import attribution, hiding, scores
from zoo.explanation.scores import Weighted

RATE = 8000


def explained(kind, given, score, rate=0):
    """Attributions of a network whose first logit is `score` of its inputs."""
    inputs = keras.Input(given.shape[1:])
    first = score(inputs)[:, None]
    logits = ops.concatenate([first, ops.zeros_like(first)], axis=1)
    model = keras.Model(inputs, logits)
    split = Split(given, np.zeros(len(given), "int32"))
    dataset = Dataset("own", kind, split, classes=("cue", "none"), rate=rate)
    scored = [Weighted(np.array([1.0, 0.0]))] * len(given)
    return list(
        attribution.attributed(
            *(model, steps.compile_forward(model), dataset),
            *(list(given), given, scored, "occlusion", 0),
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


def test_the_stretches_in_which_a_string_is_said_speak_for_it():
    # Two symbols: the loudness of each stretch of 80 samples says which one.
    given = np.zeros((1, 800), "int16")
    given[0, 80:160], given[0, 400:480] = 8192, 16384
    dataset = Dataset(
        *("own", "sound", Split(given, np.zeros((1, 2), "int32"))),
        classes=("a", "b"),
        rate=RATE,
        task="strings",
    )

    def answer(inputs, batch=500):
        loud = np.abs(inputs.reshape(len(inputs), 10, 80)).max(axis=2) / 8192
        return 9.0 * np.stack([loud == each for each in (0, 1, 2)], axis=2)

    [asked] = scores.asked(dataset, answer(given), None, 1.0)
    assert asked.name == "ab"
    assert asked.probability > 0.99
    assert asked.probability == pytest.approx(np.exp(asked.value))
    view = hiding.view_of(dataset, list(given), given, answer)
    found = hiding.occluded(view, answer, 0, asked.score)
    spoken = np.flatnonzero(found["attributions"] > 1)
    assert spoken.tolist() == [1, 5]
    [other] = scores.asked(dataset, answer(given), "ba", 1.0)
    assert other.value < -5
    with pytest.raises(Mistake, match="unknown symbol 'c'; accepted: a, b"):
        scores.asked(dataset, answer(given), "ac", 1.0)
    with pytest.raises(Mistake, match="more symbols than the 10 steps can hold"):
        scores.asked(dataset, answer(given), "ab" * 6, 1.0)

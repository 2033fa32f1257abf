"""The loss of CTC, what is read from its outputs, and the errors of that."""

import itertools

import keras
import numpy as np
import pytest
from tones import RATE, tone

import zoo
from zoo import metrics
from zoo.data.kinds.sound_files import PADDING
from zoo.engine import counting
from zoo.metrics import strings
from zoo.training import string_loss

SMALL = {"units": (16,), "bands": 16, "joined": 4, "head": "ctc"}


def by_all_paths(logits, target):
    """-log of the sum of the probabilities of all paths that give a string."""
    steps, entries = logits.shape
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(entries), repeat=steps):
        short = [each for each, _ in itertools.groupby(path)]
        if [each - 1 for each in short if each] == list(target):
            total += np.prod(shares[np.arange(steps), path])
    return -np.log(total)


def test_the_loss_is_that_of_all_paths():
    logits = np.random.default_rng(0).normal(size=(5, 5, 4)).astype("float32")
    targets = np.array([[0, 1, 2], [1, 1, -1], [-1, -1, -1], [2, -1, -1], [0, 0, 0]])
    expected = [
        by_all_paths(each, target[target >= 0])
        for each, target in zip(logits, targets, strict=True)
    ]
    found = strings.losses_of_strings(logits, targets)
    assert np.allclose(found, expected, rtol=1e-6)
    loss = string_loss.loss(
        keras.ops.array(string_loss.encode(targets)), keras.ops.array(logits)
    )
    assert float(loss) == pytest.approx(np.mean(expected), rel=1e-5)
    torch = pytest.importorskip("torch")
    logs = torch.tensor(logits).log_softmax(-1).transpose(0, 1)
    lengths = torch.tensor((targets >= 0).sum(1))
    there = torch.nn.functional.ctc_loss(
        logs, torch.tensor(targets + 1), torch.full((5,), 5), lengths, reduction="none"
    )
    assert np.allclose(there, expected, rtol=1e-5)
    assert np.isinf(strings.losses_of_strings(logits[-1:, :4], targets[-1:])).all()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="its loops")
def test_sounds_of_several_sizes_are_silent(capfd):
    """TensorFlow took the body of a loop for one of another size, and said so."""
    import tensorflow as tf

    draw = np.random.default_rng(0)
    for rows, *sizes in ((5, 5, 4), (3, 5, 4), (3, 12, 6)):
        logits = tf.constant(draw.normal(size=(rows, *sizes)).astype("float32"))
        targets = tf.constant(string_loss.encode(draw.integers(0, 3, (rows, 2))))

        @tf.function
        def losses(targets, logits):
            def step(i, total):
                with tf.GradientTape() as tape:
                    tape.watch(logits)
                    loss = string_loss.loss(targets, logits)
                slope = tf.reduce_sum(tf.abs(tape.gradient(loss, logits)))
                return i + 1, total + loss + slope

            start = tf.constant(0), tf.constant(0.0)
            return tf.while_loop(lambda i, total: i < 2, step, start)[1]

        assert float(losses(targets, logits)) > 0
    assert "error" not in capfd.readouterr().err


def test_what_is_read_and_its_errors_are_those_by_hand():
    paths = [[0, 3, 3, 0, 3, 1], [2, 2, 0, 0, 0, 0], [0] * 6, [1, 2, 1, 2, 1, 2]]
    outputs = 5 * np.eye(4, dtype="float32")[paths]
    found = strings.read(outputs)
    expected = [[2, 2, 0, -1, -1, -1], [1, *[-1] * 5], [-1] * 6, [0, 1, 0, 1, 0, 1]]
    assert found.tolist() == expected
    targets = np.array([[2, 2, 0, -1], [0, 1, -1, -1], [1, 1, 1, 1], [0, 1, 1, -1]])
    assert strings.distances(found, targets).tolist() == [0, 1, 4, 3]
    measured = metrics.measure(outputs, targets, "strings")
    assert tuple(measured) == metrics.names("strings", 3)
    assert measured["error_rate"] == 8 / 12
    assert measured["accuracy"] == 1 / 4
    counts = strings.counts_of(outputs, targets)
    assert metrics.measure(counts, targets, "strings") == measured
    losses = strings.losses_of_strings(outputs, targets)
    assert measured["loss"] == pytest.approx(losses.mean())
    wrong = counting.of("strings")(
        keras.ops.array(targets + 1), keras.ops.array(outputs)
    )
    assert float(wrong) == 3
    assert strings.text_of(found[0], ("a", "b", "c")) == "cca"
    assert strings.text_of(found[0], ("one", "two", "six")) == "six six one"
    assert strings.read(strings.path_of([[0, 0, 2], []], 3)).tolist() == [
        [0, 0, 2],
        [-1, -1, -1],
    ]


@pytest.mark.once
def test_the_distance_is_the_least_number_of_changes():
    random = np.random.default_rng(0)

    def distance(one, other):
        if not one or not other:
            return len(one) + len(other)
        return min(
            distance(one[1:], other) + 1,
            distance(one, other[1:]) + 1,
            distance(one[1:], other[1:]) + (one[0] != other[0]),
        )

    pairs = [
        [random.integers(0, 3, random.integers(0, 6)).tolist() for _ in range(2)]
        for _ in range(40)
    ]
    padded = [
        np.array([each[i] + [-1] * (6 - len(each[i])) for each in pairs])
        for i in (0, 1)
    ]
    assert strings.distances(*padded).tolist() == [distance(*pair) for pair in pairs]


@pytest.mark.once
def test_padding_does_not_change_what_is_read():
    short = zoo.build("lstm_speech", input_shape=(960,), **SMALL)
    long = zoo.build("lstm_speech", input_shape=(1600,), **SMALL)
    sounds = np.full((2, 1600), PADDING, "float32")
    for row, count in zip(sounds, (960, 500), strict=True):
        row[:count] = 20_000 * tone(440, count / RATE)
    outputs = [
        keras.ops.convert_to_numpy(model(each))
        for model, each in ((short, sounds[:, :960]), (long, sounds))
    ]
    assert np.allclose(outputs[0], outputs[1][:, :3], atol=1e-5)
    targets = np.array([[1, 2], [3, -1]])
    losses = [strings.losses_of_strings(each, targets) for each in outputs]
    assert np.allclose(*losses, atol=1e-4)

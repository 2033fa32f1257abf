"""States that are carried from window to window of a text, in training and after it."""

import os
import signal

import keras
import numpy as np
import pytest

import zoo
from zoo import data
from zoo.engine import counting, steps
from zoo.errors import Mistake
from zoo.layers import carrying
from zoo.models import lstm_language
from zoo.training import losses, session, states
from zoo.training.feed import Feed
from zoo.training.folder import Stopped

ROWS, WINDOW, BATCHES, TOKENS = 4, 6, 5, 9
DRAW = np.random.default_rng(0)
# Losses of three epochs of `recipe` on PyTorch, of the training and held out.
CURVE, HELD = [2.213583, 2.004290, 1.506525], [2.105844, 1.826199, 1.161046]
PARTS = ["the cat sat", "on a mat", "and ran", "to the hat"]


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    chosen = np.random.default_rng(1).integers(0, len(PARTS), 300)
    (tmp_path / "own.txt").write_text(" ".join(PARTS[i] for i in chosen), "utf-8")
    return "own.txt"


def recipe(text, **more):
    return zoo.Recipe(
        model="lstm_language",
        model_arguments={"units": (16,), "embedding": 8, "dropout": 0.1},
        data=text,
        data_arguments={"window": 8, "carry": True},
        **{"batch": 16, "epochs": 3, "learning_rate": 0.02, **more},
    )


def surprises(logits, targets):
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return -np.take_along_axis(logs, targets[..., None], -1)[..., 0]


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
def test_batch_after_batch_is_one_long_text(cell):
    """The states are those of `zoo write`, which reads token by token in NumPy."""
    model = zoo.build(
        "lstm_language",
        vocabulary_size=TOKENS,
        window=WINDOW,
        cell=cell,
        units=(5, 4),
        embedding=4,
    )
    ids = DRAW.integers(1, TOKENS, (ROWS, WINDOW * BATCHES + 1)).astype("int32")
    expected = np.zeros((ROWS, WINDOW * BATCHES))
    for row, own in enumerate(ids):
        stepper = lstm_language.stepper(model)
        logits = np.array([stepper.step(int(token)) for token in own[:-1]])
        expected[row] = surprises(logits, own[1:])
    inputs, targets = (
        np.ascontiguousarray(np.stack(np.split(each, BATCHES, axis=1)))
        for each in (ids[:, :-1], ids[:, 1:])
    )
    reader = carrying.carried(model, ROWS)
    own = zip(reader.trainable_variables, model.trainable_variables, strict=True)
    assert all(one is other for one, other in own)
    forward = steps.compile_forward(reader)
    for _ in range(2):  # a recording, too
        carrying.forget(reader)
        answers = [forward(each).astype("float64") for each in inputs]
        found = np.concatenate(list(map(surprises, answers, targets)), 1)
        np.testing.assert_allclose(found, expected, atol=1e-6)
    carrying.forget(reader)
    encode, loss = losses.make("crossentropy", TOKENS)
    trainer = steps.trainer(
        reader, loss, keras.optimizers.SGD(1e-12), None, counting.of("tokens")
    )
    values, _ = trainer.train(inputs, encode(targets), BATCHES)
    means = [each.mean() for each in np.split(expected, BATCHES, axis=1)]
    np.testing.assert_allclose(values, means, rtol=1e-6)


def test_it_learns_the_same_on_every_backend_and_resumes_to_the_bit(text, monkeypatch):
    monkeypatch.setattr(session, "CHUNK_SECONDS", 0.0)  # a batch a chunk
    run = zoo.train(recipe(text), run="whole", quiet=True)
    curve = [line["loss"] for line in run.history]
    held = [line["validation_loss"] for line in run.history]
    np.testing.assert_allclose(curve, CURVE, rtol=1e-3)
    np.testing.assert_allclose(held, HELD, rtol=1e-3)
    assert zoo.evaluate("whole")["loss"] == pytest.approx(
        run.metrics["test"]["loss"], rel=1e-5
    )
    kept = session.Session._count

    def stop(self, *arguments):
        kept(self, *arguments)
        if (self.state.epoch, self.state.step) == (1, 4):
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(session.Session, "_count", stop)
        with pytest.raises(Stopped):
            zoo.train(recipe(text), run="halves", quiet=True)
    arrays, progress = states.read(states.newest(run.folder.parent / "halves"))
    assert (progress["epoch"], progress["step"]) == (1, 4)
    assert arrays[-1].shape == (16, 16)
    assert np.abs(arrays[-1]).max() > 0.01
    again = zoo.train(recipe(text), run="halves", resume=True, quiet=True)
    for one, other in zip(
        run.model.get_weights(), again.model.get_weights(), strict=True
    ):
        assert np.array_equal(one, other)


@pytest.mark.once
def test_rows_go_on_where_those_of_the_batch_before_end(text):
    split = data.load(text, window=8, carry=True).train
    batch = 16
    steps_of, left = divmod(len(split), batch)
    assert left
    seen = set()
    for seed, epoch in ((0, 0), (0, 1), (1, 0)):
        feed = Feed(split, batch, seed, lambda y: y, {})
        assert feed.steps == steps_of
        chunks = list(feed.chunks(epoch))
        inputs = np.concatenate([each.inputs[: each.count] for each in chunks])
        told = np.concatenate([each.targets[: each.count] for each in chunks])
        assert inputs.shape == (steps_of, batch, 8)
        assert np.array_equal(inputs[:, :, 1:], told[:, :, :-1])
        assert np.array_equal(inputs[1:, :, 0], told[:-1, :, -1])
        order = feed._order(epoch).reshape(steps_of, batch)
        assert len(set(order.ravel())) == steps_of * batch
        seen.add(tuple(order[0]))
    assert len(seen) == 3


@pytest.mark.once
@pytest.mark.parametrize("window", [8, 13, 200])
def test_every_token_held_out_is_told_once(text, window):
    split = data.load(text, window=window, carry=True).test
    places = split.targets.starts[:, None] + np.arange(window)
    told = np.asarray(split.targets)
    rows = len(np.asarray(split.targets.rows)) - (split.targets.rows < 0).sum()
    assert places[told >= 0].tolist() == list(range(1, rows))
    assert np.array_equal(split.inputs.starts, window * np.arange(len(split)))


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"carry": 2}, "carry is 2; accepted: True or False"),
        ({"carry": True, "stride": 4}, "data.stride=4 lets them overlap; leave one"),
    ],
)
def test_what_cannot_be_carried_is_told(text, changes, said):
    with pytest.raises(Mistake, match=said):
        data.load(text, window=8, **changes)


@pytest.mark.once
def test_what_cannot_be_trained_with_states_is_told(text, tmp_path):
    (tmp_path / "own.py").write_text(
        "import keras\n"
        "def build(vocabulary_size=9, window=8):\n"
        "    tokens = keras.Input((window,), dtype='int32')\n"
        "    x = keras.layers.Embedding(vocabulary_size, 4)(tokens)\n"
        "    return keras.Model(tokens, keras.layers.Dense(vocabulary_size)(x))\n",
        "utf-8",
    )
    other = zoo.Recipe(
        model="./own.py", data=text, data_arguments={"window": 8, "carry": True}
    )
    with pytest.raises(Mistake, match=r"own\.py keeps no states; take lstm_language"):
        zoo.train(other, quiet=True)
    with pytest.raises(Mistake, match="shuffle=False keeps the order of the windows"):
        zoo.train(recipe(text, shuffle=False), quiet=True)

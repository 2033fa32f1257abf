"""lstm_sentiment: padding never changes the answer, and no mask is needed for that."""

import functools
import itertools

import compiling
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zoo
from zoo.errors import Mistake
from zoo.layers import MinGRU
from zoo.layers.recurrent import min_gru
from zoo.models import lstm_sentiment
from zoo.models.lstm_sentiment import pool_tokens, reverse_tokens, tokens_first

SMALL = {"vocabulary_size": 20, "embedding": 6, "units": (5, 4)}
KINDS = list(itertools.product(lstm_sentiment.CELLS, (False, True)))
TEXT = [3, 14, 1, 5, 9, 2, 6]
# TensorFlow compiles for seconds what is done once.
EAGER = keras.backend.backend() == "tensorflow"


def rows(*texts):
    length = max(map(len, texts))
    return np.array([text + [0] * (length - len(text)) for text in texts], "int32")


def answers(model, tokens):
    return keras.ops.convert_to_numpy(
        compiling.whole(functools.partial(model, training=False))(tokens)
    )


@pytest.mark.parametrize("pooling", lstm_sentiment.POOLINGS)
@pytest.mark.parametrize(("cell", "bidirectional"), KINDS)
def test_padding_before_or_behind_changes_nothing(cell, bidirectional, pooling):
    kind = {"cell": cell, "bidirectional": bidirectional, "pooling": pooling}
    fixed = cell == "mingru"  # needs to know its steps
    short = lstm_sentiment.build(length=7 if fixed else None, **kind, **SMALL)
    alone, nothing = answers(short, rows(TEXT, [0] * 7))
    assert np.isfinite(nothing)
    longer = rows(TEXT, [0, 0, *TEXT], [0, *TEXT, 0, 0, 0], [*[0] * 9, *TEXT], [0] * 26)
    long = short
    if fixed:
        long = lstm_sentiment.build(length=26, **kind, **SMALL)
        long.set_weights(short.get_weights())
    expected = [alone, alone, alone, alone, nothing]
    np.testing.assert_allclose(answers(long, longer), expected, atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_backward_direction_reads_the_text_reversed(cell):
    model = lstm_sentiment.build(length=None, cell=cell, bidirectional=True, **SMALL)
    keras_twin = keras.Sequential([keras.Input((None,), dtype="int32")])
    keras_twin.add(keras.layers.Embedding(20, 6))
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    keras_twin.add(keras.layers.Bidirectional(layer(5, return_sequences=True)))
    keras_twin.add(keras.layers.Bidirectional(layer(4)))
    keras_twin.add(keras.layers.Dense(1))
    names = ["embedding", f"{cell}_1", f"{cell}_1_backward"]
    names += [f"{cell}_2", f"{cell}_2_backward", "logits"]
    keras_twin.set_weights([w for n in names for w in model.get_layer(n).get_weights()])
    expected = answers(keras_twin, np.array([TEXT], "int32"))
    padded = rows([0, 0, *TEXT, 0])
    np.testing.assert_allclose(answers(model, padded), expected, atol=1e-6)


@pytest.mark.parametrize("form", ["layer", "two layers"])
def test_minimal_gru_is_the_recurrence_of_its_docstring(form):
    sequence = np.random.default_rng(0).normal(size=(2, 7, 4)).astype("float32")
    if form == "layer":
        layer = MinGRU(3, memory=9)
    else:
        given = keras.Input((7, 4))
        layer = keras.Model(given, min_gru(given, 3, memory=9, name="gru"))
    states = keras.ops.convert_to_numpy(layer(sequence))
    kernel, bias = layer.get_weights()
    both = sequence @ kernel + bias
    gates, state = 1 / (1 + np.exp(-both[..., :3])), np.zeros((2, 3))
    for step in range(7):
        gate = gates[:, step]
        state = (1 - gate) * state + gate * np.tanh(both[:, step, 3:])
        np.testing.assert_allclose(states[:, step], state, atol=1e-6)
    at_rest = 1 / (1 + np.exp(-bias[:3]))
    np.testing.assert_allclose(1 / at_rest - 1, [1, 5, 9], rtol=1e-5)
    assert not bias[3:].any()
    with pytest.raises(Mistake, match="memory=0; accepted: 1 step or more"):
        MinGRU(3, memory=0)
    with pytest.raises(Mistake, match="MinGRU needs to know the number of steps"):
        MinGRU(3, memory=9)(keras.Input((None, 4)))
    with pytest.raises(Mistake, match="MinGRU needs to know the number of steps"):
        min_gru(keras.Input((None, 4)), 3, memory=9, name="gru")


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_units_remember_as_long_as_memory_says(cell):
    """Of a state of 1, without inputs, m / (m + 1) is left after a step."""
    small = {**SMALL, "units": (3, 2)}
    model = zoo.build("lstm_sentiment", cell=cell, memory=(4, 9), **small)
    for name, memories in ((f"{cell}_1", [1, 2.5, 4]), (f"{cell}_2", [1, 9])):
        layer = model.get_layer(name)
        kernel, recurrent, bias = layer.get_weights()
        gains = np.linalg.svd(recurrent, compute_uv=False)
        np.testing.assert_allclose(gains, 0.1, rtol=1e-5)
        layer.set_weights([kernel, 0 * recurrent, bias])
        ones = [np.ones((1, len(memories)), "float32")] * (2 if cell == "lstm" else 1)
        _, states = layer.cell(np.zeros((1, len(kernel)), "float32"), ones)
        left = keras.ops.convert_to_numpy(states[-1])[0]
        np.testing.assert_allclose(left / (1 - left), memories, rtol=1e-5)


def test_embeddings_learn_as_fast_as_their_rate_says():
    tokens, targets = np.array([TEXT], "int32"), np.array([[1.0]])
    first, moves = [], []
    for rate in (1, 10):
        model = zoo.build("lstm_sentiment", length=7, embedding_rate=rate, **SMALL)
        first.append(answers(model, tokens))
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        adam = keras.optimizers.Adam(1e-4, epsilon=1e-20)
        model.compile(adam, loss, run_eagerly=EAGER)
        read = keras.Model(model.input, model.get_layer("lstm_1").input)
        embedded = answers(read, tokens)
        model.train_on_batch(tokens, targets)
        moves.append(answers(read, tokens) - embedded)
    np.testing.assert_allclose(*first, atol=1e-6)
    np.testing.assert_allclose(moves[1], 10 * moves[0], rtol=1e-3)


@pytest.mark.parametrize("pooling", lstm_sentiment.POOLINGS)
def test_padding_gets_no_gradient(pooling):
    model = lstm_sentiment.build(
        length=9, bidirectional=True, pooling=pooling, **SMALL, dropout=0.1
    )
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("sgd", loss, run_eagerly=EAGER)
    before = model.get_layer("embedding").get_weights()[0]
    model.fit(rows(TEXT, [0, 0, *TEXT]), np.array([[0.0], [1.0]]), verbose=0)
    after = model.get_layer("embedding").get_weights()[0]
    changed = np.flatnonzero((before != after).any(axis=1))
    assert set(changed) == set(TEXT)


def test_no_mask_reaches_a_recurrent_layer():
    model = lstm_sentiment.build(bidirectional=True, **SMALL)
    assert not model.get_layer("embedding").mask_zero
    recurrent = [layer for layer in model.layers if isinstance(layer, keras.layers.RNN)]
    assert len(recurrent) == 4
    for layer in recurrent:
        assert (layer.dropout, layer.recurrent_dropout) == (0, 0)
        assert (layer.unroll, layer.use_bias) == (False, True)


@given(st.lists(st.integers(0, 4), min_size=24, max_size=24))
@settings(max_examples=30, deadline=None)
def test_tokens_come_first_and_reversing_twice_is_nothing(tokens):
    tokens = np.reshape(np.array(tokens, "int32"), (3, 8))
    ids = keras.ops.convert_to_numpy(tokens_first(tokens))
    for text, moved in zip(tokens.tolist(), ids.tolist(), strict=True):
        assert moved == sorted(text, key=lambda token: token == 0)
    sequence = (
        np.random.default_rng(0).uniform(-1, 1, (*ids.shape, 2)).astype("float32")
    )
    once = keras.ops.convert_to_numpy(reverse_tokens(sequence, ids))
    twice = keras.ops.convert_to_numpy(reverse_tokens(once, ids))
    np.testing.assert_array_equal(twice, sequence)
    for row, back, tokens_of_row in zip(sequence, once, ids, strict=True):
        length = np.count_nonzero(tokens_of_row)
        np.testing.assert_array_equal(back[:length], row[:length][::-1])


def test_pooling_looks_at_real_tokens_only():
    states = np.array([[[0.1, -0.9], [0.3, -0.5], [0.9, 0.9]]], "float32")
    ids = np.array([[7, 7, 0]], "int32")
    states = keras.ops.convert_to_tensor(states)
    expected = {"last": [0.3, -0.5], "max": [0.3, -0.5], "mean": [0.2, -0.7]}
    nothing = {"last": [0.1, -0.9], "max": [-1, -1], "mean": [0, 0]}
    for pooling in lstm_sentiment.POOLINGS:
        pooled = keras.ops.convert_to_numpy(pool_tokens(states, ids, pooling))
        np.testing.assert_allclose(pooled, [expected[pooling]], atol=1e-6)
        pooled = keras.ops.convert_to_numpy(pool_tokens(states, 0 * ids, pooling))
        np.testing.assert_allclose(pooled, [nothing[pooling]], atol=1e-6)


def test_dropout_stands_where_the_card_says():
    model = lstm_sentiment.build(
        dropout=0.2, word_dropout=0.1, embedding_dropout=0.3, **SMALL
    )
    rates = {
        layer.name: layer.rate for layer in model.layers if "dropout" in layer.name
    }
    assert rates == {
        "word_dropout": 0.1,
        "embedding_dropout": 0.3,
        "dropout_1": 0.2,
        "dropout": 0.2,
    }
    tokens = np.array([TEXT * 10], "int32")
    embedded = model.get_layer("embedding")(tokens)
    dropped = model.get_layer("embedding_dropout")(embedded, training=True)
    zero = keras.ops.convert_to_numpy(dropped)[0] == 0
    assert (zero == zero[0]).all()
    dropped = model.get_layer("word_dropout")(embedded, training=True)
    zero = keras.ops.convert_to_numpy(dropped)[0] == 0
    assert (zero == zero[:, :1]).all()
    assert 0 < zero[:, 0].mean() < 1


def test_mistakes():
    with pytest.raises(Mistake, match="unknown cell 'lsmt'; did you mean 'lstm'"):
        lstm_sentiment.build(cell="lsmt")
    with pytest.raises(Mistake, match="unknown pooling 'men'; did you mean 'mean'"):
        lstm_sentiment.build(pooling="men")
    with pytest.raises(Mistake, match='"mingru" needs to know its steps; give a len'):
        lstm_sentiment.build(cell="mingru", length=None)
    for memory in ((800,), 800):
        with pytest.raises(Mistake, match=r"memory takes a number for each of the la"):
            lstm_sentiment.build(memory=memory)
    with pytest.raises(Mistake, match=r"memory=0\.5; accepted: 1 step or more"):
        lstm_sentiment.build(memory=(4, 0.5))
    with pytest.raises(Mistake, match="embedding_rate=0; accepted: more than 0"):
        lstm_sentiment.build(embedding_rate=0)
    for units in ((), 64):
        with pytest.raises(Mistake, match=r"units takes the width of each .* \(128"):
            lstm_sentiment.build(units=units)

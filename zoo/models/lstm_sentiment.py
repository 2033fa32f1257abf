"""Recurrent network (LSTM, GRU or MinGRU) that reads a text from its token ids.

S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation
9(8):1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735. The gated recurrent unit is Cho et
al. 2014, arXiv:1406.1078, in its `reset_after` form; the minimal one, whose gate does
not look at the state, is Feng et al. 2024, arXiv:2410.01201; the two directions are
Schuster and Paliwal 1997, doi:10.1109/78.650093.

The default is the two-layer network of many tutorials on movie reviews;
`units=(128,)` with `length=80` is Keras's old IMDB example. Padding never changes the
answer: token 0 may stand before or behind the text, or both, in any number. No mask
goes through the recurrent layers, so the fused kernels stay usable: the padding is
moved behind the text, where it cannot change a real state, the backward direction
reads each text reversed within its own length, and pooling looks at real tokens only.
A text of padding alone gives a finite answer.

Input: (200,) int32, token ids, 0 = padding, 1 = unknown word
Output: (1,) float32, logits (`classes=1`: the logit of the second of two classes)

Parameters: 2,741,057 (defaults)

stage        | output shape | parameters
------------ | ------------ | ----------
tokens_first | (200,)       | 0
embedding    | (200, 128)   | 2,560,000
lstm_1       | (200, 128)   | 131,584
lstm_2       | (200, 64)    | 49,408
pooling      | (64,)        | 0
logits       | (1,)         | 65

Parameters: 2,691,713 (units=(128,), length=80)
Parameters: 961,921 (vocabulary_size=5000, cell="gru", bidirectional=True)

stage           | output shape | parameters
--------------- | ------------ | ----------
embedding       | (200, 128)   | 640,000
gru_1           | (200, 128)   | 99,072
gru_1_backward  | (200, 128)   | 99,072
join_1          | (200, 256)   | 0
gru_2           | (200, 64)    | 61,824
gru_2_backward  | (200, 64)    | 61,824
pooling         | (64,)        | 0
pooled          | (128,)       | 0
logits          | (1,)         | 129

Differs from the paper:
- the cell has a forget gate (Gers et al. 2000, doi:10.1162/089976600300015015), whose
  bias starts at 1, and no connections between memory blocks;
- words come in through an embedding, and the answer is one logit for the whole text,
  from the last state, or from the maximum or the mean of all states;
- with `memory` gates start as those of units that remember 1 to so many tokens (Tallec
  and Ollivier 2018, arXiv:1804.11188), and recurrent weights at a tenth of their size;
- `word_dropout` (Iyyer et al. 2015, doi:10.3115/v1/P15-1162) drops whole words,
  `embedding_dropout` whole embedding channels of a text, `dropout` acts on what each
  recurrent layer hands on; there is no dropout inside the recurrence, which would
  rule out the fused kernels.
"""

from functools import partial

import keras
from keras import ops

from zoo.errors import Mistake, unknown
from zoo.layers import Dropout
from zoo.layers.precision import logits_dtype
from zoo.layers.recurrent import CELLS, check, recurrent
from zoo.layers.saved_form import stage

POOLINGS = ("last", "max", "mean")


def build(
    vocabulary_size: int = 20000,
    length: int | None = 200,
    embedding: int = 128,
    embedding_rate: float = 1.0,
    cell: str = "lstm",
    units: tuple[int, ...] = (128, 64),
    bidirectional: bool = False,
    memory: tuple[float, ...] = (),
    pooling: str = "last",
    dropout: float = 0.0,
    word_dropout: float = 0.0,
    embedding_dropout: float = 0.0,
    classes: int = 1,
) -> keras.Model:
    """The network from token ids to logits.

    Args:
        vocabulary_size: number of token ids, padding and unknown among them.
        length: tokens in a text, padding included; None for any, except "mingru".
        embedding: numbers that stand for a token.
        embedding_rate: how many times as fast as other weights they learn: the layer
            holds them divided by it, which Adam and Adagrad do not see.
        cell: "lstm", "gru" or "mingru".
        units: width of each recurrent layer, from the text upward.
        bidirectional: whether each layer also reads backward, in a cell of its own.
        memory: tokens that the slowest unit of each layer remembers at first, 1 or
            more, while units see little of each other's states. By default, and
            where it is 0, "mingru" remembers `length`, and the others start as Keras's
            do.
        pooling: what stands for the text: the "last" state (with `bidirectional`,
            that of each direction), or the "max" or "mean" of the states.
        dropout: probability of dropping a number that a recurrent layer hands on.
        word_dropout: probability of dropping a word, all channels of its embedding.
        embedding_dropout: probability of dropping a channel of the embedding,
            for a whole text.
        classes: number of logits; 1 for two classes.

    Returns:
        Model from (batch, length) int32 to (batch, classes) logits.

    Raises:
        Mistake: unknown `cell` or `pooling`, `units` is no tuple of widths, `memory`
            has another number of layers or a number below 1 that is not 0,
            `embedding_rate` is not above 0, or `length` is None for "mingru".
    """
    check(cell, units, memory)
    if pooling not in POOLINGS:
        raise unknown("pooling", pooling, POOLINGS)
    if cell == "mingru" and length is None:
        raise Mistake('cell="mingru" needs to know its steps; give a length')
    if not embedding_rate > 0:
        raise Mistake(f"embedding_rate={embedding_rate}; accepted: more than 0")

    tokens = keras.Input((length,), dtype="int32", name="tokens")
    ids = stage(tokens_first, tokens, name="tokens_first")
    x = keras.layers.Embedding(
        vocabulary_size,
        embedding,
        keras.initializers.RandomUniform(-0.05 / embedding_rate, 0.05 / embedding_rate),
        # In 16 bits the gradients of a frequent word would be added up in these.
        dtype=logits_dtype(),
        name="embedding",
    )(ids)
    if embedding_rate != 1:
        x = keras.layers.Rescaling(embedding_rate, name="embedding_scaled")(x)
    if word_dropout:
        x = Dropout(word_dropout, (None, None, 1), name="word_dropout")(x)
    if embedding_dropout:
        whole_text = (None, 1, None)
        x = Dropout(embedding_dropout, whole_text, name="embedding_dropout")(x)
    usual = length if cell == "mingru" else None
    x = pooled_states(
        x, ids, cell, units, memory, usual, bidirectional, pooling, dropout
    )
    if dropout:
        x = Dropout(dropout, name="dropout")(x)
    logits = keras.layers.Dense(classes, dtype=logits_dtype(), name="logits")(x)
    return keras.Model(tokens, logits, name="lstm_sentiment")


def space(hp) -> dict:
    """Arguments of `build` drawn from keras-tuner's `HyperParameters`."""
    layers = hp.Int("layers", 1, 3, default=2)
    defaults = (128, 64, 64)
    memory = tuple(
        hp.Choice(f"memory_{number}", [0.0, 4.0, 40.0, 400.0], default=0.0)
        for number in range(1, layers + 1)
    )
    return {
        "embedding": hp.Choice("embedding", [32, 64, 128, 256], default=128),
        "cell": hp.Choice("cell", list(CELLS), default="lstm"),
        "units": tuple(
            hp.Choice(f"units_{number}", [32, 64, 128, 256], default=width)
            for number, width in enumerate(defaults[:layers], 1)
        ),
        "bidirectional": hp.Boolean("bidirectional", default=False),
        "memory": memory if any(memory) else (),
        "pooling": hp.Choice("pooling", list(POOLINGS), default="last"),
        "dropout": hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0),
        "word_dropout": hp.Float("word_dropout", 0.0, 0.5, step=0.1, default=0.0),
        "embedding_dropout": hp.Float(
            "embedding_dropout", 0.0, 0.5, step=0.1, default=0.0
        ),
    }


def pooled_states(x, real, cell, units, memory, usual, bidirectional, pooling, dropout):
    """Recurrent layers over a sequence, and one vector of their states.

    Args:
        pooling: see `build`.
        others: see `states`.

    Returns:
        (batch, width), the last layer's width, twice of it if `bidirectional`.
    """
    forward, backward = states(
        x, real, cell, units, memory, usual, bidirectional, dropout
    )
    pool = partial(pool_tokens, pooling=pooling)
    x = stage(pool, forward, real, name="pooling")
    if bidirectional:
        backward = stage(pool, backward, real, name="pooling_backward")
        x = keras.layers.Concatenate(name="pooled")([x, backward])
    return x


def states(x, real, cell, units, memory, usual, bidirectional, dropout):
    """Recurrent layers over a sequence.

    Args:
        x: (batch, length, channels).
        real: (batch, length) int32, 0 = padding, which lies behind.
        usual: steps that a layer without a `memory` of its own remembers at first; None
            for the layer's own start.
        cell, units, memory, bidirectional, dropout: see `build`.

    Returns:
        The states of the last layer, (batch, length, width), and those of the one that
        reads backward, in the order in which it reads; None without one.
    """
    memory = [steps or usual for steps in memory or (0,) * len(units)]
    for number, (width, steps) in enumerate(zip(units, memory, strict=True), 1):
        name = f"{cell}_{number}"
        read = partial(recurrent, cell, width, steps)
        forward, backward = read(name=name)(x), None
        if bidirectional:
            backward = stage(reverse_tokens, x, real, name=f"reverse_{number}")
            backward = read(name=f"{name}_backward")(backward)
        if number == len(units):
            break
        x = forward
        if bidirectional:
            x = side_by_side(forward, backward, real, number)
        if dropout:
            x = Dropout(dropout, name=f"dropout_{number}")(x)
    return forward, backward


def side_by_side(forward, backward, real, number: int):
    """The states of a layer's two directions at each step, (batch, length, 2 width)."""
    restored = stage(reverse_tokens, backward, real, name=f"restore_{number}")
    return keras.layers.Concatenate(name=f"join_{number}")([forward, restored])


def tokens_first(ids):
    """Moves padding behind the real tokens, whose order stays.

    Args:
        ids: (batch, length) int32 token ids, 0 = padding.

    Returns:
        The same token ids, (batch, length) int32.
    """
    behind = ops.where(ops.equal(ids, 0), 2**30, 0)
    return ops.take_along_axis(ids, ops.argsort(_positions(ids) + behind, axis=1), 1)


def reverse_tokens(sequence, ids):
    """Reverses each sequence within its own length; padding stays behind.

    Args:
        sequence: (batch, length, channels).
        ids: its token ids, (batch, length) int32, padding behind.

    Returns:
        The sequence, (batch, length, channels). The function is its own inverse.
    """
    positions = _positions(ids)
    mirrored = _lengths(ids) - 1 - positions
    order = ops.where(mirrored >= 0, mirrored, positions)
    return ops.take_along_axis(sequence, ops.expand_dims(order, -1), axis=1)


def pool_tokens(states, ids, pooling: str):
    """One vector for a sequence of states: the last, or their maximum or mean.

    Only the states of real tokens count. Without any, the last is that of the first
    padding, the maximum is -1, and the mean is 0.

    Args:
        states: (batch, length, channels) between -1 and 1, as the cells give them.
        ids: their token ids, (batch, length) int32, padding behind.
        pooling: "last", "max" or "mean".

    Returns:
        (batch, channels), of the states' dtype.
    """
    real = ops.expand_dims(ops.not_equal(ids, 0), -1)
    if pooling == "max":
        return ops.max(ops.where(real, states, -1.0), axis=1)
    lengths = ops.maximum(_lengths(ids), 1)
    if pooling == "last":
        chosen = ops.expand_dims(ops.equal(_positions(ids), lengths - 1), -1)
        return ops.sum(states * ops.cast(chosen, states.dtype), axis=1)
    total = ops.sum(states * ops.cast(real, states.dtype), axis=1)
    return total / ops.cast(lengths, states.dtype)


def _positions(ids):
    """0, 1, 2 ... in each row, (batch, length) int32, whatever the length."""
    return ops.cumsum(ops.ones_like(ids), axis=1) - 1


def _lengths(ids):
    """Number of real tokens in each row, (batch, 1) int32."""
    return ops.sum(ops.cast(ops.not_equal(ids, 0), "int32"), axis=1, keepdims=True)


# --- Layers in files of zoo 0.1, in which the functions above were these


@keras.saving.register_keras_serializable(package="zoo")
class TokensFirst(keras.layers.Layer):
    """`tokens_first`."""

    def call(self, ids):
        return tokens_first(ids)


@keras.saving.register_keras_serializable(package="zoo")
class ReverseTokens(keras.layers.Layer):
    """`reverse_tokens`."""

    def call(self, inputs):
        return reverse_tokens(*inputs)


@keras.saving.register_keras_serializable(package="zoo")
class PoolTokens(keras.layers.Layer):
    """`pool_tokens`."""

    def __init__(self, pooling: str, **options):
        super().__init__(**options)
        self.pooling = pooling

    def call(self, inputs):
        return pool_tokens(*inputs, self.pooling)

    def get_config(self):
        return {**super().get_config(), "pooling": self.pooling}

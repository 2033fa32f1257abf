"""Recurrent network (LSTM, GRU or MinGRU) that tells what comes next in a text.

S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation
9(8):1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735; as a model of language T. Mikolov
et al. 2010, doi:10.21437/Interspeech.2010-343, of characters A. Graves 2013,
arXiv:1308.0850. The gated recurrent unit is Cho et al. 2014, arXiv:1406.1078, in its
`reset_after` form; the minimal one is Feng et al. 2024, arXiv:2410.01201. The numbers
that stand for a token on its way in also score it on its way out: O. Press and L. Wolf
2016, arXiv:1608.05859.

At each step the network sees the tokens up to there, and gives a logit for each token
that may come next. `zoo write` has it go on with a text, step by step, see `stepper`.

Input: (128,) int32, tokens of a text, characters or words, 0 = unknown
Output: (128, 66) float32, logits of the next token, after each token

Parameters: 435,584 (defaults)

stage      | output shape | parameters
---------- | ------------ | ----------
embedding  | (128, 128)   | 8,448
lstm_1     | (128, 256)   | 394,240
projection | (128, 128)   | 32,896

The logits are the products of the projection with the embedding of each token.

Parameters: 1,084,482 (embedding=256, units=(256, 256), tied=False)

stage      | output shape | parameters
---------- | ------------ | ----------
embedding  | (128, 256)   | 16,896
lstm_1     | (128, 256)   | 525,312
lstm_2     | (128, 256)   | 525,312
logits     | (128, 66)    | 16,962

Differs from the paper: the cell has a forget gate (Gers et al. 2000,
doi:10.1162/089976600300015015), whose bias starts at 1; a window begins without a
state, unless `data.carry=True` carries it; there is no dropout inside the recurrence,
which would rule out the fused kernels.
"""

import keras
import numpy as np

from zoo.errors import Mistake
from zoo.layers import Dropout
from zoo.layers.precision import logits_dtype
from zoo.layers.recurrent import CELLS, check, recurrent
from zoo.layers.stepping import Stepper


def build(
    vocabulary_size: int = 66,
    window: int = 128,
    cell: str = "lstm",
    embedding: int = 128,
    units: tuple[int, ...] = (256,),
    memory: tuple[float, ...] = (),
    tied: bool = True,
    dropout: float = 0.0,
) -> keras.Model:
    """The network from tokens to logits of the token that follows each.

    Args:
        vocabulary_size: number of tokens, the unknown one among them.
        window: tokens that are read at once in training.
        cell: "lstm", "gru" or "mingru".
        embedding: numbers that stand for a token.
        units: width of each recurrent layer, from the text upward.
        memory: tokens that the slowest unit of each layer remembers at first, 1 or
            more; by default, and where it is 0, "mingru" remembers the window, and the
            others start as Keras's do.
        tied: whether a token is scored by the numbers that stand for it; a projection
            stands before where the last layer has another width.
        dropout: probability of dropping a number that a recurrent layer is given, or
            the last one hands on.

    Returns:
        Model from (batch, window) int32 to (batch, window, vocabulary_size) logits.

    Raises:
        Mistake: unknown `cell`, or `units` and `memory` are not widths and tokens of
            each layer, or `window` is below 1.
    """
    check(cell, units, memory)
    if window < 1:
        raise Mistake(f"window={window}; accepted: 1 token or more")
    tokens = keras.Input((window,), dtype="int32", name="tokens")
    reach = 0.25 if tied else 1.0  # with 0.05, as Keras has it, the start is slow
    table = keras.layers.ReversibleEmbedding(
        vocabulary_size,
        embedding,
        embeddings_initializer=keras.initializers.RandomUniform(-reach, reach),
        # In 16 bits the gradients of a frequent token would be added up in these.
        dtype=logits_dtype(),
        name="embedding",
    )
    x = table(tokens)
    usual = window if cell == "mingru" else None
    for number, (width, steps) in enumerate(
        zip(units, memory or (0,) * len(units), strict=True), 1
    ):
        if dropout:
            x = Dropout(dropout, name=f"dropout_{number}")(x)
        x = recurrent(cell, width, steps or usual, name=f"{cell}_{number}")(x)
    if dropout:
        x = Dropout(dropout, name="dropout")(x)
    if not tied:
        logits = keras.layers.Dense(
            vocabulary_size, dtype=logits_dtype(), name="logits"
        )(x)
        return keras.Model(tokens, logits, name="lstm_language")
    if units[-1] != embedding:
        # In 16 bits TensorFlow would add up the gradients of its bias in these.
        x = keras.layers.Dense(embedding, dtype=logits_dtype(), name="projection")(x)
    return keras.Model(tokens, table(x, reverse=True), name="lstm_language")


def space(hp) -> dict:
    """Arguments of `build` drawn from keras-tuner's `HyperParameters`."""
    layers = hp.Int("layers", 1, 3, default=1)
    return {
        "cell": hp.Choice("cell", list(CELLS), default="lstm"),
        "embedding": hp.Choice("embedding", [32, 64, 128, 256], default=128),
        "units": tuple(
            hp.Choice(f"units_{number}", [64, 128, 256, 512], default=256)
            for number in range(1, layers + 1)
        ),
        "tied": hp.Boolean("tied", default=True),
        "dropout": hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0),
    }


def stepper(model: keras.Model) -> Stepper:
    """What goes on with a text token by token, and keeps the state of each layer.

    Args:
        model: that `build` made, with its weights.
    """
    weights = {layer.name: layer.get_weights() for layer in model.layers}
    layers = [(name.partition("_")[0], own) for name, own in weights.items() if own]
    cells = [(kind, own) for kind, own in layers if kind in CELLS]
    (table,) = weights["embedding"]
    tied = [table.T, np.zeros(len(table))]
    # A tied network of zoo 0.1 in 16 bits has a layer of this name without weights.
    logits = weights.get("logits") or tied
    return Stepper(table, cells, weights.get("projection"), logits)

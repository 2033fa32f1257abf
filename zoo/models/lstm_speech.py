"""Recurrent network (LSTM, GRU or MinGRU) that hears a sound and says what it is.

S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation
9(8):1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735, in both directions as A. Graves
and J. Schmidhuber 2005, doi:10.1016/j.neunet.2005.06.042, have it for speech. Before it
stand the logarithms of mel bands, S. Davis and P. Mermelstein 1980,
doi:10.1109/TASSP.1980.1163420: windows of 30 ms, one each 10 ms, a few side by side as
one step of the network. Each sound is brought to mean 0 and deviation 1 by itself, so
that its loudness and its microphone count for less.

Padding never changes the answer: features, cells of both directions and pooling look at
the samples of the sound alone. With an `input_shape` of two lengths the input is a
sequence of features that are there already, brought to mean 0 and deviation 1 of the
training by `columns`, a `zoo.layers.Columns`. With `deltas` the cells also see how fast
each feature changes, S. Furui 1986, doi:10.1109/TASSP.1986.1164788.

With `head="ctc"` it writes down what is said, symbol by symbol: at each step it gives
logits of every symbol, and of nothing new; how the steps go with the symbols is learned
by connectionist temporal classification, A. Graves et al. 2006,
doi:10.1145/1143844.1143891. Behind the end of a sound nothing new is certain.

Input: (8000,) float32, whole numbers of 16 bits, -32767 to 32767, -32768 = padding
behind the sound; of features (steps, channels), NaN = padding behind
Output: (10,) float32, logits (`classes=1`: the logit of the second of two classes);
with `head="ctc"` (steps, 1 + classes), the first of "nothing new"

Parameters: 57,354 (defaults)

stage          | output shape | parameters
-------------- | ------------ | ----------
samples        | (8080,)      | 0
mel            | (40, 102)    | 0
real           | (50,)        | 0
features       | (50, 80)     | 0
gru_1          | (50, 64)     | 28,032
gru_1_backward | (50, 64)     | 28,032
pooling        | (64,)        | 0
pooled         | (128,)       | 0
logits         | (10,)        | 1,290

Parameters: 31,113 (input_shape=(29, 12), joined=1, classes=9)

Parameters: 35,721 (input_shape=(29, 12), joined=1, deltas=True, classes=9)

stage          | output shape | parameters
-------------- | ------------ | ----------
features       | (29, 12)     | 0
deltas         | (29, 24)     | 0
gru_1          | (29, 64)     | 17,280
gru_1_backward | (29, 64)     | 17,280
logits         | (9,)         | 1,161

Parameters: 57,483 (head="ctc")

Differs from the paper: the default is the gated recurrent unit, Cho et al. 2014,
arXiv:1406.1078, whose states are pooled over all steps; the minimal one is Feng et al.
2024, arXiv:2410.01201; there is no dropout inside the recurrence, which would rule out
the fused kernels.
"""

from collections.abc import Mapping
from functools import partial

import keras
from keras import ops

from zoo.core.columns import Column
from zoo.core.samples import FULL
from zoo.errors import Mistake, unknown
from zoo.layers import Columns, Dropout, MelSpectrogram
from zoo.layers.precision import logits_dtype
from zoo.layers.recurrent import CELLS, check
from zoo.layers.saved_form import stage
from zoo.models.lstm_sentiment import POOLINGS, pooled_states, side_by_side, states

LOUDEST = float(FULL)
FIRST_HERTZ = 60.0
NOISE = 1e-6  # power in a band below which sounds are equally silent
VOICE = 200.0, 0.41  # Hz, and a share of the rate: beyond, microphones differ most
QUIET = 1e-3  # of the loudest window's power: 30 dB below, the room is heard, no voice
SMALLEST = 0.1  # deviation, so that silence is not made loud
FAST = 0.2  # a usual change in a step, in deviations of a feature: cepstra each 6.4 ms
NORMALIZATIONS = ("sound", "bands", "voice")
HEADS = ("label", "ctc")
CERTAIN = 30.0  # a logit: of what else there is, a part in 10**13 is left


def build(
    input_shape: tuple[int, ...] = (8000,),
    rate: int = 8000,
    bands: int = 40,
    joined: int = 2,
    normalize: str = "sound",
    deltas: bool = False,
    cell: str = "gru",
    units: tuple[int, ...] = (64,),
    bidirectional: bool = True,
    memory: tuple[float, ...] = (),
    pooling: str = "max",
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    input_shift: float = 0.0,
    head: str = "label",
    classes: int = 10,
) -> keras.Model:
    """The network from samples, or from features, to logits.

    Args:
        input_shape: (samples,), or (steps, channels) of features.
        rate: samples a second.
        bands: of the mel spectrogram.
        joined: windows, or steps of features, that are one step of the cells.
        normalize: of a sound, what is brought to mean 0 and deviation 1: the whole
            "sound", or each of its "bands" by itself, which takes out the voice's color
            with that of the microphone. "voice" is for speakers never heard: of bands
            from 200 Hz to 0.41 of the rate what is 30 dB below the loudest window
            counts as silent; of the windows above that the mean of all bands and half
            of what each band's is apart from it are taken out, and one deviation of
            all.
        deltas: whether beside each number of a step stands how fast it changes there,
            from the step before to the next.
        cell: "lstm", "gru" or "mingru".
        units: width of each recurrent layer, from the sound upward.
        bidirectional: whether each layer also reads backward, in a cell of its own.
        memory: steps that the slowest unit of each layer remembers at first, 1 or more;
            by default, and where it is 0, "mingru" remembers all steps, and the others
            start as Keras's do.
        pooling: what stands for the sound: the "last" state of each direction, or the
            "max" or "mean" of the states. Not for the head "ctc", which pools none.
        dropout: probability of dropping a number that a recurrent layer hands on.
        input_dropout: probability of dropping a number before the first of them.
        input_shift: in training each feature of a sound is so much higher at all steps,
            or lower, at random, in deviations: another day, another microphone.
        head: "label", one answer for the whole; or "ctc", a string of symbols.
        classes: number of logits; 1 for two classes; of "ctc" the number of symbols.

    Returns:
        Model from (batch, *input_shape) to (batch, classes) logits; of "ctc" to (batch,
        steps, 1 + classes), the first of "nothing new".

    Raises:
        Mistake: unknown `cell`, `pooling` or `head`, an `input_shape` of other lengths,
            a rate, bands or joined steps below 1, a shift beyond 0 to 10, or `units` or
            `memory` that are no widths and steps.
    """
    check(cell, units, memory)
    if pooling not in POOLINGS:
        raise unknown("pooling", pooling, POOLINGS)
    if normalize not in NORMALIZATIONS:
        raise unknown("normalize", normalize, NORMALIZATIONS)
    if head not in HEADS:
        raise unknown("head", head, HEADS)
    if len(input_shape) not in (1, 2):
        raise Mistake(
            f"input_shape={input_shape}; accepted: (samples,) of sounds, or (steps, "
            "channels) of sequences"
        )
    for name, count in {"rate": rate, "bands": bands, "joined": joined}.items():
        if count < 1:
            raise Mistake(f"{name}={count}; accepted: whole numbers from 1")
    if not 0 <= input_shift <= 10:
        raise Mistake(f"input_shift={input_shift}; accepted: 0 to 10 deviations")
    if len(input_shape) == 1:
        sound, x, real = _of_samples(input_shape[0], rate, bands, joined, normalize)
    else:
        sound, x, real = _of_features(*input_shape, joined)
    if input_shift:
        ones = stage(_ones, x, name="ones")
        coins = Dropout(0.5, (None, 1, None), name="input_shift")(ones)
        move = partial(_shifted, size=input_shift)
        x = stage(move, x, coins, real, name="shifted")
    if deltas:
        x = stage(_with_deltas, x, real, name="deltas")
    if input_dropout:
        x = Dropout(input_dropout, name="input_dropout")(x)
    usual = x.shape[1] if cell == "mingru" else None
    layers = cell, units, memory, usual, bidirectional
    if head == "ctc":
        x, backward = states(x, real, *layers, dropout)
        if bidirectional:
            x = side_by_side(x, backward, real, len(units))
    else:
        x = pooled_states(x, real, *layers, pooling, dropout)
    if dropout:
        x = Dropout(dropout, name="dropout")(x)
    count = classes + (head == "ctc")
    logits = keras.layers.Dense(count, dtype=logits_dtype(), name="logits")(x)
    if head == "ctc":
        logits = stage(_nothing_behind, logits, real, name="nothing_behind")
    return keras.Model(sound, logits, name="lstm_speech")


def space(hp) -> dict:
    """Arguments of `build` drawn from keras-tuner's `HyperParameters`."""
    layers = hp.Int("layers", 1, 2, default=1)
    return {
        "normalize": hp.Choice("normalize", list(NORMALIZATIONS), default="sound"),
        "joined": hp.Choice("joined", [1, 2, 3, 4], default=2),
        "deltas": hp.Boolean("deltas", default=False),
        "cell": hp.Choice("cell", list(CELLS), default="gru"),
        "units": tuple(
            hp.Choice(f"units_{number}", [32, 64, 96, 128], default=64)
            for number in range(1, layers + 1)
        ),
        "bidirectional": hp.Boolean("bidirectional", default=True),
        "pooling": hp.Choice("pooling", list(POOLINGS), default="max"),
        "dropout": hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0),
        "input_dropout": hp.Float("input_dropout", 0.0, 0.3, step=0.1, default=0.0),
        "input_shift": hp.Float("input_shift", 0.0, 0.4, step=0.1, default=0.0),
    }


def idle(arguments: Mapping) -> tuple[str, ...]:
    """Arguments of `build` that have no effect beside the others.

    Args:
        arguments: all of them, by name.
    """
    unused = ("pooling",) if arguments["head"] == "ctc" else ()
    if len(arguments["input_shape"]) == 2:
        unused += ("rate", "bands", "normalize")
    return unused


def _of_samples(length: int, rate: int, bands: int, joined: int, normalize: str):
    """The input, the features of its steps, and which steps are of the sound."""
    hop = max(2, 2 * round(rate / 200))  # samples in 10 ms
    if length < 3 * hop:
        raise Mistake(
            f"input_shape=({length},) is shorter than a window of {3 * hop} samples; "
            f"at rate={rate} give at least that many"
        )
    spare = -length % (hop * joined)
    sound = keras.Input((length,), name="sound")
    lowest, highest = FIRST_HERTZ, None
    if normalize == "voice":
        lowest, highest = VOICE[0], VOICE[1] * rate
    # The last window reaches beyond the end, where the layer would mirror the sound.
    scaled = partial(_scaled, behind=spare + hop)
    samples = stage(scaled, sound, name="samples")
    mel = MelSpectrogram(
        fft_length=3 * hop,
        sequence_stride=hop,
        sampling_rate=rate,
        num_mel_bins=bands,
        min_freq=min(lowest, rate / 8),
        max_freq=highest,
        power_to_db=False,
        dtype="float32",
        name="mel",
    )(samples)
    steps = (length + spare) // (hop * joined)
    find = partial(_steps_of_sound, hop=hop * joined, steps=steps)
    real = stage(find, sound, name="real")
    lay = partial(_features, joined=joined, normalize=normalize)
    x = stage(lay, mel, real, name="features")
    return sound, x, real


def _of_features(length: int, channels: int, joined: int):
    sequence = keras.Input((length, channels), name="sequence")
    rows = stage(partial(ops.reshape, newshape=(-1, channels)), sequence, name="rows")
    numbers = Columns(
        tuple(Column(f"channel {i + 1}") for i in range(channels)), name="columns"
    )(rows)
    real = stage(partial(_known_steps, joined=joined), sequence, name="real")
    lay = partial(_laid, length=length, channels=channels, joined=joined)
    return sequence, stage(lay, numbers, sequence, name="features"), real


def _scaled(sound, behind: int):
    """Samples of -1 to 1, and 0 for padding, (batch, length + behind)."""
    real = ops.greater(sound, 0.5 - LOUDEST)
    samples = ops.where(real, sound, 0.0) / LOUDEST
    return ops.pad(samples, [(0, 0), (0, behind)])


def _steps_of_sound(sound, hop: int, steps: int):
    """Which steps begin inside the sound: 1 or 0, (batch, steps) int32."""
    real = ops.cast(ops.greater(sound, 0.5 - LOUDEST), "int32")
    count = ops.sum(real, axis=1, keepdims=True)
    starts = (ops.cumsum(ops.ones_like(real[:, :steps]), axis=1) - 1) * hop
    return ops.cast(ops.less(starts, count), "int32")


def _features(mel, real, joined: int, normalize: str):
    """Logarithms of bands by their mean and deviation, 0 for padding.

    From (batch, bands, windows) to (batch, steps, joined * bands).
    """
    steps, bands = real.shape[1], mel.shape[1]
    known = ops.reshape(ops.stack([real] * joined, axis=2), (-1, steps * joined, 1))
    known = ops.cast(known, mel.dtype)
    quiet, heard = NOISE, known
    if normalize == "voice":
        loud = ops.expand_dims(ops.mean(mel, axis=1), -1)[:, : steps * joined] * known
        quiet = ops.maximum(QUIET * ops.max(loud, axis=1, keepdims=True), NOISE)
        heard = ops.cast(ops.greater(loud, quiet), mel.dtype)
    # Near 0 where it is quiet, so that the deviation of a quiet sound is not rounded.
    logs = ops.transpose(ops.log(mel / quiet + 1.0), (0, 2, 1))[:, : steps * joined]
    count = ops.maximum(ops.sum(heard, axis=1, keepdims=True), 1.0)
    middle = ops.sum(heard * logs, axis=1, keepdims=True) / count
    if normalize != "bands":
        whole = ops.mean(middle, axis=2, keepdims=True)
        # All that a band's mean is apart would take the vowels with the microphone.
        middle = whole if normalize == "sound" else (whole + middle) / 2
    apart = known * (logs - middle)
    square = ops.sum(heard * ops.square(apart), axis=1, keepdims=True) / count
    if normalize != "bands":
        square = ops.mean(square, axis=2, keepdims=True)
    found = apart / ops.sqrt(square + SMALLEST**2)
    return ops.reshape(found, (-1, steps, joined * bands))


def _nothing_behind(logits, real):
    """Logits of which "nothing new", the first, is certain behind the end.

    So the probability of a string is that of the steps that are heard, and a loss needs
    not know how many they are.
    """
    heard = ops.cast(ops.expand_dims(real, -1), logits.dtype)
    behind = CERTAIN * (1 - heard)
    return heard * logits + ops.pad(behind, [(0, 0), (0, 0), (0, logits.shape[-1] - 1)])


def _known_steps(sequence, joined: int):
    """Which steps hold a number: 1 or 0, (batch, steps) int32."""
    known = ops.cast(ops.logical_not(ops.isnan(sequence)), "int32")
    known = ops.max(known, axis=2)
    spare = -known.shape[1] % joined
    known = ops.pad(known, [(0, 0), (0, spare)])
    return ops.max(ops.reshape(known, (-1, known.shape[1] // joined, joined)), axis=2)


def _laid(numbers, sequence, length: int, channels: int, joined: int):
    """Features side by side, 0 for padding, (batch, steps, joined * channels)."""
    found = ops.reshape(numbers, (-1, length, channels))
    found = ops.where(ops.isnan(sequence), 0.0, found)
    spare = -length % joined
    found = ops.pad(found, [(0, 0), (0, spare), (0, 0)])
    return ops.reshape(found, (-1, (length + spare) // joined, joined * channels))


def _ones(x):
    return ops.ones_like(x[:, :1])


def _shifted(x, coins, real, size: float):
    """Features moved by `size` where a coin is 2, by -`size` where 0, not where 1."""
    known = ops.cast(ops.expand_dims(real, -1), x.dtype)
    return x + known * size * (coins - 1)


def _with_deltas(x, real):
    """Features and how fast they change, (batch, steps, 2 * channels), 0 for padding.

    At the first and the last step of a sound its own features stand for those of the
    step that is not there.
    """
    known = ops.cast(ops.expand_dims(real, -1), x.dtype)
    next_known = ops.pad(known[:, 1:], [(0, 0), (0, 1), (0, 0)])
    after = ops.pad(x[:, 1:], [(0, 0), (0, 1), (0, 0)])
    after = next_known * after + (1 - next_known) * x
    before = ops.concatenate([x[:, :1], x[:, :-1]], axis=1)
    return ops.concatenate([x, known * (after - before) / (2 * FAST)], axis=2)

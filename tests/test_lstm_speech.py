"""lstm_speech: what it hears, and that padding changes nothing."""

import compiling
import keras
import numpy as np
import pytest
from tones import RATE, tone

import zoo
from zoo.data.kinds.sound_files import PADDING
from zoo.errors import Mistake

SMALL = {"units": (8,), "bands": 12}


def answers(model, inputs):
    return keras.ops.convert_to_numpy(
        compiling.whole(model)(np.asarray(inputs, "float32"))
    )


@pytest.mark.parametrize(
    ("cell", "normalize"), [("gru", "sound"), ("mingru", "sound"), ("gru", "voice")]
)
def test_padding_does_not_change_the_answer(cell, normalize):
    options = {"cell": cell, "normalize": normalize, **SMALL}
    short = zoo.build("lstm_speech", input_shape=(960,), **options)
    long = zoo.build("lstm_speech", input_shape=(1600,), **options)
    if cell == "mingru":  # whose memory at first is that of the length
        long.set_weights(short.get_weights())
    sounds = np.full((3, 1600), PADDING)
    for row, count in zip(sounds, (960, 800, 330), strict=True):
        row[:count] = 20_000 * tone(440, count / RATE)
    assert np.allclose(
        answers(short, sounds[:, :960]), answers(long, sounds), atol=1e-5
    )


@pytest.mark.parametrize(
    ("pooling", "deltas"), [("last", False), ("max", False), ("mean", True)]
)
def test_features_behind_the_end_are_not_seen(pooling, deltas):
    options = {"units": (8, 8), "joined": 2, "pooling": pooling, "deltas": deltas}
    short = zoo.build("lstm_speech", input_shape=(6, 3), **options)
    long = zoo.build("lstm_speech", input_shape=(10, 3), **options)
    given = np.full((2, 10, 3), np.nan, "float32")
    given[0, :6] = np.random.default_rng(0).normal(size=(6, 3))
    given[1, :4] = np.random.default_rng(1).normal(size=(4, 3))
    assert np.allclose(answers(short, given[:, :6]), answers(long, given), atol=1e-5)
    assert np.isfinite(answers(long, np.full((1, 10, 3), np.nan))).all()


def test_each_feature_is_shifted_in_training_alone():
    model = zoo.build("lstm_speech", input_shape=(4, 3), units=(8,), input_shift=0.25)
    given = np.full((5, 4, 3), np.nan, "float32")
    given[:, :2] = 1
    zeros = keras.ops.zeros((5, 2, 6))
    ones, real = zeros[:, :1] + 1, model.get_layer("real")([given])
    for training, sizes in {True: {-0.25, 0.25}, False: {0}}.items():
        coins = model.get_layer("input_shift")(ones, training=training)
        found = model.get_layer("shifted")([zeros, coins, real])
        found = keras.ops.convert_to_numpy(found)
        assert set(found[:, 0].ravel().tolist()) == sizes
        assert (found[:, 1] == 0).all()


def test_deltas_are_what_numpy_computes():
    model = zoo.build(
        "lstm_speech", input_shape=(6, 3), joined=1, units=(8,), deltas=True
    )
    given = np.full((2, 6, 3), np.nan, "float32")
    given[0] = np.random.default_rng(0).normal(size=(6, 3))
    given[1, :4] = np.random.default_rng(1).normal(size=(4, 3))
    real = model.get_layer("real")([given])
    features = keras.ops.convert_to_tensor(np.nan_to_num(given))
    found = model.get_layer("deltas")([features, real])
    found = keras.ops.convert_to_numpy(found)
    for row, count in zip(range(2), (6, 4), strict=True):
        sound = np.pad(given[row, :count], [(1, 1), (0, 0)], mode="edge")
        expected = (sound[2:] - sound[:-2]) / 0.4
        assert np.allclose(found[row, :count, :3], given[row, :count])
        assert np.allclose(found[row, :count, 3:], expected, atol=1e-5)
        assert (found[row, count:] == 0).all()


@pytest.mark.parametrize("normalize", ["sound", "voice"])
def test_loudness_is_taken_out(normalize):
    model = zoo.build("lstm_speech", input_shape=(960,), normalize=normalize, **SMALL)
    noise = np.random.default_rng(0).normal(size=(1, 960))
    loud, quiet = (np.rint(noise * level) for level in (8000, 2000))
    assert np.allclose(answers(model, loud), answers(model, quiet), atol=0.01)
    assert np.isfinite(answers(model, np.zeros((1, 960)))).all()
    assert np.isfinite(answers(model, np.full((1, 960), PADDING))).all()


@pytest.mark.parametrize("normalize", ["sound", "voice"])
def test_what_the_cells_see_is_what_numpy_computes(normalize):
    model = zoo.build(
        "lstm_speech", input_shape=(960,), bands=12, units=(8,), normalize=normalize
    )
    sound = np.full((1, 960), PADDING, "float32")
    sound[0, :640] = 9000 * tone(500, 640 / RATE)
    sound[0, 320:640] *= 0.01
    layer = model.get_layer
    bands = layer("mel")(layer("samples")([sound]))
    found = layer("features")([bands, layer("real")([sound])])
    found = keras.ops.convert_to_numpy(found)
    samples = np.where(sound[0] == PADDING, 0, sound[0]) / 32768
    around = np.pad(samples, 120, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(240) / 240)
    frames = np.stack([around[80 * i :][:240] for i in range(8)]) * window
    power = np.square(np.abs(np.fft.rfft(frames)))
    hertz = {"sound": [60, 4000], "voice": [200, 3280]}[normalize]
    edges = np.linspace(*(1127 * np.log1p(np.array(hertz) / 700)), 14)
    place = 1127 * np.log1p(np.linspace(0, 4000, 121) / 700)[:, None]
    rise = (place - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - place) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0, np.minimum(rise, fall))
    triangles[0] = 0
    power = power @ triangles
    if normalize == "sound":
        logs = np.log(power + 1e-6)
        expected = (logs - logs.mean()) / np.sqrt(logs.var() + 0.01)
    else:
        loud = power.mean(axis=1)
        quiet = 0.001 * loud.max()
        heard = loud > quiet
        assert 0 < heard.sum() < 8
        logs = np.log(power / quiet + 1)
        means = logs[heard].mean(axis=0)
        apart = logs - (means + means.mean()) / 2
        expected = apart / np.sqrt(np.square(apart[heard]).mean() + 0.01)
    assert np.allclose(found[0, :4].reshape(8, 12), expected, atol=1e-3)
    assert (found[0, 4:] == 0).all()


@pytest.mark.once
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"cell": "grue"}, "grue.*gru"),
        ({"pooling": "men"}, "men.*mean"),
        ({"normalize": "soun"}, "soun.*sound"),
        ({"input_shape": (100,)}, r"shorter than a window of 240 samples"),
        ({"input_shape": (1, 2, 3)}, r"accepted: \(samples,\) of sounds, or"),
        ({"input_shift": -1}, "input_shift=-1; accepted: 0 to 10 deviations"),
        ({"joined": 0}, "joined=0; accepted: whole numbers from 1"),
        ({"units": 4}, "units takes the width of each layer"),
    ],
)
def test_bad_arguments_are_told(arguments, said):
    with pytest.raises(Mistake, match=said):
        zoo.build("lstm_speech", **arguments)

"""Dropout: a mask that depends on (seed, step, layer, position) and on nothing else."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from zoo.building import model_files
from zoo.engine.groups import rows_from
from zoo.errors import Mistake
from zoo.layers import Dropout

COUNT = 2**16
_32_BITS = 2**32 - 1
words = st.integers(0, 2**31 - 1)


def draw(layer, shape):
    """What `layer` makes of ones in one training step."""
    return np.array(ops.convert_to_numpy(layer(ops.ones(shape), training=True)))


def kept(seed=0, steps=1, rate=0.5, count=COUNT):
    """Which elements are kept in each of the first steps; bool (steps, count)."""
    layer = Dropout(rate, seed=seed)
    return np.stack([draw(layer, (1, count))[0] > 0 for _ in range(steps)])


def fold(bits):
    return bits ^ bits >> 15


def mix(key):
    key = fold(key & _32_BITS) * 569420461 & _32_BITS
    return fold(fold(key) * 1935289751 & _32_BITS)


def bits(position, seed, step):
    """The generator once more, in Python's integers."""
    first = mix(seed * -1640531527 + step)
    mixed = fold((position ^ first) * (-1150833019 & _32_BITS) & _32_BITS)
    return (mixed + mix(first + seed)) * 1935289751 & _32_BITS


def signed(bits):
    return bits - 2**32 if bits >= 2**31 else bits


# --- The same numbers everywhere


@settings(max_examples=20)
@given(words, st.integers(0, 3), st.floats(0.01, 0.99), st.integers(0, 2**20))
def test_the_mask_is_that_of_the_generator(seed, step, rate, first):
    layer = Dropout(rate, seed=seed)
    with rows_from(first):
        for _ in range(step):
            draw(layer, (1, 9))
        found = draw(layer, (2, 9))
    threshold = round(rate * 2**32) - 2**31
    positions = range(9 * first, 9 * first + 18)
    expected = [signed(bits(place, seed, step)) >= threshold for place in positions]
    assert (found.reshape(-1) > 0).tolist() == expected
    assert np.allclose(found[found > 0], 1 / (1 - rate), rtol=1e-6)


@pytest.mark.parametrize(("size", "steps"), [(2**16 + 5, 18), (2**13, 131), (7, 259)])
def test_long_masks_and_many_steps_are_those_of_the_generator(size, steps):
    """PyTorch draws in blocks; here are their edges."""
    masks = kept(seed=9, steps=steps, count=size)
    for step in (0, 1, steps // 2, steps - 2, steps - 1):
        for place in {0, size // 2, min(size, 2**16) - 1, size - 5, size - 1}:
            assert masks[step, place] == (signed(bits(place, 9, step)) >= 0)


def test_a_stream_goes_on_from_wherever_it_is_put():
    layer = Dropout(0.5, seed=2)
    masks = [draw(layer, (3, 7)) for _ in range(9)]
    for step in (4, 0, 8, 7):
        layer.seed_generator.state.assign([2, step])
        assert np.array_equal(draw(layer, (3, 7)), masks[step])
    layer.reseed(5)
    assert np.array_equal(draw(layer, (3, 7)), draw(Dropout(0.5, seed=5), (3, 7)))
    assert np.array_equal(draw(layer, (2, 3))[0] > 0, kept(5, 2, count=3)[1])


def test_a_mask_never_changes():
    """Changing it changes every result that was ever published: not by accident."""
    assert "".join("01"[int(bit)] for bit in kept(seed=7, count=24)[0]) == MASK


MASK = "000111001101010101100101"


def test_devices_that_share_a_batch_draw_the_mask_of_the_whole():
    whole = draw(Dropout(0.4, seed=3), (12, 5, 2))
    parts = []
    for first, rows in [(0, 4), (4, 7), (11, 1)]:
        with rows_from(first):
            parts.append(draw(Dropout(0.4, seed=3), (rows, 5, 2)))
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_mask_that_axes_share():
    found = draw(Dropout(0.5, noise_shape=(None, 1, None), seed=1), (8, 6, 16))
    assert (found == found[:, :1]).all()
    assert len(np.unique(found[:, 0])) == 2
    whole_batch = draw(Dropout(0.5, noise_shape=(1, None, None), seed=1), (8, 6, 16))
    assert (whole_batch == whole_batch[:1]).all()


# --- Statistics, within five standard deviations


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.25, 0.5, 0.9])
def test_the_share_that_is_dropped(rate):
    dropped = (~kept(rate=rate, steps=8)).sum(axis=1)
    assert np.abs(dropped - COUNT * rate).max() < 5 * np.sqrt(COUNT * rate * (1 - rate))


def test_the_expected_output_is_the_input():
    outputs = np.stack([draw(Dropout(0.3, seed=n), (1, COUNT)) for n in range(4)])
    deviation = np.sqrt(0.3 / 0.7 / outputs.size)
    assert abs(outputs.mean() - 1) < 5 * deviation


def test_every_position_is_dropped_equally_often():
    dropped = (~kept(steps=400, count=512)).sum(axis=0)
    assert np.abs(dropped - 200).max() < 5 * np.sqrt(400 / 4)
    variance = dropped.var() / (400 / 4)
    assert abs(variance - 1) < 5 * np.sqrt(2 / 512)


def agreement(one, other):
    """How far two masks are from independent, in standard deviations."""
    return abs((one == other).mean() - 0.5) * 2 * np.sqrt(one.size)


@pytest.mark.parametrize("distance", [*range(1, 33), 64, 127, 128, 1024, 4096, 2**15])
def test_neighbors_are_independent(distance):
    mask = kept(seed=5)[0]
    assert agreement(mask[distance:], mask[:-distance]) < 5


def test_steps_and_seeds_are_independent():
    masks = np.concatenate([kept(seed, steps=12) for seed in (0, 1, 2, 3, 2**30)])
    for number, one in enumerate(masks):
        for other in masks[number + 1 :]:
            assert agreement(one, other) < 5
            assert agreement(one[1:], other[:-1]) < 5


# --- The layer


def test_it_does_nothing_at_prediction_or_at_rate_0():
    inputs = ops.ones((3, 4))
    assert (ops.convert_to_numpy(Dropout(0.9)(inputs)) == 1).all()
    assert (draw(Dropout(0.0), (3, 4)) == 1).all()


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan")])
def test_a_rate_out_of_range(rate):
    with pytest.raises(Mistake, match=rf"dropout rate is {rate}; accepted: 0 <= rate"):
        Dropout(rate)


def test_a_model_that_is_loaded_begins_with_its_first_mask(tmp_path):
    """As in Keras; how far a run has come is in its training state."""
    model = keras.Sequential([keras.Input((50,)), Dropout(0.5, seed=9)])
    first, second = draw(model, (2, 50)), draw(model, (2, 50))
    model_files.save(model, tmp_path / "model.keras")
    loaded = model_files.load(tmp_path / "model.keras")
    assert np.array_equal(draw(loaded, (2, 50)), first)
    assert np.array_equal(draw(loaded, (2, 50)), second)

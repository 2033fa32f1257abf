"""`zoo.layers.Augment` of floats: of 0 to 255, of 0 to 1, and what is neither."""

import keras
import numpy as np
import pytest

from zoo import layers
from zoo.errors import Mistake

OPERATIONS = {"rotation": 20, "color_jitter": 0.4}


def images_of(count):
    draws = np.random.default_rng(0)
    return draws.integers(0, 256, (count, 16, 16, 3)).astype("float32")


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_shares_are_changed_as_their_gray_levels_are():
    images = images_of(4)
    levels = array(layers.Augment(OPERATIONS)(images, training=True))
    shares = array(layers.Augment(OPERATIONS)(images / 255, training=True))
    assert levels.std() > 30
    np.testing.assert_allclose(shares, levels / 255, atol=1e-6)
    mix = {"cutmix": 1.0, "mixup": 0.5}
    pair = array(layers.Augment(mix)((images, np.eye(4)), training=True)[0])
    half = array(layers.Augment(mix)((images / 255, np.eye(4)), training=True)[0])
    np.testing.assert_allclose(half, pair / 255, atol=1e-6)


@pytest.mark.slow
def test_in_a_compiled_fit_shares_are_seen_and_others_become_nan():
    images = images_of(8)
    losses = []
    for given in (images / 255, images / 127.5 - 1):
        change = layers.Augment(OPERATIONS)
        inputs = keras.Input((16, 16, 3))
        outputs = keras.layers.GlobalAveragePooling2D()(change(inputs))
        head = keras.layers.Dense(3, kernel_initializer="identity")
        model = keras.Model(inputs, head(outputs))
        model.compile(keras.optimizers.SGD(0.0), "mse")
        history = model.fit(given, given.mean((1, 2)), batch_size=8, verbose=0)
        losses += history.history["loss"]
    assert losses[0] < 0.05  # black images would be off by a half, squared
    assert np.isnan(losses[1])


def test_in_a_tensor_what_are_no_levels_become_nan_and_a_cubic_resizing_does_not():
    layer, images = layers.Flip(0.5), images_of(2)
    images[0, 0, 0] = -30, 290, 100  # as Lanczos leaves them
    changed = layer(keras.ops.convert_to_tensor(images), training=True)
    assert np.isfinite(array(changed)).all()
    for wrong in (images - 128, images * 257, images * np.nan, images + np.inf):
        changed = layer(keras.ops.convert_to_tensor(wrong), training=True)
        assert np.isnan(array(changed)).all()


def test_standardized_images_are_refused_by_name():
    standard = (images_of(2) - 127) / 74
    layer = layers.Flip(1.0, name="a")
    said = r"layer 'a' takes gray levels from 0 to 255, or from 0 to 1, and these lie b"
    with pytest.raises(Mistake, match=said):
        layer(standard, training=True)

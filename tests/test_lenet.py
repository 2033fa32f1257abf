"""LeNet's two variants on images of any size."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zoo
from zoo.errors import Mistake


def stage(model, name, images):
    part = keras.Model(model.input, model.get_layer(name).output)
    return part.predict_on_batch(images)


def test_1998_sees_the_range_of_the_paper():
    image = np.zeros((1, 28, 28, 1), "uint8")
    image[0, 0, 0] = 255
    scaled = stage(zoo.build("lenet"), "scale", image)[0, :, :, 0]
    assert scaled.shape == (32, 32)
    assert scaled[2, 2] == pytest.approx(1.175)
    scaled[2, 2] = -0.1
    np.testing.assert_allclose(scaled, -0.1, rtol=1e-6)


def test_1998_needs_no_padding_at_32():
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    model = zoo.build("lenet", input_shape=(32, 32, 3))
    assert np.array_equal(stage(model, "pad", images), images)


def test_1998_answers_for_a_padded_image_as_for_the_image():
    image = np.random.default_rng(0).integers(0, 256, (1, 28, 28, 1))
    padded = np.pad(image, [(0, 0), (2, 2), (2, 2), (0, 0)])
    small, large = zoo.build("lenet"), zoo.build("lenet", input_shape=(32, 32, 1))
    np.testing.assert_allclose(
        small.predict_on_batch(image), large.predict_on_batch(padded), atol=1e-6
    )


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(["1998", "relu"]),
    st.integers(8, 70),
    st.integers(8, 70),
    st.sampled_from([1, 3]),
)
def test_any_size_from_the_smallest(variant, height, width, channels):
    model = zoo.build("lenet", input_shape=(height, width, channels), variant=variant)
    assert model.output_shape == (None, 10)
    assert np.isfinite(
        model.predict_on_batch(np.full((1, height, width, channels), 255, "uint8"))
    ).all()


def test_one_class_is_one_logit():
    assert zoo.build("lenet", classes=1).output_shape == (None, 1)


@pytest.mark.parametrize("shape", [(28, 28), (7, 28, 1), (28, 7, 1)])
def test_what_is_no_image_or_too_small(shape):
    with pytest.raises(Mistake, match=r"at least 8 x 8 pixels; given \("):
        zoo.build("lenet", input_shape=shape)


def test_variant_may_be_written_as_a_number():
    assert zoo.build("lenet", variant=1998).count_params() == 61_706


def test_unknown_variant():
    with pytest.raises(Mistake, match=r"unknown variant of lenet '1989'.*'1998'\?"):
        zoo.build("lenet", variant="1989")

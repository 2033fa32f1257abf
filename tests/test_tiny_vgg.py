"""The options of tiny VGG."""

import numpy as np
import pytest

import zoo
from zoo.errors import Mistake


def test_growth_multiplies_the_filters_of_each_block():
    model = zoo.build(
        "tiny_vgg", input_shape=(28, 28, 1), filters=4, blocks=3, growth=2
    )
    assert [model.get_layer(f"pool_{block}").output.shape for block in (1, 2, 3)] == [
        (None, 14, 14, 4),
        (None, 7, 7, 8),
        (None, 3, 3, 16),
    ]


def test_nothing_is_on_by_default():
    kinds = {type(layer).__name__ for layer in zoo.build("tiny_vgg").layers}
    assert not kinds & {"BatchNormalization", "Dropout", "GlobalAveragePooling2D"}


def test_normalization_takes_the_place_of_biases():
    model = zoo.build("tiny_vgg", batch_normalization=True)
    assert not model.get_layer("conv_1_1").use_bias
    names = [layer.name for layer in model.layers]
    assert names[2:5] == ["conv_1_1", "normalization_1_1", "relu_1_1"]


def test_global_average_makes_the_parameters_independent_of_the_size():
    small = zoo.build("tiny_vgg", input_shape=(8, 8, 3), global_average=True)
    large = zoo.build("tiny_vgg", input_shape=(40, 50, 3), global_average=True)
    assert small.count_params() == large.count_params()
    large.set_weights(small.get_weights())
    assert np.isfinite(large.predict_on_batch(np.zeros((1, 40, 50, 3)))).all()


@pytest.mark.parametrize("shape", [(28, 28), (7, 28, 1)])
def test_what_is_no_image_or_too_small(shape):
    with pytest.raises(Mistake, match=r"at least 8 x 8 pixels for 3 blocks; given"):
        zoo.build("tiny_vgg", input_shape=shape, blocks=3)

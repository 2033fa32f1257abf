"""Initial weights from NumPy: one seed, the same bits on every backend."""

import hashlib
import math
import re
from collections.abc import Iterator

import keras
import numpy as np

from zoo.engine import scopes
from zoo.engine.private import (
    initializer_of,
    inner_layers,
    own_variables,
    to_snake_case,
)
from zoo.errors import Mistake
from zoo.layers import Dropout

_CONSTANT = (
    keras.initializers.Zeros,
    keras.initializers.Ones,
    keras.initializers.Constant,
    keras.initializers.Identity,
)


def seed_dropout(model: keras.Model, seed: int) -> None:
    """Start the stream of each dropout layer, a function of `seed` and its path."""
    for path, layer in layers(model, pretrained=False):
        if isinstance(layer, Dropout):
            layer.reseed(key(seed, path) % 2**31)


def initialize(model: keras.Model, seed: int) -> None:
    """Draw every random initial weight of `model`, which was just made, from NumPy.

    A weight's values are a function of `seed`, its path inside the model and its
    initializer, whatever the backend and the order in which layers were made. Layers
    and weights that Keras named (`dense_7`, `variable_3`) count from the first one in
    this model or layer. A layer with the attribute `pretrained = True` keeps its
    weights.

    Args:
        model: a built model, inside the same `without_draws()` in which it was made.
        seed: any integer.

    Raises:
        Mistake: a weight's initializer is random and not one of Keras's.
    """
    seed_dropout(model, seed)
    for path, layer in layers(model, pretrained=False):
        counts: dict[str, int] = {}
        for variable in own_variables(layer):
            name = own_name(variable.name, "variable", counts)
            chosen, shape = initializer_of(variable), tuple(variable.shape)
            if chosen is None or isinstance(chosen, _CONSTANT):
                continue
            generator = np.random.Generator(
                np.random.Philox(key=key(seed, f"{path}/{name}"))
            )
            values = draw(chosen, shape, generator)
            if values is not None:
                # In rows, as `torch.nn.utils.parameters_to_vector` needs them.
                variable.assign(values.astype("float32", order="C"))
            elif not _repeats(chosen, shape, variable.dtype):
                raise Mistake(
                    f"weight {path}/{name} has the initializer {chosen}, whose "
                    "draws differ between backends; accepted: Keras's own initializers"
                )


def draw(
    initializer: keras.initializers.Initializer,
    shape: tuple[int, ...],
    generator: np.random.Generator,
) -> np.ndarray | None:
    """What `initializer` draws for `shape`, by NumPy; None if its kind is unknown."""
    kinds = keras.initializers
    match initializer:
        case kinds.VarianceScaling():
            return _variance_scaling(initializer, shape, generator)
        case kinds.Orthogonal():
            rows, columns = math.prod(shape[:-1]), shape[-1]
            tall = (max(rows, columns), min(rows, columns))
            q, r = np.linalg.qr(generator.standard_normal(tall))
            q *= np.sign(np.diag(r))
            q = q.T if rows < columns else q
            return initializer.gain * q.reshape(shape)
        case kinds.RandomUniform(minval=low, maxval=high):
            return generator.uniform(low, high, shape)
        case kinds.RandomNormal(mean=mean, stddev=deviation):
            return mean + deviation * generator.standard_normal(shape)
        case kinds.TruncatedNormal(mean=mean, stddev=deviation):
            return mean + deviation * _truncated_normal(shape, generator)
    return None


def _repeats(initializer, shape, dtype) -> bool:
    """Whether an initializer that zoo does not know gives the same values twice."""
    one, two = (
        keras.ops.convert_to_numpy(initializer(shape, dtype=dtype)) for _ in range(2)
    )
    return np.array_equal(one, two)


def _variance_scaling(initializer, shape, generator):
    receptive_field = math.prod(shape[:-2])
    fan_in = shape[-2] * receptive_field if len(shape) > 1 else shape[0]
    fan_out = shape[-1] * receptive_field
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    scale = initializer.scale / max(1.0, fan[initializer.mode])
    match initializer.distribution:
        case "uniform":
            limit = math.sqrt(3 * scale)
            return generator.uniform(-limit, limit, shape)
        case "untruncated_normal":
            return math.sqrt(scale) * generator.standard_normal(shape)
    # The standard deviation of a normal cut at two of its deviations is 0.8796.
    deviation = math.sqrt(scale) / 0.87962566103423978
    return deviation * _truncated_normal(shape, generator)


def _truncated_normal(shape, generator):
    values = generator.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values[outside] = generator.standard_normal(outside.sum())
    return values


def key(seed: int, path: str) -> int:
    digest = hashlib.sha256(f"{seed}/{path}".encode()).digest()
    return int.from_bytes(digest[:16], "little")


def layers(
    parent, path: str = "", *, pretrained: bool = True
) -> Iterator[tuple[str, keras.layers.Layer]]:
    """Every layer inside of `parent` with its path, a layer before those inside of it.

    Layers that Keras named by counting (`dense_7`) count from the first one in
    `parent`, so that the same model has the same paths again.

    Args:
        parent: a model or layer.
        path: of `parent`.
        pretrained: also layers that keep their weights, and those inside of them.
    """
    counts: dict[str, int] = {}
    for layer in inner_layers(parent):
        if getattr(layer, "pretrained", False) and not pretrained:
            continue
        kind = to_snake_case(type(layer).__name__)
        name = own_name(scopes.given_name(layer), kind, counts)
        inside = f"{path}/{name}" if path else name
        yield inside, layer
        yield from layers(layer, inside, pretrained=pretrained)


def own_name(name, kind, counts) -> str:
    """`name`, or a number of its own if Keras made it from `kind` by counting.

    `Bidirectional` has one layer of each direction, whose names need no number.
    """
    if direction := re.fullmatch(rf"((for|back)ward_{kind})(_\d+)?", name):
        return direction[1]
    if not re.fullmatch(rf"{kind}(_\d+)?", name):
        return name
    counts[kind] = counts.get(kind, 0) + 1
    return f"{kind}_{counts[kind]}"

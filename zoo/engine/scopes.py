"""Names of layers as TensorFlow takes them: they become scopes of its graphs."""

import re

import keras

from zoo.engine import private

_OTHERS = re.compile(r"[^A-Za-z0-9_.\\/>-]")


def rename(model: keras.Model) -> None:
    """On TensorFlow, give layers whose names it refuses names that it takes.

    A network whose layers are called "the words" would be built, and fail when it is
    compiled. Weights are still drawn and stored by the names that they had.
    """
    if keras.backend.backend() != "tensorflow":
        return
    every = [model, *private.layers(model)]
    taken = {layer.name for layer in every}
    for layer in every:
        name = _OTHERS.sub("_", layer.name)
        if not re.match("[A-Za-z0-9.]", name):
            name = f"layer{name}"
        if name != layer.name:
            while name in taken:
                name += "_"
            taken.add(name)
            layer.given_name, layer.name = layer.name, name
    for each in model.inputs or ():  # which are arguments of a SavedModel
        each.name = _OTHERS.sub("_", each.name)


def given_name(layer: keras.layers.Layer) -> str:
    """The name that a layer had before `rename`."""
    return getattr(layer, "given_name", layer.name)

"""What layers of zoo are on disk: Keras's own layers and operations.

So plain Keras opens a model of zoo, without zoo.
"""

from collections.abc import Callable

import keras

from zoo.engine import private


def saved_as_keras(layer: type[keras.layers.Layer]) -> type[keras.layers.Layer]:
    """Have a form of a Keras layer, a subclass with its name, saved as that layer.

    `get_config` must give what the Keras layer takes. `zoo.building.model_files.load`
    makes zoo's form of it again; `keras.saving.load_model` makes the Keras layer.
    """
    name, original = layer.__name__, getattr(keras.layers, layer.__name__)
    # What Keras writes into a file about the class of a layer.
    layer.__module__ = "keras.layers"
    # Pickle looks for a class where it says it is.
    layer.__reduce__ = lambda self: (
        private.unpickle(original),
        super(original, self).__reduce__()[1],
    )
    # Files of zoo 0.1 name the layer so.
    keras.saving.get_custom_objects()[f"zoo>{name}"] = layer
    return layer


def stage(function: Callable, *inputs: keras.KerasTensor, name: str):
    """`function`, made of `keras.ops`, as a layer of a functional model.

    The layer is a `keras.Model` of Keras's operations, which needs nothing of zoo.

    Args:
        function: from symbolic tensors to one.
        inputs: what the layer is called with.
        name: the layer's.

    Returns:
        The layer's output, a symbolic tensor.
    """
    inside = [keras.Input(x.shape[1:], dtype=x.dtype) for x in inputs]
    layer = keras.Model(inside, function(*inside), name=name)
    # Keras numbers them by how many a process has made: equal models would differ.
    for number, operation in enumerate(layer.operations):
        operation.name = f"{type(operation).__name__.lower()}_{number}"
    return layer(list(inputs))

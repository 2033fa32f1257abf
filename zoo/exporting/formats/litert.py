"""LiteRT, once TensorFlow Lite, for phones and small devices."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.exporting import limits

if TYPE_CHECKING:
    import keras

SUFFIX, BACKEND, READER = ".tflite", "tensorflow", None
PACKAGES, INT8 = ("ai_edge_litert",), "tensorflow"
APART = True


def write(model: "keras.Model", path: Path, about: dict, int8: bool = False) -> None:
    """With `int8`, the converter makes all but small weights int8.

    Sums of products are int8 then. Nothing between layers is, so that no examples are
    needed to find ranges: with ranges, accuracy was lower and no network faster.
    """
    import keras

    from zoo.engine import private

    recurrent = [
        layer
        for layer in private.layers(model)
        if isinstance(layer, keras.layers.LSTM | keras.layers.GRU)
    ]
    for layer in recurrent:
        layer.inner_loop = partial(_loop, layer)
    import tensorflow as tf

    options = {"optimizations": [tf.lite.Optimize.DEFAULT]} if int8 else {}
    try:
        model.export(path, format="litert", verbose=False, **options)
    finally:
        for layer in recurrent:
            del layer.inner_loop


def _loop(layer, sequences, initial_state, mask, training=False):
    """What a recurrent layer computes, in operations that LiteRT has.

    Keras keeps the states in a list of TensorFlow's, which LiteRT has for batches of
    known size only. Here they are rows of one tensor. A step that is masked changes
    no state and repeats the last answer, or is 0.
    """
    import keras
    import tensorflow as tf

    inputs = tf.transpose(sequences, [1, 0, 2])
    inputs = tf.reverse(inputs, [0]) if layer.go_backwards else inputs
    steps, batch = tf.shape(inputs)[0], tf.shape(inputs)[1]
    lstm = isinstance(initial_state, list | tuple)
    states = list(initial_state) if lstm else [initial_state]
    places = tf.range(steps)[:, None, None]
    nothing = tf.zeros([batch, layer.units])
    kept = None
    if mask is not None:
        kept = tf.transpose(tf.cast(keras.tree.flatten(mask)[0], bool))
        kept = tf.reverse(kept, [0]) if layer.go_backwards else kept
        kept = tf.expand_dims(kept, -1)

    def step(place, outputs, last, *states):
        output, after = layer.cell(inputs[place], list(states), training=False)
        after = list(after) if isinstance(after, list | tuple) else [after]
        if kept is not None:
            instead = nothing if layer.zero_output_for_mask else last
            output = tf.where(kept[place], output, instead)
            pairs = zip(after, states, strict=True)
            after = [tf.where(kept[place], new, old) for new, old in pairs]
        outputs = tf.where(places == place, output[None], outputs)
        return place + 1, outputs, output, *after

    before = [0, tf.zeros([steps, batch, layer.units]), nothing, *states]
    _, outputs, last, *states = tf.while_loop(
        lambda place, *_: place < steps, step, before
    )
    return last, tf.transpose(outputs, [1, 0, 2]), states


def opened(path: Path):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    [taken], [given] = interpreter.get_input_details(), interpreter.get_output_details()

    def answer(inputs: np.ndarray) -> np.ndarray:
        interpreter.resize_tensor_input(taken["index"], inputs.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(taken["index"], inputs.astype(taken["dtype"]))
        interpreter.invoke()
        return interpreter.get_tensor(given["index"])

    return answer


def opened_strictly(path: Path):
    """As `opened`, of a file that may come from anybody, in a process of its own."""
    return limits.held(opened, path)

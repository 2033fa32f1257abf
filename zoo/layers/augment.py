"""Augmentation as a layer of any Keras model."""

import itertools
import sys
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from zoo.engine import private
from zoo.engine.device import compiled
from zoo.engine.groups import first_row
from zoo.errors import Mistake
from zoo.layers import given_images

# Threads that read a dataset call one layer: no two take the same step.
_counting = threading.Lock()


@keras.saving.register_keras_serializable(package="zoo")
class Augment(keras.layers.Layer):
    """Change images at random, as recipes do, in training only.

    The random numbers are a function of (seed, step, operation, position in the batch):
    those that `zoo.augment` draws on the host, on every backend. The step counts the
    training calls of this layer. It is a weight that is not trained, and so is kept
    and saved with the model: training that goes on does not see its first images again.

        >>> change = zoo.layers.Augment({"flip": 0.5, "rotation": 10}, seed=1)
        >>> model = keras.Sequential([change, keras.layers.Rescaling(1 / 255), ...])
        >>> dataset = dataset.map(change)

    Without a model around it, the layer is called with `training=True`. In
    `tf.data.Dataset.map` and `keras.layers.Pipeline` this is the default, as of Keras's
    own layers. On JAX and PyTorch `tf.data` runs in TensorFlow, which this layer does
    not import: there the host computes the images, and counts the steps of its own.

    MixUp and CutMix change labels, too. The layer then takes a pair and returns a pair:
    `change((images, labels), training=True)`, or `dataset.map(change)` for a dataset of
    pairs. The layers of a model in `fit` have no labels: mix in the dataset.

    Args:
        operations: strength of each operation by name, see `zoo.augment.STRENGTHS`; 0
            turns one off.
        seed: any whole number. Two layers of one seed draw alike.
        **options: those of every Keras layer.

    Input: gray levels from 0 to 255, so before any rescaling, integers or floats; or
    floats from 0 to 1, as which a batch is taken in which all are, not only 0 and 1.
    Shape (batch, height, width, channels), or one image alone; 1 or 3 channels.
    Labels: one-hot or soft, shape (batch, classes); one column has to be floats.
    Output: the same shapes and range. Images are whole gray levels, or 255ths; integers
    keep their dtype, floats get the layer's compute dtype. What is mixed has the
    compute dtype. In a compiled step floats that are no gray levels become NaN.

    Raises:
        Mistake: an operation or a strength is unknown; images or labels do not fit.
    """

    def __init__(self, operations: Mapping[str, Any], seed: int = 0, **options):
        from zoo import augment  # OpenCV and Pillow, only for who augments

        super().__init__(**options)
        given = operations if isinstance(operations, Mapping) else ()
        if heard := [name for name in augment.SOUNDS if name in given]:
            raise Mistake(
                f"augmentation '{heard[0]}' changes sounds, and this layer images; "
                f"accepted: {', '.join(sorted(augment.STRENGTHS))}"
            )
        augment.check(operations, (1, 1, 1))
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise Mistake(f"seed={seed!r}; accepted: a whole number")
        self.operations, self.seed = dict(operations), int(seed)
        # A weight, as Keras does not save the state of its seed generators.
        self.step = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="step"
        )
        self.built = True
        self._mixes = augment.mixes(operations)
        self._host_steps = itertools.count()
        self._change = compiled(partial(_change, self.operations, self.seed))

    def __call__(self, images, labels=None, training: bool | None = None):
        return _as_written(self._call_given)(images, labels, training)

    def _call_given(self, images, labels, training):
        given = images if labels is None else (images, labels)
        given_images.check(self.name, given, training)
        first = given[0] if isinstance(given, tuple | list) else given
        if _is_foreign(first):
            return given if training is False else self._on_host(given)
        if training is None and _in_pipeline():
            training = True
        if training and (worker := _worker()):
            raise Mistake(
                f"layer '{self.name}' is called in a worker of a {worker[0]}, whose "
                "count of steps ends with the epoch, so that each epoch would have "
                f"the same images; call it in the training loop, or give {worker[1]}"
            )
        # None would hide what the model around it says
        options = {} if training is None else {"training": training}
        return super().__call__(given, **options)

    def call(self, inputs, training: bool = False):
        if not training:
            return inputs
        images, labels = self._checked(inputs)
        with _counting:
            step = ops.convert_to_tensor(self.step) + 0  # assigning may change it
            self.step.assign(step + 1)
        single = len(images.shape) == 3
        changed, mixed = self._change(
            images[None] if single else images,
            labels if self._mixes else None,
            step,
            first_row(),
        )
        changed = changed[0] if single else changed
        if self._mixes:
            dtype = self.compute_dtype
            return ops.cast(changed, dtype), ops.cast(mixed, dtype)
        return changed if labels is None else (changed, labels)

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, inputs, training: bool = False):
        mixed = self._mixes and isinstance(inputs, tuple | list)

        def spec(tensor):
            dtype = keras.backend.standardize_dtype(tensor.dtype)
            if mixed or keras.backend.is_float_dtype(dtype):
                dtype = self.compute_dtype
            return keras.KerasTensor(tensor.shape, dtype)

        return keras.tree.map_structure(spec, inputs)

    def get_config(self):
        own = {"operations": self.operations, "seed": self.seed}
        return {**super().get_config(), **own}

    def _checked(self, inputs):
        """Images, and labels or None."""
        from zoo import augment

        pair = isinstance(inputs, tuple | list)
        images, labels = inputs if pair else (inputs, None)
        given_images.check_form(self.name, images)
        shape = tuple(images.shape)
        augment.check(self.operations, shape[-3:])
        if not self._mixes:
            return images, labels
        name = next(n for n in augment.MIXES if self.operations.get(n))
        if labels is None:
            raise Mistake(
                f"'{name}' mixes labels, too: call layer '{self.name}' with (images, "
                "labels), as in dataset.map; inside of a model there are no labels"
            )
        there = keras.tree.map_structure(lambda each: tuple(each.shape), labels)
        if len(shape) != 4 or not hasattr(labels, "shape") or len(there) != 2:
            raise Mistake(
                f"'{name}' takes a batch of images and one-hot labels of shape "
                f"(batch, classes); got shapes {shape} and {there}"
            )
        kind = keras.backend.standardize_dtype(labels.dtype)
        if there[1] == 1 and keras.backend.is_int_dtype(kind):
            raise Mistake(
                f"'{name}' got labels of shape {there} and {kind}, and would blend the "
                "numbers of classes; make them one-hot: keras.utils.to_categorical; "
                "or, if they are 0 and 1 of two classes, cast them to float32"
            )
        return images, labels

    def _on_host(self, inputs):
        """For tensors of a graph of TensorFlow where that is not the backend."""
        from zoo import augment

        tf = sys.modules["tensorflow"]
        images, labels = self._checked(inputs)
        single = len(images.shape) == 3
        kept = tf.as_dtype(self.compute_dtype)
        mixes, operations, seed = self._mixes, self.operations, self.seed
        dtype = kept if mixes or images.dtype.is_floating else images.dtype

        def change(images, *labels):
            given_images.check_levels(self.name, images)
            step = next(self._host_steps)
            factor = 1.0
            if images.dtype.kind == "f":
                levels = given_images.levels_of(images)
                images, factor = map(ops.convert_to_numpy, levels)
            levels = np.clip(np.rint(images), 0, 255).astype(np.uint8)
            levels = levels[None] if single else levels
            levels = augment.apply(levels, operations, seed, step)
            if mixes:
                levels, *labels = augment.mix(levels, *labels, operations, seed, step)
            levels = levels[0] if single else levels
            levels = levels if factor == 1 else levels / factor
            return [
                np.asarray(levels, dtype.as_numpy_dtype),
                *(np.asarray(each, kept.as_numpy_dtype) for each in labels),
            ]

        given = [images, labels] if mixes else [images]
        changed = tf.numpy_function(change, given, [dtype, kept][: len(given)])
        for after, before in zip(changed, given, strict=True):
            after.set_shape(before.shape)
        if labels is None:
            return changed[0]
        return tuple(changed) if mixes else (changed[0], labels)


def _change(operations, seed: int, images, labels, step, start):
    from zoo.augment import device

    dtype, factor = images.dtype, None
    if keras.backend.is_float_dtype(keras.backend.standardize_dtype(dtype)):
        images, factor = given_images.levels_of(images)
    images = device.apply(images, operations, seed, step, start)
    if labels is not None:
        images, labels = device.mix(images, labels, operations, seed, step)
    return images if factor is None else ops.cast(images / factor, dtype), labels


def _as_written(function):
    """`function`, which TensorFlow does not rewrite for a graph that it makes.

    It cannot rewrite `:=`, and warned of that in each `Dataset.map`.
    """
    tf = sys.modules.get("tensorflow")
    if tf is None or tf.executing_eagerly():
        return function
    return tf.autograph.experimental.do_not_convert(function)


def _is_foreign(tensor) -> bool:
    """Whether it is of a graph of TensorFlow, and TensorFlow is not the backend."""
    tf = sys.modules.get("tensorflow")  # who has such a tensor has imported it
    if tf is None or keras.backend.backend() == "tensorflow":
        return False
    return tf.is_symbolic_tensor(tensor)


def _worker() -> tuple[str, str] | None:
    """If this process reads data for another one, which trains: whose, and the cure."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.utils.data.get_worker_info() is not None:
        return "DataLoader", "num_workers=0"
    if private.in_worker():
        return "PyDataset", "use_multiprocessing=False"
    return None


def _in_pipeline() -> bool:
    """Whether TensorFlow, the backend, makes a graph of this layer by itself."""
    if keras.backend.backend() != "tensorflow" or private.inside_a_call():
        return False
    return not sys.modules["tensorflow"].executing_eagerly()

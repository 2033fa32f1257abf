"""Made-up examples that fit a model's input and that it can learn to tell apart."""

import keras
import numpy as np

from zoo.data import Dataset, Split
from zoo.engine import private
from zoo.errors import Mistake

_ANY_LENGTH = 32


class Sample(Dataset):
    """A data set cut to a model that exists, so that the model needs no facts of it."""

    def facts(self) -> dict:
        return {}


def sample(model: keras.Model, count: int, seed: int = 0) -> Sample:
    """Examples for `model`, drawn by NumPy, the same on every backend.

    Args:
        model: a model with one input. (H, W, 1) and (H, W, 3) is taken as an image,
            uint8 0 to 255: a pattern of bright squares for each class. Integers are
            taken as token ids, 0 at the end as padding: half of a text's words are
            words of its class. A model that answers each token is to tell the next one,
            and one that answers steps of anything else reads a string of two symbols,
            the class and the one after it.
            Anything else is float32, small whole numbers around a
            mean for each class; one in ten is NaN if the model can answer without it.
        count: how many.
        seed: any integer from 0.

    Returns:
        A data set with a training split alone; a model with one output has two
        classes. One label in four is drawn at random, so that losses stay well above 0.

    Raises:
        Mistake: the model has several inputs.
    """
    if len(model.inputs) != 1:
        raise Mistake(
            f"model {model.name} has {len(model.inputs)} inputs; accepted: one"
        )
    shape = tuple(length or _ANY_LENGTH for length in model.input_shape[1:])
    classes = max(2, model.output_shape[-1])
    generator = np.random.Generator(np.random.Philox(seed))
    truth = generator.integers(0, classes, count, dtype="int32")
    if "int" in model.inputs[0].dtype:
        kind, inputs = "text", _tokens(generator, shape, truth, _vocabulary(model))
    elif len(shape) == 3 and shape[-1] in (1, 3):
        kind, inputs = "image", _images(generator, shape, truth, classes)
    else:
        kind, inputs = "points", _rows(generator, shape, truth, classes)
        hidden = np.where(generator.random(inputs.shape) < 0.1, np.nan, inputs)
        nothing = np.full((1, *shape), np.nan, "float32")
        answers = keras.ops.convert_to_numpy(model(nothing))
        if np.isfinite(answers).all():
            kind, inputs = "tabular", hidden.astype("float32")
    names = tuple(f"class {number}" for number in range(classes))
    if len(model.output_shape) == 3 and kind != "text":
        symbols = classes - 1  # without "nothing new"
        targets = np.stack([truth, truth + 1], axis=1) % symbols
        about = {"task": "strings", "classes": names[:symbols]}
        return Sample("made up", kind, Split(inputs, targets.astype("int32")), **about)
    if len(model.output_shape) == 3:
        split = Split(inputs, np.roll(inputs, -1, axis=1))
        about = {"task": "tokens", "unit": "characters", "classes": names}
        return Sample("made up", "language", split, **about)
    noise = generator.integers(0, classes, count, dtype="int32")
    targets = np.where(generator.random(count) < 0.25, noise, truth)
    return Sample("made up", kind, Split(inputs, targets), classes=names)


def _images(generator, shape, truth, classes):
    height, width, channels = shape
    pattern = generator.integers(128, 256, (classes, 4, 4, channels), dtype="uint8")
    pattern[generator.random((classes, 4, 4)) < 0.7] = 0
    pattern = pattern[:, np.arange(height) * 4 // height]
    pattern = pattern[:, :, np.arange(width) * 4 // width]
    shades = generator.integers(128, 256, (len(truth), 1, 1, 1), dtype="uint16")
    return (pattern[truth] * shades // 255).astype("uint8", order="C")


def _tokens(generator, shape, truth, vocabulary):
    ids = generator.integers(1, vocabulary, (len(truth), *shape))
    column = truth.reshape(-1, *(1 for _ in shape))
    classes = truth.max() + 1
    typical = np.clip(ids - ids % classes + column, 1, vocabulary - 1)
    ids = np.where(generator.random(ids.shape) < 0.5, typical, ids)
    lengths = generator.integers(shape[-1] // 2, shape[-1] + 1, column.shape)
    return np.where(np.arange(shape[-1]) < lengths, ids, 0).astype("int32")


def _vocabulary(model):
    layers = private.layers(model)
    sizes = [la.input_dim for la in layers if isinstance(la, keras.layers.Embedding)]
    return min(sizes, default=100)


def _rows(generator, shape, truth, classes):
    means = 3 + generator.standard_normal((classes, *shape))
    noise = generator.standard_normal((len(truth), *shape))
    return np.rint(means[truth] + noise).astype("float32")

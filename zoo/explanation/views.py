"""What a network sees of inputs, and which of it is which pixel, word or column.

A view has the same names for each kind of data, beside those of
`zoo.explanation.hiding`:

    `network`    from the first numbers that have a gradient to the outputs
    `level`      these numbers, float32 (n, ...)
    `baseline`   what they are compared with, float32 like `level`
    `compared`   the baseline in words
    `beside`     what `network` takes as its second input, or None
    `fold`       attributions of `level[i]` as those of its parts
    `whole`      the model that takes what `hide` gives
"""

from functools import cached_property, partial

import keras
import numpy as np
from keras import ops

from zoo.building import ensemble
from zoo.data import Dataset
from zoo.data.kinds.texts import PADDING
from zoo.engine import private, steps
from zoo.errors import Mistake
from zoo.explanation import ensembles, hiding, parts, sounds
from zoo.layers import Columns


class Pictures(hiding.Pictures):
    """Pixels, see `zoo.explanation.hiding`."""

    beside = None

    def __init__(self, model: keras.Model, dataset: Dataset, pictures: np.ndarray):
        super().__init__(dataset, pictures)
        self.network = self.whole = model

    def fold(self, i: int, found: np.ndarray) -> np.ndarray:
        return found


class Stretches(sounds.Stretches):
    """Stretches of time, of which no gradient is asked for."""

    def __init__(self, model: keras.Model, dataset: Dataset, inputs: np.ndarray):
        super().__init__(dataset, inputs)
        self.whole = model


class Texts(hiding.Texts):
    """Words, compared with no word: vectors of zeros where they stand."""

    compared = "vectors of zeros in place of words"

    def __init__(self, model: keras.Model, rows: np.ndarray, spans: list, counts: list):
        super().__init__(rows, spans, counts)
        self.whole, self.beside = model, rows

    @cached_property
    def _halves(self):
        cut = partial(ensembles.halves, self.whole, _after_embedding, beside=True)
        return parts.once(self.whole, "words", cut)

    @property
    def network(self) -> keras.Model:
        return self._halves[1]

    @cached_property
    def level(self) -> np.ndarray:
        return steps.predict(parts.forward(self._halves[0]), self.beside)

    @property
    def baseline(self) -> np.ndarray:
        return np.where(self.beside[..., None] == PADDING, self.level, np.float32(0))

    def fold(self, i: int, found: np.ndarray) -> np.ndarray:
        of_tokens, of_words = found.sum(axis=1), np.zeros(self.counts[i])
        for value, (first, end) in zip(of_tokens, self.spans[i], strict=False):
            of_words[first:end] += value / (end - first)
        return of_words


class Rows:
    """Columns, compared with the mean of the training rows, and with no category.

    These are zeros behind the layer that standardizes. In a network that has none rows
    are compared with zeros.
    """

    beside = None

    def __init__(self, model: keras.Model, dataset: Dataset, rows: np.ndarray):
        cut = partial(_encoding, model, dataset)
        first, self.network, self._owners = parts.once(model, "columns", cut)
        self.compared = "the mean of the training rows, and no category"
        if first is None:
            self.compared, self.level = "0 in every column", rows
        else:
            self.level = steps.predict(parts.forward(first), rows)
        if np.isnan(self.level).any():
            raise Mistake(
                f"a value is missing, and {model.name} has no zoo.layers.Columns, "
                "which would know what that means; fill it in"
            )
        self.baseline = np.zeros_like(self.level)
        self.whole, self.gone = self.network, self.compared

    def fold(self, i: int, found: np.ndarray) -> np.ndarray:
        return np.bincount(self._owners, found)

    def masks(self, i: int) -> np.ndarray:
        return np.eye(self._owners[-1] + 1, dtype=bool)

    def hide(self, i: int, hidden: np.ndarray) -> np.ndarray:
        return np.where(hidden[:, self._owners], self.baseline[i], self.level[i])


class Series(hiding.Series):
    """Steps of a window, compared with the mean of the window at every step.

    What is known ahead is compared with its own mean.
    """

    compared = "the window's mean at every step"

    def __init__(self, model: keras.Model, dataset: Dataset, windows: np.ndarray):
        assert dataset.timeline, "series have a timeline"
        members = ensemble.members(model) or [model]
        knows = all(_columns_of(each) is not None for each in members)
        super().__init__(dataset, windows, missing=knows)
        self.whole = model
        if knows:
            after = partial(_after_steps, length=windows.shape[1])
            cut = partial(ensembles.halves, model, after, beside=True)
            name = f"{windows.shape[1]} steps"
            first, self.network = parts.once(model, name, cut)
            self.beside = windows
            self.level = steps.predict(parts.forward(first), windows)
        else:
            self.network, self.level, self.beside = model, windows, None
            if np.isnan(windows).any():
                raise Mistake(
                    f"a value is missing, and {model.name} has no zoo.layers.Columns, "
                    "which would know what that means; fill it in"
                )
        window = dataset.timeline.window
        spans = (self.level[:, :window], self.level[:, window:])
        means = [
            np.broadcast_to(part.mean(axis=1, keepdims=True), part.shape)
            for part in spans
            if part.shape[1]
        ]
        self.baseline = np.concatenate(means, axis=1)

    def fold(self, i: int, found: np.ndarray) -> np.ndarray:
        return found.sum(axis=1)


def _after_steps(model: keras.Model, length: int) -> tuple[keras.Model, keras.Model]:
    """A model cut behind the numbers of the columns of all steps of a window."""
    first, rest = private.halves(
        graph_of(model), _columns_of(model).outputs[0], beside=True
    )
    count = first.output.shape[-1]
    given = keras.Input(first.input.shape[1:], dtype=first.input.dtype)
    numbers = ops.reshape(first(given), (-1, length, count))
    seen = keras.Input((length, count), dtype=first.output.dtype)
    rows = ops.reshape(seen, (-1, count))
    answer = rest([rows, given])
    return (
        keras.Model(given, numbers),
        keras.Model([seen, given], answer, name=model.name),
    )


def _after_embedding(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """A model cut behind the vectors of its words.

    Raises:
        Mistake: it does not begin with them.
    """
    graph = graph_of(model)
    for node in private.nodes(graph) if graph else ():
        inside = node.outputs[0]
        if inside.dtype.startswith(("float", "bfloat")):
            if inside.shape[:2] == graph.input.shape[:2] and inside.ndim == 3:
                return private.halves(graph, inside, beside=True)
            break
    raise Mistake(
        f"{model.name} does not make a vector of each word first, which would "
        "have a gradient; accepted: method=occlusion"
    )


def _encoding(model: keras.Model, dataset: Dataset) -> tuple:
    """The part that makes numbers of rows, what follows, and each number's column."""
    owners = [_columns_of(each) for each in ensemble.members(model) or [model]]
    if all(each is not None for each in owners):
        try:
            halves = ensembles.halves(model, _after_columns)
            return *halves, np.concatenate([each.operation.owners for each in owners])
        except ValueError:  # the raw rows are used beside it, too
            pass
    widths = [column.width for column in dataset.columns]
    widths = widths or [1] * dataset.input_shape[0]
    return None, model, np.repeat(np.arange(len(widths)), widths)


def _columns_of(model: keras.Model):
    """The call of the layer that makes numbers of rows; None if there is none."""
    graph = graph_of(model)
    nodes = private.nodes(graph) if graph else ()
    return next((each for each in nodes if isinstance(each.operation, Columns)), None)


def _after_columns(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    return private.halves(graph_of(model), _columns_of(model).outputs[0])


def graph_of(model: keras.Model) -> keras.Model | None:
    """The model as a graph of layers; None if it is none."""
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs, model.outputs, name=model.name)
    return model if isinstance(model, keras.Function) else None


def last_maps(model: keras.Model, method: str) -> tuple[keras.Model, keras.Model]:
    """A model cut behind its last feature maps of at least 2 x 2 places.

    Args:
        method: its name, which asks for them.

    Raises:
        Mistake: it has none behind a convolution, or members have maps of other sizes.
    """
    return ensembles.halves(model, partial(_after_maps, method))


def _after_maps(method: str, model: keras.Model) -> tuple[keras.Model, keras.Model]:
    graph, found, convolved = graph_of(model), None, False
    for node in private.nodes(graph) if graph else ():
        inside = node.outputs[0]
        convolved = convolved or _convolves(node.operation)
        if convolved and inside.ndim == 4 and min(inside.shape[1:3]) > 1:
            found = inside
    if found is None:
        raise Mistake(
            f"method={method} needs maps of a convolution, and {model.name} has none; "
            "accepted: gradient, integrated_gradients, occlusion, smoothgrad"
        )
    return private.halves(graph, found)


def _convolves(operation) -> bool:
    if not isinstance(operation, keras.layers.Layer):
        return False
    inside = private.layers(operation)
    return any(isinstance(each, steps.CONVOLUTIONS) for each in inside)

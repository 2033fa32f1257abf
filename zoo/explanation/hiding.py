"""What can be hidden of an input: pixels, words, columns or times. It needs no Keras.

A view of inputs has the same names for each kind of data:

    `masks`  the parts of input i that are hidden together, bool (m, *parts)
    `hide`   for each mask, the input i in which these parts are hidden
    `gone`   what stands where something is hidden, in words

`zoo.explanation.views` adds what has a gradient.
"""

from collections.abc import Callable

import numpy as np

from zoo.core.columns import places
from zoo.data import Dataset
from zoo.data.kinds import cells
from zoo.data.kinds.series import hidden
from zoo.data.kinds.texts import PADDING
from zoo.errors import Mistake
from zoo.explanation import methods
from zoo.explanation.sounds import Stretches

AT_A_TIME = 2**22  # numbers in the inputs that are computed together
UNLISTED = -1.0  # what a category that is not listed is read as, and a word

Answer = Callable[[np.ndarray, int], np.ndarray]  # of inputs, so many at a time
Score = Callable[[np.ndarray], np.ndarray]  # of outputs, float64 (n,)


def scorer(view, answer: Answer, i: int, score: Score) -> methods.Score:
    """What gives the scores of input i with parts hidden."""

    def of(masks: np.ndarray) -> np.ndarray:
        inputs = view.hide(i, masks)
        many = max(1, AT_A_TIME // inputs[0].size)
        return score(answer(inputs, many))

    return of


def occluded(view, answer: Answer, i: int, score: Score) -> dict:
    """What `Explanation` holds of the attributions of input i by occlusion."""
    found = methods.occlusion(scorer(view, answer, i, score), view.masks(i))
    if found.ndim == 2:
        found = found[..., None]
    return {"attributions": found, "compared": view.gone}


def view_of(dataset: Dataset, raw: list, decoded: np.ndarray, answer: Answer):
    """The view of a network of which nothing is known but its answers."""
    if dataset.kind == "image":
        return Pictures(dataset, decoded)
    if dataset.kind == "text":
        spans, counts = read(dataset, raw)
        return Texts(decoded, spans, counts)
    if dataset.kind in ("sound", "sequence"):
        return Stretches(dataset, decoded)
    if dataset.timeline:
        return _knowing(Series, dataset, decoded, answer)
    return _knowing(Rows, dataset, decoded, answer)


def _knowing(kind, dataset: Dataset, inputs: np.ndarray, answer: Answer):
    """A view that hides by missing values, if the network answers these."""
    view = kind(dataset, inputs, missing=True)
    tried = answer(view.hide(0, view.masks(0)), 500)
    return view if np.isfinite(tried).all() else kind(dataset, inputs, missing=False)


def read(dataset: Dataset, texts: list) -> tuple[list, list[int]]:
    """Which words each token of a text is of, and how many words each text has."""
    assert dataset.encoder, "`restore` gives texts an encoder"
    found = [dataset.encoder.spans(text) for text in texts]
    return [spans for _, spans in found], [len(words) for words, _ in found]


class Pictures:
    """Pixels, compared with a picture of one color.

    It is the mean brightness of the borders of gray training pictures, where the run
    knows it; otherwise the picture's own mean color.
    """

    def __init__(self, dataset: Dataset, pictures: np.ndarray):
        self.level = pictures.astype("float32")
        mean = self.level.mean(axis=(1, 2), keepdims=True)
        self.compared = "the picture's mean color everywhere"
        if pictures.shape[3] == 1 and dataset.border is not None:
            mean = np.full_like(mean, dataset.border)
            self.compared = "the brightness of the training pictures' borders"
        self.baseline = np.broadcast_to(mean, self.level.shape)
        self.gone = self.compared

    def masks(self, i: int) -> np.ndarray:
        return methods.windows(*self.level.shape[1:3])

    def hide(self, i: int, hidden: np.ndarray) -> np.ndarray:
        return np.where(hidden[..., None], self.baseline[i], self.level[i])


class Texts:
    """Words. A token of several words is shared among them; hidden, it is padding."""

    gone = "padding in place of words"

    def __init__(self, rows: np.ndarray, spans: list, counts: list[int]):
        self.rows = rows
        self.spans, self.counts = spans, counts  # of tokens in words; words of a text

    def masks(self, i: int) -> np.ndarray:
        return np.eye(self.counts[i], dtype=bool)

    def hide(self, i: int, hidden: np.ndarray) -> np.ndarray:
        rows = np.repeat(self.rows[i][None], len(hidden), axis=0)
        for place, (first, end) in enumerate(self.spans[i]):
            rows[hidden[:, first:end].any(axis=1), place] = PADDING
        return rows


class Rows:
    """Columns of raw rows. A hidden number is missing, a category is not listed.

    In a network that knows no missing values a hidden number is 0.
    """

    def __init__(self, dataset: Dataset, rows: np.ndarray, missing: bool):
        self._rows = rows
        columns = dataset.columns
        widths = [each.width for each in columns] or [1] * rows.shape[1]
        kinds = [each.kind for each in columns] or ["number"] * rows.shape[1]
        listed = [kind in ("category", "boolean", "text") for kind in kinds]
        gap = np.nan if missing else 0.0
        gaps = [UNLISTED if each else gap for each in listed]
        self._gaps = np.repeat(np.array(gaps, "float32"), widths)
        self._owners = np.repeat(np.arange(len(widths)), widths)
        self.gone = "a missing value" if missing else "0"
        if all(listed):
            self.gone = "no category"
        elif any(listed):
            self.gone += ", and no category"

    def masks(self, i: int) -> np.ndarray:
        return np.eye(self._owners[-1] + 1, dtype=bool)

    def hide(self, i: int, hidden: np.ndarray) -> np.ndarray:
        return np.where(hidden[:, self._owners], self._gaps, self._rows[i])


class Series:
    """Steps of a window. A hidden step has no value, as one that is missing.

    In a network that knows no missing values it has the window's mean; what is known
    ahead has its own.
    """

    def __init__(self, dataset: Dataset, windows: np.ndarray, missing: bool):
        assert dataset.timeline, "series have a timeline"
        line, self._windows = dataset.timeline, windows
        self.gone = "a missing value" if missing else "the window's mean at every step"
        self._gaps = np.full_like(windows, np.nan)
        if not missing:
            for part in (np.s_[:, : line.window], np.s_[:, line.window :]):
                if windows[part].size:
                    self._gaps[part] = windows[part].mean(axis=1, keepdims=True)
        self._changing = hidden(dataset.columns, (), line.clock.name)

    def masks(self, i: int) -> np.ndarray:
        return np.eye(self._windows.shape[1], dtype=bool)

    def hide(self, i: int, hidden: np.ndarray) -> np.ndarray:
        places = hidden[..., None] & self._changing
        found = np.where(places, self._gaps[i], self._windows[i])
        return found.astype("float32")


def named(view, dataset: Dataset, raw: list, decoded: np.ndarray) -> Callable:
    """What gives the names of the parts of input i, and their values.

    Raises:
        Mistake: a text has no words.
    """
    if dataset.kind == "image":
        return lambda i: {}
    if dataset.kind == "text":
        assert dataset.encoder, "`restore` gives texts an encoder"
        words = [tuple(dataset.encoder.spans(text)[0]) for text in raw]
        if () in words:
            raise Mistake(f"input {words.index(()) + 1} has no word to explain")
        return lambda i: {"parts": words[i]}
    if dataset.kind in ("sound", "sequence"):
        return view.parts
    if dataset.timeline:
        return lambda i: _of_steps(raw[i])
    if not dataset.columns:
        names = dataset.features or [f"x{i + 1}" for i in range(decoded.shape[1])]
        return lambda i: {
            "parts": tuple(names),
            "values": tuple("" if v != v else f"{v:g}" for v in decoded[i]),
        }
    return lambda i: {
        "parts": tuple(column.name for column in dataset.columns),
        "values": tuple(
            cells.shown(column, decoded[i, place])
            for column, place in places(dataset.columns)
        ),
    }


def _of_steps(ending) -> dict:
    """When the steps of a window are, and their values; then what is known ahead."""
    more = len(ending.inputs) - len(ending.values)
    values = tuple("" if v != v else f"{v:.6g}" for v in ending.values)
    return {
        "parts": (*ending.moments, *ending.ahead[:more]),
        "values": (*values, *[""] * more),
        "steps": len(values),
    }

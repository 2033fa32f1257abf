"""What is explained of each answer: a number that falls when something is hidden."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zoo.data import Dataset
from zoo.errors import Mistake, unknown
from zoo.metrics import label_probabilities, probabilities
from zoo.metrics.each import answered
from zoo.metrics.strings import losses_of_strings, read, text_of


@dataclass(frozen=True)
class Weighted:
    """A sum of the outputs: the logit of a class or label, or a number.

    Attributes:
        weights: of the outputs, float (outputs,).
    """

    weights: np.ndarray

    def __call__(self, outputs: np.ndarray) -> np.ndarray:
        """Float64 (n,), of outputs (n, outputs)."""
        return outputs.astype("float64") @ self.weights


@dataclass(frozen=True)
class OfString:
    """The logarithm of a string's probability, over all paths that give it.

    Attributes:
        string: positions of its symbols, int (any length,).
    """

    string: np.ndarray

    def __call__(self, outputs: np.ndarray) -> np.ndarray:
        """Float64 (n,), of logits (n, steps, 1 + symbols)."""
        strings = np.repeat(self.string[None], len(outputs), axis=0)
        return -losses_of_strings(outputs, strings)


@dataclass(frozen=True)
class Asked:
    """What is explained of one input.

    Attributes:
        name: of the class, label or number; or the string.
        score: from outputs to the score.
        value: of the score for the input as it is.
        probability: of the class, label or string; NaN of a number.
    """

    name: str
    score: Callable[[np.ndarray], np.ndarray]
    value: float
    probability: float


def asked(
    dataset: Dataset, outputs: np.ndarray, of: str | None, temperature: float
) -> list[Asked]:
    """What is explained of each input.

    Args:
        outputs: the network's, of all inputs.
        of: the class, label, number or string; None for the answer, of several numbers
            the first.
        temperature: of the network's logits.

    Raises:
        Mistake: there is no such class, label, number or symbol.
    """
    if dataset.task == "strings":
        return _strings(dataset, outputs, of)
    places = _answers(outputs, dataset.task)
    if of is not None:
        places = [_place(of, dataset)] * len(outputs)
    shares = np.full((len(outputs), len(dataset.answers)), math.nan)
    if dataset.task == "labels":
        shares = label_probabilities(outputs)
    elif dataset.task != "numbers":
        shares = probabilities(outputs, temperature)
    found = []
    for row, share, place in zip(outputs, shares, places, strict=True):
        score = Weighted(_weights(place, len(row), len(dataset.answers)))
        value = float(score(row[None])[0])
        found.append(Asked(dataset.answers[place], score, value, float(share[place])))
    return found


def _strings(dataset: Dataset, outputs: np.ndarray, of: str | None) -> list[Asked]:
    strings = read(outputs)
    if of is not None:
        strings = np.repeat(_string(of, dataset.classes)[None], len(outputs), axis=0)
    found = []
    for logits, string in zip(outputs, strings, strict=True):
        score = OfString(string)
        value = float(score(logits[None])[0])
        name = text_of(string, dataset.classes) or "(nothing)"
        if not math.isfinite(value):
            raise Mistake(
                f"{name} has more symbols than the {len(logits)} steps can hold; give "
                "a shorter string"
            )
        found.append(Asked(name, score, value, math.exp(value)))
    return found


def _string(of: str, symbols: tuple[str, ...]) -> np.ndarray:
    """The positions of a string's symbols, as `text_of` writes them."""
    parts = [*str(of)] if all(len(each) == 1 for each in symbols) else str(of).split()
    for part in parts:
        if part not in symbols:
            raise unknown("symbol", part, symbols)
    return np.array([symbols.index(part) for part in parts], "int32")


def _place(of: str, dataset: Dataset) -> int:
    answers = dataset.answers
    if str(of) not in answers:
        kind = {"classes": "class", "labels": "label"}.get(dataset.task, "number")
        raise unknown(kind, of, answers)
    return answers.index(str(of))


def _answers(outputs: np.ndarray, task: str) -> list[int]:
    if task == "numbers":
        return [0] * len(outputs)
    chosen = outputs.argmax(axis=1) if task == "labels" else answered(outputs)
    return chosen.tolist()


def _weights(place: int, count: int, answers: int) -> np.ndarray:
    """What the outputs are multiplied by to give the score."""
    if count == 1 and answers == 2:  # one logit tells two classes
        return np.array([1.0 if place == 1 else -1.0])
    return np.eye(count)[place]

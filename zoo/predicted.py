"""What a run says about one input; of a thousand, no more than is asked for."""

import html
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, overload

import numpy as np


@dataclass(frozen=True)
class Prediction:
    """What a run says about one input; what its task has not is empty, or NaN.

    Attributes:
        input: the picture's name, the sentence, the row as text, or the series' name.
        label: the most probable class.
        probability: of that class, or of `transcript`, 0 to 1.
        probabilities: of every class, the most probable first; they sum to 1.
        labels: where an example has several labels or none, those that are given, the
            most probable first; `probabilities` are then of each by itself.
        numbers: each number that is answered, by its name, in the unit of the training
            data.
        intervals: for each number the two ends between which the truth lies with a
            probability of at least the `confidence` that was asked for.
        quantiles: of a network with quantiles, by their shares, such as "0.9", what
            each number is below so often; `numbers` are the medians.
        possible: with a `confidence`, every class that cannot be excluded at it, the
            most probable first: the true one is among them so often, or more often.
        times: of a series, when each of `numbers` will be.
        history: of a series, the values that it ends with, by their times; NaN where
            they are missing.
        truth: of a series that goes on, what the numbers were; else empty.
        continuation: of a text what comes next, see `zoo.write`.
        transcript: of a sound whose words are written down, its symbols, one after the
            other, with spaces between symbols of several letters; may be empty. None
            of other tasks.
    """

    input: str
    label: str = ""
    probability: float = math.nan
    probabilities: dict[str, float] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    quantiles: dict[str, dict[str, float]] = field(default_factory=dict)
    possible: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    history: dict[str, float] = field(default_factory=dict)
    truth: dict[str, float] = field(default_factory=dict)
    continuation: str = ""
    transcript: str | None = None

    if not TYPE_CHECKING:  # with it, a type checker would accept misspelled names

        def __getattr__(self, name: str):
            if name not in _LATE:
                raise AttributeError(f"a prediction has no {name}")
            asked, place = vars(self).get("_late", (None, 0))
            made = asked.made(place, name) if asked else {}
            vars(self)[name] = made
            return made

    def to_json(self) -> dict:
        """The input, and what its task has, as JSON values."""
        names = ["label", "probability", "probabilities"]
        if self.continuation:
            names = ["continuation"]
        elif self.transcript is not None:
            names = ["transcript", "probability"]
        elif self.numbers:
            more = ("quantiles", "intervals", "times", "truth")
            names = ["numbers", *(name for name in more if getattr(self, name))]
        elif not self.label:
            names = ["labels", "probabilities"]
        elif self.possible:
            names.append("possible")
        return {name: getattr(self, name) for name in ("input", *names)}

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer, and bars of the ten most probable."""
        if self.continuation:
            prompt, text = html.escape(self.input), html.escape(self.continuation)
            return f"<pre>{prompt}<b>{text}</b></pre>"
        numbers = [
            (name, f"{value:.5g}", between(self.intervals.get(name)))
            for name, value in self.numbers.items()
        ]
        bars = [
            (name, f"{share:.2%}", f'<meter value="{share:.4f}"></meter>')
            for name, share in self.top(10).items()
        ]
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{text}</td><td>{more}</td></tr>"
            for name, text, more in numbers or bars
        )
        answer = self.transcript or self.label or ", ".join(self.labels)
        return f"<p><b>{html.escape(answer)}</b></p><table>{rows}</table>"

    def top(self, count: int) -> dict[str, float]:
        """The probabilities of the `count` most probable classes."""
        return dict(list(self.probabilities.items())[:count])


class Predictions(Sequence[Prediction]):
    """The predictions of one call, which are written when the first one is looked at.

    A small network answers in less time than it takes to write down what its numbers
    mean. Compares, adds and prints as a list does; `list(...)` gives one.

    Args:
        count: how many there are.
        write: gives them; it depends on nothing that may change.
    """

    def __init__(self, count: int, write: Callable[[], list[Prediction]]):
        self._count, self._write = count, write

    @cached_property
    def _written(self) -> list[Prediction]:
        return self._write()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Prediction: ...

    @overload
    def __getitem__(self, place: slice) -> list[Prediction]: ...

    def __getitem__(self, place):
        return self._written[place]

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self._written)

    def __eq__(self, other) -> bool:
        if isinstance(other, Predictions):
            return self._written == other._written
        return self._written == other

    __hash__ = None  # type: ignore[assignment]  # as that of a list

    def __add__(self, other) -> list[Prediction]:
        return self._written + list(other)

    def __radd__(self, other) -> list[Prediction]:
        return list(other) + self._written

    def __repr__(self) -> str:
        return repr(self._written)

    def __reduce__(self):
        return predicted, (self._written,)


def predicted(written: list[Prediction]) -> Predictions:
    """Predictions that are written."""
    return Predictions(len(written), written.copy)


def between(ends: tuple[float, float] | None) -> str:
    """An interval in words; "" without one."""
    return f"{ends[0]:.5g} to {ends[1]:.5g}" if ends else ""


# Fields without a default of the class: an instance may lack them until they are asked.
_LATE = {each.name for each in fields(Prediction) if not hasattr(Prediction, each.name)}


@dataclass(frozen=True)
class Asked:
    """What the predictions of one call share, from which their fields are made late.

    A small network answers 500 inputs in less time than it takes to write down what
    each is called and to sort its classes, and most users ask for the labels alone.

    Attributes:
        names: of the inputs.
        shares: float64 (n, classes), the probability of each class; None of numbers.
        classes: their names.
        chosen: int (n,), the class that is answered; None where several may be.
    """

    names: Sequence[str]
    shares: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    chosen: np.ndarray | None = None

    def order(self, place: int) -> list[int]:
        """The classes of one input, the most probable first."""
        assert self.shares is not None
        found = np.argsort(-self.shares[place], kind="stable").tolist()
        if self.chosen is not None and found[0] != (first := int(self.chosen[place])):
            found.remove(first)  # which another one equals
            found.insert(0, first)
        return found

    def made(self, place: int, name: str):
        """A field of the prediction of one input."""
        if name == "input":
            return self.names[place]
        if name != "probabilities" or self.shares is None:
            return {}
        shares = self.shares[place].tolist()
        return {self.classes[each]: shares[each] for each in self.order(place)}

    def predictions(self, known: Iterable[Mapping]) -> list[Prediction]:
        """One for the fields of each input that are known, without the others."""
        found = []
        for place, given in enumerate(known):
            made = object.__new__(Prediction)
            own = vars(made)
            own.update(given)
            own["_late"] = self, place
            found.append(made)
        return found

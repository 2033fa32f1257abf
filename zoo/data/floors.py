"""Floors: what needs no network, beside what a network reaches.

Each floor learns from the training split, as the network does, and answers the same
examples. All are scikit-learn's, with its defaults (L2 with C=1 or alpha=1) where
nothing else is said:

    most frequent class   of the training split; for numbers their mean, for labels how
                          often each one is given
    logistic regression   for numbers ridge regression, of rows with the strength that
                          leave-one-out chooses on the training split
    support vectors       `SVC`, on sounds and sequences; its scores are no logits, so
                          that its loss says little
    gradient boosting     `HistGradientBoostingClassifier` and `-Regressor`, on rows
    last value            of a series: what was known last, for all steps
    season before         of a series: the same hour of the day before, or whatever its
                          season is; the last value where that is not known
    empty string          of strings, for those who think that a low rate is easy
    cut at silences       of strings of sounds: what is loud lies between silences, and
                          each piece is classified by logistic regression, which learns
                          from the strings that have as many pieces as symbols
    uniform, frequency    of a text: all tokens alike, or as often as they occur
    n-grams               of a text, see `zoo.data.ngrams`

The linear ones see the features of `zoo.data.features`. Nothing is chosen on the
examples that are answered. How long a floor may learn is a count of operations, the
same on every machine, so that it is a function of the data alone; what would take
longer is stopped, and says so, or left out, with the reason.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import warnings
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from zoo.core import files, processes
from zoo.core.folders import cache_dir
from zoo.data import features, identity, ngrams, pieces
from zoo.data.dataset import Dataset, Split
from zoo.data.features import TooMany
from zoo.errors import Mistake
from zoo.metrics import measure
from zoo.metrics.strings import path_of

VERSION = 2  # raise it when a floor is computed in another way
SECONDS = 10.0  # that a floor may take, about
RATE = 1e10  # operations a second, of a matrix product on one core
ITERATIONS, LEAST = 1000, 20  # of L-BFGS: enough to converge; too few to say anything
ROUNDS = 100  # of gradient boosting, scikit-learn's default
STRENGTHS = tuple(10.0**power for power in range(-2, 5))  # of ridge regression
CERTAIN = 1e-15  # the smallest probability; scikit-learn's may be 0
LARGEST = 2**20  # bytes of a kept result, which has some 500


@dataclass(frozen=True)
class Floors:
    """What needs no network, on one split.

    metrics: by the floor's name, see `zoo.metrics.measure`.
    left_out: the reason for each floor that was not measured.
    """

    metrics: dict[str, dict[str, float]]
    left_out: dict[str, str]


def floors(dataset: Dataset, split: str, seconds: float | None = None) -> Floors:
    """The metrics of each floor on a split, from the cache if they are there.

    Args:
        dataset: with its training split, and the one to answer.
        split: "test", "validation" or "train".
        seconds: that a floor may take, about, on a core of 10 GFLOP/s; `SECONDS` by
            default.
    """
    seconds = SECONDS if seconds is None else seconds
    prints = dataset.examples or identity.examples(dataset)
    about = {
        "version": VERSION,
        "scikit-learn": importlib.metadata.version("scikit-learn"),
        "seconds": seconds,
        "kind": dataset.kind,
        "task": dataset.task,
        "columns": [(each.kind, each.categories) for each in dataset.columns],
        "classes": len(dataset.classes),
        "train": prints["train"],
        "answered": prints[split],
    }
    if dataset.timeline:
        about["timeline"] = dataset.timeline.to_json()
    if dataset.unit and dataset.validation is not None:  # which chooses an order
        about["validation"] = prints["validation"]
    key = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    path = cache_dir() / "floors" / f"{key[:24]}.json"
    if path.is_file():
        try:
            return Floors(**files.read_json(path, LARGEST))
        except (Mistake, TypeError):  # damaged: it is measured and written again
            path.unlink()
    given = dataset.split(split)
    answered, left_out = answers(dataset, given, seconds)
    spread = 1.0
    if dataset.task == "numbers":
        spread = np.std(dataset.train.numbers, axis=0, dtype="float64")
        spread = np.where(spread, spread, 1.0)
    found = {
        name: measure(each, given.targets, dataset.task, spread)
        for name, each in answered.items()
    }
    with contextlib.suppress(Mistake):  # in no cache they are measured again
        files.write_json(path, {"metrics": found, "left_out": left_out})
    return Floors(found, left_out)


def answers(
    dataset: Dataset, split: Split, seconds: float
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """What each floor answers to the inputs of a split.

    Args:
        dataset: its training split is what they learn from.
        split: any examples of the same kind.
        seconds: that a floor may take, see `floors`.

    Returns:
        By the floor's name its outputs, float64, of the shape that a network's have:
        for classes logits, (n, classes), or (n, 1) of two; for labels a logit of each,
        (n, classes); for numbers (n, outputs); for strings (n, steps, 1 + classes).
        And the reasons for the floors that
        were left out.
    """
    learner = _Learner(dataset, split, seconds)
    found: dict[str, np.ndarray] = {}
    left_out: dict[str, str] = {}
    for name, answer in learner.floors().items():
        try:
            with processes.start_method_kept():
                outputs, note = answer()
            found[name + note] = outputs
        except TooMany as reason:
            left_out[name] = str(reason)
    return found, left_out


class _Learner:
    """The floors of a data set, on one split.

    Every floor is a method that returns its outputs and a note, such as ", stopped
    after 40 iterations", or raises `TooMany`.
    """

    def __init__(self, dataset: Dataset, split: Split, seconds: float):
        self.dataset, self.split, self.work = dataset, split, seconds * RATE

    @cached_property
    def targets(self) -> np.ndarray:
        return np.asarray(self.dataset.train.targets)

    def floors(self) -> dict:
        if self.dataset.unit:
            return {
                "all tokens alike": partial(self.grams, 0),
                "frequency of tokens": partial(self.grams, 1),
                "n-grams": self.grams,
            }
        if self.dataset.task == "strings":
            return {"empty string": self.empty, "cut at silences": self.pieces}
        if self.dataset.timeline:
            return {
                "last value": self.last,
                "season before": self.season,
                "ridge regression": self.ridge,
            }
        found = {
            "classes": {"most frequent class": self.constant},
            "numbers": {"mean": self.constant},
            "labels": {"frequency of each label": self.constant},
        }[self.dataset.task]
        if self.dataset.task == "numbers":
            found["ridge regression"] = self.ridge
        else:
            found["logistic regression"] = self.logistic
        if (
            self.dataset.kind in ("sound", "sequence")
            and self.dataset.task == "classes"
        ):
            found["support vectors"] = self.supported
        if self.dataset.kind in ("tabular", "points"):
            found["gradient boosting"] = self.boosted
        return found

    def constant(self):
        if self.dataset.task == "classes":
            counts = np.bincount(self.targets, minlength=len(self.dataset.classes))
            answer = self._joined(counts[None] / counts.sum())
        else:
            answer = self.targets.mean(axis=0, keepdims=True, dtype="float64")
            if self.dataset.task == "labels":
                answer = _logit(answer)
        return np.repeat(answer, len(self.split), axis=0), ""

    def empty(self):
        nothing = [np.zeros(0, int)] * len(self.split)
        steps = 2 * self.split.targets.shape[1]  # so that every string has a loss
        return path_of(nothing, len(self.dataset.classes), steps), ""

    def pieces(self):
        if self.dataset.kind != "sound":
            raise TooMany(f"{self.dataset.kind} data have no silences")
        return pieces.answer(self.dataset, self.split, self._affordable), ""

    def grams(self, order: int | None = None):
        train, asked = self.dataset.train.inputs.rows, self.split.inputs.rows
        # Sorting takes some 25 operations for each comparison.
        each = 25.0 * (len(train) + len(asked)) * np.log2(len(train) + 2)
        self._affordable(each * (ngrams.MOST if order is None else 1), 1)
        count, note = len(self.dataset.classes), ""
        if order is None:
            held = self.dataset.validation
            order, note = ngrams.USUAL, f", {ngrams.USUAL} tokens"
            if held is not None:
                order = ngrams.best(train, held.inputs.rows, count)
                note = f", {order} tokens by validation"
        told = ngrams.told(train, asked, count, order)
        places = self.split.targets.starts[:, None] + np.arange(
            self.split.targets.length
        )
        return np.stack([told[places], np.full(places.shape, np.nan)], axis=-1), note

    def last(self):
        return features.repeated(self.split, 1, self.dataset.timeline.horizon), ""

    def season(self):
        line = self.dataset.timeline
        if not line.season:
            raise TooMany("no season was found; data.season gives it")
        if line.season > line.window:
            raise TooMany(
                f"the season of {line.season:,} steps is longer than the window of "
                f"{line.window:,}"
            )
        answer = features.repeated(self.split, line.season, line.horizon)
        return answer, f", {line.season} steps"

    def logistic(self):
        each = 4 * _size(self.features[0]) * self._models
        iterations = self._affordable(each)
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the note says it
            outputs, taken = self._classified(
                lambda: LogisticRegression(max_iter=iterations), *self.features
            )
        stopped = max(taken) >= iterations
        return outputs, f", stopped after {iterations} iterations" if stopped else ""

    def ridge(self):
        seen, asked = self.features
        dense = isinstance(seen, np.ndarray)
        # Leave-one-out needs a singular value decomposition.
        chooses = dense and 8 * seen.size * min(seen.shape) <= self.work
        each = 4 * _size(seen) * self._models
        iterations = ITERATIONS if chooses else self._affordable(each)
        from sklearn.linear_model import Ridge, RidgeCV

        regression = RidgeCV(alphas=STRENGTHS)
        if not chooses:
            regression = Ridge(solver="lsqr", max_iter=iterations)
        regression.fit(seen, self.targets)
        return regression.predict(asked).reshape(len(self.split), -1), ""

    def supported(self):
        seen, asked = self.features
        self._affordable(float(len(seen)) ** 2 * seen.shape[1])
        from sklearn.svm import SVC

        if len(np.unique(self.targets)) < 2:
            raise TooMany("all training examples are of one class")
        # Without a seed it draws from NumPy's global state, and moves it.
        model = SVC(random_state=0).fit(seen, self.targets)
        scores = model.decision_function(asked)
        if scores.ndim == 1:
            scores = np.stack([-scores, scores], axis=1)
        found = np.full((len(asked), len(self.dataset.classes)), scores.min() - 1)
        found[:, model.classes_] = scores
        return found[:, 1:] - found[:, :1] if found.shape[1] == 2 else found, ""

    def boosted(self):
        seen, asked, coded = features.for_trees(
            self.dataset, self.dataset.train, self.split
        )
        # A tree of 31 leaves reads each value about five times, and has its own costs.
        self._affordable(self._models * (50 * seen.size + 2e7), ROUNDS)
        from sklearn.ensemble import (
            HistGradientBoostingClassifier,
            HistGradientBoostingRegressor,
        )

        given = {"max_iter": ROUNDS, "random_state": 0, "categorical_features": coded}
        if self.dataset.task != "numbers":
            make = partial(HistGradientBoostingClassifier, **given)
            return self._classified(make, seen, asked)[0], ""
        columns = [
            HistGradientBoostingRegressor(**given).fit(seen, column).predict(asked)
            for column in self.targets.T
        ]
        return np.stack(columns, axis=1), ""

    @cached_property
    def features(self):
        return features.of(self.dataset, self.dataset.train, self.split)

    @property
    def _models(self) -> int:
        """How many functions of the inputs are learned."""
        if self.dataset.task != "classes":
            return self.targets.shape[1]
        count = len(np.unique(self.targets))
        return 1 if count == 2 else count

    def _classified(self, make, seen, asked) -> tuple[np.ndarray, list[int]]:
        """The logits of new classifiers, one in all or for each label; iterations."""
        if self.dataset.task == "classes":
            if len(np.unique(self.targets)) < 2:
                raise TooMany("all training examples are of one class")
            model = make().fit(seen, self.targets)
            shares = np.zeros((len(self.split), len(self.dataset.classes)))
            shares[:, model.classes_] = model.predict_proba(asked)
            return self._joined(shares), [int(np.max(model.n_iter_))]
        shares, taken = [], [0]
        for column in self.targets.T:
            if len(np.unique(column)) < 2:  # a label that all have, or none
                shares.append(np.full(len(self.split), column[0]))
                continue
            model = make().fit(seen, column)
            shares.append(model.predict_proba(asked)[:, 1])
            taken.append(int(np.max(model.n_iter_)))
        return _logit(np.stack(shares, axis=1)), taken

    def _joined(self, shares: np.ndarray) -> np.ndarray:
        """Logits of all classes, or of the second of two."""
        if shares.shape[1] == 2:
            return _logit(shares[:, 1:])
        return np.log(np.maximum(shares, CERTAIN))

    def _affordable(self, each: float, least: int = LEAST) -> int:
        """How many rounds of `each` operations may be taken, at least `least`."""
        count = int(min(self.work / max(each, 1), ITERATIONS))
        if count < least:
            raise TooMany(f"it would take more than about {self.work / RATE:g} s")
        return count


def _size(matrix) -> int:
    """The numbers that a product with a matrix reads."""
    return matrix.size if isinstance(matrix, np.ndarray) else matrix.nnz


def _logit(shares: np.ndarray) -> np.ndarray:
    shares = np.clip(np.asarray(shares, "float64"), CERTAIN, 1 - CERTAIN)
    return np.log(shares) - np.log1p(-shares)

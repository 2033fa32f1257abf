"""Predict: raw in, answer out: of pictures, sentences, rows, series and sounds."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from zoo import answering, data
from zoo.data import Dataset
from zoo.data.kinds import texts
from zoo.errors import Mistake
from zoo.exported import Exported
from zoo.metrics import (
    bound,
    label_probabilities,
    medians,
    probabilities,
    surprises,
)
from zoo.metrics.conformal import CLASS, needed_for
from zoo.metrics.each import answered
from zoo.metrics.strings import losses_of_strings, read, text_of
from zoo.predicted import Asked, Prediction, Predictions, predicted
from zoo.run import Run
from zoo.writing import write


def predict(
    run: Run | Exported | str | Path,
    inputs,
    *,
    confidence: float | None = None,
    back: int = 0,
    batch: int = 500,
    as_is: bool = False,
    trust: bool = False,
) -> Predictions:
    """Answer raw inputs with what a run has learned, on any backend.

    A run that holds a checked export (`zoo.export(run)`) is answered by ONNX Runtime,
    which is faster for most networks and needs no Keras; other runs by Keras on the
    active backend, and so does every run whose model Keras has opened (`run.model`):
    see `zoo.answering.engine`, which says what answers. They differ by at most 1e-5,
    relative to the largest answer.

    Args:
        run: a run, its folder, or the name of trained weights, such as "lenet:mnist";
            or an ONNX file that `zoo.export` wrote, opened or not, which ONNX Runtime
            answers, without Keras.
        inputs: one or several: a list, tuple, generator, series, one array for all.
            On pictures: names of files, their bytes, open files, images of Pillow, or
            arrays and tensors (H, W), (H, W, C), (n, H, W) or (n, H, W, C), or with
            the channels first; whole numbers are 0 to 255, fractions 0 to 1 or 0 to
            255, see `zoo.data.kinds.pixels`. On texts: sentences, or text files. On
            rows: CSV files, lines such as "5.1,1.4" and flat sequences in the order
            of the columns, arrays (n, columns), dicts by column, frames of pandas or
            polars. On a text that goes on: how it begins, or text files. On series:
            tables with their columns, files or frames; what comes after the last value
            is forecast. On sounds: files, their bytes, or arrays of samples at the rate
            of the training. A folder gives the files in it, and "https://..." what lies
            there.
        confidence: with which probability the truth is to lie in an interval around a
            number, or among the classes that are answered, above 0 and below 1, see
            `zoo.metrics.conformal`; None for neither.
        back: of series, forecast so many steps before the last value; the truth is then
            known.
        batch: inputs that are computed at a time.
        as_is: a network that learned from handwriting laid out as MNIST's is given
            the ink of a picture, laid out so, see `zoo.data.kinds.ink`; with this,
            the picture as it is.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Returns:
        One prediction an input, in order, see `zoo.predicted.Predictions`, which is
        used like a list; a CSV file gives one a row, or one for each of its series.

    Raises:
        Mistake: the folder is not a run, or an input cannot be read or cannot be
            meant; it is named, with what is accepted. Or `confidence` is out of
            range, or the run has no validation split that says how far it is off.
    """
    if batch < 1:
        raise Mistake(f"batch={batch}; accepted: at least 1 input at a time")
    source, dataset = answering.opened(run, trust)
    data.check_as_is(dataset, as_is)
    raw: Any = None if back else data.ready(dataset, inputs)
    if raw is not None:
        decoded = data.laid_out(dataset, raw, as_is)
    else:
        raw = data.items(dataset, inputs, back)
        if dataset.unit:
            known = source, dataset, confidence
            return predicted([_continued(*known, item) for item in raw])
        decoded = data.decode(dataset, raw, as_is)
        if not len(decoded):
            raise Mistake("nothing to predict: the table has no rows")
    bounds = {} if confidence is None else bounds_of(source, dataset, confidence)
    names = data.named(dataset, raw, decoded)
    outputs = answering.forward(source)(decoded, batch)
    return interpreted(source, dataset, raw, names, outputs, bounds)


def interpreted(
    source: Run | Exported,
    dataset: Dataset,
    raw,
    names: Sequence[str],
    outputs: np.ndarray,
    bounds: Mapping[str, float] = MappingProxyType({}),
) -> Predictions:
    """What a network's outputs mean.

    Args:
        source, dataset: as `zoo.answering.opened` gave them.
        raw: the inputs, as `zoo.data.items` or `zoo.data.ready` gave them.
        names: of the inputs.
        outputs: logits or numbers, (n, outputs); of strings (n, steps, 1 + symbols); of
            quantiles (n, outputs, quantiles).
        bounds: by the name of a number, how far the interval around it reaches; by
            "class", how surprising the true class may be.

    Raises:
        Mistake: an output is not finite; its input is named.
    """
    if np.count_nonzero(np.isfinite(outputs)) < outputs.size:  # sooner than `all()`
        raise answering.no_answer(source, names, outputs)
    write: Callable[[], list[Prediction]]
    numbers, classes = dataset.outputs, dataset.classes
    if dataset.timeline:
        return predicted(_forecasts(raw, numbers, outputs, source.quantiles, bounds))
    if dataset.task == "numbers":
        write = partial(_numbers, names, numbers, outputs, source.quantiles, bounds)
    elif dataset.task == "labels":
        cuts = np.array(source.cuts(classes))
        write = partial(_labels, names, classes, outputs, cuts)
    elif dataset.task == "strings":
        write = partial(_texts, names, classes, outputs)
    else:
        scale, most = source.temperature, bounds.get(CLASS)
        write = partial(_classes, names, classes, outputs, scale, most)
    return Predictions(len(outputs), write)


def _classes(
    names: Sequence[str],
    classes: tuple[str, ...],
    outputs: np.ndarray,
    temperature: float,
    most: float | None,
) -> list[Prediction]:
    """Which class each is; with `most`, those that are no more surprising."""
    shares = probabilities(outputs, temperature)
    chosen = answered(outputs)  # also where two shares are equal, as of a logit of 0
    asked = Asked(names, shares, classes, chosen)
    given = shares[np.arange(len(shares)), chosen]
    best = zip(chosen.tolist(), given.tolist(), strict=True)
    known = [{"label": classes[each], "probability": share} for each, share in best]
    if most is not None:
        kept = (surprises(outputs) <= most).tolist()
        for place, each in enumerate(known):
            # The most probable one at least.
            possible = _marked(asked, place, kept[place]) or (each["label"],)
            each["possible"] = possible
    return asked.predictions(known)


def _labels(
    names: Sequence[str],
    classes: tuple[str, ...],
    outputs: np.ndarray,
    cuts: np.ndarray,
) -> list[Prediction]:
    """Which labels each has."""
    asked = Asked(names, label_probabilities(outputs), classes)
    marked = enumerate((outputs >= cuts).tolist())
    return asked.predictions({"labels": _marked(asked, *each)} for each in marked)


def _numbers(
    names: Sequence[str],
    numbers: tuple[str, ...],
    outputs: np.ndarray,
    shares: Sequence[float],
    bounds: Mapping[str, float],
) -> list[Prediction]:
    """The numbers of each; of quantiles, the medians."""
    rows = [dict(zip(numbers, row, strict=True)) for row in medians(outputs).tolist()]
    found = Asked(names).predictions(_with_intervals(each, bounds) for each in rows)
    return _with_quantiles(found, numbers, outputs, shares)


def _marked(asked: Asked, place: int, marks: list[bool]) -> tuple[str, ...]:
    """The marked classes of one input, the most probable first."""
    return tuple(asked.classes[each] for each in asked.order(place) if marks[each])


def seen(
    run: Run | Exported | str | Path, inputs, *, as_is: bool = False
) -> np.ndarray:
    """What the network sees of raw inputs.

    Args:
        run, inputs, as_is: as `predict` takes them.

    Returns:
        An array of shape (n, *input shape), see `zoo.data.decode`.
    """
    _, dataset = answering.opened(run)
    return data.decode(dataset, data.items(dataset, inputs), as_is)


def learned_from(run: Run | Exported | str | Path) -> Dataset:
    """The data that the network learned from, without the examples."""
    return answering.opened(run)[1]


def bounds_of(
    run: Run | Exported, dataset: Dataset, confidence: float
) -> dict[str, float]:
    """How far each number may be off, or how surprising the true class may be."""
    if dataset.task == "labels":
        raise Mistake(
            f"confidence={confidence} is for classes and numbers; this network answers "
            "labels, each by a cut of its own"
        )
    if dataset.task == "strings":
        raise Mistake(
            f"confidence={confidence} is for classes and numbers; this network reads "
            "strings, each with its probability"
        )
    if isinstance(run, Exported):
        raise Mistake(
            f"confidence={confidence} needs the run: {run.path} knows no errors"
        )
    if not 0 < confidence < 1:
        raise Mistake(
            f"confidence={confidence}; accepted: above 0 and below 1, such as 0.9"
        )
    about = run.errors()
    if about is None:
        raise Mistake(
            f"{run.folder} cannot say how far it is off: it had no validation split, "
            "or is of an older zoo; train with validation=0.1, or more"
        )
    names = dataset.outputs or (CLASS,)
    found = {name: bound(about, name, confidence) for name in names}
    if dataset.timeline:
        _tell_overlap(about["examples"], dataset.timeline.horizon, confidence)
    return found


def _tell_overlap(count: int, horizon: int, confidence: float) -> None:
    """Warn where windows of a series that do not overlap would be too few."""
    beside, needed = -(-count // horizon), needed_for(confidence)
    if beside < needed:
        are = "horizon that does" if beside == 1 else "horizons that do"
        warnings.warn(
            f"the intervals at {confidence:g} stand on {beside} {are} not overlap in "
            f"validation, and take {needed}; they may hold the truth more seldom; "
            "train with a larger validation=",
            stacklevel=3,
        )


def _with_intervals(numbers: dict, widths: Mapping) -> dict[str, dict]:
    """The fields of a prediction of numbers."""
    intervals = {
        each: (numbers[each] - width, numbers[each] + width)
        for each, width in widths.items()
    }
    return {"numbers": numbers, "intervals": intervals}


def _with_quantiles(
    found: list[Prediction],
    names: tuple[str, ...],
    outputs: np.ndarray,
    shares: Sequence[float],
) -> list[Prediction]:
    """The predictions with the numbers of each quantile, if the network answers them.

    Args:
        outputs: float (n, numbers, quantiles), or (n, numbers) without any.
        shares: of values below each quantile.
    """
    if outputs.ndim < 3:
        return found
    return [
        replace(each, quantiles=_quantiles(shares, names, rows))
        for each, rows in zip(found, outputs.tolist(), strict=True)
    ]


def _quantiles(shares: Sequence[float], names: tuple, rows: list[list]) -> dict:
    """The numbers of each quantile by name, from the quantiles of each number."""
    columns = zip(*rows, strict=True)
    return {
        f"{share:g}": dict(zip(names, column, strict=True))
        for share, column in zip(shares, columns, strict=True)
    }


def _continued(source, dataset: Dataset, confidence, item) -> Prediction:
    """What comes next in a text, with the settings of `zoo.write`."""
    if isinstance(source, Exported):
        raise Mistake(f"{source.path} keeps no states; `zoo write RUN` goes on with it")
    if confidence is not None:
        raise Mistake(f"confidence={confidence} is for classes and numbers")
    prompt = texts.text_of(item)
    return Prediction(prompt, continuation=write(source, prompt))


def _forecasts(
    endings, names: tuple, outputs: np.ndarray, shares: Sequence[float], bounds: Mapping
) -> list[Prediction]:
    """What comes next in each series."""
    rows = zip(endings, medians(outputs).tolist(), strict=True)
    found = [_forecast(ending, row, names, bounds) for ending, row in rows]
    return _with_quantiles(found, names, outputs, shares)


def _forecast(ending, row: list[float], names: tuple, widths: Mapping) -> Prediction:
    """The next values of a series, and what it ends with."""
    known = _with_intervals(dict(zip(names, row, strict=True)), widths)
    values, truth = ending.values.tolist(), ending.truth.tolist()
    return Prediction(
        ending.name,
        numbers=known["numbers"],
        intervals=known["intervals"],
        times=ending.ahead,
        history=dict(zip(ending.moments, values, strict=True)),
        truth=dict(zip(names, truth, strict=False)),
    )


def _texts(names: Sequence[str], symbols, outputs: np.ndarray) -> list[Prediction]:
    """What is read, and the probability of all paths that give it."""
    strings = read(outputs)
    shares = np.exp(-losses_of_strings(outputs, strings)).tolist()
    return [
        Prediction(name, probability=share, transcript=text_of(string, symbols))
        for name, share, string in zip(names, shares, strings, strict=True)
    ]

"""Explain: which pixels, words, columns or stretches of time speak for an answer."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo import exported
from zoo.engine import startup
from zoo.errors import Mistake, unknown
from zoo.explanation.result import Explanation
from zoo.metrics import label_probabilities, probabilities
from zoo.run import Run, open_run

if TYPE_CHECKING:
    from zoo.data import Dataset

KINDS = {
    "image": "pictures",
    "text": "texts",
    "tabular": "rows",
    "points": "rows",
    "series": "series",
    "sound": "sounds",
    "sequence": "sequences",
}
METHODS = {
    "gradient": ("pictures", "texts", "rows", "series"),
    "integrated_gradients": ("pictures", "texts", "rows", "series"),
    "smoothgrad": ("pictures",),
    "grad_cam": ("pictures",),
    "shapley": ("rows",),
    "occlusion": tuple(KINDS.values()),
}
MOST_COLUMNS = 12  # of exact Shapley values, which ask for 2**12 answers


def explain(
    run: Run | str | Path,
    inputs,
    *,
    method: str | None = None,
    of: str | None = None,
    seed: int = 0,
    as_is: bool = False,
    trust: bool = False,
) -> list[Explanation]:
    """Say which pixels, words, columns or times speak for an answer, on any backend.

    What is explained is the score of a class: its logit; for the first of two classes
    that have one logit, this logit with the other sign; of numbers the number itself.

    Args:
        run: a run, its folder, or the name of trained weights, such as "lenet:mnist".
        inputs: as `zoo.predict` takes them.
        method: by its name, for the kinds of data that it fits:

            gradient              how the score changes with each pixel; of texts,
                                  rows and series times what the network sees
            integrated_gradients  shares of the difference to a baseline, which add up
                                  to it; see `Explanation.error`
            smoothgrad            of pictures: the mean gradient of noisy copies
            grad_cam              of pictures: where the last feature maps speak for it
            shapley               of rows of up to 12 columns: exact Shapley values
            occlusion             how much the score falls where a part is hidden

            None takes shapley where it fits, occlusion of sounds and sequences, which
            have no other, and integrated_gradients otherwise. Sources
            stand in `zoo.explanation.methods`.
        of: the class, label or number to explain; None for the answer, of several
            numbers the first.
        seed: of the noise of smoothgrad, 0 or more.
        as_is: see `zoo.predict`.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Returns:
        One explanation an input, in order; a CSV file gives one a row.

    Raises:
        Mistake: as `zoo.predict`; there is no such method, class or number; or the
            method does not fit the data or the network.
    """
    from zoo import data

    if exported.is_file(run):
        raise Mistake(
            f"{run} has no gradients, and does not tell its layers apart; explain the "
            "run that it was exported from"
        )
    opened = open_run(run, trust=trust)
    dataset = opened.about_data
    if dataset.kind not in KINDS:
        raise Mistake(
            f"explain is for {', '.join(KINDS)} data; {opened.folder} learned from "
            f"{dataset.kind} data"
        )
    method = _method(method, dataset)
    if seed < 0:
        raise Mistake(f"seed={seed}; a seed is 0 or a positive whole number")
    raw = data.items(dataset, inputs)
    decoded = data.decode(dataset, raw, as_is)
    names = data.named(dataset, raw, decoded)
    asked = [] if of is None else [_place(of, dataset)] * len(names)
    startup.import_keras()
    from zoo.engine import steps
    from zoo.explanation import attribution

    if opened.quantiles:
        raise Mistake(
            f"explain is for one answer; {opened.folder} gives quantiles: explain a "
            "run that was trained without model.quantiles"
        )
    outputs = steps.predict(opened.forward, decoded)
    if not np.isfinite(outputs).all():
        raise Mistake(f"{opened.folder} has no answer: it is NaN, or overflows")
    places = asked or _answers(outputs, dataset.task)
    weights = np.stack([_weights(each, outputs.shape[1]) for each in places])
    scores = (outputs * weights).sum(axis=1)
    shares = _shares(outputs, dataset.task, opened.temperature)
    found = attribution.attributed(
        opened.model, opened.forward, dataset, raw, decoded, weights, method, seed
    )
    explained = []
    for i, (name, one) in enumerate(zip(names, found, strict=True)):
        about = {"input": name, "method": method, "of": dataset.answers[places[i]]}
        about |= {"score": float(scores[i])}
        if shares is not None:
            about["probability"] = float(shares[i, places[i]])
        if dataset.kind == "image":
            about["seen"] = decoded[i]
        explained.append(Explanation(**about, **one))
    return explained


def _method(given: str | None, dataset: "Dataset") -> str:
    kind = KINDS[dataset.kind]
    columns = len(dataset.columns or dataset.features) or dataset.input_shape[0]
    few = kind == "rows" and columns <= MOST_COLUMNS
    fitting = [name for name, kinds in METHODS.items() if kind in kinds]
    if given is None:
        usual = "shapley" if few else "integrated_gradients"
        return usual if usual in fitting else "occlusion"
    given = str(given).replace("-", "_")
    if given not in METHODS:
        raise unknown("method", given, fitting)
    if given not in fitting:
        raise Mistake(
            f"method={given} is for {', '.join(METHODS[given])}; this network learned "
            f"from {kind}; accepted: {', '.join(fitting)}"
        )
    if given == "shapley" and not few:
        raise Mistake(
            f"method=shapley asks for 2**{columns} answers of {columns} columns; "
            f"accepted: up to {MOST_COLUMNS} columns, or method=integrated_gradients"
        )
    return given


def _place(of: str, dataset: "Dataset") -> int:
    answers = dataset.answers
    if str(of) not in answers:
        kind = {"classes": "class", "labels": "label"}.get(dataset.task, "number")
        raise unknown(kind, of, answers)
    return answers.index(str(of))


def _answers(outputs: np.ndarray, task: str) -> list[int]:
    if task == "numbers":
        return [0] * len(outputs)
    shares = outputs if task == "labels" else probabilities(outputs)
    return shares.argmax(axis=1).tolist()


def _weights(place: int, count: int) -> np.ndarray:
    """What the outputs are multiplied by to give the score."""
    if count == 1:
        return np.array([1.0 if place == 1 else -1.0])
    return np.eye(count)[place]


def _shares(outputs, task: str, temperature: float) -> np.ndarray | None:
    if task == "numbers":
        return None
    if task == "labels":
        return label_probabilities(outputs)
    return probabilities(outputs / temperature)

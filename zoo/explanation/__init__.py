"""Explain: which pixels, words, columns or stretches of time speak for an answer."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo import answering
from zoo.engine import startup
from zoo.errors import Mistake, unknown
from zoo.explanation import hiding, scores
from zoo.explanation.result import Explanation
from zoo.exported import Exported, is_file
from zoo.run import Run

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
    "hires_cam": ("pictures",),
    "shapley": ("rows",),
    "occlusion": tuple(KINDS.values()),
}
MOST_COLUMNS = 12  # of exact Shapley values, which ask for 2**12 answers


def explain(
    run: Run | Exported | str | Path,
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
    that have one logit, this logit with the other sign; of numbers the number itself;
    of a string the logarithm of its probability.

    Args:
        run: a run, its folder, or the name of trained weights, such as "lenet:mnist";
            or an ONNX file that `zoo.export` wrote, which is explained by occlusion,
            without Keras.
        inputs: as `zoo.predict` takes them.
        method: by its name, for the kinds of data that it fits:

            gradient              how the score changes with each pixel; of texts,
                                  rows and series times what the network sees
            integrated_gradients  shares of the difference to a baseline, which add up
                                  to it; see `Explanation.error`
            smoothgrad            of pictures: the mean gradient of noisy copies
            grad_cam              of pictures: where the last feature maps speak for it
            hires_cam             the same, each place of a map by itself, as networks
                                  want it that flatten their maps
            shapley               of rows of up to 12 columns: exact Shapley values
            occlusion             how much the score falls where a part is hidden

            None takes shapley where it fits, occlusion of sounds, sequences and ONNX
            files, which have no other, and integrated_gradients otherwise. Sources
            stand in `zoo.explanation.methods`.
        of: the class, label, number or string to explain; None for the answer, of
            several numbers the first.
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

    opened = _opened(run, trust)
    dataset = opened.dataset if isinstance(opened, Exported) else opened.about_data
    if dataset.kind not in KINDS:
        raise Mistake(
            f"explain is for {', '.join(KINDS)} data; {_place(opened)} learned from "
            f"{dataset.kind} data"
        )
    method = _method(method, dataset, opened)
    data.check_as_is(dataset, as_is)
    if seed < 0:
        raise Mistake(f"seed={seed}; a seed is 0 or a positive whole number")
    if seed and method != "smoothgrad":
        raise Mistake(
            f"seed={seed} is of the noise of smoothgrad, and method={method} has none; "
            "leave it out"
        )
    if opened.quantiles:
        raise Mistake(
            f"explain is for one answer; {_place(opened)} gives quantiles: explain a "
            "run that was trained without model.quantiles"
        )
    raw = data.items(dataset, inputs)
    decoded = data.decode(dataset, raw, as_is)
    names = data.named(dataset, raw, decoded)
    answer = _answer(opened)
    outputs = answer(decoded, 500)
    if not np.isfinite(outputs).all():
        raise answering.no_answer(opened, names, outputs)
    asked = scores.asked(dataset, outputs, of, opened.temperature)
    scored = [each.score for each in asked]
    if isinstance(opened, Exported):
        found = _of_file(answer, dataset, raw, decoded, scored)
    else:
        from zoo.explanation import attribution

        found = attribution.attributed(
            opened.model, opened.forward, dataset, raw, decoded, scored, method, seed
        )
    explained = []
    for i, (name, each, one) in enumerate(zip(names, asked, found, strict=True)):
        about = {"input": name, "method": method, "of": each.name, "score": each.value}
        about["probability"] = each.probability
        if dataset.kind == "image":
            about["seen"] = decoded[i]
        explained.append(Explanation(**about, **one))
    return explained


def fitting(dataset: "Dataset", file: bool) -> list[str]:
    """The names of the methods for a network that learned from this data set.

    Args:
        file: whether it is an ONNX file, which has no gradients.
    """
    if dataset.kind not in KINDS:
        return []
    kind = KINDS[dataset.kind]
    found = [name for name, kinds in METHODS.items() if kind in kinds]
    if file:
        return ["occlusion"]
    few = _columns(dataset) <= MOST_COLUMNS
    return [name for name in found if name != "shapley" or few]


def usual(accepted: list[str]) -> str:
    """The method that is taken where none is named, of those that `fitting` gave."""
    wanted = ("shapley", "integrated_gradients", "occlusion")
    return next(name for name in wanted if name in accepted)


def _columns(dataset: "Dataset") -> int:
    return len(dataset.columns or dataset.features) or dataset.input_shape[0]


def _opened(run: "Run | Exported | str | Path", trust: bool) -> "Run | Exported":
    if isinstance(run, Exported):
        return run
    return Exported(run) if is_file(run) else answering.for_keras(run, trust)


def _place(opened: "Run | Exported") -> Path:
    return opened.path if isinstance(opened, Exported) else opened.folder


def _answer(opened: "Run | Exported"):
    """From inputs, so many at a time, to outputs."""
    if isinstance(opened, Exported):
        return opened.answers
    startup.import_keras()
    from zoo.engine import steps

    return partial(steps.predict, opened.forward)


def _of_file(answer, dataset, raw, decoded, scored):
    """By occlusion, which asks for answers alone."""
    view = hiding.view_of(dataset, raw, decoded, answer)
    parts = hiding.named(view, dataset, raw, decoded)
    for i, score in enumerate(scored):
        yield {**hiding.occluded(view, answer, i, score), **parts(i)}


def _method(given: str | None, dataset: "Dataset", opened: "Run | Exported") -> str:
    kind, columns = KINDS[dataset.kind], _columns(dataset)
    accepted = fitting(dataset, isinstance(opened, Exported))
    if given is None:
        return usual(accepted)
    given = str(given).replace("-", "_")
    if given not in METHODS:
        raise unknown("method", given, accepted)
    if kind not in METHODS[given]:
        raise Mistake(
            f"method={given} is for {', '.join(METHODS[given])}; this network learned "
            f"from {kind}; accepted: {', '.join(accepted)}"
        )
    if given not in accepted and isinstance(opened, Exported):
        raise Mistake(
            f"method={given} needs the layers of the network, which {opened.path} does "
            "not tell apart; accepted: occlusion, or explain the run that it was "
            "exported from"
        )
    if given not in accepted:
        raise Mistake(
            f"method=shapley asks for 2**{columns} answers of {columns} columns; "
            f"accepted: up to {MOST_COLUMNS} columns, or method=integrated_gradients"
        )
    return given

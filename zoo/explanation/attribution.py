"""From a method's name to the attributions of each input, on the active backend."""

from collections.abc import Callable, Iterator
from functools import partial

import keras
import numpy as np

from zoo.core.columns import places
from zoo.data import Dataset
from zoo.data.kinds import cells
from zoo.engine import gradients, steps
from zoo.errors import Mistake
from zoo.explanation import methods, views
from zoo.explanation.sounds import Stretches

AT_A_TIME = 2**22  # numbers in the points that are computed together


def attributed(
    model: keras.Model,
    forward: Callable,
    dataset: Dataset,
    raw: list,
    decoded: np.ndarray,
    weights: np.ndarray,
    method: str,
    seed: int,
) -> Iterator[dict]:
    """For each input what `Explanation` holds of its attributions.

    Args:
        model: from `decoded` to outputs.
        forward: the same, compiled.
        dataset: that of the run.
        raw, decoded: the inputs, see `zoo.data.items` and `zoo.data.decode`.
        weights: of the outputs, float (n, outputs).
        method: a name in `zoo.explanation.METHODS`, which fits the data.
        seed: of smoothgrad.
    """
    view, parts = _view(model, dataset, raw, decoded)
    whole = forward if view.whole is model else None
    explain = {
        "gradient": _gradient,
        "integrated_gradients": _integrated,
        "smoothgrad": partial(_smooth, seed=seed),
        "grad_cam": _cam,
        "shapley": partial(_shapley, forward=whole),
        "occlusion": partial(_occlusion, forward=whole),
    }[method](view)
    for i, weight in enumerate(weights):
        yield {**explain(i, weight), **parts(i)}


def _view(model, dataset, raw, decoded):
    """The view, and what names the parts of input i."""
    if dataset.kind == "image":
        return views.Pictures(model, dataset, decoded), lambda i: {}
    if dataset.kind == "text":
        assert dataset.encoder, "`restore` gives texts an encoder"
        read = [dataset.encoder.spans(text) for text in raw]
        words = [tuple(words) for words, _ in read]
        if () in words:
            raise Mistake(f"input {words.index(()) + 1} has no word to explain")
        spans, counts = [spans for _, spans in read], list(map(len, words))
        view = views.Texts(model, decoded, spans, counts)
        return view, lambda i: {"parts": words[i]}
    if dataset.kind in ("sound", "sequence"):
        view = Stretches(model, dataset, decoded)
        return view, view.parts
    if dataset.timeline:
        return views.Series(model, dataset, decoded), lambda i: _of_steps(raw[i])
    view = views.Rows(model, dataset, decoded)
    if not dataset.columns:
        names = dataset.features or [f"x{i + 1}" for i in range(decoded.shape[1])]
        return view, lambda i: {
            "parts": tuple(names),
            "values": tuple("" if v != v else f"{v:g}" for v in decoded[i]),
        }
    return view, lambda i: {
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


def _asker(network, beside=None):
    """What gives `ask` for input i and its weights, see `zoo.explanation.methods`."""
    run = gradients.compile_gradient(network)

    def ask(i, weight, points):
        many = max(1, AT_A_TIME // points[0].size)
        scores, found = [], []
        for start in range(0, len(points), many):
            some = points[start : start + many]
            inputs = [some]
            if beside is not None:
                inputs.append(np.repeat(beside[i][None], len(some), axis=0))
            out, gradient = run(inputs, np.repeat(weight[None], len(some), axis=0))
            scores.append(out.astype("float64") @ weight)
            found.append(gradient.astype("float64"))
        return np.concatenate(scores), np.concatenate(found)

    return ask


def _gradient(view):
    ask = _asker(view.network, view.beside)
    times = not isinstance(view, views.Pictures)

    def explain(i, weight):
        found = methods.gradient(partial(ask, i, weight), view.level[i])
        if times:
            found = found * (view.level[i] - view.baseline[i])
        return {"attributions": view.fold(i, found)}

    return explain


def _integrated(view):
    ask = _asker(view.network, view.beside)

    def explain(i, weight):
        ends = view.level[i], view.baseline[i]
        found, change = methods.integrated_gradients(partial(ask, i, weight), *ends)
        return _complete(view, view.fold(i, found), change, found.sum())

    return explain


def _complete(view, attributions, change, total):
    return {
        "attributions": attributions,
        "difference": change,
        "error": float(total - change),
        "compared": view.compared,
    }


def _smooth(view, seed):
    ask = _asker(view.network)

    def explain(i, weight):
        known = view.level[i], seed, i
        return {"attributions": methods.smoothgrad(partial(ask, i, weight), *known)}

    return explain


def _cam(view):
    first, rest = views.last_maps(view.network)
    maps = steps.predict(steps.compile_forward(first), view.level)
    ask = _asker(rest)

    def explain(i, weight):
        shape = view.level.shape[1:3]
        return {
            "attributions": methods.grad_cam(partial(ask, i, weight), maps[i], shape)
        }

    return explain


def _scorer(view, forward):
    """What gives the scores of input i with parts hidden."""
    run = forward or steps.compile_forward(view.whole)

    def score(i, weight, hidden):
        inputs = view.hide(i, hidden)
        many = max(1, AT_A_TIME // inputs[0].size)
        return steps.predict(run, inputs, many).astype("float64") @ weight

    return score


def _occlusion(view, forward):
    score = _scorer(view, forward)

    def explain(i, weight):
        found = methods.occlusion(partial(score, i, weight), view.masks(i))
        if found.ndim == 2:
            found = found[..., None]
        return {"attributions": found, "compared": view.gone}

    return explain


def _shapley(view, forward):
    score = _scorer(view, forward)

    def explain(i, weight):
        count = len(view.masks(i))
        found, change = methods.shapley(partial(score, i, weight), count)
        return _complete(view, found, change, found.sum())

    return explain

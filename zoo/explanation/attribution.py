"""From a method's name to the attributions of each input, on the active backend."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import keras
import numpy as np

from zoo.data import Dataset
from zoo.engine import steps
from zoo.explanation import hiding, methods, parts, views
from zoo.explanation.hiding import AT_A_TIME


def attributed(
    model: keras.Model,
    forward: Callable,
    dataset: Dataset,
    raw: list,
    decoded: np.ndarray,
    scored: Sequence[Callable],
    method: str,
    seed: int,
) -> Iterator[dict]:
    """For each input what `Explanation` holds of its attributions.

    Args:
        model: from `decoded` to outputs.
        forward: the same, compiled.
        dataset: that of the run.
        raw, decoded: the inputs, see `zoo.data.items` and `zoo.data.decode`.
        scored: of each input, see `zoo.explanation.scores`; what has a gradient is
            `Weighted`.
        method: a name in `zoo.explanation.METHODS`, which fits the data.
        seed: of smoothgrad.
    """
    view = _view(model, dataset, raw, decoded)
    named = hiding.named(view, dataset, raw, decoded)
    whole = forward if view.whole is model else None
    explain = {
        "gradient": _gradient,
        "integrated_gradients": _integrated,
        "smoothgrad": partial(_smooth, seed=seed),
        "grad_cam": partial(_cam, method=methods.grad_cam),
        "hires_cam": partial(_cam, method=methods.hires_cam),
        "shapley": partial(_shapley, forward=whole),
        "occlusion": partial(_occlusion, forward=whole),
    }[method](view)
    for i, score in enumerate(scored):
        yield {**explain(i, score), **named(i)}


def _view(model, dataset, raw, decoded):
    if dataset.kind == "image":
        return views.Pictures(model, dataset, decoded)
    if dataset.kind == "text":
        return views.Texts(model, decoded, *hiding.read(dataset, raw))
    if dataset.kind in ("sound", "sequence"):
        return views.Stretches(model, dataset, decoded)
    if dataset.timeline:
        return views.Series(model, dataset, decoded)
    return views.Rows(model, dataset, decoded)


def _asker(network, beside=None):
    """What gives `ask` for input i and its weights, see `zoo.explanation.methods`."""
    run = parts.gradient(network)

    def ask(i, score, points):
        weight = score.weights
        many = max(1, AT_A_TIME // points[0].size)
        scores, found = [], []
        for start in range(0, len(points), many):
            some = points[start : start + many]
            inputs = [some]
            if beside is not None:
                inputs.append(np.repeat(beside[i][None], len(some), axis=0))
            out, gradient = run(inputs, np.repeat(weight[None], len(some), axis=0))
            scores.append(score(out))
            found.append(gradient.astype("float64"))
        return np.concatenate(scores), np.concatenate(found)

    return ask


def _gradient(view):
    ask = _asker(view.network, view.beside)
    times = not isinstance(view, views.Pictures)

    def explain(i, score):
        found = methods.gradient(partial(ask, i, score), view.level[i])
        if times:
            found = found * (view.level[i] - view.baseline[i])
        return {"attributions": view.fold(i, found)}

    return explain


def _integrated(view):
    ask = _asker(view.network, view.beside)

    def explain(i, score):
        ends = view.level[i], view.baseline[i]
        found, change = methods.integrated_gradients(partial(ask, i, score), *ends)
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

    def explain(i, score):
        known = view.level[i], seed, i
        return {"attributions": methods.smoothgrad(partial(ask, i, score), *known)}

    return explain


def _cam(view, method):
    model, name = view.network, method.__name__
    cut = partial(views.last_maps, model, name)
    first, rest = parts.once(model, name, cut)
    maps = steps.predict(parts.forward(first), view.level)
    ask = _asker(rest)

    def explain(i, score):
        shape = view.level.shape[1:3]
        return {"attributions": method(partial(ask, i, score), maps[i], shape)}

    return explain


def _answer(view, forward):
    return partial(steps.predict, forward or parts.forward(view.whole))


def _occlusion(view, forward):
    return partial(hiding.occluded, view, _answer(view, forward))


def _shapley(view, forward):
    answer = _answer(view, forward)

    def explain(i, score):
        count = len(view.masks(i))
        hide = hiding.scorer(view, answer, i, score)
        found, change = methods.shapley(hide, count)
        return _complete(view, found, change, found.sum())

    return explain

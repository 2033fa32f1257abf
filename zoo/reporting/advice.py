"""What the curves of a run say, in a sentence with its evidence."""

import numpy as np

from zoo.metrics import better, is_share, shown
from zoo.reporting.labels import shortened

WAITING_SHARE, WAITING_SECONDS = 0.05, 1.0


class Advice(str):
    """A sentence of advice; `epochs` are those of the curves that it is about."""

    epochs: tuple[int, int] | None = None

    @classmethod
    def of(cls, epochs: tuple[int, int], text: str) -> "Advice":
        """Advice on the epochs from the first to the second one, counted from 1."""
        advice = cls(text)
        advice.epochs = epochs
        return advice


def compare(metrics: dict) -> list[str]:
    """The network beside what needs none, such as

    logistic regression 81.0 %, this network 81.2 % ± 0.3: within its noise

    Args:
        metrics: those of a run. Its noise is the standard error over the examples; a
            difference of less than twice that says nothing.

    Returns:
        A line for each floor, the best one last; empty if none was measured.
    """
    found = metrics.get("floors", {})
    if not found:
        return []
    metric, own, noise = _own(metrics)
    spread = _error(metric, noise)
    lines = []
    for name in sorted(found, key=lambda name: better(metric, found[name][metric])):
        floor = found[name][metric]
        ahead = better(metric, own) - better(metric, floor)
        verdict = "within its noise"
        if abs(ahead) > 2 * noise:
            size = _difference(metric, abs(ahead))
            verdict = f"{size} {'better' if ahead > 0 else 'worse'}"
        named = name if metric == "accuracy" else f"{name}, {metric}"
        lines.append(
            f"{named} {shown(metric, floor, 1)}, this network "
            f"{shown(metric, own, 1)} ± {spread}: {verdict}"
        )
    return lines


def _difference(metric: str, size: float) -> str:
    """Of shares in points: "4 % better" might be 4 % of what the other one has."""
    return f"{100 * size:.1f} points" if is_share(metric) else shown(metric, size, 1)


def _own(metrics: dict) -> tuple[str, float, float]:
    """The metric that a run is about, its value, and how far it is from the truth."""
    split = next(each for each in ("test", "validation", "train") if each in metrics)
    metric, noise = next(iter(metrics["noise"].items()))
    return metric, metrics[split][metric], noise


def advise(history: list[dict[str, float]], metrics: dict | None = None) -> list[str]:
    """Advice on a training run.

    Args:
        history: a dict per epoch with "loss", "accuracy" or "mae", "seconds" and
            "waiting" (of these seconds, for data), and, if there was a validation
            split, "validation_loss" and so on.
        metrics: those of the run, with its floors.

    Returns:
        Sentences, each with the numbers it rests on; empty if there is nothing to say.
    """
    metrics = metrics or {}
    return _of_curves(history) + of_silent(metrics) + _of_floors(metrics)


def _of_curves(history: list[dict[str, float]]) -> list[str]:
    advice = []
    waiting = sum(line["waiting"] for line in history)
    waited = waiting / max(sum(line["seconds"] for line in history), 1e-12)
    if waiting > WAITING_SECONDS and waited > WAITING_SHARE:
        advice.append(
            f"Waiting for data: {waited:.0%} of the training time; a smaller "
            "picture size, less augmentation or more cores help."
        )
    if len(history) < 3 or "validation_loss" not in history[-1]:
        return advice
    if "mae" in history[-1]:
        return advice + _of_numbers(history)
    loss = np.array([line["loss"] for line in history])
    validation = np.array([line["validation_loss"] for line in history])
    best, last = int(validation.argmin()), len(history) - 1
    rise = validation[-1] / max(validation[best], 1e-12)
    advice += _of_jumps(loss)
    share = "accuracy" if "accuracy" in history[-1] else "label_accuracy"
    first, final = history[-1][share], history[-1][f"validation_{share}"]
    if rise > 1.1 and loss[-1] < 0.7 * validation[-1] and final < 0.999:
        advice.append(
            Advice.of(
                (best + 1, last + 1),
                f"Overfitting: the validation loss was {validation[best]:.3g} in epoch "
                f"{best + 1} and is {validation[-1]:.3g} now, the training loss "
                f"{loss[-1]:.3g}; augmentation, dropout, weight_decay or "
                "early_stopping help.",
            )
        )
    elif loss[-1] < 0.5 * validation[-1] and first - final > 0.02:
        advice.append(
            f"Overfitting: the training loss is {loss[-1]:.3g} and the validation loss "
            f"{validation[-1]:.3g}, accuracy {first:.1%} and {final:.1%}; more data, "
            "augmentation, dropout or weight_decay help."
        )
    elif best >= 0.9 * last and validation[-1] < 0.98 * validation[last * 4 // 5]:
        advice.append(
            Advice.of(
                (last * 4 // 5 + 1, last + 1),
                f"Still improving: the validation loss fell from "
                f"{validation[last * 4 // 5]:.3g} to {validation[-1]:.3g} over the "
                "last fifth of the epochs; more epochs help.",
            )
        )
    if first < 0.9 and final < 0.9 and first - final < 0.02:
        advice.append(
            f"Underfitting: accuracy is {first:.1%} in training and {final:.1%} in "
            "validation; a larger model, less regularization or more epochs help, "
            "unless the classes overlap that much."
        )
    elif abs(first - final) < 0.01 and not advice:
        advice.append(
            f"No need to regularize more: accuracy is {first:.1%} in training and "
            f"{final:.1%} in validation."
        )
    return advice


def _of_numbers(history: list[dict[str, float]]) -> list[str]:
    """The same of numbers, by their mean absolute error, which has their unit."""
    advice = _of_jumps(np.array([line["loss"] for line in history]))
    trained = np.array([line["mae"] for line in history])
    validation = np.array([line["validation_mae"] for line in history])
    best, last = int(validation.argmin()), len(history) - 1
    first, final, before = trained[-1], validation[-1], validation[last * 4 // 5]
    r2 = history[-1].get("validation_r2", 1.0)
    if final > 1.05 * validation[best] and first < 0.85 * final:
        advice.append(
            Advice.of(
                (best + 1, last + 1),
                f"Overfitting: the validation mae was {validation[best]:.3g} in epoch "
                f"{best + 1} and is {final:.3g} now, the training mae {first:.3g}; "
                "more data, dropout, weight_decay or early_stopping help.",
            )
        )
    elif first < 0.7 * final:
        advice.append(
            f"Overfitting: mae is {first:.3g} in training and {final:.3g} in "
            "validation; more data, dropout or weight_decay help."
        )
    elif best >= 0.9 * last and final < 0.99 * before:
        advice.append(
            Advice.of(
                (last * 4 // 5 + 1, last + 1),
                f"Still improving: the validation mae fell from {before:.3g} to "
                f"{final:.3g} over the last fifth of the epochs; more epochs help.",
            )
        )
    elif r2 < 0.1:
        advice.append(
            f"Underfitting: r2 is {r2:.2f} in validation, where the mean of all "
            "examples has 0; a larger model, a larger learning_rate or more epochs "
            "help, unless the inputs say so little."
        )
    elif abs(first - final) < 0.1 * final and not advice:
        advice.append(
            f"No need to regularize more: mae is {first:.3g} in training and "
            f"{final:.3g} in validation."
        )
    return advice


def of_silent(metrics: dict) -> list[str]:
    """Which classes a run never answers, although there are examples of them."""
    advice = []
    for split, classes in metrics.get("classes", {}).items():
        silent = [
            name
            for name, each in classes.items()
            if each["examples"] and not each["answered"]
        ]
        if silent:
            advice.append(
                f"Never answered: {listed(silent)}, although the {split} split has "
                "examples; class_weight=balanced, loss=focal, or more of them help."
            )
    return advice


def listed(names: list[str]) -> str:
    """The first ten names, and how many more there are."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(map(shortened, names[:10])) + more


def _of_jumps(loss: np.ndarray) -> list[str]:
    if not _jumped(loss):
        return []
    peak = int((loss / np.minimum.accumulate(loss)).argmax())
    if not peak:
        return []
    return [
        Advice.of(
            (peak + 1, peak + 1),
            f"Learning rate too high: the training loss jumped from "
            f"{loss[:peak].min():.3g} to {loss[peak]:.3g} in epoch {peak + 1}; try a "
            "third of the learning_rate, a warm-up, or clip_norm=1.",
        )
    ]


def _of_floors(metrics: dict) -> list[str]:
    """Whether something that needs no network answers as well."""
    found = metrics.get("floors", {})
    if not found or not {"test", "validation"} & metrics.keys():
        return []  # of what all have learned from, the best know most by heart
    metric, own, noise = _own(metrics)
    best = max(found, key=lambda name: better(metric, found[name][metric]))
    floor = found[best][metric]
    ahead = better(metric, own) - better(metric, floor)
    if ahead > 2 * noise:
        return []
    named = "" if metric == "accuracy" else f"{metric} "
    reached = f"{best} reached {named}{shown(metric, floor, 1)} on the same examples"
    answer = f"this network {shown(metric, own, 1)}"
    if ahead > 0:  # the fewer examples, the more likely: no claim of the other
        return [
            f"Not shown to need a network: {reached}, {answer} ± "
            f"{_error(metric, noise)}; more examples to judge by would tell, or train "
            "longer, on more data, or another network."
        ]
    return [
        f"No network needed so far: {reached}, {answer}; use that, or train longer, on "
        "more data, or another network."
    ]


def _error(metric: str, noise: float) -> str:
    return f"{100 * noise:.1f}" if is_share(metric) else f"{noise:.2g}"


def _jumped(loss: np.ndarray) -> bool:
    """Whether the loss rose to twice its lowest value so far, from a high level."""
    lowest = np.minimum.accumulate(loss)
    return bool(((loss > 2 * lowest) & (loss > 0.1 * loss[0])).any())

"""Pictures of a run: its curves, its confusion matrix, and what they say."""

import textwrap
from pathlib import Path

import numpy as np

from zoo.core import files
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.reporting.advice import advise
from zoo.run import Run, open_run

FILE = "report.png"


def report(run: Run | str | Path, *, trust: bool = False) -> Path:
    """Draw `report.png` into the run's folder.

    Left: loss and accuracy of every epoch, training and validation. Right: how often
    each class of the test split (or validation, if there is none) was taken for each.
    Below: what `zoo.reporting.advice` says of the curves.

    Args:
        run: a run or its folder.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Returns:
        The picture's path.

    Raises:
        Mistake: the folder is not a run, or matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise Mistake('a report needs matplotlib: pip install "zoo[report]"') from error
    run = open_run(run, trust=trust)
    classes, confusion, split = _confusion(run)
    figure = Figure(figsize=(12, 6), layout="constrained")
    ((left, right),) = figure.subfigures(1, 2, squeeze=False)
    for axes, metric in zip(left.subplots(2, 1, sharex=True), _METRICS, strict=True):
        for key in (metric, f"validation_{metric}"):
            if key in run.history[0]:
                epochs = [line["epoch"] for line in run.history]
                values = [line[key] for line in run.history]
                axes.plot(epochs, values, label=key.replace("_", " "))
        axes.set_ylabel(metric)
        axes.grid(alpha=0.3)
        axes.legend()
    axes.set_xlabel("epoch")
    axes = right.subplots()
    axes.imshow(confusion / confusion.sum(axis=1, keepdims=True), "Blues", vmin=0)
    for (row, column), count in np.ndenumerate(confusion):
        if count:
            color = "white" if 2 * count > confusion[row].sum() else "black"
            axes.text(column, row, count, ha="center", va="center", color=color)
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    right.suptitle(f"{split}: {np.trace(confusion) / confusion.sum():.2%} right")
    left.suptitle(run.folder.name)
    advice = [textwrap.fill(line, _COLUMNS) for line in advise(run.history)]
    figure.supxlabel("\n".join(advice), x=0.01, ha="left", fontsize="medium")
    path = run.folder / FILE
    with files.replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=100)
    return path


_METRICS = ("loss", "accuracy")
_COLUMNS = 150


def _confusion(run: Run) -> tuple[tuple[str, ...], np.ndarray, str]:
    """Class names, counts [true, predicted], and the split they are of."""
    startup.import_keras()
    from zoo.engine import steps

    dataset = run.dataset()
    name = next(n for n in ("test", "validation", "train") if getattr(dataset, n))
    split = dataset.split(name)
    outputs = steps.predict(steps.compile_forward(run.model), split.inputs)
    binary = outputs.shape[1] == 1
    predicted = (outputs[:, 0] >= 0).astype(int) if binary else outputs.argmax(axis=1)
    count = len(dataset.classes)
    confusion = np.zeros((count, count), int)
    np.add.at(confusion, (split.targets, predicted), 1)
    return dataset.classes, confusion, name

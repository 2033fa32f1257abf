"""Evaluate a model or a run: metrics over all examples of a split."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import answering
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.metrics import measure
from zoo.run import Run

if TYPE_CHECKING:
    import keras

    from zoo.data import Split


def evaluate(
    model: "keras.Model | Run | str | Path",
    split: "Split | str" = "test",
    *,
    batch: int = 500,
    task: str = "classes",
    trust: bool = False,
) -> dict[str, float]:
    """The metrics of a model on a split.

    They are computed in NumPy over all examples, so the last, partial batch counts
    like any other and every backend has the same definition.

    Args:
        model: a model whose outputs are logits or numbers, a run, or its folder.
        split: the examples; for a run also "train", "validation" or "test" of the
            data set that it was trained on.
        batch: examples that are computed at a time.
        task: of the split, for a model; a run knows its own.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Returns:
        See `measure`.

    Raises:
        Mistake: the folder is not a run, its data set has no such split, or the split
            is empty.
    """
    if isinstance(model, str | Path):
        model = answering.for_keras(model, trust)
    cuts: Any = 0.0
    call: Any = None
    if isinstance(model, Run):
        if isinstance(split, str):
            split = model.dataset(whole=split == "train").split(split)
        known = model.about_data
        task = known.task
        cuts = model.cuts(known.classes) if task == "labels" else 0.0
        startup.import_keras()
        call, model = model.forward, model.model
    if isinstance(split, str):
        raise Mistake(
            f"split={split}: a model has no data set of its own; give the examples, "
            f'such as zoo.data.load("mnist_sample").split("{split}")'
        )
    if len(split) == 0:
        raise Mistake("the split to evaluate on has no examples")

    from zoo.building import answers, unit
    from zoo.engine import forward

    call = call or forward.forward_of(model)
    outputs = answers.of(model, call, split, task, batch)
    return measure(outputs, split.targets, task, unit.spread(model), cuts)

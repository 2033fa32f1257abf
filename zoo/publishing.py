"""A run as others find it: the card that says what was trained and what it is for."""

from zoo.building import fitting
from zoo.core import columns
from zoo.data import Dataset, restore
from zoo.run import Run

VERSION = 1  # of `card.json`; it grows when a field gets another meaning
USE = "Inputs like those of the training data."
LIMITS = (
    "It answers one of its classes whatever it is shown, and knows nothing of inputs "
    "unlike those of the training data."
)


def describe(run: Run, name: str, recipe: str = "", use: str = USE, limits=LIMITS):
    """The card of a run that has ended, as JSON values.

    Args:
        run: what was trained.
        name: under which others find it.
        recipe: the name of its recipe, if it has one.
        use: what it is for, a sentence.
        limits: what it is not for, and where it fails.
    """
    dataset = restore(run.folder)
    metrics = run.metrics
    split = next(each for each in ("test", "validation", "train") if each in metrics)
    examples = dataset.examples.get(split, {}).get("examples")
    count = f"{examples:,} " if examples else ""
    about = run.environment
    return {
        "version": VERSION,
        "name": name,
        "model": run.recipe.model,
        "arguments": _plain(fitting.arguments_for(run.recipe, dataset.facts())),
        "parameters": metrics["parameters"],
        "accuracy": {
            "value": metrics[split]["accuracy"],
            "on": f"of {count}{split} examples",
        },
        "floors": {
            floor: found["accuracy"]
            for floor, found in metrics.get("floors", {}).items()
        },
        "calibration": metrics.get("calibration", {}),
        "inputs": inputs(dataset),
        "task": dataset.task,
        "classes": list(dataset.classes or dataset.outputs),
        "data": dataset.name,
        "license of the data": dataset.license,
        "citation of the data": dataset.citation,
        "recipe": recipe,
        "seed": run.recipe.seed,
        "backend": about.get("backend"),
        "commit": about.get("commit"),
        "versions": about.get("versions", {}),
        "intended use": use,
        "limits": limits,
    }


def inputs(dataset: Dataset) -> str:
    """What goes in, and what is done to it, in words."""
    shape = " x ".join(map(str, dataset.input_shape))
    if dataset.kind == "image":
        words = "gray" if dataset.input_shape[2] == 1 else "RGB"
        return (
            f"{words} pictures of {shape}, whole numbers from 0 to 255, which the "
            "model scales itself; pictures of other sizes are cut and resized"
        )
    if dataset.kind == "text":
        assert dataset.encoder
        return (
            f"texts; their first or last {dataset.encoder.length} tokens of the "
            f"{dataset.encoder.size:,} in vocabulary.json"
        )
    missing = "; a value may be missing" if dataset.missing else ""
    return f"rows of {', '.join(dataset.features)}{missing}"


def _plain(arguments: dict) -> dict:
    if "columns" in arguments:
        return {**arguments, "columns": columns.to_json(arguments["columns"])}
    return arguments

"""What is exported: a run's network, in float32, and what is to be said of it."""

import dataclasses
import json
from functools import partial

import keras
import numpy as np
from keras import ops

from zoo.building import stored
from zoo.core import files, seal
from zoo.core.columns import Column
from zoo.data import Dataset
from zoo.engine import private
from zoo.errors import Mistake, unknown
from zoo.layers.saved_form import stage
from zoo.run import Run

OUTPUTS = ("logits", "probabilities")


def network(run: Run, outputs: str) -> keras.Model:
    """The run's network, from inputs to what is wanted, in float32.

    Args:
        run: of any precision.
        outputs: "logits", what the network gives; or "probabilities" of all classes.

    Raises:
        Mistake: `outputs` is another word, or there are no classes.
    """
    if outputs not in OUTPUTS:
        raise unknown("kind of outputs", outputs, OUTPUTS)
    about = run.about_data
    model = run.built(dataclasses.replace(run.recipe, precision="float32"))
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise Mistake(
            f"{run.folder} has a model of {len(model.inputs)} inputs and "
            f"{len(model.outputs)} outputs; an export has one of each"
        )
    # A run of an older zoo keeps its precision in the file of its network.
    for layer in private.layers(model):
        if layer.dtype_policy.name != "float32":
            layer.dtype_policy = "float32"
    if outputs == "logits":
        return model
    if about.task == "numbers":
        raise Mistake(
            f"{run.folder} answers numbers ({', '.join(about.outputs)}), which have no "
            "probabilities; leave outputs='probabilities' out"
        )
    if about.task == "strings":
        raise Mistake(
            f"{run.folder} reads strings of symbols, and a step by itself has no "
            "probability of use; leave outputs='probabilities' out"
        )
    share = partial(
        _each if about.task == "labels" else _shares, temperature=run.temperature
    )
    head = stage(share, model.outputs[0], name="probabilities")
    return keras.Model(model.inputs[0], head, name=model.name)


def _each(logits, temperature):
    """The probability of each label, (batch, labels)."""
    return ops.sigmoid(logits / temperature)


def _shares(logits, temperature):
    """Probabilities of all classes, (batch, classes), which sum to 1."""
    logits = logits / temperature
    if logits.shape[-1] == 1:
        logits = ops.concatenate([ops.zeros_like(logits), logits], axis=-1)
    return ops.softmax(logits)


def about(run: Run, outputs: str, model: keras.Model) -> dict:
    """The metadata of an exported file, by name; JSON's own types.

    The whole of the run's `data.json` and `vocabulary.json` is in it, so that raw
    inputs can be read; of a place on this machine only the last name.
    """
    dataset = run.about_data
    labels, cuts = dataset.classes, {}
    if dataset.task == "labels":
        cuts = dict(zip(labels, run.cuts(labels), strict=True))
    said = {
        "model": run.recipe.model,
        "data": files.without_folders(dataset.name),
        "input": _input(dataset, model),
        "output": _output(dataset, outputs, model),
        "classes": list(dataset.classes),
        "outputs": outputs if dataset.task != "numbers" else list(dataset.outputs),
        "features": list(dataset.features),
        "quantiles": list(run.quantiles),
        "temperature": run.temperature,
        "cuts": cuts,
        "metrics": run.metrics.get("test", {}),
        "license": dataset.license,
        "weights": (seal.read(run.folder) or {}).get(stored.WEIGHTS),
    }
    for name in ("data.json", "vocabulary.json"):
        if (run.folder / name).is_file():
            said[name] = (run.folder / name).read_text("utf-8")
    known = json.loads(said["data.json"])
    if known["name"] != said["data"]:
        said["data.json"] = json.dumps(known | {"name": said["data"]})
    return {name: value for name, value in said.items() if value}


def _input(dataset: Dataset, model: keras.Model) -> str:
    shape = ", ".join(str(length or "any") for length in model.input_shape[1:])
    dtype = model.inputs[0].dtype
    match dataset.kind:
        case "image":
            colors = "gray" if dataset.input_shape[2] == 1 else "red, green, blue"
            meaning = f"pixels 0 to 255, {colors}; height, width, channels"
        case "text":
            meaning = "ids of words, see vocabulary.json; 0 is padding, 1 unknown"
        case "language":
            meaning = (
                f"places of {dataset.unit} in `classes` of data.json; 0 is unknown"
            )
        case "sound":
            meaning = (
                f"samples of 16 bits, -32767 to 32767, {dataset.rate:,} a second; "
                "-32768 behind the end"
            )
        case "sequence":
            meaning = "steps, channels; NaN behind the end"
        case _:
            missing = "NaN where a value is missing" if dataset.missing else "no NaN"
            named = [_column(each) for each in dataset.columns] or dataset.features
            meaning = f"the columns {', '.join(named)}; {missing}"
    return f"{dtype} (batch, {shape}): {meaning}"


def _column(column: Column) -> str:
    match column.kind:
        case "date":
            return f"{column.name} (days since 1970-01-01, and seconds of the day)"
        case "category" | "boolean":
            said = "place from 0 in its `categories` in data.json, -1 if it is unknown"
            return f"{column.name} ({said})"
    return column.name


def _output(dataset: Dataset, outputs: str, model: keras.Model) -> str:
    count = ", ".join(map(str, model.output_shape[1:]))
    if dataset.task == "numbers":
        each = "quantiles of each, ascending; " if len(model.output_shape) == 3 else ""
        named = ", ".join(dataset.outputs)
        meaning = f"{each}{named}, in the units of the training data"
    elif outputs == "probabilities":
        meaning = "the probability of each class, 0 to 1"
    elif dataset.task == "labels":
        meaning = (
            "the logit of each label; its probability is "
            "1 / (1 + exp(-logit / temperature))"
        )
    elif dataset.task == "strings":
        meaning = (
            "for each step the logit of nothing new, then of each of `classes`; take "
            "the largest of each step, leave out those that repeat the one before, "
            "then those of nothing new"
        )
    elif model.output_shape[-1] == 1:
        meaning = (
            f"the logit of {dataset.classes[1]}; its probability is "
            "1 / (1 + exp(-logit / temperature))"
        )
    else:
        meaning = (
            "the logit of each class; the softmax of logits / temperature gives the "
            "probabilities"
        )
    return f"float32 (batch, {count}): {meaning}"


def answers(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """What the network itself answers, float32."""
    from zoo.engine import steps

    return steps.predict(steps.compile_forward(model), inputs)

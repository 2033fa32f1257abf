"""Whether a model fits the data and zoo, tried before anything is trained or written.

Every model is held against the shapes of the data. A model of the user's own is also
run, saved and opened, since what it does cannot be known otherwise.
"""

import tempfile
import warnings
from collections.abc import Mapping
from inspect import signature
from pathlib import Path

import keras
import numpy as np

from zoo.building import alike, registry, unit
from zoo.building.fitting import otherwise, reason
from zoo.core.samples import PADDING
from zoo.data import Dataset
from zoo.engine import private
from zoo.engine.private import without_tensorflow
from zoo.errors import Mistake
from zoo.metrics import strings
from zoo.recipe import Recipe

_EXAMPLES = 8
_SHOWN = 40  # symbols of a string in an error
# What changes no value, and may stand behind a sigmoid.
_SHAPING = ("reshape", "flatten", "squeeze", "expanddims", "identity", "cast")
_PROBABILITIES = {"sigmoid", "softmax", "hard_sigmoid", "hardsigmoid"}
# Activations and operations, and what they cannot give.
_BOUNDED = {
    **dict.fromkeys(("relu", "relu6", "softplus", "exp", "exponential"), "below 0"),
    **dict.fromkeys(("absolute", "square", "sqrt"), "below 0"),
    **dict.fromkeys(("tanh", "hard_tanh", "hardtanh"), "outside of -1 to 1"),
    **dict.fromkeys(("softsign", "soft_sign"), "outside of -1 to 1"),
    **dict.fromkeys(("elu", "celu", "selu"), "below -1 or -1.8"),
    **dict.fromkeys(_PROBABILITIES, "outside of 0 to 1"),
    "clip": "outside of its bounds",
}


def check_shapes(recipe: Recipe, model: keras.Model, dataset: Dataset) -> None:
    """Refuse a model that does not take the data, or gives something else than logits.

    Raises:
        Mistake: says what the model takes and gives, and what the data are.
    """
    name = recipe.model
    inputs, outputs = (getattr(model, each, None) for each in ("inputs", "outputs"))
    if not inputs or not outputs:
        raise Mistake(
            f"model {name} is a keras.Model with a call of its own, whose inputs and "
            "outputs zoo cannot know; accepted: keras.Model(inputs, outputs), which "
            "may have that call in a layer"
        )
    for what in ("inputs", "outputs"):
        each = getattr(model, what[:-1], None)  # which a Sequential need not have
        if isinstance(each, Mapping):
            raise Mistake(
                f"model {name} has its {what} in a dictionary ({', '.join(each)}); "
                "accepted: one of each, as in keras.Model(inputs, outputs)"
            )
    if len(inputs) != 1 or len(outputs) != 1:
        raise Mistake(
            f"model {name} has {len(inputs)} inputs and {len(outputs)} outputs; "
            "accepted: one of each, as in keras.Model(inputs, outputs)"
        )
    takes, gives = inputs[0].shape[1:], outputs[0].shape[1:]
    fits = len(takes) == len(dataset.input_shape) and all(
        wanted in (None, given)
        for wanted, given in zip(takes, dataset.input_shape, strict=True)
    )
    if not fits:
        then = otherwise(recipe, dataset.facts())
        raise Mistake(
            f"model {name} takes examples of shape {tuple(takes)} and those of "
            f"{dataset.name} are of shape {tuple(dataset.input_shape)}; "
            f"{then or 'give build the argument input_shape, or take other data'}"
        )
    if dataset.task == "tokens":
        if len(gives) != 2 or gives[0] != takes[0] or not gives[1]:
            raise Mistake(
                f"model {name} gives outputs of shape {tuple(gives)} a window; "
                f"accepted: {(*dataset.input_shape, len(dataset.classes))}, logits of "
                "the next token after each, as lstm_language gives them"
            )
        return
    if dataset.task == "strings":
        _check_strings(name, gives, dataset)
        return
    if dataset.timeline and len(gives) == 2 and all(gives):
        return  # quantiles of each step
    if len(gives) != 1 or not gives[0]:
        raise Mistake(
            f"model {name} gives outputs of shape {tuple(gives)} an example; accepted: "
            "(classes,), or (1,), the logit of the second class of two"
        )


def _check_strings(name: str, gives: tuple, dataset: Dataset) -> None:
    """Refuse a model that gives no logits of each step, or has too few steps."""
    wanted = 1 + len(dataset.classes)
    if len(gives) != 2 or gives[1] != wanted:
        raise Mistake(
            f"model {name} gives outputs of shape {tuple(gives)} an example; accepted: "
            f"(steps, {wanted}), logits of nothing new and of each symbol at each "
            'step, as lstm_speech gives them with model_arguments={"head": "ctc"}'
        )
    targets = np.asarray(dataset.train.targets)
    again = (targets[:, 1:] == targets[:, :-1]) & (targets[:, 1:] >= 0)
    each = (targets >= 0).sum(axis=1) + again.sum(axis=1)
    needed = int(each.max(initial=0))
    if gives[0] is not None and needed > gives[0]:
        longest = strings.text_of(targets[each.argmax()], dataset.classes)[:_SHOWN]
        raise Mistake(
            f"model {name} has {gives[0]} steps, and a string of {dataset.name} needs "
            f"{needed}, one for each symbol and one between equal ones; make steps "
            "shorter, as model.joined=1 does if it is more, or leave out such strings: "
            f"{longest!r}"
        )
    if gives[0] is not None:
        _warn_of_short_sounds(gives[0], each, dataset)


def _warn_of_short_sounds(steps: int, needed: np.ndarray, dataset: Dataset) -> None:
    """Tell of sounds that end before their string can be said, one of them by name.

    Args:
        steps: of the network, in the longest sound.
        needed: by each training example, int (n,).
    """
    inputs = np.asarray(dataset.train.inputs)
    sound = inputs != PADDING if inputs.ndim == 2 else ~np.isnan(inputs).all(axis=2)
    real = np.ceil(sound.sum(axis=1) * steps / inputs.shape[1]).astype(int)
    if len(short := np.flatnonzero(real < needed)):
        first = short[0]
        text = strings.text_of(dataset.train.targets[first], dataset.classes)[:_SHOWN]
        few = "1 sound is" if len(short) == 1 else f"{len(short):,} sounds are"
        warnings.warn(
            f"{few} too short for what is said to be said, such as training example "
            f"{first + 1}: {text!r} needs {needed[first]} steps of the network and "
            f"its sound has {real[first]}; nothing can be learned from that: look "
            "whether sounds and strings belong together",
            stacklevel=2,
        )


def check_columns(name: str, dataset: Dataset) -> None:
    """Refuse a model that would take categories or dates of a table for numbers.

    Raises:
        Mistake: its `build` takes no columns, and not all of them are numbers.
    """
    takes = signature(registry.module(name).build).parameters
    other = "lstm_forecast" if dataset.timeline else "deep_mlp"
    for column in dataset.columns:
        if column.kind == "number" or "columns" in takes:
            continue
        if "vocabulary_size" in takes and column.kind in ("category", "text"):
            raise Mistake(
                f"model {name} takes texts, and '{column.name}' was read as a "
                f"{column.kind} column of a table; set data.text={column.name} if it "
                f"holds the texts, or take {other}"
            )
        raise Mistake(
            f"model {name} takes numbers alone, and column '{column.name}' is a "
            f"{column.kind}; take {other}, leave the column out with "
            f"data.columns.{column.name}=ignore, or give a build of your own the "
            "argument columns, for zoo.layers.Columns(columns)"
        )


def check_values(name: str, model: keras.Model, dataset: Dataset) -> None:
    """Refuse rows that no model, or not this one, can learn from.

    Raises:
        Mistake: names the columns with infinite values, or with missing ones if the
            model does not fill them in.
    """
    if dataset.kind in ("image", "text", "language", "sound"):
        return
    for part in ("train", "validation", "test"):
        split = getattr(dataset, part)
        inputs = None if split is None else split.rows
        if inputs is None or inputs.dtype.kind != "f":
            continue
        if (infinite := np.isinf(inputs)).any():
            raise Mistake(
                f"the data {dataset.name} have infinite values in "
                f"{_columns(infinite, dataset)} of the {part} split; correct them"
            )
        missing = np.isnan(inputs)
        rows = np.flatnonzero(missing.reshape(len(inputs), -1).any(axis=1))
        if dataset.timeline:  # the windows in which a row occurs are not looked for
            tried = split.inputs[np.arange(min(64, len(split)))]
        else:
            tried = inputs[rows[:64]]
        if dataset.kind == "sequence":
            tried, rows = split.inputs[:64], np.arange(1)
        if len(rows) and not np.isfinite(_outputs(model, tried)).all():
            raise Mistake(
                f"the data {dataset.name} have missing values in "
                f"{_columns(missing, dataset)}, which model {name} cannot take; train "
                "without these rows, data.complete=True, or take a model that fills "
                "them in, such as mammogram_mlp"
            )


def try_out(name: str, model: keras.Model, dataset: Dataset) -> None:
    """Run, save and open a model of the user's own.

    Raises:
        Mistake: it cannot be run on the data, saved or opened; it has nothing to
            train; its outputs are whole numbers, NaN or probabilities; or what it
            ends in keeps them from being any number.
    """
    if not model.trainable_variables:
        raise Mistake(f"model {name} has no weights that can be trained")
    alike.check_new(name, model)
    count = min(_EXAMPLES, len(dataset.train))
    inputs = np.asarray(dataset.train.inputs[np.arange(count)])
    try:
        outputs = _outputs(model, inputs)
    except Exception as error:  # whatever the user's layers and the framework raise
        raise Mistake(
            f"model {name} cannot be run on examples of {dataset.name}, of shape "
            f"{tuple(dataset.input_shape)} and type {inputs.dtype}: {reason(error)}"
        ) from error
    if outputs.dtype.kind in "iub":
        raise Mistake(
            f"model {name} gives whole numbers ({outputs.dtype}); accepted: logits"
        )
    if np.isfinite(inputs).all() and not np.isfinite(outputs).all():
        raise Mistake(
            f"model {name} gives NaN or infinity at its initial weights"
            f"{_overflow(model, inputs)}"
        )
    ends = _ends_in(model)
    if dataset.task != "numbers" and (
        ends & _PROBABILITIES or _are_probabilities(outputs)
    ):
        raise Mistake(
            f"build of model {name} gives probabilities; zoo takes logits: remove the "
            "sigmoid or softmax at its end"
        )
    if bounded := ends & _BOUNDED.keys():
        end = min(bounded)
        what = "logits, which may be any numbers"
        if dataset.task == "numbers":
            what = "answers in deviations from the mean, and gives them their unit back"
        raise Mistake(
            f"build of model {name} ends in {end}, which gives nothing "
            f"{_BOUNDED[end]}; zoo takes {what}: remove it"
        )
    _check_file(name, model, inputs, outputs)


def _overflow(model, inputs: np.ndarray) -> str:
    """A hint, where inputs are larger than what the layers compute in."""
    largest = np.abs(inputs).max(initial=0)
    halves = any(each.compute_dtype == "float16" for each in private.layers(model))
    if not halves or largest <= np.finfo("float16").max:
        return ""
    return (
        f": float16 ends at 65,504, and inputs reach {largest:g}; scale them first, or "
        "take precision=mixed_bfloat16"
    )


def _outputs(model, inputs) -> np.ndarray:
    outputs = model(keras.ops.convert_to_tensor(inputs), training=False)
    dtype = keras.backend.standardize_dtype(outputs.dtype)
    if "float" in dtype:  # NumPy has no bfloat16
        outputs = keras.ops.cast(outputs, "float32")
    return keras.ops.convert_to_numpy(outputs)


def _ends_in(model: keras.Model) -> set[str]:
    """Names of the last operation of a model, and of its activation."""
    last = private.operation(model.outputs[0])
    while True:
        if isinstance(last, keras.Model) and last.outputs:
            last = private.operation(last.outputs[0])
        elif type(last).__name__.lower() in _SHAPING or last.name == unit.NAME:
            last = private.operation(last.input)
        else:
            break
    if getattr(last, "negative_slope", 0):  # a ReLU that leaks
        return set()
    activation = getattr(last, "activation", None)
    return {type(last).__name__.lower(), getattr(activation, "__name__", "")}


def _are_probabilities(outputs: np.ndarray) -> bool:
    """Whether they are 0 to 1, and their sum is 1."""
    within = ((outputs >= 0) & (outputs <= 1)).all()
    sums = np.abs(outputs.sum(axis=1) - 1).max() < 1e-3
    return bool(within and sums and outputs.shape[1] > 1)


def _check_file(name, model, inputs, outputs) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        try:
            with without_tensorflow():
                model.save(path)
                opened = keras.models.load_model(path)
                again = _outputs(opened, inputs)
        except Exception as error:  # whatever the user's layers raise
            raise Mistake(
                f"model {name} cannot be saved and opened again: {reason(error)}; "
                "build it of Keras's layers and keras.ops, or of layers of your own "
                "with get_config and @keras.saving.register_keras_serializable()"
            ) from error
    if not np.allclose(again, outputs, 1e-3, 1e-4, equal_nan=True):
        raise Mistake(
            f"model {name} gives other outputs after it was saved and opened again; "
            "its layers must keep their weights by add_weight and their settings by "
            "get_config"
        )


def _columns(found: np.ndarray, dataset: Dataset) -> str:
    columns = np.flatnonzero(found.reshape(-1, found.shape[-1]).any(axis=0))
    named = dataset.features or [f"column {i + 1}" for i in range(found.shape[-1])]
    return ", ".join(f"{named[i]} ({found[..., i].sum()})" for i in columns)

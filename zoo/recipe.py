"""A recipe: one model on one data set, with every number written down."""

import ast
import dataclasses
import math
import os
import runpy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zoo.errors import Mistake, unknown

VERSION = 1  # of `recipe.json`; it grows when a field gets another meaning


@dataclass(frozen=True)
class Expected:
    """What a recipe claims: the mean of `metric` over the seeds.

    Attributes:
        metric: one of `zoo.evaluate`, such as "accuracy".
        at_least: in the metric's own unit; an accuracy of 99 % is 0.99.
        split: the examples that are measured.
        folds: 0, or the number of parts of a stratified cross-validation over training
            and test split, one for each seed; see `zoo.evaluation.cross_validation`.
    """

    metric: str
    at_least: float
    split: str = "test"
    folds: int = 0

    def __post_init__(self):
        _set(self, "claim")
        if self.split not in ("train", "validation", "test"):
            accepted = ("train", "validation", "test")
            raise unknown("split of a claim", self.split, accepted)
        if self.folds < 0 or self.folds == 1:
            raise Mistake(f"folds={self.folds}; accepted: 0 (off), or at least 2")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training run, device and backend apart.

    A step computes the gradient of one batch; an update changes the weights, by the
    mean gradient of `accumulate` steps. The last update of a stage takes the steps that
    are left over. Numbers of NumPy and paths are stored as numbers and text of Python,
    lists as tuples; dictionaries hold what JSON can hold.

    Attributes:
        model: a name from `zoo.names()`, or a dotted path to a module with `build`.
        data: a name or folder that `zoo.data.load` understands.
        model_arguments: keyword arguments of the model's `build`.
        data_arguments: keyword arguments of `zoo.data.load`.
        validation: share of the training split held out for validation, 0 to < 1.
        augment: operation name -> strength, in order, for training batches only.
        batch: examples a step, over all devices.
        epochs: passes over the training split.
        seed: decides weights, validation split, order, augmentation and dropout.
        shuffle: False keeps the order of the data.
        loss: "crossentropy", "mean_squared_error" (on probabilities), a loss of
            `keras.losses` by its dotted name, or the dotted path of a function of
            (targets, outputs); see `zoo.training.losses`.
        optimizer: a name that `keras.optimizers.get` knows.
        optimizer_arguments: further keyword arguments of the optimizer, such as
            {"epsilon": 1e-8}; not those that are fields here.
        momentum: of SGD and RMSprop.
        learning_rate: the peak of the schedule.
        schedule: "constant", "cosine" or "linear"; the last two fall to zero over the
            updates of the stage.
        warmup_epochs: length of the linear rise from zero, in epochs.
        weight_decay: decoupled; of kernels and embeddings only, see
            `zoo.training.optimizer.spared`.
        clip_norm: largest norm of the whole gradient; 0 is no limit.
        label_smoothing: 0 to < 1.
        ema: momentum of the moving average of weights that is evaluated, once an
            update; 0 is off.
        accumulate: steps whose gradients are averaged into one update.
        precision: "float32", "mixed_bfloat16" or "mixed_float16".
        early_stopping: epochs without a better validation loss before the stage stops;
            the best weights are kept; 0 is off.
        save_every: epochs between two training states.
        deterministic: ask the backend for kernels that repeat bit for bit.
        stages: changes of fields one after the other, such as
            ({"trainable": "head", "epochs": 5}, {"trainable": "all", "epochs": 5}).
            `STAGE_FIELDS` are those that a stage can change.
        trainable: which part of the model learns, if its module has `set_trainable`;
            "" leaves it as it is.
        expects: the result that was measured.

    Raises:
        Mistake: a value of the wrong type, or out of its range.
    """

    model: str
    data: str
    model_arguments: dict = field(default_factory=dict)
    data_arguments: dict = field(default_factory=dict)
    validation: float = 0.1
    augment: dict = field(default_factory=dict)
    batch: int = 128
    epochs: int = 10
    seed: int = 0
    shuffle: bool = True
    loss: str = "crossentropy"
    optimizer: str = "adam"
    optimizer_arguments: dict = field(default_factory=dict)
    momentum: float = 0.0
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup_epochs: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    label_smoothing: float = 0.0
    ema: float = 0.0
    accumulate: int = 1
    precision: str = "float32"
    early_stopping: int = 0
    save_every: int = 1
    deterministic: bool = False
    stages: tuple = ()
    trainable: str = ""
    expects: Expected | None = None

    def __post_init__(self):
        _set(self, "recipe")
        for name, lowest, below in _RANGES:
            value = getattr(self, name)
            if not lowest <= value < below:
                raise Mistake(f"{name}={value}; accepted: {lowest} <= {name} < {below}")
        for name, accepted in _CHOICES.items():
            if getattr(self, name) not in accepted:
                raise unknown(name, getattr(self, name), accepted)
        for number, stage in enumerate(self.stages, 1):
            if not isinstance(stage, dict):
                raise Mistake(
                    f"stage {number} is {stage!r}; accepted: a dictionary of fields, "
                    'such as {"epochs": 5}'
                )
            for name in stage:
                _check_name(name)
            self._stage(stage)

    def stage_recipes(self) -> list["Recipe"]:
        """One recipe a stage, in order; the recipe itself if it has no stages.

        Raises:
            Mistake: a stage sets a field that only the whole recipe can set.
        """
        for number, stage in enumerate(self.stages, 1):
            for name in stage:
                if name not in STAGE_FIELDS:
                    raise Mistake(
                        f"stage {number} sets {name}, which holds for the whole "
                        f"recipe: set it there; a stage can change "
                        f"{', '.join(STAGE_FIELDS)}"
                    )
        return [self._stage(stage) for stage in self.stages or ({},)]

    def _stage(self, changes: dict) -> "Recipe":
        """This recipe with the fields of one stage; see `optimizer_arguments`."""
        if changes.get("optimizer", self.optimizer) != self.optimizer:
            changes = {"optimizer_arguments": {}, **changes}
        return dataclasses.replace(self, **{"stages": (), **changes})


_RANGES = [
    ("validation", 0, 1),
    ("batch", 1, 2**31),
    ("epochs", 1, 2**31),
    ("seed", 0, 2**31),
    ("momentum", 0, 1),
    ("learning_rate", 0, float("inf")),
    ("warmup_epochs", 0, float("inf")),
    ("weight_decay", 0, float("inf")),
    ("clip_norm", 0, float("inf")),
    ("label_smoothing", 0, 1),
    ("ema", 0, 1),
    ("accumulate", 1, 2**31),
    ("early_stopping", 0, 2**31),
    ("save_every", 1, 2**31),
]
_CHOICES = {
    "schedule": ("constant", "cosine", "linear"),
    "precision": ("float32", "mixed_bfloat16", "mixed_float16"),
}
STAGE_FIELDS = (
    "epochs",
    "trainable",
    "batch",
    "shuffle",
    "augment",
    "loss",
    "label_smoothing",
    "optimizer",
    "optimizer_arguments",
    "momentum",
    "learning_rate",
    "schedule",
    "warmup_epochs",
    "weight_decay",
    "clip_norm",
    "ema",
    "accumulate",
    "early_stopping",
)
_FIELDS = {item.name: item for item in dataclasses.fields(Recipe)}
_NESTED = {
    "model": "model_arguments",
    "data": "data_arguments",
    "optimizer": "optimizer_arguments",
    "augment": "augment",
}
_FIXED = ("model_arguments", "data_arguments", "optimizer_arguments", "expects")


def folder() -> Path:
    """The folder of zoo's own recipes: inside the package, or of the checkout."""
    inside = Path(__file__).parent / "recipes"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "recipes"


def names() -> tuple[str, ...]:
    """The names of zoo's own recipes, sorted."""
    return tuple(sorted(path.stem for path in folder().glob("*.py")))


def load(name: str) -> Recipe:
    """The recipe called `name`, or the one in the Python file `name`.

    Raises:
        Mistake: there is no such recipe, or the file defines no `recipe`.
    """
    path = Path(name)
    if path.suffix == ".py":
        if not path.is_file():
            raise Mistake(f"there is no recipe file {name}")
    elif name in names():
        path = folder() / f"{name}.py"
    elif (path / "recipe.json").is_file():
        raise Mistake(
            f"{name} is the folder of a run, not a recipe; `zoo train {name} --resume` "
            "goes on with its training"
        )
    else:
        raise unknown(
            "recipe", name, names(), "`zoo list` shows them; a path to a .py works too"
        )
    recipe = runpy.run_path(str(path)).get("recipe")
    if not isinstance(recipe, Recipe):
        raise Mistake(f"{path} defines no `recipe = zoo.Recipe(...)`")
    return recipe


def override(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """`recipe` with changes such as "epochs=2", "model.variant=relu", "augment.flip=0".

    A value is Python (`3e-4`, `True`, `64,64`) or else text; that of a field of text,
    such as `data`, is text in any case. `model.NAME` sets an
    argument of the model, `data.NAME` and `optimizer.NAME` one of the data set and of
    the optimizer, `augment.NAME` an augmentation's strength and `stage.2.NAME` a field
    of the second stage. Another optimizer has none of the last one's arguments.

    Raises:
        Mistake: not of the form field=value, no such field or stage, a wrong type, or
            a field that the recipe's stages set.
    """
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise Mistake(f"'{change}' is not field=value; for example: epochs=2")
        recipe = dataclasses.replace(recipe, **_change(recipe, change, key, text))
    return recipe


def _change(recipe: Recipe, change: str, key: str, text: str) -> dict:
    """The field of `recipe` that a change is about, and its new value."""
    head, dot, tail = key.partition(".")
    if dot and head in _NESTED:
        name = _NESTED[head]
        return {name: {**getattr(recipe, name), tail: _parse(text)}}
    stages = list(recipe.stages)
    if dot and head == "stage":
        number, _, name = tail.partition(".")
        if number not in map(str, range(1, len(stages) + 1)):
            raise Mistake(f"'{change}': this recipe has {len(stages)} stages")
        place = int(number) - 1
        stages[place] = {**stages[place], name: _value(name, text)}
        return {"stages": tuple(stages)}
    value = _value(key, text)
    if places := [n for n, stage in enumerate(stages, 1) if key in stage]:
        raise Mistake(
            f"'{change}': this recipe's stages set {key}; "
            f"change it there: stage.{places[-1]}.{change}"
        )
    if key == "optimizer" and value != recipe.optimizer:
        return {"optimizer": value, "optimizer_arguments": {}}
    return {key: value}


def _value(name: str, text: str):
    """The value of the field `name` that was written as `text`."""
    _check_name(name)
    if name in _FIXED and not isinstance(_parse(text), dict):
        raise _unknown_field(name)
    return text if _FIELDS[name].type is str else _parse(text)


def to_json(recipe: Recipe) -> dict:
    """All fields of `recipe` as JSON values, with the version of this form."""
    return {**dataclasses.asdict(recipe), "version": VERSION}


def from_json(values: dict) -> Recipe:
    """The recipe that `to_json` wrote, of this version of zoo or an older one.

    Raises:
        Mistake: the values are none that `to_json` writes, or those of a newer zoo.
    """
    if not isinstance(values, dict):
        raise Mistake(f"a recipe is an object of fields, not {type(values).__name__}")
    values = dict(values)
    version = values.pop("version", 1)
    others = sorted(values.keys() - _FIELDS.keys())
    newer = isinstance(version, int) and version > VERSION
    if newer or others:
        named = f" with fields that this zoo does not know: {', '.join(others)}"
        raise Mistake(
            f"a recipe of version {version}{named if others else ''}; this zoo reads "
            f"version {VERSION}: install the zoo that made it, or a newer one"
        )
    for name in ("model", "data"):
        if name not in values:
            raise Mistake(f"the recipe has no field {name}")
    expects = values.pop("expects", None)
    if expects is not None:
        known = {item.name for item in dataclasses.fields(Expected)}
        if not isinstance(expects, dict) or not {"metric", "at_least"} <= set(expects):
            raise Mistake(f"recipe field expects is {expects!r}, which is no claim")
        if unfit := sorted(expects.keys() - known):
            raise Mistake(f"recipe field expects has unknown parts: {unfit}")
        values["expects"] = Expected(**expects)
    return Recipe(**values)


def _parse(text: str):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {"true": True, "false": False}.get(text.lower(), text)


def _check_name(name) -> None:
    if name not in _FIELDS:
        raise _unknown_field(name)


def _unknown_field(name) -> Mistake:
    accepted = [field for field in _FIELDS if field not in _FIXED]
    then = (
        "arguments of model, data and optimizer are model.NAME, data.NAME, "
        "optimizer.NAME"
    )
    return unknown("recipe field", name, accepted, then)


def _set(instance, what: str) -> None:
    """Store the fields of a frozen dataclass as plain values of their types."""
    for item in dataclasses.fields(instance):
        value = _plain(getattr(instance, item.name))
        if item.type is float and type(value) is int:
            value = float(value)
        # `type`, as True is an int and Expected | None is no class of its own
        fits = type(value) is item.type or (
            item.name == "expects" and isinstance(value, Expected | None)
        )
        if not fits:
            wanted = getattr(item.type, "__name__", "Expected or None")
            raise Mistake(
                f"{what} field {item.name} is of type {wanted}; "
                f"given: {value!r}, of type {type(value).__name__}"
            )
        if isinstance(value, dict | tuple):
            _check_json(value, f"{what} field {item.name}")
        object.__setattr__(instance, item.name, value)


def _plain(value):
    """`value` without types of NumPy, lists and paths."""
    if hasattr(value, "tolist"):  # numbers and arrays, of any framework
        value = value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


def _check_json(value, where: str) -> None:
    """Refuse what `recipe.json` cannot hold."""
    if isinstance(value, tuple):
        for each in value:
            _check_json(each, where)
    elif isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise Mistake(f"{where} has the key {key!r}; accepted: text")
            _check_json(each, f"{where}, {key}")
    elif not isinstance(value, str | int | float | None) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise Mistake(
            f"{where} holds {value!r}, of type {type(value).__name__}; accepted: text, "
            "finite numbers, True, False, None, and tuples and dictionaries of them"
        )

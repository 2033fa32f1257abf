"""A recipe: one model on one data set, with every number written down."""

import ast
import dataclasses
import runpy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zoo.errors import Mistake, unknown


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
        if self.folds < 0 or self.folds == 1:
            raise Mistake(f"folds={self.folds}; accepted: 0 (off), or at least 2")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training run, device and backend apart.

    Attributes:
        model: a name from `zoo.names()`, or a dotted path to a module with `build`.
        data: a name or folder that `zoo.data.load` understands.
        model_arguments: keyword arguments of the model's `build`.
        data_arguments: keyword arguments of `zoo.data.load`.
        validation: share of the training split held out for validation, 0 to < 1.
        augment: operation name -> strength, in order, for training batches only.
        batch: examples per optimizer step, over all devices.
        epochs: passes over the training split.
        seed: decides weights, validation split, order, augmentation and dropout.
        shuffle: False keeps the order of the data.
        loss: "crossentropy", "mean_squared_error" (on probabilities), or a dotted
            path to a function of (targets, outputs).
        optimizer: a name that `keras.optimizers.get` knows.
        optimizer_arguments: further keyword arguments of the optimizer, such as
            {"epsilon": 1e-8}; not those that are fields here.
        momentum: of SGD and RMSprop.
        learning_rate: the peak of the schedule.
        schedule: "constant", "cosine" or "linear" (both fall to zero).
        warmup_epochs: length of the linear rise from zero, in epochs.
        weight_decay: decoupled, not applied to biases and normalization weights.
        clip_norm: largest norm of the whole gradient; 0 is no limit.
        label_smoothing: 0 to < 1.
        ema: momentum of the moving average of weights that is evaluated; 0 is off.
        accumulate: steps whose gradients are averaged into one update.
        precision: "float32", "mixed_bfloat16" or "mixed_float16".
        early_stopping: epochs without a better validation loss before the run stops;
            the best weights are kept; 0 is off.
        save_every: epochs between two training states.
        deterministic: ask the backend for kernels that repeat bit for bit.
        stages: changes of fields one after the other, such as
            ({"trainable": "head", "epochs": 5}, {"trainable": "all", "epochs": 5}).
        trainable: which part of the model learns, if its module has `set_trainable`.
        expects: the result that was measured.
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
        for name, lowest, below in _RANGES:
            value = getattr(self, name)
            if not lowest <= value < below:
                raise Mistake(f"{name}={value}; accepted: {lowest} <= {name} < {below}")
        for name, accepted in _CHOICES.items():
            if getattr(self, name) not in accepted:
                raise unknown(name, str(getattr(self, name)), accepted)

    def stage_recipes(self) -> list["Recipe"]:
        """One recipe a stage, in order; the recipe itself if it has no stages."""
        plain = dataclasses.replace(self, stages=())
        changes = [_checked(stage) for stage in self.stages] or [{}]
        return [dataclasses.replace(plain, **change) for change in changes]


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

    A value is Python (`3e-4`, `True`, `64,64`) or else text. `model.NAME` sets an
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
        values = _change(recipe, change, key, _parse(text))
        recipe = dataclasses.replace(recipe, **_checked(values))
    return recipe


def _change(recipe: Recipe, change: str, key: str, value) -> dict:
    """The field of `recipe` that a change is about, and its new value."""
    head, dot, tail = key.partition(".")
    if dot and head in _NESTED:
        name = _NESTED[head]
        return {name: {**getattr(recipe, name), tail: value}}
    stages = list(recipe.stages)
    if dot and head == "stage":
        number, _, name = tail.partition(".")
        if number not in map(str, range(1, len(stages) + 1)):
            raise Mistake(f"'{change}': this recipe has {len(stages)} stages")
        place = int(number) - 1
        stages[place] = {**stages[place], **_checked({name: value})}
        return {"stages": tuple(stages)}
    if places := [n for n, stage in enumerate(stages, 1) if key in stage]:
        raise Mistake(
            f"'{change}': this recipe's stages set {key}; "
            f"change it there: stage.{places[-1]}.{change}"
        )
    if key == "optimizer" and value != recipe.optimizer:
        return {"optimizer": value, "optimizer_arguments": {}}
    return {key: value}


def to_json(recipe: Recipe) -> dict:
    """All fields of `recipe` as JSON values."""
    return dataclasses.asdict(recipe)


def from_json(values: dict) -> Recipe:
    """The recipe that `to_json` wrote."""
    expects = values.get("expects")
    values = {**values, "expects": Expected(**expects) if expects else None}
    for name in _NESTED.values():
        given = values.get(name, {})
        values[name] = {key: _tuples(value) for key, value in given.items()}
    return Recipe(**{**values, "stages": tuple(values["stages"])})


def _tuples(value):
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _parse(text: str):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return {"true": True, "false": False}.get(text.lower(), text)


def _checked(values: dict) -> dict:
    """`values` with whole numbers as floats where a float is asked for."""
    checked = {}
    for name, value in values.items():
        if name not in _FIELDS or (name in _FIXED and not isinstance(value, dict)):
            accepted = [field for field in _FIELDS if field not in _FIXED]
            raise unknown(
                "recipe field",
                name,
                accepted,
                "arguments of model, data and optimizer are model.NAME, data.NAME, "
                "optimizer.NAME",
            )
        wanted = dict if name in _FIXED else _FIELDS[name].type
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            raise Mistake(
                f"recipe field {name} is of type {wanted.__name__}; "
                f"given: {value!r}, of type {type(value).__name__}"
            )
        checked[name] = value
    return checked

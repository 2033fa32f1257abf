"""A recipe: one model on one data set, with every number written down."""

import dataclasses
import math
from dataclasses import dataclass, field

from zoo.errors import Mistake, unknown
from zoo.recipe.fields import set_fields


@dataclass(frozen=True)
class Expected:
    """What a recipe claims: the mean of `metric` over the seeds.

    Attributes:
        metric: one of `zoo.evaluate`, such as "accuracy".
        at_least: in the metric's own unit; an accuracy of 99 % is 0.99. None if
            `at_most` is given.
        at_most: for a metric that is better when it is smaller, such as "mae"; None if
            `at_least` is given.
        split: the examples that are measured.
        folds: 0, or the number of parts of a stratified cross-validation over training
            and test split, one for each seed; see `zoo.evaluation.cross_validation`.
    """

    metric: str
    at_least: float | None = None
    split: str = "test"
    folds: int = 0
    at_most: float | None = None

    def __post_init__(self):
        set_fields(self, "claim")
        if (self.at_least is None) == (self.at_most is None):
            raise Mistake(
                f"a claim says at_least or at_most, one of them; given "
                f"at_least={self.at_least}, at_most={self.at_most}"
            )
        if not math.isfinite(self.bound):
            raise Mistake(f"a claim of {self.bound}; accepted: a finite number")
        if self.split not in ("train", "validation", "test"):
            accepted = ("train", "validation", "test")
            raise unknown("split of a claim", self.split, accepted)
        if self.folds < 0 or self.folds == 1:
            raise Mistake(f"folds={self.folds}; accepted: 0 (off), or at least 2")

    @property
    def bound(self) -> float:
        """What is claimed, in the metric's own unit."""
        return self.at_most if self.at_least is None else self.at_least


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training run, device and backend apart.

    A step computes the gradient of one batch; an update changes the weights, by the
    mean gradient of `accumulate` steps. The last update of a stage takes the steps that
    are left over, unless early stopping ends it: then an earlier epoch's weights are
    kept. A step that overflows in float16 is no step: it is not accumulated, and the
    schedule waits for it; the run says how many updates were skipped.

    Numbers of NumPy and paths are stored as numbers and text of Python, lists as
    tuples; dictionaries hold what JSON can hold.

    Attributes:
        model: a name from `zoo.names()`, or a dotted path to a module with `build`.
        data: a name or path that `zoo.data.load` understands. Of data in memory, such
            as a frame, `zoo.core.kept.keep` writes a copy, whose path stands here.
        model_arguments: keyword arguments of the model's `build`.
        data_arguments: keyword arguments of `zoo.data.load`.
        validation: share of the training split held out for validation, 0 to < 1.
        augment: operation name -> strength, in order, for training batches only.
        augment_on: "host", or "device", inside of the training step; the draws are the
            same, see `zoo.layers.Augment`. MixUp, CutMix and sounds need the host.
        batch: examples a step, over all devices.
        epochs: passes over the training split.
        seed: decides weights, validation split, order, augmentation and dropout.
        shuffle: False keeps the order of the data.
        loss: "crossentropy", "focal", "mean_squared_error" (on probabilities), a loss
            of `keras.losses` by its dotted name, or the dotted path of a function of
            (targets, outputs); see `zoo.training.losses`. Where the data have numbers
            to be answered, "mean_squared", as which "crossentropy" counts,
            "mean_absolute" or "huber", see `zoo.training.number_losses`; where they
            have strings to be read, "ctc", as which it counts, too.
        class_weight: what an example of each class counts in the loss: "balanced", or
            {"defect": 19.0} by the names of classes; "" is 1 each. See
            `zoo.training.class_weights`.
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
    augment_on: str = "host"
    batch: int = 128
    epochs: int = 10
    seed: int = 0
    shuffle: bool = True
    loss: str = "crossentropy"
    class_weight: str | dict = ""
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
        if not isinstance(self.data, str):  # a name needs no NumPy
            from zoo.core.kept import is_data, keep

            if is_data(self.data):
                object.__setattr__(self, "data", keep(self.data))
        set_fields(self, "recipe")
        for name, lowest, below in _RANGES:
            value = getattr(self, name)
            if not lowest <= value < below:
                raise Mistake(f"{name}={value}; accepted: {lowest} <= {name} < {below}")
        for name, accepted in _CHOICES.items():
            if getattr(self, name) not in accepted:
                raise unknown(name, getattr(self, name), accepted)
        _check_weights(self.class_weight)
        for name, then in _NOT_OF_DATA.items():
            if name in self.data_arguments:
                raise Mistake(f"data.{name} is no argument of data; {then}")
        if len(self.stages) > MOST_STAGES:
            raise Mistake(f"{len(self.stages):,} stages; accepted: up to {MOST_STAGES}")
        for number, stage in enumerate(self.stages, 1):
            if not isinstance(stage, dict):
                raise Mistake(
                    f"stage {number} is {stage!r}; accepted: a dictionary of fields, "
                    'such as {"epochs": 5}'
                )
            for name in stage:
                check_name(name)
            self._stage(stage)

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The shares of values to lie below each answer of the model, if it has any."""
        return self.model_arguments.get("quantiles", ())

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


def _check_weights(given: str | dict) -> None:
    if isinstance(given, str):
        if given not in ("", "balanced"):
            raise unknown("class_weight", given, ("balanced",), "or weights by class")
        return
    for name, value in given.items():
        if type(value) not in (int, float) or value < 0:
            raise Mistake(
                f"class_weight of {name} is {value!r}; accepted: a number from 0"
            )


MOST_STAGES = 1000
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
# Arguments of `zoo.data.load` that have another place, or none, in a recipe.
_NOT_OF_DATA = {
    "name": "data=NAME says which data they are",
    "validation": "set validation=0.1, the recipe's own share",
    "encoder": "a run learns its words from its own training split",
    "joined": "data.more is always learned from",
}
_CHOICES = {
    "augment_on": ("host", "device"),
    "schedule": ("constant", "cosine", "linear"),
    "precision": ("float32", "mixed_bfloat16", "mixed_float16"),
}
STAGE_FIELDS = (
    "epochs",
    "trainable",
    "batch",
    "shuffle",
    "augment",
    "augment_on",
    "loss",
    "label_smoothing",
    "class_weight",
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
FIELDS = {item.name: item for item in dataclasses.fields(Recipe)}
FIXED = ("model_arguments", "data_arguments", "optimizer_arguments", "expects")


def check_name(name) -> None:
    if name not in FIELDS:
        raise unknown_field(name)


def unknown_field(name) -> Mistake:
    accepted = [field for field in FIELDS if field not in FIXED]
    then = (
        "arguments of model, data and optimizer are model.NAME, data.NAME, "
        "optimizer.NAME"
    )
    return unknown("recipe field", name, accepted, then)

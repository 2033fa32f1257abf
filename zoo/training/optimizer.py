"""The optimizer of a recipe: Keras's own, whose schedule and averages count updates.

A step is a gradient, an update a change of the weights by the mean gradient of
`accumulate` steps. Keras 3.15 counts steps where updates are meant: in schedules and in
the moving average of weights.
"""

import inspect
import math
from collections.abc import Iterable
from functools import partial

import keras

from zoo.engine import private
from zoo.engine.private import BaseOptimizer
from zoo.errors import Mistake, unknown
from zoo.recipe import Recipe


def make(
    recipe: Recipe, steps_per_epoch: int, spared: Iterable[keras.Variable]
) -> keras.optimizers.Optimizer:
    """The optimizer for `recipe`, whose schedule spans all its epochs.

    Weight decay is decoupled (Loshchilov & Hutter 2019, arXiv:1711.05101).

    Args:
        recipe: of one stage.
        steps_per_epoch: batches an epoch, the last and smaller one included.
        spared: variables that weight decay leaves alone, such as `spared(model)`.

    Raises:
        Mistake: Keras has no such optimizer, it does not take an argument, or a field
            of the recipe would have no effect.
    """
    kinds = {
        name.lower(): kind
        for name, kind in vars(keras.optimizers).items()
        if inspect.isclass(kind) and issubclass(kind, keras.optimizers.Optimizer)
    }
    kinds = {k: v for k, v in kinds.items() if k not in ("optimizer", _WRAPPER)}
    kind = kinds.get(recipe.optimizer.lower())
    if kind is None:
        raise unknown("optimizer", recipe.optimizer, kinds)
    parameters = inspect.signature(kind).parameters
    common = inspect.signature(BaseOptimizer).parameters
    accepted = [name for name in parameters if name not in {*common, "momentum"}]
    for name in recipe.optimizer_arguments:
        if name not in accepted:
            raise unknown(f"argument of {recipe.optimizer}", name, accepted, _OTHERS)
        _check_type(recipe, name, parameters[name].default)
    options = dict(recipe.optimizer_arguments)
    options["learning_rate"] = schedule(recipe, steps_per_epoch)
    if recipe.momentum:
        if "momentum" not in parameters:
            raise Mistake(
                f"momentum={recipe.momentum}: {recipe.optimizer} has none; "
                "accepted: sgd, rmsprop"
            )
        options["momentum"] = recipe.momentum
    elif options.get("nesterov") and "momentum" in parameters:
        raise Mistake("optimizer.nesterov=True does nothing without momentum; set it")
    if recipe.weight_decay or parameters["weight_decay"].default:
        options["weight_decay"] = recipe.weight_decay
    if recipe.clip_norm:
        options["global_clipnorm"] = recipe.clip_norm
    if recipe.ema:
        options |= {"use_ema": True, "ema_momentum": recipe.ema}
    if recipe.accumulate > 1:
        options["gradient_accumulation_steps"] = recipe.accumulate
    try:
        optimizer = kind(**options)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise Mistake(
            f"{recipe.optimizer} does not take {recipe.optimizer_arguments}: {reason}"
        ) from error
    optimizer.exclude_from_weight_decay(var_list=list(spared))
    if recipe.ema and recipe.accumulate > 1:
        average = partial(_average_once_an_update, optimizer)
        private.replace_average(optimizer, average)
    if recipe.precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def _check_type(recipe: Recipe, name: str, default) -> None:
    """Refuse a value of another type than Keras's default, and a decay above 1."""
    value = recipe.optimizer_arguments[name]
    given = f"optimizer.{name}={value!r}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, bool) and not isinstance(value, bool):
        raise Mistake(f"{given}; accepted: True or False")
    if isinstance(default, float) and not number:
        raise Mistake(f"{given}; accepted: a number, such as {default:g}")
    if name in ("beta_1", "beta_2", "rho") and number and not 0 <= value < 1:
        raise Mistake(f"{given}; accepted: 0 <= {name} < 1")


_WRAPPER = "lossscaleoptimizer"
_OTHERS = "rate, momentum, decay, clipping and averages are recipe fields"


def spared(model: keras.Model) -> list[keras.Variable]:
    """The variables that weight decay leaves alone: all but kernels and embeddings.

    These are the biases, what normalizes, scales or bends (the weights of normalization
    layers, PReLU's slopes), and whatever is a vector or a number.
    """
    return [
        variable
        for layer in private.layers(model)
        for variable in private.own_variables(layer, trainable=True)
        if len(variable.shape) < 2
        or variable.name.split("_")[-1] == "bias"
        or isinstance(layer, keras.layers.PReLU)
        or _normalizes(layer)
    ]


def _normalizes(layer) -> bool:
    """Whether the weights of `layer` scale and shift; wrappers hold others' kernels."""
    name = type(layer).__name__.lower()
    wraps = isinstance(layer, keras.layers.Wrapper)
    return name.endswith(("norm", "normalization")) and not wraps


def apply_rest(
    optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable]
) -> None:
    """Update `variables` by the gradients that no update has taken yet, if any.

    At the end of training there may be fewer than `accumulate`; the update is by the
    mean of those that there are.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    every = optimizer.gradient_accumulation_steps
    taken = private.gradients_taken(optimizer)
    steps = int(keras.ops.convert_to_numpy(taken)) % (every or 1)
    if not steps:
        return
    # Keras divides the sum of `every` gradients by `every`, so the last one that it
    # gets stands for all that are missing: each is the mean of those that there were.
    scale = (every - steps) / steps
    last = [scale * total.value for total in private.accumulated(optimizer)]
    taken.assign_add(every - 1 - steps)
    optimizer.apply(last, variables)


def skipped_updates(
    optimizer: keras.optimizers.Optimizer, recipe: Recipe, steps: int
) -> tuple[int, str]:
    """How many updates overflowed in float16 and were skipped, and a line that says so.

    Args:
        optimizer: that took the steps.
        recipe: of the stage.
        steps: that the stage has taken, an update every `accumulate` of them.
    """
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is None:
        return 0, ""
    made = int(keras.ops.convert_to_numpy(private.gradients_taken(inner)))
    wanted = -(-steps // recipe.accumulate)
    skipped = max(0, wanted - made // recipe.accumulate)
    waited = recipe.schedule != "constant" or recipe.warmup_epochs
    more = "; the schedule waited for them, and ended so much short" if waited else ""
    return skipped, (
        f"{skipped:,} of {wanted:,} updates were skipped, as their gradients "
        f"overflowed in float16{more}"
    )


def _average_once_an_update(optimizer, variables) -> None:
    """Keras's moving average of weights, which it would move with every gradient."""
    ops, every = keras.ops, optimizer.gradient_accumulation_steps
    step = ops.convert_to_tensor(private.gradients_taken(optimizer))
    kept = ops.where((step + 1) % every == 0, optimizer.ema_momentum, 1.0)
    kept = ops.where(step < every, 0.0, kept)  # the first update has no past
    averages = private.averages(optimizer)
    for variable, average in zip(variables, averages, strict=True):
        momentum = ops.cast(kept, variable.dtype)
        average.assign(momentum * average + (1 - momentum) * variable)


def schedule(recipe: Recipe, steps_per_epoch: int):
    """The learning rate as a function of the step, or a number if it is constant.

    The rate of update u of n, from 0, is that at the share u / n of the way, as in
    `keras.optimizers.schedules.CosineDecay`: it would be zero after the last update.

    Raises:
        Mistake: the warm-up is as long as the training.
    """
    every = recipe.accumulate
    total = -(-recipe.epochs * steps_per_epoch // every)
    warmup = round(recipe.warmup_epochs * steps_per_epoch / every)
    if recipe.warmup_epochs:
        warmup = max(1, warmup)
    if warmup >= total:
        raise Mistake(
            f"warmup_epochs={recipe.warmup_epochs} is {warmup} of {total} updates; "
            f"accepted: less than epochs={recipe.epochs}"
        )
    peak = recipe.learning_rate
    if recipe.schedule == "constant" and not warmup:
        return peak
    if recipe.schedule == "cosine":
        return Cosine(peak, warmup, total, every=every)
    end = peak if recipe.schedule == "constant" else 0.0
    return Line(peak, warmup, total, end, every)


@keras.saving.register_keras_serializable(package="zoo")
class Line(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise from zero to `peak` over `warmup` updates, then a line to `end`.

    Args:
        peak, end: learning rates.
        warmup, total: updates; the line ends after `total`.
        every: steps an update, which is made at the last one of them.
    """

    def __init__(
        self, peak: float, warmup: int, total: int, end: float = 0.0, every: int = 1
    ):
        self.peak, self.warmup, self.total, self.end = peak, warmup, total, end
        self.every = every

    def __call__(self, step):
        if self.every > 1:
            step = keras.ops.floor_divide(step, self.every)
        step = keras.ops.cast(step, "float32")
        rise = self.peak * step / max(1, self.warmup)
        done = (step - self.warmup) / (self.total - self.warmup)
        fall = self.end + (self.peak - self.end) * self.left(
            keras.ops.clip(done, 0.0, 1.0)
        )
        return keras.ops.where(step < self.warmup, rise, fall)

    def left(self, done):
        """The share of the fall that is left when the share `done` is done."""
        return 1 - done

    def get_config(self):
        return vars(self)


@keras.saving.register_keras_serializable(package="zoo")
class Cosine(Line):
    """A linear rise, then half a cosine (Loshchilov & Hutter 2017, arXiv:1608.03983).

    Same values as `keras.optimizers.schedules.CosineDecay`, without its `cond`, which
    PyTorch's trace of a step cannot hold.
    """

    def left(self, done):
        return 0.5 * (1 + keras.ops.cos(math.pi * done))

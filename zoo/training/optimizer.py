"""The optimizer of a recipe: Keras's own, with Keras's own schedules."""

import inspect
import math

import keras
from keras.src.optimizers.base_optimizer import BaseOptimizer

from zoo.errors import Mistake, unknown
from zoo.recipe import Recipe


def make(recipe: Recipe, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """The optimizer for `recipe`, whose schedule spans all its epochs.

    Weight decay is decoupled (Loshchilov & Hutter 2019, arXiv:1711.05101) and spares
    biases and the weights of normalization layers.

    Raises:
        Mistake: Keras has no such optimizer, or it does not take an argument.
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
    options = dict(recipe.optimizer_arguments)
    options["learning_rate"] = _schedule(recipe, steps_per_epoch)
    if recipe.momentum:
        if "momentum" not in parameters:
            raise Mistake(
                f"momentum={recipe.momentum}: {recipe.optimizer} has none; "
                "accepted: sgd, rmsprop"
            )
        options["momentum"] = recipe.momentum
    if recipe.weight_decay or parameters["weight_decay"].default:
        options["weight_decay"] = recipe.weight_decay
    if recipe.clip_norm:
        options["global_clipnorm"] = recipe.clip_norm
    if recipe.ema:
        options |= {"use_ema": True, "ema_momentum": recipe.ema}
    if recipe.accumulate > 1:
        options["gradient_accumulation_steps"] = recipe.accumulate
    optimizer = kind(**options)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    if recipe.precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


_WRAPPER = "lossscaleoptimizer"
_OTHERS = "rate, momentum, decay, clipping and averages are recipe fields"


def _schedule(recipe, steps_per_epoch):
    total = max(1, recipe.epochs * steps_per_epoch // recipe.accumulate)
    warmup = round(recipe.warmup_epochs * steps_per_epoch / recipe.accumulate)
    if warmup >= total:
        raise Mistake(
            f"warmup_epochs={recipe.warmup_epochs}; accepted: less than "
            f"epochs={recipe.epochs}"
        )
    peak = recipe.learning_rate
    if recipe.schedule == "constant" and not warmup:
        return peak
    if recipe.schedule == "cosine":
        return Cosine(peak, warmup, total)
    return Line(peak, warmup, total, peak if recipe.schedule == "constant" else 0.0)


@keras.saving.register_keras_serializable(package="zoo")
class Line(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise from zero to `peak` over `warmup` steps, then a line to `end`."""

    def __init__(self, peak: float, warmup: int, total: int, end: float = 0.0):
        self.peak, self.warmup, self.total, self.end = peak, warmup, total, end

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        rise = self.peak * step / max(1, self.warmup)
        done = (step - self.warmup) / (self.total - self.warmup)
        fall = self.end + (self.peak - self.end) * self.left(
            keras.ops.clip(done, 0.0, 1.0)
        )
        return keras.ops.where(step < self.warmup, rise, fall)

    def left(self, done):
        """What is left of the fall when the share `done` of the steps is done."""
        return 1 - done

    def get_config(self):
        return vars(self)


@keras.saving.register_keras_serializable(package="zoo")
class Cosine(Line):
    """A linear rise, then half a cosine (Loshchilov & Hutter 2017, arXiv:1608.03983).

    It computes what `keras.optimizers.schedules.CosineDecay` does, which branches.
    """

    def left(self, done):
        return 0.5 * (1 + keras.ops.cos(math.pi * done))

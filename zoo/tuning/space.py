"""What a search varies: the model's own space and the training fields of a recipe."""

import inspect
import math
import re
import sys
from collections.abc import Collection

from zoo import augment
from zoo import recipe as recipes
from zoo.building import registry
from zoo.errors import Mistake, unknown
from zoo.recipe import Recipe

_WEIGHT_DECAYS = [0.0, 1e-5, 1e-4, 1e-3, 1e-2]
_SCALES = (0.0, 0.5, 1.0, 1.5, 2.0)
_RATES = {"adam": (1e-4, 1e-1, 1e-3), "sgd": (1e-3, 1.0, 1e-1)}


def space(
    recipe: Recipe,
    hp,
    *,
    only: Collection[str] = (),
    fixed: Collection[str] = (),
    examples: int | None = None,
) -> list[str]:
    """Declare what can be searched and give its values as recipe overrides.

    The model's `space` comes first, then learning rate, schedule, weight decay,
    optimizer (between SGD and Adam), batch, and the strength of each augmentation that
    the recipe uses. Every default is the recipe's own value, so that untouched
    hyperparameters give the recipe itself. A field that the recipe's stages set is
    left to them.

    Args:
        recipe: what the search starts from.
        hp: a `keras_tuner.HyperParameters`.
        only: names of hyperparameters; the others keep the recipe's value. () is all.
        fixed: names of those that keep the recipe's value.
        examples: training examples, an upper bound of the batch.

    Returns:
        Overrides such as "learning_rate=0.003" and "model.hidden=64,64"; those that
        change nothing are left out.

    Raises:
        Mistake: `only` names something that is not searched, or is fixed.
    """
    anchored = _Anchored(hp, _arguments(recipe), only, fixed)
    values = {f"model.{k}": v for k, v in _model_space(recipe, anchored).items()}
    values |= _training(recipe, anchored, examples)
    for name in only:
        if name not in anchored.names:
            then = f"these are what {recipe.model} and its recipe offer"
            raise unknown("hyperparameter", name, anchored.names, then)
        if name in fixed:
            raise Mistake(f"{name} has no effect on these data; leave it out")
    return [
        change
        for change in (f"{name}={_text(value)}" for name, value in values.items())
        if _changes(recipe, change)
    ]


def _model_space(recipe, hp):
    make = getattr(registry.module(recipe.model), "space", None)
    return make(hp) if make else {}


def _training(recipe, hp, examples):
    values = {}
    _optimizer(recipe, hp, values)
    values["schedule"] = hp.Choice("schedule", ["constant", "cosine", "linear"])
    values["weight_decay"] = hp.Choice("weight_decay", _WEIGHT_DECAYS)
    batches = {max(1, recipe.batch // 2), recipe.batch, 2 * recipe.batch}
    fitting = [n for n in sorted(batches) if n <= (examples or n)] or [recipe.batch]
    values["batch"] = hp.Choice("batch", fitting)
    for name, strength in recipe.augment.items():
        values[f"augment.{name}"] = _strength(hp, name, strength)
    staged = {name for stage in recipe.stages for name in stage}
    return {name: value for name, value in values.items() if name not in staged}


def _optimizer(recipe, hp, values):
    """SGD or Adam where the recipe has one of them, each with rates of its own."""
    own, rate = recipe.optimizer.lower(), recipe.learning_rate
    if not sys.float_info.min < rate / 10 < rate * 10 < math.inf:
        raise Mistake(
            f"learning_rate={rate:g}; a search tries a tenth of it to ten times of it: "
            "give one above 0, such as 0.001"
        )
    if own not in _RATES:
        values["learning_rate"] = hp.Float(
            "learning_rate", rate / 10, rate * 10, sampling="log", default=rate
        )
        return
    kind = values["optimizer"] = hp.Choice("optimizer", sorted(_RATES), default=own)
    ranges = {**_RATES, own: (rate / 10, rate * 10, rate)}
    for name, (low, high, usual) in ranges.items():
        value = hp.Float(
            "learning_rate" if name == own else f"{name}_learning_rate",
            low,
            high,
            sampling="log",
            default=usual,
            parent_name="optimizer",
            parent_values=[name],
        )
        if kind == name:
            values["learning_rate"] = value
    momentum = hp.Choice(
        "sgd_momentum",
        [0.0, 0.9],
        default=recipe.momentum if own == "sgd" else 0.9,
        parent_name="optimizer",
        parent_values=["sgd"],
    )
    values["momentum"] = momentum if kind == "sgd" else 0.0


def _strength(hp, name, strength):
    accepts = {**augment.STRENGTHS, **augment.SOUNDS}[name].accepts
    if not isinstance(strength, int | float) or not accepts(float(strength)):
        return strength if hp.Boolean(f"augment.{name}", default=True) else 0
    scaled = [round(strength * scale, 6) for scale in _SCALES]
    scaled = [float(value) for value in scaled if value == 0 or accepts(value)]
    return hp.Choice(f"augment.{name}", scaled, default=float(strength))


def _arguments(recipe):
    """The model's arguments in this recipe, and the recipe's fields."""
    parameters = inspect.signature(registry.module(recipe.model).build).parameters
    defaults = {
        name: parameter.default
        for name, parameter in parameters.items()
        if parameter.default is not parameter.empty
    }
    fields = {name: getattr(recipe, name) for name in ("schedule", "weight_decay")}
    return {**fields, "batch": recipe.batch, **defaults, **recipe.model_arguments}


class _Anchored:
    """Hyperparameters whose defaults are values that are already in use.

    By the convention of zoo's models `width` is the argument `width`, `units_2` the
    second of the tuple `units`, and `units_layers`, or just `layers`, its length. A
    value outside the declared range widens the range.
    """

    def __init__(self, hp, arguments, only, fixed):
        self.hp, self.arguments = hp, arguments
        self.only, self.fixed = only, fixed
        self.names: list[str] = []

    def __getattr__(self, name):
        return getattr(self.hp, name)

    def Choice(self, name, values, ordered=None, default=None, **parent):
        default = self._in_use(name, values[0] if default is None else default)
        default = type(values[0])("none" if default is None else default)
        if default not in values:
            values = [*values, default]
            values = values if isinstance(default, str) else sorted(values)
        options = {"ordered": ordered, "default": default, **parent}
        return self._declare("Choice", name, [values], options)

    def Boolean(self, name, default=False, **parent):
        options = {"default": bool(self._in_use(name, default)), **parent}
        return self._declare("Boolean", name, [], options)

    def Int(self, name, min_value, max_value, default=None, **options):
        return self._number("Int", name, min_value, max_value, default, options)

    def Float(self, name, min_value, max_value, default=None, **options):
        return self._number("Float", name, min_value, max_value, default, options)

    def _number(self, kind, name, low, high, default, options):
        default = self._in_use(name, low if default is None else default)
        low, high = min(low, default), max(high, default)
        return self._declare(kind, name, [low, high], {"default": default, **options})

    def _declare(self, kind, name, values, options):
        if name not in self.names:
            self.names.append(name)
        if not self._is_searched(name):
            return options["default"]
        if not self._is_searched(options.get("parent_name")):
            options.pop("parent_name", None)
            options.pop("parent_values", None)
        return getattr(self.hp, kind)(name, *values, **options)

    def _is_searched(self, name):
        return name not in self.fixed and (not self.only or name in self.only)

    def _in_use(self, name, default):
        if name in self.arguments:
            return self.arguments[name]
        tuples = {
            argument: value
            for argument, value in self.arguments.items()
            if isinstance(value, tuple | list) and argument != "input_shape"
        }
        if numbered := re.fullmatch(r"(.+)_(\d+)", name):
            argument, place = numbered[1], int(numbered[2])
            values = tuples.get(argument, ())
            return values[place - 1] if place <= len(values) else default
        if name == "layers":
            lengths = {len(v) for v in tuples.values() if v and all(map(_is_int, v))}
            return lengths.pop() if len(lengths) == 1 else default
        if name.endswith("_layers"):
            values = tuples.get(name.removesuffix("_layers"))
            return default if values is None else len(values)
        return default


def _is_int(value) -> bool:
    return type(value) is int


def _changes(recipe, change) -> bool:
    key, _, _ = change.partition("=")
    changed = recipes.override(recipe, [change])
    if not key.startswith("model."):
        return changed != recipe
    name = key.removeprefix("model.")
    return changed.model_arguments[name] != _arguments(recipe).get(name)


def _text(value) -> str:
    """`value` as a recipe override takes it, without blanks."""
    if isinstance(value, tuple | list) and value:
        inside = ",".join(map(_text, value))
        return inside if len(value) > 1 else inside + ","
    if not isinstance(value, str):
        return repr(value).replace(" ", "")
    probe = recipes.override(Recipe(model="", data=""), [f"model.x={value}"])
    return value if probe.model_arguments["x"] == value else repr(value)

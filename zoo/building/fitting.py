"""A recipe's model in the size that its data ask for: new, or as a run holds it."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

from zoo.building import ensemble, registry, unit
from zoo.core.kept import called
from zoo.errors import Mistake
from zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras


def build(
    recipe: Recipe,
    facts: dict,
    fill: Callable[["keras.Model"], None] | None = None,
) -> "keras.Model":
    """The recipe's model, sized to its data.

    Args:
        recipe: names the model, its arguments, the precision and the seed.
        facts: of the data by the names of `build`'s arguments, see `Dataset.facts`; two
            classes make one logit, that of the second class; of numbers the model gives
            back the unit, see `zoo.building.unit`.
        fill: assigns the weights, see `registry.make`; by default they are drawn from
            the recipe's seed.

    Raises:
        Mistake: there is no such model, or an argument is not accepted.
    """
    import keras

    from zoo.building.initial_weights import initialize, seed_dropout

    def filled(model):
        if fill is None:
            initialize(model, recipe.seed)
            return
        seed_dropout(model, recipe.seed)  # the weight file does not hold it
        fill(model)

    def finish(model):
        numbers = facts.get("task") == "numbers"
        has_unit = recipe.model == ensemble.NAME  # in each of its members
        return unit.undone(model) if numbers and not has_unit else model

    arguments = arguments_for(recipe, facts)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        return registry.make(recipe.model, arguments, filled, finish)
    finally:
        keras.config.set_dtype_policy(policy)


def is_kerass(error: Exception) -> bool:
    """Whether Keras refuses the shapes or arguments that a model gives its layers."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "") if trace else ""
    return isinstance(error, ValueError) and module.startswith("keras.")


def reason(error: BaseException) -> str:
    """What an error of a user's model or of Keras says, in one line.

    Keras tells one within another; the innermost is the reason.
    """
    if "_error_repr" in str(error) and error.__context__:
        # Keras tells an error of JAX again, which cannot be made of a text.
        return reason(error.__context__)
    text = str(error).rpartition("Exception encountered: ")[2]
    text = text.partition(" Full object config")[0]
    text = text.replace("\x1b[1m", "").replace("\x1b[0m", "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        del lines[0]  # it says only where
    found = lines[0] if lines else type(error).__name__
    return found if len(found) < 300 else f"{found[:300]}..."


def arguments_for(recipe: Recipe, facts: dict) -> dict:
    """The arguments of `build`: facts of the data, and what the recipe sets."""
    if recipe.model == ensemble.NAME:
        return _of_members(recipe, facts)
    accepted = inspect.signature(registry.module(recipe.model).build).parameters
    if facts.get("classes") == 2 and facts.get("task", "classes") == "classes":
        facts = {**facts, "classes": 1}
    facts = {key: value for key, value in facts.items() if key in accepted}
    return {**facts, **recipe.model_arguments}


def idle(recipe: Recipe, facts: dict) -> tuple[str, ...]:
    """The model's arguments that have no effect on these data, or beside the others."""
    found = registry.module(recipe.model)
    if not hasattr(found, "idle"):
        return ()
    parameters = inspect.signature(found.build).parameters.values()
    usual = {each.name: each.default for each in parameters}
    return found.idle({**usual, **arguments_for(recipe, facts)})


def _of_members(recipe: Recipe, facts: dict) -> dict:
    """What each member of an ensemble is built with; it comes with its weights."""
    found = []
    for each in recipe.model_arguments.get("members", ()):
        try:
            name, given = each["model"], dict(each["arguments"])
        except (TypeError, KeyError, ValueError) as error:
            raise Mistake(
                f"the recipe is damaged: {str(each)[:60]!r} is no member of an ensemble"
            ) from error
        ensemble.check_name(name)
        arguments = arguments_for(
            dataclasses.replace(recipe, model=name, model_arguments=given), facts
        )
        if "weights" in arguments:  # not those of ImageNet
            arguments["weights"] = None
        found.append((name, arguments))
    if not found:
        raise Mistake("the recipe is damaged: an ensemble without members")
    return {"members": tuple(found), "task": facts.get("task", "classes")}


def otherwise(recipe: Recipe, facts: dict) -> str:
    """What to leave out of a recipe that says another size than its data; "" if none.

    Args:
        recipe: with arguments of a model.
        facts: of its data, see `zoo.data.Dataset.facts`.
    """
    said = recipe.model_arguments.items()
    other = [
        f"model.{name}={value}"
        for name, value in said
        if name in facts and value != facts[name]
    ]
    return f"leave out {', '.join(other)}: the data say it" if other else ""


def check_outputs(
    model: "keras.Model", recipe: Recipe, answers: tuple, task: str = "classes"
) -> None:
    """Refuse a model whose outputs are not what the data ask for.

    Args:
        model: to be checked.
        recipe: that names it.
        answers: the names of the classes, numbers or labels.
        task: which of these they are, see `zoo.data.Dataset`.

    Raises:
        Mistake: their numbers differ; one logit is for two classes.
    """
    outputs, count = model.output_shape[-1], len(answers)
    if task == "strings":  # and "nothing new"
        outputs -= 1
    if task == "numbers":
        outputs = model.output_shape[1]  # quantiles of each may follow
    if outputs != count and (outputs, count, task) != (1, 2, "classes"):
        then = otherwise(recipe, {"classes": count, "horizon": count})
        raise Mistake(
            f"model {recipe.model} has {outputs} outputs and data "
            f"{called(recipe.data)} has {count} {task} ({', '.join(answers)})"
            f"{then and f'; {then}'}"
        )

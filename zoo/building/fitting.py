"""A recipe's model in the size that its data ask for: new, or as a run holds it."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

from zoo.building import registry
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
            classes make one logit, that of the second class.
        fill: assigns the weights, see `registry.make`; by default they are drawn from
            the recipe's seed.

    Raises:
        Mistake: there is no such model, or an argument is not accepted.
    """
    import keras

    arguments = arguments_for(recipe, facts)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        if fill is None:
            return registry.build(recipe.model, seed=recipe.seed, **arguments)
        from zoo.building.initial_weights import seed_dropout

        def filled(model):
            seed_dropout(model, recipe.seed)  # the weight file does not hold it
            fill(model)

        return registry.make(recipe.model, arguments, filled)
    finally:
        keras.config.set_dtype_policy(policy)


def arguments_for(recipe: Recipe, facts: dict) -> dict:
    """The arguments of `build`: facts of the data, and what the recipe sets."""
    accepted = inspect.signature(registry.module(recipe.model).build).parameters
    if facts.get("classes") == 2 and facts.get("task", "classes") == "classes":
        facts = {**facts, "classes": 1}
    facts = {key: value for key, value in facts.items() if key in accepted}
    return {**facts, **recipe.model_arguments}


def check_outputs(model: "keras.Model", recipe: Recipe, classes: tuple) -> None:
    """Refuse a model whose outputs are not the classes of the data.

    Raises:
        Mistake: their numbers differ; one logit is for two classes.
    """
    outputs = model.output_shape[-1]
    if outputs != len(classes) and (outputs, len(classes)) != (1, 2):
        raise Mistake(
            f"model {recipe.model} has {outputs} outputs and data {recipe.data} has "
            f"{len(classes)} classes ({', '.join(classes)})"
        )

"""List the models and the recipes.

Example:
  zoo list
"""

from zoo import recipe
from zoo.building import registry
from zoo.cli._table import table


def arguments(parser):
    pass


def run(options):
    show(registry.names(), recipe.names())


def show(models, recipes):
    """Print models and recipes, each with the first line of its card."""
    rows = [("model", name, _summary(name)) for name in models]
    rows += [
        ("recipe", name, _summary(str(recipe.folder() / f"{name}.py")))
        for name in recipes
    ]
    table(["kind", "name", "what it is"], rows)


def _summary(name):
    return registry.card(name).splitlines()[0]

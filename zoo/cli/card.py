"""Show the card of a model, of a recipe, or of trained weights.

Examples:
  zoo card lenet
  zoo card lenet:mnist
"""

from pathlib import Path

from zoo import recipe
from zoo.building import registry, trained
from zoo.building.lookup import is_recipe
from zoo.core.progress import show


def arguments(parser):
    parser.add_argument(
        "name",
        metavar="NAME",
        help="as in `zoo list` or `zoo weights`, a .py file, or a published folder",
    )


def run(options):
    name = options.name
    if ":" in name or (Path(name) / trained.CARD).is_file():
        show(trained.described(trained.card(name)))
        return
    if is_recipe(name) and not name.endswith(".py"):
        name = str(recipe.folder() / f"{name}.py")
    show(registry.card(name))

"""Show the card of a model or of a recipe.

Example:
  zoo card lenet
"""

from zoo import recipe
from zoo.building import registry
from zoo.building.lookup import is_recipe


def arguments(parser):
    parser.add_argument("name", metavar="NAME", help="as in `zoo list`, or a .py file")


def run(options):
    name = options.name
    if is_recipe(name) and not name.endswith(".py"):
        name = str(recipe.folder() / f"{name}.py")
    print(registry.card(name))

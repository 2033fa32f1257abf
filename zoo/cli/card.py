"""Show the card of a model or of a recipe.

Example:
  zoo card lenet
"""

from zoo import recipe
from zoo.building import registry
from zoo.errors import unknown


def arguments(parser):
    parser.add_argument("name", metavar="NAME", help="as in `zoo list`, or a .py file")


def run(options):
    name = options.name
    if name in recipe.names():
        name = str(recipe.folder() / f"{name}.py")
    elif name not in registry.names() and "." not in name:
        accepted = [*registry.names(), *recipe.names()]
        raise unknown("model or recipe", name, accepted, "`zoo find WORD` searches")
    print(registry.card(name))

"""Find models and recipes whose name or card mentions a word.

Example:
  zoo find sentiment
"""

from zoo import recipe
from zoo.building import registry
from zoo.cli.list import show
from zoo.errors import Mistake


def arguments(parser):
    parser.add_argument("word", metavar="WORD", help="upper or lower case")


def run(options):
    word = options.word.casefold()
    models = registry.find(word)
    recipes = [name for name in recipe.names() if word in _text(name)]
    if not models and not recipes:
        raise Mistake(
            f"no model or recipe mentions '{options.word}'; `zoo list` shows them all"
        )
    show(models, recipes)


def _text(name):
    return f"{name} {registry.card(str(recipe.folder() / f'{name}.py'))}".casefold()

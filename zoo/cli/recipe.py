"""Print the recipe of a run, or of a name, as a Python file that runs.

Examples:
  zoo recipe runs/own > own.py
  zoo train own.py epochs=100
"""

import sys
from pathlib import Path

from zoo import recipe as recipes
from zoo.core.kept import IN_MEMORY, name_of
from zoo.core.progress import say, show
from zoo.errors import Mistake
from zoo.recipe.source import source
from zoo.run import Run


def arguments(parser):
    parser.add_argument(
        "name", metavar="RUN", help="the folder of a run, or a name from `zoo list`"
    )


def run(options):
    folder = Path(options.name)
    if (folder / "recipe.json").is_file():
        recipe = Run(folder).recipe
        data = name_of(recipe.data)
        title = f"{Path(recipe.model).stem} on {data}."
        if data == IN_MEMORY:
            say(
                "zoo: the data were in memory, and data= is a copy in zoo's cache; "
                "save them in a file of your own, and name it"
            )
    elif folder.is_dir():
        raise Mistake(f"{folder} is not a run: it has no recipe.json")
    else:
        recipe = recipes.load(options.name)
        title = f"As {folder.stem}."
    if not title.isprintable() or '"' in title or "\\" in title:
        title = "A recipe."
    # A letter that a file in this locale cannot hold is written as Python writes it.
    letters = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = source(recipe, title).encode(letters, "backslashreplace")
    show(text.decode(letters), end="")

"""Is this name a recipe's or a model's?"""

import ast
from pathlib import Path

from zoo import recipe as recipes
from zoo.building import registry
from zoo.errors import unknown


def is_recipe(name: str) -> bool:
    """Whether `name` is that of a recipe; otherwise it may be that of a model.

    Args:
        name: of a recipe or a model of zoo, a `.py` file, which is a model's if it
            defines `build`, or the dotted path of a module, which is a model's.

    Raises:
        Mistake: neither a recipe nor a model has this name.
    """
    if name in recipes.names():
        return True
    if name.endswith(".py") and Path(name).is_file():
        body = ast.parse(Path(name).read_text(encoding="utf-8")).body
        return "build" not in [getattr(part, "name", "") for part in body]
    if name in registry.names() or "." in name:
        return False
    accepted = [*registry.names(), *recipes.names()]
    then = "`zoo find WORD` searches; a dotted path or a .py file works too"
    raise unknown("model or recipe", name, accepted, then)

"""Is this name a recipe's or a model's?"""

from pathlib import Path

from zoo import recipe as recipes
from zoo.building import registry
from zoo.core import own_files
from zoo.errors import unknown


def is_recipe(name: str) -> bool:
    """Whether `name` is that of a recipe; otherwise it may be that of a model.

    Args:
        name: of a recipe or a model of zoo, a `.py` file, which is a model's if it
            defines `build`, or the dotted path of a module, which is a model's.

    Raises:
        Mistake: neither a recipe nor a model has this name, or it is a run's folder.
    """
    if name in recipes.names():
        return True
    accepted = [*registry.names(), *recipes.names()]
    if not isinstance(name, str):
        raise unknown("model or recipe", name, accepted)
    recipes.refuse_run(name, "model or recipe")
    if name.endswith(".py") and Path(name).is_file():
        body = own_files.parsed(Path(name)).body
        return "build" not in [getattr(part, "name", "") for part in body]
    if name in registry.names() or "." in name:
        return False
    then = "`zoo find WORD` searches; a dotted path or a .py file works too"
    raise unknown("model or recipe", name, accepted, then)

"""Models by name: every file in `zoo/models/` is one, and so is a user's own module."""

import ast
import importlib
import importlib.util
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from zoo.core import own_files
from zoo.core.arguments import as_annotated, miscounted, mistyped, spelled
from zoo.engine import startup
from zoo.errors import Mistake, unknown

if TYPE_CHECKING:
    import keras

_FOLDER = Path(__file__).parents[1] / "models"
_OWN = (
    "a model of your own is named by its importable dotted path ('my_package.my_net') "
    "or by its file ('my_net.py')"
)


def names() -> tuple[str, ...]:
    """The names of zoo's models, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("[!_]*.py")))


def find(word: str) -> tuple[str, ...]:
    """The models whose name or card contains `word`, whatever its case.

    Returns:
        Model names: first those whose name contains the word, then those whose card
        does; empty if there are none.
    """
    word = word.casefold()
    named = [name for name in names() if word in name]
    cards = {name: " ".join(card(name).casefold().split()) for name in names()}
    described = [name for name in names() if word in cards[name]]
    return tuple(dict.fromkeys(named + described))


def card(name: str) -> str:
    """The card of a model: its file's docstring, read without importing the file.

    Args:
        name: a model's name, the dotted path of a module, or a `.py` file.

    Raises:
        Mistake: there is no such model.
    """
    name = spelled(name)
    return ast.get_docstring(own_files.parsed(source(name))) or f"{name} has no card."


def module(name: str) -> ModuleType:
    """The imported module of a model, with its `build` and, if it has one, `space`.

    Args:
        name: a model's name, the dotted path of a module, or a `.py` file.

    Raises:
        Mistake: there is no such model, or the module has no `build`.
    """
    name = spelled(name)
    if name == "ensemble":  # which is no network of its own, and not in `names`
        return importlib.import_module("zoo.building.ensemble")
    path = source(name)
    if name in names():
        found = importlib.import_module(f"zoo.models.{name}")
    else:
        found = _own(name, path)
    if not callable(getattr(found, "build", None)):
        raise Mistake(
            f"{path} is not a model: it defines no function build; "
            "write build(...), which returns a keras.Model"
        )
    return found


def build(name: str, /, *, seed: int = 0, **arguments) -> "keras.Model":
    """Build a model with initial weights that are the same on every backend.

    Args:
        name: a model's name, the dotted path of a module, or a `.py` file; a module
            must define `build(...)`, which returns a `keras.Model`.
        seed: any integer; it fixes the initial weights and the dropout masks.
        **arguments: passed to the model's `build`.

    Returns:
        The model, not compiled.

    Raises:
        Mistake: there is no such model, its `build` takes no such argument or lacks
            one, an argument's value is not accepted, or `build` returns no model.
    """

    def fill(model):
        from zoo.building.initial_weights import initialize

        initialize(model, seed)

    return make(name, arguments, fill)


def make(
    name: str,
    arguments: dict,
    fill: Callable[["keras.Model"], None],
    finish: Callable[["keras.Model"], "keras.Model"] = lambda model: model,
) -> "keras.Model":
    """The model `name`, whose weights are what `fill` assigns to its variables.

    Args:
        name: as `build` takes it.
        arguments: of the model's `build`.
        fill: is given the model while its variables have no values; no memory is taken
            for them before.
        finish: adds what does not depend on the model, see `zoo.building.unit`.

    Raises:
        Mistake: see `build`.
    """
    startup.import_keras()  # before the model's module, which imports it the slow way
    name, found = spelled(name), module(name)
    build = found.build
    parameters = inspect.signature(build).parameters
    check_arguments(name, parameters, arguments)
    arguments = as_annotated(arguments, parameters)
    if wrong := miscounted(arguments, parameters):
        raise Mistake(f"model '{name}': {wrong}")

    import keras

    from zoo.engine import scopes
    from zoo.engine.first_values import without_draws
    from zoo.engine.private import (
        make_parameters,
        seeds_from_the_first,
        without_tensorflow,
    )

    with without_draws(), without_tensorflow(), seeds_from_the_first():
        try:
            with own_files.running(found):
                model = build(**arguments)
        except Mistake:
            raise
        except Exception as error:
            if wrong := mistyped(arguments, parameters):
                raise Mistake(f"model '{name}': {wrong}") from error
            if "stateless scope" not in str(error):
                raise
            raise Mistake(
                f"build of model '{name}' makes a keras.Variable from an array; "
                "accepted: self.add_weight(shape, initializer=...) in a layer, whose "
                "values zoo can draw alike on every backend; and no compile, as the "
                "recipe names optimizer and loss"
            ) from error
        if not isinstance(model, keras.Model):
            kind = type(model).__name__
            raise Mistake(
                f"build of model '{name}' returned a {kind}, not a keras.Model"
            )
        model = finish(model)
        fill(model)
    scopes.rename(model)
    if keras.backend.backend() == "torch":
        make_parameters(model)  # which had no values above
    return model


def check_arguments(name: str, parameters: Mapping, arguments: Mapping) -> None:
    """Refuse arguments that a model's `build` does not take, or lacks.

    Args:
        name: of the model, for errors.
        parameters: of its `build`, an `inspect.Signature`'s.
        arguments: values by name.
    """
    kinds = [parameter.kind for parameter in parameters.values()]
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return
    for argument in arguments:
        if argument not in parameters:
            then = f"`zoo card {name}` describes the model"
            raise unknown(f"argument of model '{name}'", argument, parameters, then)
    for argument, parameter in parameters.items():
        if parameter.default is parameter.empty and argument not in arguments:
            raise Mistake(f"model '{name}' needs a value for its argument '{argument}'")


def source(name: str) -> Path:
    """The file of a model; the packages around a module of a dotted path are imported.

    Raises:
        Mistake: there is no such model.
    """
    if not isinstance(name, str):
        raise unknown("model", name, names(), then=_OWN)
    if name in names():
        return _FOLDER / f"{name}.py"
    if (Path(name) / "recipe.json").is_file():
        raise Mistake(
            f"{name} is the folder of a run, not a model; zoo.load opens the model "
            f"that was trained there, and `zoo predict {name}` asks it"
        )
    if name.endswith(".py"):
        if not Path(name).is_file():
            raise Mistake(f"there is no file {name}; {_OWN}")
        return Path(name)
    spec = _specification(name) if "." in name else None
    if spec is None or not spec.has_location:
        raise unknown("model", name, names(), then=_OWN)
    return Path(spec.origin)


def _specification(name: str):
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if not name.startswith(error.name or name):
            raise
        return None


def _own(name: str, path: Path) -> ModuleType:
    """A user's module; what it raises is told with its line."""
    with own_files.telling(path, "file of the model"):
        if name.endswith(".py"):
            return own_files.load(path.resolve())
        return importlib.import_module(name)

"""The model that a run holds: rebuilt from zoo's own registry, arrays read from files.

A run may come from anybody. So nothing that it names is imported, and nothing that it
holds is executed, unless the user trusts it.
"""

import dataclasses
import math
import os
import warnings
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from zoo.building import ensemble, fitting, registry
from zoo.core import own_files, seal
from zoo.errors import Mistake
from zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras

WEIGHTS, GRAPH, SOURCE = "model.safetensors", "model.keras", "model.py"
LARGEST_NUMBER = 2**20  # of an argument in a recipe, if the run has fewer weights
LONGEST_LIST = 256


def keep_source(recipe: Recipe, folder: Path) -> None:
    """Copy the file of a model of one's own into the run, as `model.py`.

    So are the files beside it that it imports, under their own names.
    """
    from zoo.core import files

    if recipe.model in registry.names():
        return
    source = registry.source(recipe.model)
    files.write(folder / SOURCE, source.read_bytes())
    for path in own_files.files_beside(registry.module(recipe.model)):
        if path.parent == source.resolve().parent and path.name != SOURCE:
            files.write(folder / path.name, path.read_bytes())
            continue
        warnings.warn(
            f"{source.name} imports {path}, of which the run keeps no copy: where that "
            "is gone, the run does not open with --trust; kept is what lies beside "
            f"{source.name} and is not called {SOURCE}",
            stacklevel=4,
        )


def is_own(recipe: Recipe) -> bool:
    """Whether the recipe's model is code outside of zoo."""
    return recipe.model not in (*registry.names(), ensemble.NAME)


def is_own_loss(name: str) -> bool:
    """Whether a loss is code outside of zoo and Keras."""
    return "." in name and not name.startswith("keras.losses.")


def is_own_data(name: str) -> bool:
    """Whether data are read by code outside of zoo: by TFDS, a set of a namespace."""
    is_path = name.startswith((".", "~", "/", "\\")) or PureWindowsPath(name).drive
    return ":" in name and not is_path


def check_trust(recipe: Recipe, folder: Path) -> None:
    """Refuse to resume a run or a search that names code outside of zoo.

    Raises:
        Mistake: it says what would be executed.
    """
    code = [recipe.model] if is_own(recipe) else []
    code += [name.loss for name in recipe.stage_recipes() if is_own_loss(name.loss)]
    code += [recipe.data] if is_own_data(recipe.data) else []
    if code:
        raise Mistake(
            f"{folder} would execute {', '.join(code)}, code that is not "
            "zoo's; if you trust it, add --trust (in Python: trust=True)"
        )


def load(
    folder: Path, recipe: Recipe, facts: dict, answers: tuple, trust: bool
) -> "keras.Model":
    """The model of a run, on the active backend.

    Args:
        folder: of the run.
        recipe: of the run.
        facts: of its data, see `zoo.data.Dataset.facts`.
        answers: the names of its data's classes, numbers or labels.
        trust: whether a model file of the user's own may be executed.

    Raises:
        Mistake: a file is missing, was changed, or does not fit recipe and data; or
            the model is code that is not trusted.
    """
    from zoo.building import model_files

    task = facts.get("task", "classes")
    if is_own(recipe) and trust:
        recipe = trusted(folder, recipe)
    elif is_own(recipe) or not (folder / WEIGHTS).exists():
        _check_there(folder, GRAPH)
        seal.check(folder, (WEIGHTS,), seal.LARGEST_MODEL)  # as if it were trusted
        if not is_own(recipe):
            if seal.read(folder) is not None:  # older runs have no checksums
                raise Mistake(
                    f"{folder / WEIGHTS} is missing; copy the run again, or train again"
                )
            registry.module(recipe.model)  # which registers the layers it defines
            warnings.warn(
                f"{folder} is a run of an older zoo: its model is read from {GRAPH}; "
                "train it again to have its weights checked by their sums",
                stacklevel=3,
            )
        try:
            model = model_files.load_strictly(folder / GRAPH, facts["input_shape"])
        except model_files.Foreign as error:
            raise Mistake(
                f"{error}; the run would execute {recipe.model}, code that is not "
                "zoo's; if you trust it, add --trust (in Python: trust=True)"
            ) from error
        fitting.check_outputs(model, recipe, answers, task)
        return model

    from zoo.building import weight_files

    _check_there(folder, WEIGHTS)
    arrays = weight_files.shapes(folder / WEIGHTS)
    arguments = fitting.arguments_for(recipe, facts)
    counts = {name: value for name, value in facts.items() if isinstance(value, int)}
    _check_sizes(folder, {**counts, **recipe.model_arguments}, arrays)
    if not is_own(recipe) and "weights" in arguments:  # not those of ImageNet
        changed = {**recipe.model_arguments, "weights": None}
        recipe = dataclasses.replace(recipe, model_arguments=changed)

    def fill(model):
        weight_files.load(model, folder / WEIGHTS)

    try:
        model = fitting.build(recipe, facts, fill)
    except Mistake:
        raise
    except Exception as error:
        if is_own(recipe) or not fitting.is_kerass(error):
            raise  # a fault of zoo, or of the user's own model
        raise Mistake(
            f"{folder}: model {recipe.model} cannot be built with the arguments in "
            f"recipe.json and data.json: {fitting.reason(error)}"
        ) from error
    fitting.check_outputs(model, recipe, answers, task)
    return model


def _check_there(folder: Path, name: str) -> None:
    path = folder / name
    if not path.is_file():
        raise Mistake(f"{path} is missing, or no plain file; copy it again")
    if path.stat().st_size > seal.LARGEST_MODEL:  # which runs of 0.1 have no sum of
        raise Mistake(
            f"{path} cannot be read: it has more than {seal.LARGEST_MODEL:,} bytes"
        )
    seal.check(folder, (name,), seal.LARGEST_MODEL)


def _check_sizes(folder: Path, arguments: dict, arrays: dict) -> None:
    """Refuse arguments that ask for more than the weights of the run can be."""
    weights = sum(math.prod(shape) for _, shape in arrays.values())
    largest, longest = max(weights, LARGEST_NUMBER), max(len(arrays), LONGEST_LIST)

    def check(name, value):
        if isinstance(value, int | float) and abs(value) > largest:
            raise Mistake(
                f"{folder}: the model's argument {name} is {value}, and the run holds "
                f"{weights:,} weights; its recipe or data were changed"
            )
        if isinstance(value, dict | tuple) and len(value) > longest:
            raise Mistake(
                f"{folder}: the model's argument {name} has {len(value):,} parts, and "
                f"the run holds {len(arrays):,} arrays; its recipe was changed"
            )
        parts = value.values() if isinstance(value, dict) else value
        for each in parts if isinstance(value, dict | tuple) else ():
            check(name, each)

    for name, value in arguments.items():
        check(name, value)


def trusted(folder: Path, recipe: Recipe) -> Recipe:
    """The recipe of a run that the user trusts, with the model file to execute.

    That is the run's copy, or a module that can be imported.
    """
    return dataclasses.replace(recipe, model=_trusted_source(folder, recipe))


def _trusted_source(folder: Path, recipe: Recipe) -> str:
    copy = folder / SOURCE
    if not copy.exists():
        return recipe.model
    kept = {SOURCE, *(name for name in seal.read(folder) or () if name.endswith(".py"))}
    seal.check(folder, tuple(sorted(kept)))
    try:
        original = registry.source(recipe.model)
    except Mistake:  # on another machine, or in another folder
        return os.fspath(copy)
    for name in sorted(kept, key=lambda name: (name != SOURCE, name)):
        now = original if name == SOURCE else original.with_name(name)
        if now.is_file() and now.read_bytes() == (folder / name).read_bytes():
            continue
        warnings.warn(
            f"{now} has changed since the run {folder} was trained; "
            f"the run's own copy, {copy}, is used",
            stacklevel=4,
        )
        return os.fspath(copy)
    return recipe.model

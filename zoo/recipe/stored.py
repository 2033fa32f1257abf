"""A recipe as JSON values, as in a run's `recipe.json`."""

import dataclasses
import hashlib
import json
from pathlib import Path

from zoo.core import files, seal
from zoo.errors import Mistake
from zoo.recipe.record import FIELDS, Expected, Recipe

VERSION = 1  # of `recipe.json`; it grows when a field gets another meaning
FINGERPRINT = "recipe_sha256"  # in `environment.json`: the recipe that was trained


def to_json(recipe: Recipe) -> dict:
    """All fields of `recipe` as JSON values, with the version of this form."""
    return {**dataclasses.asdict(recipe), "version": VERSION}


def from_json(values: dict) -> Recipe:
    """The recipe that `to_json` wrote, of this version of zoo or an older one.

    Raises:
        Mistake: the values are none that `to_json` writes, or those of a newer zoo.
    """
    if not isinstance(values, dict):
        raise Mistake(f"a recipe is an object of fields, not {type(values).__name__}")
    values = dict(values)
    version = values.pop("version", 1)
    others = sorted(values.keys() - FIELDS.keys())
    if type(version) is not int or version < 1:
        raise Mistake(f"the version of a recipe is {str(version)[:40]!r}, no number")
    newer = version > VERSION
    if newer or others:
        named = f" with fields that this zoo does not know: {', '.join(others)}"
        raise Mistake(
            f"a recipe of version {str(version)[:20]}{named if others else ''}; this "
            f"zoo reads version {VERSION}: install the zoo that made it, or a newer one"
        )
    for name in ("model", "data"):
        if name not in values:
            raise Mistake(f"the recipe has no field {name}")
        if not isinstance(values[name], str):  # data in a file are no data to be kept
            raise Mistake(
                f"recipe field {name} is of type str; given: {values[name]!r:.60}"
            )
    expects = values.pop("expects", None)
    if expects is not None:
        known = {item.name for item in dataclasses.fields(Expected)}
        if not isinstance(expects, dict) or not {"metric", "at_least"} <= set(expects):
            raise Mistake(f"recipe field expects is {expects!r}, which is no claim")
        if unfit := sorted(expects.keys() - known):
            raise Mistake(f"recipe field expects has unknown parts: {unfit}")
        values["expects"] = Expected(**expects)
    return Recipe(**values)


def fingerprint(folder: Path) -> str:
    """The SHA-256 of what a run's `recipe.json` trains: all but what it expects."""
    values = files.read_json(folder / "recipe.json", seal.LARGEST)
    values = {k: v for k, v in values.items() if k not in ("expects", "version")}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def check_trained(folder: Path) -> None:
    """Refuse a recipe that somebody edited after the training began.

    The checksums of a run tell it, too, unless they were made to fit.

    Raises:
        Mistake: a field was changed, added or taken away.
    """
    path = folder / "environment.json"
    kept = path.is_file() and files.read_json(path, seal.LARGEST).get(FINGERPRINT)
    if kept and kept != fingerprint(folder):
        raise Mistake(
            f"{folder / 'recipe.json'} was changed after the training began: put it "
            "back, or train the changed recipe in a folder of its own: --run NEW"
        )

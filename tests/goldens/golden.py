"""Goldens: what a recipe gave once, small enough to keep in a file.

A golden file is JSON with a `recipe`, the `count` of training steps, and `found`, what
`shrink` made of the probe.
"""

import hashlib
import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests import every_model
from zoo import recipe as recipes
from zoo.core import files
from zoo.recipe import Recipe
from zoo.verification.compare import BOUNDS, Difference, compare

MEND = "if it is meant, `python -m tests.goldens --accept` takes the new values"
_VALUES = 40
_GRAY_LEVEL = 1 / 127
"""What rounding a pixel otherwise, by one level, changes in a dark image."""


class Golden(NamedTuple):
    """A golden file.

    Attributes:
        recipe: what was trained.
        count: training steps.
        found: by the names of the probe, a text or a list of numbers.
    """

    recipe: Recipe
    count: int
    found: dict[str, str | list[float]]


def read(path: Path) -> Golden:
    """The golden file at `path`."""
    about = json.loads(path.read_text())
    return Golden(
        recipes.from_json(about["recipe"]), about["count"], about.get("found", {})
    )


def network(path: Path) -> AbstractContextManager:
    """Inside, the network of this golden is built: -few is one of few blocks."""
    few = path.stem.endswith("-few")
    return every_model.few_blocks() if few else nullcontext()


def write(path: Path, golden: Golden) -> None:
    """Write `golden` to `path`, a line for each name, whole or not at all."""
    lines = [
        f" {json.dumps(name)}: {json.dumps(value)}"
        for name, value in golden.found.items()
    ]
    found = "{\n" + ",\n".join(lines) + "\n}"
    recipe = json.dumps(recipes.to_json(golden.recipe))
    text = f'{{"recipe": {recipe},\n"count": {golden.count},\n"found": {found}}}\n'
    files.write(path, text.encode())


def shrink(probe: dict[str, np.ndarray]) -> dict[str, str | list[float]]:
    """What of a probe, see `zoo.verification.probe`, is kept in a file.

    Where all bits must be the same, a sha256; of losses and outputs all; of other
    arrays the Euclidean norm and 40 values from all over it, to seven digits.
    """
    found = {}
    for name, array in probe.items():
        quantity = name.partition("/")[0]
        if quantity in ("loss", "forward"):
            found[name] = _numbers(array)
        elif BOUNDS[quantity]:
            size = float(np.linalg.norm(np.float64(array)))
            places = np.linspace(0, array.size - 1, min(_VALUES, array.size))
            values = array.reshape(-1)[places.round().astype(int)]
            found[name] = [*_numbers(np.float64([size])), *_numbers(values)]
        else:
            found[name] = hashlib.sha256(array.tobytes()).hexdigest()[:32]
    return found


def differences(
    found: dict[str, str | list[float]], probe: dict[str, np.ndarray]
) -> dict[str, Difference]:
    """How far a probe is from what was found once, for each quantity.

    As `zoo.verification.compare` has it, for what `shrink` keeps.
    """
    return compare(_arrays(found), _arrays(shrink(probe)))


def beyond(differences: dict[str, Difference]) -> dict[str, Difference]:
    """The differences that are beyond their bounds; images may differ by a level."""
    bounds = BOUNDS | {"images": _GRAY_LEVEL}
    return {
        quantity: difference
        for quantity, difference in differences.items()
        if difference.value > bounds[quantity]
    }


def _numbers(array):
    return [float(f"{value:.7g}") for value in array.reshape(-1).tolist()]


def _arrays(found):
    return {
        name: np.array(list(value.encode()) if isinstance(value, str) else value)
        for name, value in found.items()
    }

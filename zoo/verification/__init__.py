"""Verify that backends agree: `verify(name) -> Verification`.

Each backend runs in a process of its own and says what it makes of a recipe, see
`zoo.verification.probe`; the numbers are compared with those of the first backend, see
`zoo.verification.compare`.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zoo import backend
from zoo import recipe as recipes
from zoo.building import registry
from zoo.building.lookup import is_recipe
from zoo.core.arguments import spelled
from zoo.errors import Mistake, unknown
from zoo.recipe import Recipe
from zoo.verification.compare import BOUNDS, compare
from zoo.verification.elsewhere import BrokeOffError, probe_on

MADE_UP = "made up"
"""The `data` of a recipe whose examples are made up to fit its model."""

_BATCH = 32
_TIMES_ROUNDING = 3
WIDEST = 0.1  # bound of losses; what differs by more is not the same


@dataclass(frozen=True)
class Row:
    """How one quantity of one backend compares with the first backend's.

    Attributes:
        quantity: a key of `zoo.verification.compare.BOUNDS`.
        backend: the backend that was compared.
        difference: the largest relative difference; 0 if all bits are the same.
        where: the weight, layer, operation or step where it is largest.
        bound: the largest that is accepted; 0 asks for the same bits.
    """

    quantity: str
    backend: str
    difference: float
    where: str
    bound: float

    @property
    def ok(self) -> bool:
        return self.difference <= self.bound


@dataclass(frozen=True)
class Verification:
    """What `verify` found.

    Attributes:
        recipe: what was trained.
        reference: the backend that the others were compared with.
        rows: a comparison for each quantity and other backend.
        rounding: None if all losses agree to `BOUNDS`. Otherwise how far the losses of
            the reference itself move when the last bit of each of its initial weights
            is changed; three times that is then the bound, up to `WIDEST`.
        missing: backends that are not installed.
        failed: backends that broke off, with the end of what they said.
        complete: whether every backend that was asked for is installed.
    """

    recipe: Recipe
    reference: str
    rows: tuple[Row, ...]
    rounding: float | None
    missing: tuple[str, ...]
    failed: dict[str, str]
    complete: bool

    @property
    def is_told(self) -> bool:
        """Whether the losses say something: bits do not move them as much as that."""
        return self.rounding is None or _TIMES_ROUNDING * self.rounding <= WIDEST

    @property
    def ok(self) -> bool:
        """Every backend that was asked for ran, and is within every bound."""
        return self.complete and not self.failed and all(row.ok for row in self.rows)


def verify(
    model: str | Path | Recipe,
    changes: Sequence[str] = (),
    *,
    backends: Sequence[str] | None = None,
    steps: int = 20,
    batch: int | None = None,
    quiet: bool = False,
) -> Verification:
    """Train the same on each backend, one after the other, and compare the numbers.

    Losses within 1e-3 of each other are the same. Where they are not, the training may
    be so sensitive that it magnifies rounding beyond that; the first backend then
    trains once more, from weights that differ in the last bit alone, and the bound is
    three times the difference that this makes; if that is more than 0.1, the losses
    say nothing, and their bound stays.

    Args:
        model: a recipe, or its name or file: its data and training are used. Or the
            name of a model, the dotted path of a module or a `.py` file with `build`:
            then examples are made up that fit its input.
        changes: as for `zoo train`: "model.variant=relu", "seed=3", "augment.flip=0.5";
            "data=NAME" gives a model real data.
        backends: their names; the others are compared with the first one. None takes
            all that are installed.
        steps: training steps to compare, of each stage.
        batch: examples in a step; None is the recipe's, or 32 for a model.
        quiet: print no progress on standard error.

    Returns:
        The comparisons; `ok` tells whether all are within their bounds.

    Raises:
        Mistake: no such model, recipe or backend, fewer than two are installed, or the
            recipe does not fit its data.
    """
    if steps < 1:
        raise Mistake(f"steps={steps}; accepted: at least 1")
    recipe = recipes.override(_recipe(model, steps), changes)
    recipe = replace(recipe, batch=recipe.batch if batch is None else batch)
    asked = tuple(dict.fromkeys(backends or backend.NAMES))
    present = _present(asked)

    def run(name, weights):
        start = time.perf_counter()
        _say(f"{name}: running", quiet)
        found = probe_on(name, recipe, steps, weights)
        _say(f"{name}: done in {time.perf_counter() - start:.0f} s", quiet)
        return found

    found: dict[str, dict[str, np.ndarray]] = {}
    failed: dict[str, str] = {}
    for name in present:
        try:
            found[name] = run(name, _weights(next(iter(found.values()), {})))
        except BrokeOffError as broken:
            failed[name] = str(broken)
    reference = next(iter(found), "")
    rows = [
        Row(quantity, name, *difference, BOUNDS[quantity])
        for name in [*found][1:]
        for quantity, difference in compare(found[reference], found[name]).items()
    ]
    rounding = None
    if any(row.quantity == "loss" and not row.ok for row in rows):
        again = run(reference, _last_bits_changed(_weights(found[reference])))
        rounding = compare(found[reference], again)["loss"].value
        bound = max(BOUNDS["loss"], _TIMES_ROUNDING * rounding)
        if bound <= WIDEST:
            rows = [
                replace(row, bound=bound) if row.quantity == "loss" else row
                for row in rows
            ]
    missing = tuple(name for name in asked if name not in present)
    complete = not (backends and missing)
    return Verification(
        recipe, reference, tuple(rows), rounding, missing, failed, complete
    )


def _recipe(model: str | Path | Recipe, steps: int) -> Recipe:
    if isinstance(model, Recipe):
        return model
    name = spelled(model)
    if is_recipe(name):
        return recipes.load(name)
    registry.card(name)  # refuses a file or a module that is not there
    return Recipe(
        model=name,
        data=MADE_UP,
        batch=_BATCH,
        epochs=10 + steps // 8,  # an epoch has 9 steps
        schedule="cosine",
        warmup_epochs=1.0,
    )


def _present(asked: Sequence[str]) -> list[str]:
    for name in asked:
        if name not in backend.NAMES:
            raise unknown("backend", name, backend.NAMES)
    present = [name for name in asked if name in backend.installed()]
    if len(present) < 2:
        lacking = [name for name in backend.NAMES if name not in present]
        raise Mistake(
            f"there is nothing to compare: of {', '.join(asked)} only "
            f"{', '.join(present) or 'none'} is installed; name two backends, or "
            f'pip install "zoo[{lacking[-1]}]"'
        )
    return present


def _weights(probe: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array for name, array in probe.items() if name.startswith("weights/")}


def _last_bits_changed(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same weights, each rounded up or down by one bit, at random."""
    generator = np.random.default_rng(0)
    either = np.array([-np.inf, np.inf], np.float32)
    return {
        name: np.nextafter(array, generator.choice(either, array.shape))
        for name, array in weights.items()
    }


def _say(text: str, quiet: bool) -> None:
    if not quiet:
        print(text, file=sys.stderr, flush=True)

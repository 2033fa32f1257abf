"""Verify that backends agree: `verify(name) -> Verification`.

Each backend runs in a process of its own, `python -m zoo.verify`, and writes what
`zoo.probe` measures; here the numbers are compared with those of the first backend.
"""

import ast
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from zoo import backend, registry
from zoo import recipe as recipes
from zoo.errors import Mistake, unknown
from zoo.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np

BOUNDS = {
    "weights": 0.0,
    "order": 0.0,
    "images": 1e-6,
    "inputs": 0.0,
    "dropout": 0.0,
    "forward": 1e-5,
    "gradient": 1e-4,
    "loss": 1e-3,
}
"""The largest relative difference of each quantity; 0 is: equal, bit for bit."""

MADE_UP = "made up"
_BATCH = 32
_LAST_LINES = 12


@dataclass(frozen=True)
class Row:
    """How one quantity of one backend compares with the first backend's.

    Attributes:
        quantity: a key of `BOUNDS`.
        backend: the backend that was compared.
        difference: the largest relative difference, see `difference`.
        bound: the largest that is accepted; 0 asks for the same bits.
        where: the weight, layer, operation or step where it is largest.
    """

    quantity: str
    backend: str
    difference: float
    bound: float
    where: str

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
        missing: backends that are not installed.
        failed: backends that broke off, with the end of what they said.
        complete: whether every backend that was asked for is installed.
    """

    recipe: Recipe
    reference: str
    rows: tuple[Row, ...]
    missing: tuple[str, ...]
    failed: dict[str, str]
    complete: bool

    @property
    def ok(self) -> bool:
        """Every backend that was asked for ran, and is within every bound."""
        return self.complete and not self.failed and all(row.ok for row in self.rows)


def verify(
    model: str | Recipe,
    changes: Sequence[str] = (),
    *,
    backends: Sequence[str] | None = None,
    steps: int = 20,
    batch: int | None = None,
    quiet: bool = False,
) -> Verification:
    """Train the same on each backend, one after the other, and compare the numbers.

    Args:
        model: a recipe or its name or file: its data and training are used. Or the
            name of a model, the dotted path of a module or a `.py` file with `build`:
            then examples are made up that fit its input.
        changes: as for `zoo train`: "model.variant=relu", "seed=3", "augment.flip=0.5";
            "data=NAME" gives a model data of your choosing.
        backends: their names; the others are compared with the first one. None takes
            all that are installed.
        steps: training steps to compare, of each stage.
        batch: examples in a step; None is the recipe's, or 32 for a model.
        quiet: print no progress on standard error.

    Returns:
        The comparisons. `ok` tells whether all are within `BOUNDS`.

    Raises:
        Mistake: no such model, recipe or backend, or fewer than two are installed.
    """
    recipe = recipes.override(_recipe(model), changes)
    if batch:
        recipe = replace(recipe, batch=batch)
    if steps < 1:
        raise Mistake(f"steps={steps}; accepted: at least 1")
    asked = tuple(dict.fromkeys(backends or backend.NAMES))
    for name in asked:
        if name not in backend.NAMES:
            raise unknown("backend", name, backend.NAMES)
    present = [name for name in asked if name in backend.installed()]
    if len(present) < 2:
        raise Mistake(
            f"there is nothing to compare: of {', '.join(asked)} only "
            f"{', '.join(present) or 'none'} is installed; "
            f'pip install "zoo[{(set(asked) - set(present) or {"torch"}).pop()}]"'
        )
    with tempfile.TemporaryDirectory() as folder:
        found, failed = _run_all(present, recipe, steps, Path(folder), quiet)
    first = next(iter(found), "")
    rows = [
        row for name in [*found][1:] for row in compare(found[first], found[name], name)
    ]
    missing = tuple(name for name in asked if name not in present)
    return Verification(
        recipe, first, tuple(rows), missing, failed, not (backends and missing)
    )


def compare(
    first: dict[str, "np.ndarray"], other: dict[str, "np.ndarray"], name: str
) -> list[Row]:
    """Compare two probes, see `zoo.probe`; a row for each quantity in the first.

    The difference of two arrays a and b is max |a - b| / max |a|. Of gradients, the
    maximum of |a| is that of the variable, or a hundredth of that of the whole
    gradient if this is more: some gradients are zero but for rounding. Losses are
    compared step by step, |a - b| / |a|.
    """
    rows = []
    for quantity, bound in BOUNDS.items():
        keys = [key for key in first if key.split("/")[0] == quantity]
        if not keys:
            continue
        scale = max(_size(first[key]) for key in keys) if quantity == "gradient" else 0
        found = [
            (*_difference(first[key], other.get(key), quantity, scale), key)
            for key in keys
        ]
        worst, step, key = max(found, key=lambda each: each[0])
        where = key.split("/", 1)[1] + (
            f", step {step + 1}" if step is not None else ""
        )
        rows.append(Row(quantity, name, worst, bound, where if worst else ""))
    return rows


def _difference(a, b, quantity, scale):
    """The relative difference, and for losses the step where it is largest."""
    import numpy as np

    if b is None or a.shape != b.shape:
        return float("inf"), None
    if a.tobytes() == b.tobytes() and a.dtype == b.dtype:
        return 0.0, None
    a, b = np.float64(a), np.float64(b)
    if quantity == "loss":
        with np.errstate(divide="ignore", invalid="ignore"):
            differences = np.where(a == b, 0, np.abs(a - b) / np.abs(a))
        differences[np.isnan(differences)] = np.inf
        step = int(differences.argmax())
        return float(differences[step]), step
    apart = float(np.abs(a - b).max())
    if np.isnan(apart):
        return float("inf"), None
    size = max(_size(a), scale / 100)
    return max(apart / size if size else apart, sys.float_info.min), None


def _size(array):
    return float(abs(array).max()) if array.size else 0.0


def _recipe(model: str | Recipe) -> Recipe:
    if isinstance(model, Recipe):
        return model
    if model in recipes.names():
        return recipes.load(model)
    if model.endswith(".py") and Path(model).is_file():
        body = ast.parse(Path(model).read_text(encoding="utf-8")).body
        if "build" not in [getattr(statement, "name", "") for statement in body]:
            return recipes.load(model)
    elif model not in registry.names() and "." not in model:
        accepted = [*registry.names(), *recipes.names()]
        raise unknown("model or recipe", model, accepted, "`zoo list` shows them")
    registry.card(model)
    return Recipe(model=model, data=MADE_UP, batch=_BATCH)


def _run_all(present, recipe, steps, folder, quiet):
    """The probe of each backend that came to an end, and what the others said."""
    import numpy as np

    found, failed = {}, {}
    for name in present:
        job = folder / "job.json"
        weights = str(folder / f"{next(iter(found))}.npz") if found else None
        values = {"recipe": recipes.to_json(recipe), "steps": steps, "weights": weights}
        job.write_text(json.dumps(values))
        if not quiet:
            print(f"{name}: running", file=sys.stderr, flush=True)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "zoo.verify", job, folder / f"{name}.npz"],
            env={
                **os.environ,
                "KERAS_BACKEND": name,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
            capture_output=True,
            text=True,
        )
        if done.returncode == 2:
            raise Mistake(done.stderr.strip().splitlines()[-1])
        if done.returncode:
            failed[name] = "\n".join(done.stderr.splitlines()[-_LAST_LINES:])
        else:
            with np.load(folder / f"{name}.npz") as file:
                found[name] = dict(file)
        if not quiet:
            end = "FAILED" if done.returncode else "done"
            seconds = time.perf_counter() - start
            print(f"{name}: {end} in {seconds:.0f} s", file=sys.stderr, flush=True)
    return found, failed


def _work(job: str, to: str) -> int:
    """Probe on the active backend; what runs in each process."""
    import numpy as np

    values = json.loads(Path(job).read_text())
    backend.load()

    from zoo.probe import probe

    weights = values["weights"] and dict(np.load(values["weights"]))
    try:
        recipe = recipes.from_json(values["recipe"])
        found = probe(recipe, count=values["steps"], weights=weights)
    except Mistake as mistake:
        print(" ".join(str(mistake).splitlines()), file=sys.stderr)
        return 2
    np.savez(to, **found)
    return 0


if __name__ == "__main__":
    sys.exit(_work(*sys.argv[1:]))

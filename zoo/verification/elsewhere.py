"""A probe on another backend, in a process of its own."""

import tempfile
from pathlib import Path

import numpy as np

from zoo import recipe as recipes
from zoo.core import files, processes
from zoo.errors import Mistake
from zoo.recipe import Recipe

_LAST_LINES = 12


class BrokeOffError(Exception):
    """The process ended with an error; the end of what it said."""


def probe_on(
    backend: str, recipe: Recipe, count: int, weights: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """What `zoo.verification.probe` returns on `backend`.

    Args:
        backend: "jax", "tensorflow" or "torch".
        recipe: what is trained.
        count: training steps, of each stage.
        weights: of another probe, to start with; {} for the model's own.

    Raises:
        Mistake: that of the probe.
        BrokeOffError: any other error.
    """
    with tempfile.TemporaryDirectory() as folder:
        job, given, result = (
            Path(folder, name) for name in ("job", "in.npz", "out.npz")
        )
        files.write_json(job, {"recipe": recipes.to_json(recipe), "count": count})
        np.savez(given, **weights)
        words = ("-m", "zoo.verification", job, given, result)
        done = processes.run(*words, KERAS_BACKEND=backend)
        if done.returncode == 2:
            raise Mistake(done.stderr.strip().splitlines()[-1])
        if done.returncode:
            raise BrokeOffError("\n".join(done.stderr.splitlines()[-_LAST_LINES:]))
        with np.load(result) as file:
            return dict(file)

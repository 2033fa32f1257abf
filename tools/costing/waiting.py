"""The share of training time in which a run waits for its data, by recipe.

It is the one in the run's `metrics.json`, after two epochs.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

EPOCHS = 2


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`."""
    from zoo import recipe as recipes

    for recipe in recipes.names():
        for name in backends:
            yield {
                "what": f"`{recipe}`: waiting for data",
                "backend": name,
                "unit": "% of the training time",
                "values": [100 * waiting_share(recipe, name) for _ in range(rounds)],
            }


def waiting_share(recipe: str, backend: str) -> float:
    """The share of a short run, from its `metrics.json`."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["train", recipe, "--backend", backend, f"epochs={EPOCHS}"]
        subprocess.run(
            [sys.executable, "-m", "zoo", *words, "--run", f"{folder}/run"],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        metrics = json.loads(Path(folder, "run", "metrics.json").read_text())
    return metrics["waiting_share"]

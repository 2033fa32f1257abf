"""How long training waits for pictures that are changed, and what a place costs.

Each recipe with augmentation trains on made-up pictures of its size, in a process of
its own, for some seconds; on the host, and with `augment_on=device`.
"""

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import alone

STEPS = {
    "mlp_digits": (2000, 8),
    "shallow_mnist": (2000, 28),
    "intermediate_mnist": (2000, 28),
    "deep_mlp_mnist": (2000, 28),
    "mlp_fashion": (1000, 28),
    "lenet_mnist": (200, 28),
    "lenet_relu_mnist": (60, 28),
    "wide_mlp_mnist": (60, 28),
    "tiny_vgg_fashion": (60, 28),
    "wide_vgg_fashion": (12, 28),
}
"""Of an epoch, and pixels of a side, by the recipe's name; there are two epochs."""
PLACES = "host", "device"


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`; within a round every contestant has its turn."""
    for recipe in STEPS:
        found: dict[tuple[str, str, str], list[float]] = {}
        for _ in range(rounds):
            for backend in backends:
                for place in PLACES:
                    share, rate = alone(train, backend, recipe, place)
                    label = f"{recipe}, {place}"
                    if place == "host":
                        key = label, backend, "% waiting"
                        found.setdefault(key, []).append(100 * share)
                    key = label, backend, "pictures/s"
                    found.setdefault(key, []).append(rate)
        for (what, backend, unit), values in found.items():
            line = {"what": what, "backend": backend, "unit": unit}
            yield {**line, "values": values}


def train(backend: str, name: str, place: str) -> tuple[float, float]:
    """The share of its time that training waits for data, and pictures a second."""
    from zoo.engine import startup

    startup.load(backend)
    from zoo import recipe as recipes
    from zoo.building import fitting
    from zoo.data.sources.made_up import sample
    from zoo.engine.groups import ALONE
    from zoo.training import record
    from zoo.training.session import Session

    given = recipes.load(name)
    recipe = dataclasses.replace(given, augment_on=place, epochs=2, validation=0.0)
    steps, side = STEPS[name]
    model = fitting.build(recipe, {"input_shape": (side, side, 1), "classes": 10})
    dataset = sample(model, steps * recipe.batch)
    with tempfile.TemporaryDirectory() as folder, startup.small_loops_whole():
        begun = record.clock()
        session = Session(ALONE, recipe, Path(folder), dataset, model, True, begun)
        session.run([])
    totals = session.state.totals
    return totals["waiting"] / totals["train"], totals["examples"] / totals["train"]

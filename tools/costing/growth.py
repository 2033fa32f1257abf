"""How the time of a training step, or of an epoch, grows: a picture for each network.

Time is drawn against examples, batch, width and length of the sequence, everything else
as in `BASE`, on generated data. The dashed line is in proportion to the largest point:
a curve lies on it where twice the work takes twice the time, and leaves it upward where
something else than the work counts.
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import measurements
import numpy as np

from costing import report
from costing.processes import alone

FOLDER = Path(__file__).parents[1] / "growth"
STEPS = 8  # in one call, as in training
BASE = {
    "deep_mlp": {"batch": 128, "width": 64},
    "lenet": {"batch": 64},
    "tiny_vgg": {"batch": 32, "width": 10},
    "lstm_sentiment": {"batch": 32, "width": 64, "length": 64},
}
AXES = {
    "deep_mlp": {
        "examples": (1_000, 10_000, 100_000, 1_000_000),
        "batch": (8, 32, 128, 512, 2048),
        "width": (16, 64, 256, 1024),
    },
    "lenet": {"examples": (1_000, 2_000, 4_000), "batch": (4, 16, 64, 256)},
    "tiny_vgg": {"batch": (4, 16, 64), "width": (4, 10, 24, 48)},
    "lstm_sentiment": {
        "batch": (4, 16, 64),
        "width": (16, 64, 256),
        "length": (16, 64, 256),
    },
}
UNITS = {"examples": "s/epoch"}


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`; then the pictures are drawn anew."""
    for network, axes in AXES.items():
        for name in backends:
            for axis, positions in axes.items():
                found = alone(_series, name, network, axis, positions, rounds)
                for position, values in zip(positions, found, strict=True):
                    yield {
                        "what": f"{network}, {axis} {position:,}",
                        "backend": name,
                        "unit": UNITS.get(axis, "ms/step"),
                        "values": values,
                        "network": network,
                        "axis": axis,
                        "position": position,
                    }
        draw(network)


def _series(backend, network, axis, positions, rounds):
    from zoo.backend import load

    load(backend)
    timed = _epochs if axis == "examples" else _steps
    return [
        timed(network, {**BASE[network], axis: position}, rounds)
        for position in positions
    ]


def _steps(network, size, rounds):
    inputs, targets = _data(network, size, STEPS * size["batch"])
    inputs = inputs.reshape(STEPS, size["batch"], *inputs.shape[1:])
    targets = targets.reshape(STEPS, size["batch"], *targets.shape[1:])
    trainer, _ = _trainer(network, size)
    found = []
    for _ in range(rounds + 1):  # the first one compiles
        start = time.perf_counter()
        trainer.train(inputs, targets, STEPS)
        found.append(1e3 * (time.perf_counter() - start) / STEPS)
    return found[1:]


def _epochs(network, size, rounds):
    from zoo.data.dataset import Split
    from zoo.feed import Feed

    inputs, targets = _data(network, size, size["examples"])
    trainer, encode = _trainer(network, size)
    feed = Feed(Split(inputs, targets), size["batch"], 0, encode, {})
    feed.length = feed.capacity
    found = []
    for epoch in range(rounds + 1):
        start = time.perf_counter()
        for chunk in feed.chunks(epoch):
            trainer.train(chunk.inputs, chunk.targets, chunk.count, chunk.rows)
        found.append(time.perf_counter() - start)
    return found[1:]


def _data(network, size, count):
    random = np.random.default_rng(0)
    if network == "lstm_sentiment":
        inputs = random.integers(2, 1000, (count, size["length"]), "int32")
        return inputs, random.integers(0, 2, (count, 1)).astype("float32")
    shape = {"deep_mlp": (20,), "lenet": (28, 28, 1), "tiny_vgg": (64, 64, 3)}[network]
    inputs = random.integers(0, 256, (count, *shape)).astype("uint8")
    if network == "deep_mlp":
        inputs = inputs.astype("float32") / 255
    return inputs, random.integers(0, 3, count).astype("int32")


def _trainer(network, size):
    import keras

    import zoo
    from zoo import losses, steps

    arguments = {
        "deep_mlp": lambda: {
            "input_shape": (20,),
            "classes": 3,
            "hidden": (size["width"],) * 2,
        },
        "lenet": lambda: {"classes": 3},
        "tiny_vgg": lambda: {"filters": size["width"]},
        "lstm_sentiment": lambda: {
            "vocabulary_size": 1000,
            "length": size["length"],
            "units": (size["width"],),
        },
    }[network]()
    model = zoo.build(network, seed=0, **arguments)
    encode, loss = losses.make("crossentropy", model.output_shape[-1])
    return steps.trainer(model, loss, keras.optimizers.Adam(1e-3)), encode


def draw(network: str) -> Path:
    """Draw the picture of a network from the file of measurements."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = [line for line in report.read() if line.get("network") == network]
    axes = list(AXES[network])
    figure, panels = pyplot.subplots(1, len(axes), figsize=(4 * len(axes), 3.5))
    for panel, axis in zip(np.atleast_1d(panels), axes, strict=True):
        for name in ("jax", "tensorflow", "torch"):
            points = sorted(
                (line["position"], statistics.median(line["values"]))
                for line in lines
                if line["axis"] == axis and line["backend"] == name
            )
            if not points:
                continue
            x, y = np.array(points).T
            (drawn,) = panel.loglog(x, y, "o-", label=report.BACKENDS[name])
            panel.loglog(x, y[-1] * x / x[-1], "--", lw=0.8, color=drawn.get_color())
        panel.set_xlabel(axis)
        panel.set_ylabel(UNITS.get(axis, "ms/step"))
        panel.grid(alpha=0.3)
    np.atleast_1d(panels)[0].legend()
    figure.suptitle(f"{network}: {measurements.machine()}")
    figure.tight_layout()
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{network}.png"
    figure.savefig(path, dpi=80)
    pyplot.close(figure)
    return path

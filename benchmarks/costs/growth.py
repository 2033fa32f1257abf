"""How the time of a training step, or of an epoch, grows: a picture for each network.

Time is drawn against examples, batch, width, length of the sequence and side of the
picture, everything else as in `BASE`, on generated data; "steps" are those of an epoch.
The dashed line is in proportion to the largest point: a curve lies on it where twice
the work takes twice the time, and leaves it upward where something else than the work
counts.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.costs import report
from benchmarks.processes import alone
from benchmarks.tables import BACKENDS
from tools import pages

FOLDER = pages.DOCS / "speed" / "growth"
CLASSES, TOKENS = 3, 1000
BASE = {
    "perceptron": {"steps": 64, "batch": 128, "width": 2},
    "mammogram_mlp": {"steps": 64, "batch": 128, "width": 6},
    "deep_mlp": {"steps": 64, "batch": 128, "width": 64},
    "lenet": {"steps": 8, "batch": 64},
    "tiny_vgg": {"steps": 8, "batch": 32, "width": 10},
    "lstm_sentiment": {"steps": 8, "batch": 32, "width": 64, "length": 64},
    "efficientnet_transfer": {"steps": 4, "batch": 4, "side": 64},
}
THOUSANDS = (1_000, 10_000, 100_000, 1_000_000)
AXES = {
    "perceptron": {"examples": THOUSANDS, "batch": (1, 8, 64, 512, 4096)},
    "mammogram_mlp": {
        "examples": THOUSANDS,
        "batch": (8, 64, 512, 4096),
        "width": (6, 24, 96, 384),
    },
    "deep_mlp": {
        "examples": THOUSANDS,
        "batch": (8, 32, 128, 512, 2048),
        "width": (16, 64, 256, 1024),
    },
    "lenet": {"examples": (1_000, 2_000, 4_000, 8_000), "batch": (4, 16, 64, 256)},
    "tiny_vgg": {"batch": (4, 16, 64), "width": (4, 10, 24, 48)},
    "lstm_sentiment": {
        "batch": (4, 16, 64),
        "width": (16, 64, 256),
        "length": (16, 64, 256),
    },
    "efficientnet_transfer": {"batch": (1, 4, 16), "side": (32, 64, 128)},
}
UNITS = {"examples": "s/epoch"}


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`; then the pictures are drawn again."""
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
    from zoo.engine.startup import load

    load(backend)
    return [
        times(network, {**BASE[network], axis: position}, rounds)
        for position in positions
    ]


def times(network: str, size: dict[str, int], rounds: int) -> list[float]:
    """Of epochs, in seconds if `size` has "examples", or in milliseconds a step.

    An epoch before them compiles.
    """
    import keras

    import zoo
    from benchmarks.speed import loops_zoo

    model = zoo.build(network, seed=0, **_arguments(network, size))
    count, batch = size.get("examples", size["steps"] * size["batch"]), size["batch"]
    adam = keras.optimizers.Adam(1e-3)
    epoch = loops_zoo.epochs(model, "crossentropy", adam, batch, *_data(model, count))
    found = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        epoch()
        found.append(time.perf_counter() - start)
    unit = 1 if "examples" in size else 1e3 / size["steps"]
    return [seconds * unit for seconds in found[1:]]


def _arguments(network, size):
    match network:
        case "perceptron":
            return {"input_shape": (size["width"],)}
        case "mammogram_mlp":
            return {"hidden": (size["width"],)}
        case "deep_mlp":
            hidden = (size["width"],) * 2
            return {"input_shape": (20,), "classes": CLASSES, "hidden": hidden}
        case "lenet":
            return {"classes": CLASSES}
        case "tiny_vgg":
            return {"classes": CLASSES, "filters": size["width"]}
        case "lstm_sentiment":
            units, length = (size["width"],), size["length"]
            return {"vocabulary_size": TOKENS, "length": length, "units": units}
        case "efficientnet_transfer":
            shape = size["side"], size["side"], 3
            return {"input_shape": shape, "weights": None, "trainable": "all"}


def _data(model, count):
    random = np.random.default_rng(0)
    shape = (count, *model.input_shape[1:])
    if model.inputs[0].dtype == "int32":
        inputs = random.integers(2, TOKENS, shape, "int32")
    elif len(shape) == 4:
        inputs = random.integers(0, 256, shape, "uint8")
    else:
        inputs = random.normal(size=shape).astype("float32")
    classes = max(2, model.output_shape[-1])
    return inputs, random.integers(0, classes, count).astype("int32")


def draw(network: str) -> Path:
    """Draw the picture of a network from the file of measurements."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    lines = report.growth()
    axes = list(AXES[network])
    figure, panels = pyplot.subplots(1, len(axes), figsize=(4 * len(axes), 3.5))
    for panel, axis in zip(np.atleast_1d(panels), axes, strict=True):
        for name in ("jax", "tensorflow", "torch"):
            points = report.curve(lines, network, axis, name)
            if not points:
                continue
            x, y = np.array(points).T
            (drawn,) = panel.loglog(x, y, "o-", label=BACKENDS[name])
            panel.loglog(x, y[-1] * x / x[-1], "--", lw=0.8, color=drawn.get_color())
        panel.set_xticks(x, [f"{position:,.0f}" for position in x])
        panel.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter("{x:g}")
        panel.minorticks_off()
        panel.set_xlabel(axis)
        panel.set_ylabel(UNITS.get(axis, "ms/step"))
        panel.grid(alpha=0.3)
    np.atleast_1d(panels)[0].legend()
    figure.suptitle(f"{network}: {lines[0]['machine']}")
    figure.tight_layout()
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{network}.png"
    figure.savefig(path, dpi=80)
    pyplot.close(figure)
    return path

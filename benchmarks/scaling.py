"""How training scales: measured on the devices here, and on paper for many GPUs.

    python -m benchmarks.scaling                       LeNet on 1, 2 and 4 devices
    python -m benchmarks.scaling --devices 1 2 --backends torch --repeats 5
    python -m benchmarks.scaling --paper               only what is computed

Measured, in runs that alternate between the numbers of devices: images per second of
training steps, compiling apart; the efficiency, which is the rate over N times that of
one device in the same round; and the share of the time for which training waited for
the input pipeline. The figures go into the table of `benchmarks.costs`. Without GPUs
the devices share the processor's cores, and the efficiency then says what sharing
costs.

On paper: the time of a step on N GPUs as computation, from the multiplications in the
model's layers, and the ring or tree that adds the gradients, from its parameter bytes.
The speeds that it takes for granted are in `GPU`.
"""

import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import command
from benchmarks.costs import report
from zoo import augment
from zoo import recipe as recipes
from zoo.engine import startup
from zoo.run import Run

ROOT = Path(__file__).parents[1]
DEVICES = (8, 64, 1024)
EXAMPLES = {"LeNet": 60_000, "EfficientNet-B0": 1_281_167}  # MNIST, ImageNet


@dataclass(frozen=True)
class Speeds:
    """What a GPU and its links do, in round numbers.

    Attributes:
        flops: sustained floating-point operations a second in convolutions; a third
            of the 60e12 of an H100's float32 units, without tensor cores.
        launch: seconds to start one kernel.
        near: bytes a second between the eight GPUs of a machine (NVLink 4).
        far: bytes a second of a GPU's share of the network (400 Gbit/s, 8 of them).
        hop: seconds for a message to reach the next GPU.
    """

    flops: float = 20e12
    launch: float = 5e-6
    near: float = 450e9
    far: float = 50e9
    hop: float = 5e-6


GPU = Speeds()


def main(words: list[str] | None = None) -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--backends", nargs="+", help="all that are installed")
    parser.add_argument("--devices", nargs="+", type=command.times, default=[1, 2, 4])
    parser.add_argument("--repeats", type=command.times, default=3)
    parser.add_argument("--epochs", type=command.times, default=3)
    parser.add_argument(
        "--batch", type=command.times, default=128, help="on paper, of each GPU"
    )
    parser.add_argument("--paper", action="store_true", help="measure nothing")
    options = parser.parse_args(words)
    if not options.paper:
        for name in command.backends(options.backends):
            measure(name, sorted({1, *options.devices}), options)
    compute(options.batch)


def measure(name: str, devices: list[int], options) -> None:
    """Measure on each number of devices of the backend `name`, in turns."""
    found = {count: [] for count in devices}
    for repeat in range(options.repeats):
        for count in devices:
            print(
                f"{name}: run {repeat + 1} of {options.repeats}, {count} devices",
                file=sys.stderr,
            )
            found[count].append(trained(name, count, options.epochs))
    alone = [run["examples_per_second"] for run in found[1]]
    for count, runs in found.items():
        rates = [run["examples_per_second"] for run in runs]
        pairs = zip(rates, alone, strict=True)
        quantities = {
            "images/s": rates,
            "% efficiency": [100 * rate / one / count for rate, one in pairs],
            "% waiting for input": [100 * run["waiting_share"] for run in runs],
        }
        for unit, values in quantities.items():
            what = f"LeNet, batch 128 over {count} devices"
            line = {"what": what, "backend": name, "unit": unit, "values": values}
            report.put({"verb": "scaling", **line})
            print(report.words(line), flush=True)


def trained(name: str, devices: int, epochs: int) -> dict:
    """The metrics of a new run of LeNet on the sample of MNIST, in its own process."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["train", "lenet_mnist", "data=mnist_sample", f"epochs={epochs}"]
        words += [
            "--backend",
            name,
            "--devices",
            str(devices),
            "--run",
            f"{folder}/run",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "zoo", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(done.stderr)
        return Run(Path(folder) / "run").metrics


def compute(batch: int) -> None:
    """Print what a step takes on many GPUs, each with `batch` examples, and why."""
    startup.load()
    import keras

    import zoo

    models = {
        "LeNet": zoo.build("lenet"),
        "EfficientNet-B0": keras.applications.EfficientNetB0(weights=None),
    }
    print(f"On paper, {batch} images a GPU, float32, {GPU}:")
    for name, model in models.items():
        size = 4 * sum(math.prod(v.shape) for v in model.trainable_variables)
        multiplications, kernels = work(model)
        computing = 3 * 2 * multiplications * batch / GPU.flops
        launching = 3 * kernels * GPU.launch
        step = max(computing, launching)
        print(
            f"\n{name}: {size / 1e6:.2f} MB of gradients, "
            f"{multiplications / 1e6:,.2f} million multiplications an image forward;\n"
            f"computing a step takes {computing * 1e3:.3f} ms, launching its kernels "
            f"{launching * 1e3:.3f} ms;\na GPU takes {batch / step:,.0f} images/s from "
            "the input pipeline\n"
            " GPUs  MB sent   sending   latency  efficiency  steps an epoch  limit"
        )
        for count in DEVICES:
            sending, latency = all_reduce(size, count)
            share = step / (step + sending + latency)
            steps = EXAMPLES[name] / count / batch
            parts = {
                "computing": computing,
                "launching kernels": launching,
                "sending gradients": sending,
                "latency of the links": latency,
            }
            reason = max(parts, key=parts.get)
            if steps < 1:
                reason += "; and the batch is larger than the data"
            print(
                f"{count:5} {2 * (count - 1) / count * size / 1e6:8.2f}"
                f"{sending * 1e3:7.3f} ms{latency * 1e3:7.3f} ms{share:12.0%}"
                f"{steps:16,.1f}  {reason}"
            )
    rate = augmented_a_second(batch)
    print(
        "\nefficiency: if nothing is sent during the backward pass; at best 100%.\n"
        f"One core here augments {rate:,.0f} images/s as the recipe of LeNet asks;\n"
        "a GPU takes that of so many cores as often goes into its images/s above."
    )


def augmented_a_second(batch: int) -> float:
    """Images of 28 x 28 pixels that one core augments, as lenet_mnist does."""
    operations = recipes.load("lenet_mnist").augment
    images = np.random.default_rng(0).integers(0, 256, (batch, 28, 28, 1), "uint8")
    began, steps = time.process_time(), 0
    while time.process_time() - began < 1:
        augment.apply(images, operations, 0, steps)
        steps += 1
    return steps * batch / (time.process_time() - began)


def work(model) -> tuple[int, int]:
    """Multiplications of one image's forward pass, and layers that start kernels."""
    multiplications = kernels = 0
    for layer in model._flatten_layers(include_self=False):
        if isinstance(getattr(layer, "output", None), list):
            continue
        kernels += 1
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            positions = math.prod(layer.output.shape[1:-1])
            multiplications += math.prod(kernel.shape) * positions
    return multiplications, kernels


def all_reduce(size: float, count: int) -> tuple[float, float]:
    """Seconds that `count` GPUs take to add `size` bytes: sending, and latency.

    Each GPU sends and receives 2 (N - 1) / N of the bytes (Patarasuk & Yuan 2009,
    doi:10.1016/j.jpdc.2008.09.002); small messages go by a tree of 2 log2 N hops.
    """
    link = GPU.near if count <= 8 else GPU.far
    sending = 2 * (count - 1) / count * size / link
    return sending, 2 * math.log2(count) * GPU.hop


if __name__ == "__main__":
    command.run(main)

"""What dropout costs: steps of training with zoo's, with Keras's and with none.

    python tools/dropout.py                         on the chosen backend
    KERAS_BACKEND=torch python tools/dropout.py lenet_relu --rounds 15

The three take turns. A cost is the share of the step's time that dropout takes: the
median over rounds, and between which two quartiles. Time is the processor's where
training runs on it, the clock's on an accelerator.
"""

import argparse
import statistics
import time

import numpy as np

from zoo.engine import startup

CASES = {  # model, its arguments, input's shape and bound, batch, steps a round
    "deep_mlp": (
        {"hidden": (64, 64, 64), "batch_normalization": "before", "dropout": 0.1},
        ((28, 28, 1), 256, 128, 200),
    ),
    "wide_mlp": (
        {"hidden": (1024, 1024), "dropout": 0.5, "input_dropout": 0.2},
        ((28, 28, 1), 256, 128, 20),
    ),
    "lenet_relu": ({"variant": "relu"}, ((28, 28, 1), 256, 128, 5)),
    "lstm_sentiment": (
        {"vocabulary_size": 5000, "length": 100, "units": (64,), "dropout": 0.2},
        ((100,), 5000, 128, 5),
    ),
}
MODELS = {"wide_mlp": "deep_mlp", "lenet_relu": "lenet"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--rounds", type=int, default=9, help="9 by default")
    arguments = parser.parse_args()
    chosen = startup.load()

    from zoo.errors import unknown

    for name in arguments.cases:
        if name not in CASES:
            parser.error(str(unknown("case", name, CASES)))
    for name in arguments.cases or CASES:
        print(f"{name} on {chosen}: ...", end="\r", flush=True)
        times = measure(name, arguments.rounds)
        print(f"{name} on {chosen}: {1e3 * statistics.median(times['zoo']):.3g} ms")
        for kind in ("zoo", "keras"):
            pairs = zip(times[kind], times["none"], strict=True)
            low, median, high = np.percentile(
                [100 * (1 - none / one) for one, none in pairs], [25, 50, 75]
            )
            print(f"  {kind:5} {median:5.1f} % of the step ({low:.1f} to {high:.1f})")


def measure(name: str, rounds: int) -> dict[str, list[float]]:
    """Seconds a step with "zoo"'s, "keras"'s and "none", in each of the rounds."""
    import keras

    import zoo
    from zoo.engine import device, steps
    from zoo.layers import Dropout
    from zoo.training import losses

    arguments, (shape, bound, batch, count) = CASES[name]
    model = zoo.build(MODELS.get(name, name), **arguments)
    layers = {
        "zoo": lambda layer: Dropout(layer.rate, layer.noise_shape, layer.seed),
        "keras": lambda layer: keras.layers.Dropout(layer.rate, layer.noise_shape),
        "none": lambda layer: Dropout(0.0),
    }
    generator = np.random.default_rng(0)
    kind = model.inputs[0].dtype
    inputs = generator.integers(0, bound, (count, batch, *shape)).astype(kind)
    outputs = model.output_shape[-1]
    targets = generator.integers(0, max(2, outputs), (count, batch), dtype="int32")
    encode, loss = losses.make("crossentropy", outputs)
    targets = np.stack([encode(each) for each in targets])
    trainers = {}
    for key, make in layers.items():

        def clone(layer, make=make):
            is_dropout = isinstance(layer, Dropout)
            return (
                make(layer)
                if is_dropout
                else type(layer).from_config(layer.get_config())
            )

        copy = keras.models.clone_model(model, clone_function=clone)
        trainers[key] = steps.trainer(copy, loss, keras.optimizers.Adam())
    clock = time.process_time if device.describe() == "cpu" else time.perf_counter
    times = {key: [] for key in trainers}
    for number in range(rounds + 2):
        for key, trainer in trainers.items():
            start = clock()
            trainer.train(inputs, targets, count)
            if number > 1:
                times[key].append((clock() - start) / count)
    return times


if __name__ == "__main__":
    main()

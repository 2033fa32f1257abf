"""A program for test_distribute.py: train on several devices, write down what was seen.

    several_devices.py FOLDER DEVICES...

trains on each number of devices, one after the other. A process writes its part of what
happened on N devices to FOLDER/N-RANK.json.
"""

import contextlib
import dataclasses
import io
import json
import sys
import zlib
from pathlib import Path

import numpy as np

import zoo
from zoo import data
from zoo.engine import startup

RECIPE = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (12,), "batch_normalization": "after", "dropout": 0.3},
    data="mnist_sample",
    validation=0.9,
    batch=16,
    epochs=4,
    seed=3,
    augment={"shift": 0.1, "random_erasing": 0.5},
    optimizer="adamw",
    learning_rate=0.002,  # at 0.02 rounding grows from 1e-6 to 1e-2 in 100 steps
    schedule="cosine",
    warmup_epochs=0.5,
    weight_decay=1e-3,
    clip_norm=1.0,
    ema=0.9,
    accumulate=2,
)
EXAMPLES = {"train": 397, "validation": 203, "test": 101}  # none of them is even


class Counting:
    """Inputs that count how often each example is read."""

    def __init__(self, inputs):
        self.inputs, self.shape, self.dtype = inputs, inputs.shape, inputs.dtype
        self.counts = np.zeros(len(inputs), int)

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, index):
        self.counts[index] += 1
        return self.inputs[index]


def large_state() -> bytes:
    """16 MiB and a few bytes: a length that float32 cannot hold."""
    return np.random.default_rng(0).bytes(2**24 + 3)


def main():
    folder = Path(sys.argv[1])
    startup.load()

    from zoo.training.session import Session

    load, count = data.load, Session._count
    for devices in map(int, sys.argv[2:]):
        losses, wrong, splits, said = [], [], {}, io.StringIO()

        def note(session, chunk, values, errors, *rest, losses=losses, wrong=wrong):
            losses.extend(values.tolist())
            wrong.extend(errors.tolist())
            count(session, chunk, values, errors, *rest)

        def load_few(*arguments, splits=splits, **options):
            dataset = load(*arguments, **options)
            for name, number in EXAMPLES.items():
                split = getattr(dataset, name)
                inputs = Counting(split.inputs[:number])
                splits[name] = data.Split(inputs, split.targets[:number])
            return dataclasses.replace(dataset, **splits)

        Session._count, data.load = note, load_few
        data.identity.examples = lambda _: {}  # which reads all once more
        with zoo.distribute(devices) as group, contextlib.redirect_stderr(said):
            # Without floors, which read examples too.
            run = zoo.train(RECIPE, run=folder / str(devices), floor=False)
            metrics = run.metrics
            gathered = group.gather([2**24 + 1, 2**53 - 1 - group.rank]).tolist()
            received = group.broadcast(b"" if group.rank else large_state())
        seen = {
            "losses": losses,
            "wrong": wrong,
            "read": {
                name: split.inputs.counts.tolist() for name, split in splits.items()
            },
            "said": said.getvalue(),
            "gathered": gathered,
            "received": [len(received), zlib.crc32(received)],
            "metrics": {name: metrics[name] for name in ("test", "validation")},
        }
        (folder / f"{devices}-{group.rank}.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    main()

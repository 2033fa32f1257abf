"""A table of 1,000,000 rows and 20 columns, until it is ready to train.

The file, of 0.18 GB, is made from a seed: 10 columns of numbers, 5 of categories, of 3
to 2,000 values, 2 of booleans, 2 of dates, some values missing, and numbers to be
answered. It is read, described, split and brought to the rows of a network, the network
is built, and learns means and variances. A process that has imported zoo does it once.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROWS = 1_000_000
CATEGORIES = (3, 8, 12, 40, 2000)
CHILD = """
import json, resource, sys, time
from zoo.engine import startup
startup.load(sys.argv[1])
import zoo
from zoo import data
from zoo.training import setup
recipe = zoo.Recipe("deep_mlp", sys.argv[2], data_arguments={"target": "y"})
start, used = time.perf_counter(), time.process_time()
dataset = data.load_for(recipe)
setup.check(recipe, dataset)
model = setup.build_for(recipe, dataset)
setup.feed_and_loss(recipe, model, dataset)
clock, used = time.perf_counter() - start, time.process_time() - used
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps([clock, used, peak]))
"""
UNITS = ("s", "processor s", "GiB at most")


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`; the backends take turns."""
    found: dict[str, list] = {name: [] for name in backends}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write(path, ROWS)
        for _ in range(rounds):
            for name in backends:
                found[name].append(ready(name, path))
    for name, values in found.items():
        for unit, column in zip(UNITS, zip(*values, strict=True), strict=True):
            what = "1,000,000 rows of 20 columns, ready to train"
            yield {"what": what, "backend": name, "unit": unit, "values": list(column)}


def ready(backend: str, path: Path) -> list[float]:
    """Seconds by the clock, seconds of the processor, and GiB of memory at most."""
    environment = {
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]),
        **os.environ,
    }
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, backend, str(path)],
        env=environment,
        capture_output=True,
        text=True,
    )
    if child.returncode:
        sys.exit(f"{backend}: {child.stderr}")
    return json.loads(child.stdout.splitlines()[-1])


def write(path: Path, count: int) -> None:
    """The table as a CSV file, the same for the same count."""
    import pyarrow
    from pyarrow import csv

    draw = np.random.default_rng(0)
    columns = {}
    for i in range(10):
        values = np.round(draw.normal(i, 1 + i, count), 3)
        columns[f"number {i}"] = pyarrow.array(values, mask=draw.random(count) < 0.02)
    for size in CATEGORIES:
        names = np.array([f"value {i}" for i in range(size)])[
            draw.integers(0, size, count)
        ]
        columns[f"one of {size}"] = pyarrow.array(names, mask=draw.random(count) < 0.01)
    for i in range(2):
        columns[f"boolean {i}"] = np.where(draw.random(count) < 0.5, "yes", "no")
        seconds = np.datetime64("2020-01-01", "s") + draw.integers(0, 10**8, count)
        columns[f"date {i}"] = np.datetime_as_string(seconds)
    columns["y"] = np.round(draw.normal(100, 10, count), 2)
    csv.write_csv(pyarrow.table(columns), path)

"""The benchmark: its contestants run here, its file, its tables."""

import functools
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

TOOLS = Path(__file__).parents[1] / "tools"
BACKEND = keras.backend.backend()


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    import benchmarks.cases
    import benchmarks.contestants
    import benchmarks.meters
    import benchmarks.results
    import benchmarks.table

    return benchmarks


def test_readme_holds_what_was_measured():
    command = [sys.executable, TOOLS / "benchmark.py", "table", "--check"]
    subprocess.run(command, check=True)


def test_hand_written_networks_are_those_of_zoo(benchmarks):
    """As many weights to learn; PyTorch's LSTM has a second bias."""
    import importlib

    import zoo

    file = importlib.import_module(f"benchmarks.loops_{BACKEND}")
    for case in benchmarks.cases.CASES.values():
        model = zoo.build(case.model, **case.arguments)
        expected = sum(np.prod(v.shape) for v in model.trainable_variables)
        assert count(file, case) == pytest.approx(expected, rel=0.002), case.model


def count(file, case):
    match BACKEND:
        case "torch":
            return sum(p.numel() for p in file.network(case).parameters())
        case "tensorflow":
            return sum(np.prod(v.shape) for v in file.Network(case).variables)
        case "jax":
            import jax

            start = functools.partial(file.start, case)
            weights, _ = jax.eval_shape(start, jax.random.key(0))
            return sum(array.size for array in jax.tree.leaves(weights))


def test_contestants_learn(benchmarks):
    """On one small network each contestant lowers the loss that it reports."""
    import importlib

    case = benchmarks.cases.CASES["mammogram 4-6-1, batch 10"]
    inputs, _ = case.data()
    classes = (inputs[:, 0] > 0).astype("int32")
    places = benchmarks.contestants.TRAIN[BACKEND]
    for name in set(places) - {"zoo", "Keras fit", "compiled"}:
        file, function = places[name].split(".")
        make = getattr(importlib.import_module(f"benchmarks.{file}"), function)
        epoch = make(case, inputs, classes)
        first, *_, last = [epoch() for _ in range(20)]
        assert last < first, name


def test_contestants_meet_no_backend_before_their_own():
    """A network's description must not import Keras, which then has its backend."""
    script = "import sys; import benchmarks.rounds; print('keras' in sys.modules)"
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=TOOLS, check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "False"


def test_a_newer_measurement_takes_the_place_of_the_older_one(benchmarks, tmp_path):
    file = tmp_path / "benchmark.jsonl"
    line = {"verb": "train", "network": "a", "backend": BACKEND, "contestant": "zoo"}
    for values in ([7.0], [3.0, 1.0]):
        benchmarks.results.put({**line, "ms": values}, file)
        benchmarks.results.put({**line, "network": "b", "ms": [1.0]}, file)
    first, second = benchmarks.results.read(file)
    assert (first["network"], first["ms"]) == ("a", [3.0, 1.0])
    assert second["network"] == "b"


def test_ratios_are_of_rounds_side_by_side(benchmarks):
    one, two = {"ms": [1.0, 10.0, 2.0]}, {"ms": [2.0, 20.0, 1.0]}
    assert benchmarks.table.ratio(one, two) == 0.5


def test_energy_is_read_where_the_machine_tells_it(benchmarks, monkeypatch, tmp_path):
    meters = benchmarks.meters
    monkeypatch.setattr(meters, "_RAPL", tmp_path)
    assert meters.Meter().read()["joules"] is None
    counter = tmp_path / "intel-rapl:0" / "energy_uj"
    counter.parent.mkdir()
    counter.write_text("5000000\n")
    meter = meters.Meter()
    counter.write_text("7500000\n")
    assert meter.read()["joules"] == 2.5
    assert meters.peak_memory() > 10

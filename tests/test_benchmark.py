"""The benchmark: its contestants run here, its file, its tables."""

import dataclasses
import functools
import importlib
import re
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from benchmarks import command, measurements, scaling
from benchmarks.costs import __main__ as costs
from benchmarks.search import __main__ as search
from benchmarks.speed import __main__ as speed
from benchmarks.speed import (
    contestants,
    meters,
    operations,
    passes,
    products,
    results,
    table,
)
from benchmarks.speed.cases import CASES, CONVOLUTIONAL
from zoo.errors import Mistake

ROOT = Path(__file__).parents[1]
BACKEND = keras.backend.backend()


@pytest.mark.once
def test_the_pages_hold_what_was_measured():
    command = [sys.executable, "-m", "benchmarks.speed", "table", "--check"]
    subprocess.run(command, cwd=ROOT, check=True)


@pytest.mark.slow
def test_hand_written_networks_are_those_of_zoo():
    """As many weights to learn, but the second bias of PyTorch's LSTM."""
    import zoo

    file = importlib.import_module(f"benchmarks.speed.loops_{BACKEND}")
    for name, case in CASES.items():
        model = zoo.build(case.model, **case.arguments)
        expected = sum(np.prod(v.shape) for v in model.trainable_variables)
        assert count(file, case) == expected, case.model
        if name in CONVOLUTIONAL:
            assert passes.elements(case)[-1] == 7 * expected, name


def count(file, case):
    match BACKEND:
        case "torch":
            named = file.network(case).named_parameters()
            return sum(p.numel() for name, p in named if "lstm.bias_hh" not in name)
        case "tensorflow":
            return sum(np.prod(v.shape) for v in file.Network(case).variables)
        case "jax":
            import jax

            start = functools.partial(file.start, case)
            weights, _ = jax.eval_shape(start, jax.random.key(0))
            return sum(array.size for array in jax.tree.leaves(weights))


@pytest.mark.slow
def test_hand_written_networks_answer_without_dropout():
    file = importlib.import_module(f"benchmarks.speed.loops_{BACKEND}")
    make = file.answer_eager if BACKEND == "torch" else file.answer
    cases = CASES.items()
    drops = {
        name: case
        for name, case in cases
        if any("dropout" in layer for layer in case.layers)
    }
    assert drops
    for name, case in drops.items():
        inputs = case.data()[0][:2]
        answer = make(case)
        first = np.asarray(answer(inputs))
        assert first.shape == (2, case.outputs), name
        assert np.array_equal(first, answer(inputs)), name


def test_public_verbs_take_part_where_they_take_what_the_network_takes():
    public = importlib.import_module("benchmarks.speed.loops_public")
    for name, case in CASES.items():
        dataset = public._dataset(case)
        known = (1, *case.shape) == (1, *dataset.input_shape)
        assert known, name
        if dataset.kind == "tabular" and case.layers[0][0] != "mel":
            assert case.is_predicted == (len(case.shape) == 1), name
    assert [case.model for case in CASES.values() if not case.is_predicted] == [
        "lstm_forecast",
        "lstm_language",
        "lstm_speech",
    ]


def test_public_verbs_answer_as_onnxruntime_by_hand():
    public = importlib.import_module("benchmarks.speed.loops_public")
    case = CASES["mammogram 4-6-1, batch 10"]
    inputs = case.data()[0][:5]
    expected = public.onnx(case)(inputs)[:, 0]
    for make in (public.kept, public.forward):
        np.testing.assert_allclose(make(case)(inputs)[:, 0], expected, rtol=1e-5)
    labels = [f"class {int(each > 0)}" for each in expected]
    assert public.predict_and_read(case)(inputs) == labels
    for make in (public.predict, public.predict_by_keras):
        shares = [each.probabilities for each in make(case)(inputs)]
        found = [np.log(each["class 1"] / each["class 0"]) for each in shares]
        np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.slow
def test_contestants_learn():
    """On one small network each contestant lowers the loss that it reports."""
    case = CASES["mammogram 4-6-1, batch 10"]
    inputs, _ = case.data()
    classes = (inputs[:, 0] > 0).astype("int32")
    places = contestants.TRAIN[BACKEND]
    limit = contestants.LIMIT
    for name in set(places) - {"zoo", "Keras fit", "compiled", limit}:
        file, function = places[name].split(".")
        make = getattr(importlib.import_module(f"benchmarks.speed.{file}"), function)
        epoch = make(case, inputs, classes)
        first, *_, last = [epoch() for _ in range(20)]
        assert last < first, name


@pytest.mark.once
def test_contestants_meet_no_backend_before_their_own():
    """A network's description must not import Keras, which then has its backend."""
    script = "import sys; import benchmarks.speed.rounds; print('keras' in sys.modules)"
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "False"


@pytest.mark.once
def test_a_newer_measurement_takes_the_place_of_the_older_one(tmp_path):
    file = tmp_path / "benchmark.jsonl"
    line = {"verb": "train", "network": "a", "backend": BACKEND, "contestant": "zoo"}
    for values in ([7.0], [3.0, 1.0]):
        results.put({**line, "ms": values}, file)
        results.put({**line, "network": "b", "ms": [1.0]}, file)
    first, second = measurements.read(file)
    assert (first["network"], first["ms"]) == ("a", [3.0, 1.0])
    assert second["network"] == "b"


@pytest.mark.once
def test_operations_are_those_that_the_papers_count():
    """Products of an example going forward: LeCun et al. 1998; by hand; TensorFlow's
    card of EfficientNet-Lite0 says 407 million at 224 pixels."""

    def products(name, **changes):
        case = dataclasses.replace(CASES[name], **changes)
        return operations.step(case) / (6 * case.batch)

    lenet = 28**2 * 150 + 10**2 * 2400 + 48000 + 10080 + 840
    assert products("LeNet of 1998, batch 128") == lenet
    assert products("MLP 784-64-64-10, batch 128") == 784 * 64 + 64 * 64 + 640
    lstm = 100 * 4 * 64 * (128 + 64) + 64
    assert products("LSTM 64 over 100 tokens, batch 128") == lstm
    lite = products("EfficientNet-Lite0 96x96x3, batch 16", shape=(224, 224, 3))
    assert lite == pytest.approx(407e6, rel=0.06)


def test_the_limit_multiplies():
    """A device's limit is a measured product; its operations are counted right."""
    limit = importlib.import_module("benchmarks.speed.limit")
    multiply = getattr(limit, BACKEND)(None, None, None)
    multiply()
    start = time.perf_counter()
    multiply()
    speed = 2 * limit.SIDE**3 / (time.perf_counter() - start)
    assert 1e8 < speed < 1e15


@pytest.mark.once
def test_passes_are_counted_by_hand():
    """Bytes of a step of LeNet relu: pixels, two maps, a hidden layer, Adam."""
    case = CASES["LeNet relu, batch 128"]
    first, second, pooled = 26**2 * 32, 24**2 * 64, 12**2 * 64
    weights = 9 * 32 + 32 + 9 * 32 * 64 + 64 + (pooled + 1) * 128 + 129 * 10
    counts = 2 * 28**2, 5 * first, 2 * second + 3 * pooled, 5 * 128
    assert passes.elements(case) == [*(128 * n for n in counts), 7 * weights]


def test_parts_of_a_step_are_computed_alone():
    case = dataclasses.replace(
        CASES["Tiny VGG 64x64x3, batch 32"],
        layers=(
            ("conv", 2, 3, "same"),
            ("residual", (("unit", 2, 3, 1, True, True),)),
            ("flatten",),
            ("dense", 3),
        ),
        shape=(4, 4, 1),
        batch=2,
        steps=1,
    )
    sizes = [2 * 2 * 16, 2 * 5 * 32, 2 * 2 * 32, 2 * 5 * 32]
    weights = (9 + 1) * 2 + (9 + 2) * 2 + (32 + 1) * 3
    assert passes.elements(case) == [*sizes, 7 * weights]
    for part in (products, passes):
        epoch = part.measure(case, None, None)
        epoch()
        epoch()


@pytest.mark.once
def test_a_table_for_each_machine():
    line = {
        "verb": "train",
        "network": "MLP 784-64-64-10, batch 128",
        "backend": "torch",
        "size": "",
        "memory": 1,
        "first": 1,
        "joules": None,
        "threads": "all",
        "versions": "torch 2",
        "load": 0,
    }
    milliseconds = {"zoo": 1.0, "Keras fit": 8.0, "eager": 2.0}
    milliseconds["product of matrices"] = 0.1718
    lines = [
        {**line, "contestant": name, "ms": [ms * factor], "machine": machine}
        for machine, factor in (("laptop", 1.0), ("GPU", 0.1))
        for name, ms in milliseconds.items()
    ]
    race = {"verb": "race", "contestant": "", "network": ""}
    seconds = {"seconds": [2.0, 1.0, 3.0], "accuracy": [0.991, 0.992, 0.99]}
    lines.append({**lines[-1], **race, **seconds})
    parts = {**line, "verb": "parts", "machine": "laptop"}
    parts["network"] = "Tiny VGG 64x64x3, batch 32"
    names = contestants.PARTS["torch"]
    for name, ms in zip(names, (20.0, 12.0, 3.0, 10.0), strict=True):
        lines.append({**parts, "contestant": name, "ms": [ms]})
    half = {**line, "verb": "half", "machine": "laptop"}
    half["network"] = "LeNet relu, batch 128"
    for name, ms in zip(contestants.HALVES["torch"], (8.0, 2.0, 4.0), strict=True):
        lines.append({**half, "contestant": name, "ms": [ms]})
    texts = {path.name: text for path, text in table.texts(lines).items()}
    assert texts["laptop.md"].startswith("# laptop\n")
    rows = [
        row.split(" | ")
        for text in (texts["laptop.md"], texts["gpu.md"])
        for row in text.splitlines()
        if "784-64-64-10" in row
    ]
    assert [row[2][:4].strip() for row in rows] == ["1 (1", "0.1"]
    # 2 * 2048 ** 3 operations in 17.18 ms are 1,000 GFLOP/s.
    assert [row[-2:] for row in rows] == [["42.2", "0.042 |"], ["422", "0.042 |"]]
    assert "| PyTorch | 2 (1 to 3) | 99.10% (from 99.00%) | 3 |" in texts["gpu.md"]
    # zoo, products, of their limit, passes, MB, the rest
    whole = "20 (20 to 20) | 12 (12 to 12) | 0.49 | 3 (3 to 3) | 54 | 5 |"
    assert f"| PyTorch | {whole}" in texts["laptop.md"]
    own = "8 (8 to 8) | 2 (2 to 2) | 4 (4 to 4) | 0.25 | 0.5 |"
    assert f"| LeNet relu, batch 128 | PyTorch | {own}" in texts["laptop.md"]
    own = "MLP 784-64-64-10, batch 128 | [laptop](speed/laptop.md) | - | - | 0.5, 0.12"
    assert f"| {own} |" in texts["speed.md"]


@pytest.mark.once
def test_ratios_are_of_rounds_side_by_side():
    one, two = {"ms": [1.0, 10.0, 2.0]}, {"ms": [2.0, 20.0, 1.0]}
    assert results.ratio(one, two) == 0.5


@pytest.mark.once
def test_energy_is_read_where_the_machine_tells_it(monkeypatch, tmp_path):
    monkeypatch.setattr(meters, "_RAPL", tmp_path)
    assert meters.Meter().read()["joules"] is None
    counter = tmp_path / "intel-rapl:0" / "energy_uj"
    counter.parent.mkdir()
    counter.write_text("5000000\n")
    meter = meters.Meter()
    counter.write_text("7500000\n")
    assert meter.read()["joules"] == 2.5
    assert meters.peak_memory() > 10


@pytest.mark.once
def test_networks_are_chosen_by_a_part_of_their_names_in_capitals_or_not():
    known = ["MLP 784-64-64-10, batch 128", "LeNet relu, batch 128", "LeNet of 1998"]
    assert command.chosen("network", ["mlp"], known) == known[:1]
    assert command.chosen("network", ["lenet", "MLP"], known) == known
    assert command.chosen("network", None, known) == known
    for words in (["speed", "--rounds", "0"], ["workers", ".", "--trials", "-1"]):
        with pytest.raises(SystemExit):
            search.main(words)


@pytest.mark.once
@pytest.mark.parametrize(
    ("tool", "words", "said"),
    [
        (speed.main, ["train", "--networks", "mlpp"], "unknown network 'mlpp'; "),
        (
            speed.main,
            ["train", "--contestants", "Keras fitt"],
            "unknown contestant 'Keras fitt'; did you mean 'Keras fit'?; accepted: ",
        ),
        *(
            (
                main,
                [*words, "--backends", "jaxx"],
                "unknown backend 'jaxx'; did you mean 'jax'?; accepted: jax",
            )
            for main, words in (
                (speed.main, ["train"]),
                (speed.main, ["race"]),
                (costs.main, ["startup"]),
                (scaling.main, []),
                (search.main, ["memory"]),
            )
        ),
    ],
)
def test_a_name_that_does_not_exist_is_refused(tool, words, said):
    """Before anything is measured; it used to measure nothing, and to say nothing."""
    with pytest.raises(Mistake, match=re.escape(said)):
        tool(words)

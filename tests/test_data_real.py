"""The real sets beside the checkout: read without TensorFlow, complete, unmixed."""

import hashlib
import shutil
import time

import keras
import numpy as np
import pytest
from toy_sets import python

from zoo import data
from zoo.data.sources import tfds_prepare

pytestmark = pytest.mark.realdata


@pytest.fixture
def prepared(shared_data, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(shared_data / "tfds"))


@pytest.mark.slow
@pytest.mark.once
def test_the_first_start_imports_no_tensorflow(prepared):
    code = (
        "import zoo.data\n"
        "for name in ('mnist', 'fashion_mnist', 'imdb_reviews'):\n"
        "    zoo.data.load(name)\n"
        "print('tensorflow' in sys.modules)\n"
    )
    assert python(code) == ["False"]


@pytest.mark.once
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
@pytest.mark.without_tensorflow
def test_pictures(prepared, name):
    dataset = data.load(name)
    sizes = [len(split) for split in (dataset.train, dataset.validation, dataset.test)]
    assert sizes == [54_000, 6_000, 10_000]
    assert dataset.input_shape == (28, 28, 1)
    assert len(dataset.classes) == 10
    assert dataset.license
    assert "@" in dataset.citation
    start = time.perf_counter()
    again = data.load(name)
    assert time.perf_counter() - start < 3
    np.testing.assert_array_equal(again.test.inputs, dataset.test.inputs)
    held, kept = (
        np.bincount(split.targets) for split in (dataset.validation, dataset.train)
    )
    assert np.all(np.abs(9 * held - kept) <= 9)


@pytest.mark.once
@pytest.mark.without_tensorflow
def test_mnist_is_not_in_its_test_split(prepared):
    dataset = data.load("mnist", validation=0)
    train = {hashlib.sha256(image).digest() for image in dataset.train.inputs}
    test = {hashlib.sha256(image).digest() for image in dataset.test.inputs}
    assert len(train) == 60_000
    assert not train & test


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.filterwarnings("ignore:found .* texts of imdb_reviews")
@pytest.mark.without_tensorflow
@pytest.mark.usefixtures("read_once")
def test_reviews(prepared):
    with pytest.warns(UserWarning, match=r"texts of imdb_reviews's \w+ split"):
        dataset = data.load("imdb_reviews", vocabulary_size=20_000, length=80)
    assert dataset.classes == ("neg", "pos")
    assert dataset.facts() == {
        "input_shape": (80,),
        "classes": 2,
        "vocabulary_size": 20_000,
        "length": 80,
    }
    assert np.bincount(dataset.train.targets).tolist() == [11_250, 11_250]
    assert np.bincount(dataset.test.targets).tolist() == [12_500, 12_500]
    assert dataset.encoder.words[:3] == ("the", "and", "a")
    assert (dataset.test.inputs == 1).mean() < 0.05
    start = time.perf_counter()
    data.load("imdb_reviews", length=400)
    assert time.perf_counter() - start < 10


@pytest.mark.once
@pytest.mark.without_tensorflow
def test_mammograms(shared_data):
    file = shared_data / "raw/mammographic_masses/mammographic_masses.data.txt"
    dataset = data.load("mammographic_masses", file=file)
    assert dataset.features == ("age", "shape", "margin", "density")
    assert len(dataset.test) == 192
    assert "not a medical device" in dataset.description
    every = ("bi_rads", *dataset.features)
    whole = data.load("mammographic_masses", features=every, test=0.0, validation=0)
    rows = whole.train.inputs
    assert rows.shape == (961, 5)
    assert np.isnan(rows).sum(0).tolist() == [2, 5, 31, 48, 76]
    assert np.bincount(whole.train.targets).tolist() == [516, 445]
    assert np.nanmax(rows[:, 0]) == 6
    np.testing.assert_array_equal(rows[1], [4, 43, 1, 1, np.nan])
    np.testing.assert_array_equal(data.decode(whole, ["4,43,1,1,?"]), rows[1:2])
    for features, count in ((every[1:], 831), (every, 830)):
        complete = data.load(
            "mammographic_masses", features=features, test=0.0, complete=True
        )
        rows = np.concatenate([complete.train.inputs, complete.validation.inputs])
        assert len(rows) == count
        assert np.isfinite(rows).all()


@pytest.mark.once
@pytest.mark.without_tensorflow
def test_a_folder_of_pictures(shared_data):
    with pytest.warns(UserWarning, match=r"PROVENANCE\.md: it lies beside the splits"):
        dataset = data.load(str(shared_data / "raw/pizza_steak_sushi"), size=64)
    assert dataset.classes == ("pizza", "steak", "sushi")
    assert dataset.input_shape == (64, 64, 3)
    assert len(dataset.train) + len(dataset.validation) == 225
    assert len(dataset.test) == 75
    picture = shared_data / "raw/pizza_steak_sushi/test/pizza/1152100.jpg"
    decoded = data.decode(dataset, [picture])
    np.testing.assert_array_equal(decoded[0], dataset.test.inputs[0])


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="preparing needs TensorFlow"
)
def test_mnist_is_prepared_from_its_original_archives(
    shared_data, tmp_path, monkeypatch
):
    """The first pictures of each split, in the same order; all: tests/stress."""
    few = "download_config=tfds.download.DownloadConfig(max_examples_per_split=900)"
    child = tfds_prepare.CHILD.replace("_and_prepare(", f"_and_prepare({few}, ")
    monkeypatch.setattr(tfds_prepare, "CHILD", child)
    made, given = made_and_given(shared_data, tmp_path, monkeypatch)
    for few, all_ in ((made.train, given.train), (made.test, given.test)):
        places = {picture.tobytes(): i for i, picture in enumerate(all_.inputs)}
        found = [places[picture.tobytes()] for picture in few.inputs]
        assert len(found) == 900
        assert found == sorted({*found})
        np.testing.assert_array_equal(few.targets, all_.targets[found])


def made_and_given(shared_data, folder, monkeypatch):
    """MNIST, prepared in `folder` from its archives, and as it lies prepared."""
    shutil.copytree(
        shared_data / "downloads", folder / "downloads", copy_function=shutil.copyfile
    )
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    made = data.load("mnist", validation=0)
    monkeypatch.setenv("TFDS_DATA_DIR", str(shared_data / "tfds"))
    return made, data.load("mnist", validation=0)

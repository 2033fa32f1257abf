"""The copy in the cache is made again when it is damaged; raw files; no network."""

import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from toy_sets import python

from zoo import data
from zoo.core import folders
from zoo.data import ahead
from zoo.data import cache as copies
from zoo.data.sources import tfds
from zoo.errors import Mistake
from zoo.recipe import Recipe

pytestmark = [pytest.mark.once, pytest.mark.without_tensorflow]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of this test alone."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "data"


@pytest.mark.slow
def test_the_second_start_is_from_the_cache_without_tfds(tmp_path):
    code = (
        "import zoo.data\n"
        "print(zoo.data.load('mnist_sample').train.inputs.sum())\n"
        "for name in ('tensorflow', 'keras', 'tensorflow_datasets'):\n"
        "    print(name in sys.modules)\n"
    )
    first = python(code, ZOO_CACHE=str(tmp_path))
    second = python(code, ZOO_CACHE=str(tmp_path))
    assert first[1:] == ["False", "False", "True"]
    assert second == [first[0], "False", "False", "False"]


def test_a_damaged_cache_is_made_again(cache, capsys):
    expected = data.load("iris_sample").train.inputs
    (folder,) = cache.iterdir()
    file = folder / "train_inputs.npy"
    content = file.read_bytes()

    def repaired(message):
        np.testing.assert_array_equal(data.load("iris_sample").train.inputs, expected)
        printed = capsys.readouterr().err
        assert f"iris_sample: the copy in {folder} {message}" in printed
        assert [path.name for path in cache.iterdir()] == [folder.name]

    capsys.readouterr()
    file.write_bytes(content[:-100])
    repaired("is damaged (train_inputs.npy is not what was written); making it again")
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    repaired("is damaged (train_inputs.npy is not what was written)")
    file.unlink()
    repaired("is incomplete (train_inputs.npy cannot be read)")
    (folder / "about.json").write_text('{"facts"')
    repaired("is incomplete (about.json cannot be read)")
    shutil.rmtree(folder)
    folder.mkdir()
    repaired("is incomplete (about.json cannot be read)")
    data.load("iris_sample")
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_two_processes_may_start_at_once(tmp_path):
    code = "import zoo.data; print(len(zoo.data.load('iris_sample').train))"
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(python, code, ZOO_CACHE=str(tmp_path)) for _ in range(2)]
    assert [run.result() for run in runs] == [["135"], ["135"]]
    assert len(list((tmp_path / "data").iterdir())) == 1


def test_a_prepared_set_is_read_beside_what_else_is_begun_once(cache, monkeypatch):
    recipe = Recipe("deep_mlp", "iris_sample")
    with ahead.reading(recipe):  # nothing is prepared yet
        assert not tfds.kept("iris_sample")
    expected = data.load("iris_sample").train.inputs
    shutil.rmtree(cache)
    with ahead.reading(recipe):
        assert not tfds.kept("iris_sample")
    assert tfds.kept("iris_sample")
    monkeypatch.setattr(ahead.subprocess, "Popen", None)  # no process is needed
    with ahead.reading(recipe):
        np.testing.assert_array_equal(data.load("iris_sample").train.inputs, expected)


def test_another_process_may_be_faster(cache, monkeypatch):
    from zoo.data.builders.iris_sample import IrisSample
    from zoo.data.sources import tfds_prepare

    generate = IrisSample._generate_examples

    def overtaken(builder):
        monkeypatch.undo()
        monkeypatch.setenv("ZOO_CACHE", str(cache.parent))
        tfds_prepare.open_builder("iris_sample")
        yield from generate(builder)

    monkeypatch.setattr(IrisSample, "_generate_examples", overtaken)
    assert len(data.load("iris_sample").train) == 135
    assert IrisSample._generate_examples is generate


def test_a_source_that_changed_is_read_again(cache, capsys):
    data.load("iris_sample")
    about = next(cache.parent.glob("tfds/iris_sample/*/dataset_info.json"))
    changed = json.loads(about.read_text())
    changed["description"] = "Flowers."
    about.write_text(json.dumps(changed))
    assert len(data.load("iris_sample").train) == 135
    assert "is older than its source" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "file"))
    with pytest.raises(
        Mistake, match=r"cannot be written .*; set ZOO_CACHE to a folder"
    ):
        data.load("iris_sample")


def test_nothing_half_written_stays_behind(cache):
    with pytest.raises(Mistake, match="cannot be classified"):
        data.load("toy_unlabeled")
    assert list(cache.iterdir()) == []


def test_no_network(cache, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    for name in ("iris", "cifar10", "mnist"):
        with pytest.raises(Mistake, match=f"{name} could not be downloaded") as error:
            data.load(name)
        assert "is there a network?" in str(error.value)
        assert "mnist_sample" in str(error.value)
    with pytest.raises(Mistake, match="give its raw file as file="):
        data.load("mammographic_masses")


def test_a_copy_that_lacks_the_validation_split_is_made_again(cache):
    with pytest.warns(UserWarning, match="extra"):
        data.load("toy_splits")
    (about,) = cache.glob("toy_splits-*/about.json")
    kept = json.loads(about.read_text())
    del kept["facts"]["unused"]
    kept["facts"]["parts"] = ["train", "test"]
    about.write_text(json.dumps(kept))
    with pytest.warns(UserWarning, match="extra"):
        assert len(data.load("toy_splits").validation) == 40


@pytest.mark.slow
def test_complete_is_for_tables(cache):
    with pytest.raises(Mistake, match="complete is for tables; mnist_sample holds im"):
        data.load("mnist_sample", complete=True)


def test_files_for_the_mammograms(cache, tmp_path):
    path = tmp_path / "mammographic_masses.data"
    with pytest.raises(Mistake, match="there is no file"):
        data.load("mammographic_masses", file=path)
    path.write_text("5,67,3,5,3,1\n")
    with pytest.raises(Mistake, match=r"is not UCI's .*\.data: 13,450"):
        data.load("mammographic_masses", file=path)
    with pytest.raises(Mistake, match="is for mammographic_masses, not for mnist"):
        data.load("mnist", file=path)


def test_copies_that_nobody_uses_go(cache):
    old = time.time() - folders.UNUSED - 9
    copies.remember("used", {}, lambda _: {"n": 1})
    for name in ("unused-0", ".broken-off"):
        (cache / name).mkdir()
    for copy in cache.iterdir():
        os.utime(copy, (old, old))
    assert copies.remember("used", {}, lambda _: {"n": 2})[1] == {"n": 1}
    copies.remember("new", {}, lambda _: {})
    assert sorted(each.name.split("-")[0] for each in cache.iterdir()) == [
        "new",
        "used",
    ]

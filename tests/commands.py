"""What tests of the command line share: a plug-in of pytest, for its fixtures."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

import zoo
from zoo import cli
from zoo import recipe as recipes


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The test works in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def zoo_(capsys):
    """Types a command; what it prints."""

    def type_(*words):
        assert cli.call(list(words)) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return type_


@pytest.fixture
def mistake(capsys, folder):
    """Types a command that is a mistake; the one line that it gets for an answer."""

    def type_(*words, during_training=False):
        before = sorted(folder.rglob("*"))
        capsys.readouterr()
        assert cli.call(list(words)) == 2
        printed = capsys.readouterr()
        *progress, line = printed.err.splitlines()
        assert printed.out == ""
        assert during_training or not progress
        assert line.startswith("zoo: ")
        assert sorted(folder.rglob("*")) == before
        return line

    return type_


@pytest.fixture(scope="module")
def circles(tmp_path_factory):
    """A run on points in the plane."""
    folder = tmp_path_factory.mktemp("runs") / "circles"
    recipe = recipes.override(recipes.load("circles"), ["epochs=2"])
    zoo.train(recipe, run=folder, quiet=True)
    return str(folder)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A run on pictures: dark ones and bright ones."""
    folder = tmp_path_factory.mktemp("gray")
    for i in range(8):
        picture(folder / "dark" / f"{i}.png", i)
        picture(folder / "bright" / f"{i}.png", 200 + i)
    recipe = zoo.Recipe(
        model="deep_mlp",
        data=str(folder),
        data_arguments={"size": 8, "channels": 1},
        batch=4,
        epochs=1,
    )
    run = tmp_path_factory.mktemp("runs") / "gray"
    return str(zoo.train(recipe, run=run, quiet=True).folder)


def picture(path, brightness=128):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 8, 3), brightness, np.uint8))
    return path


def program(*words, **environment):
    command = [sys.executable, "-m", "zoo", *words]
    given = {**os.environ, **environment}
    given.pop("TF_CPP_MIN_LOG_LEVEL", None)  # JAX sets it where it is imported
    return subprocess.run(command, env=given, capture_output=True, text=True)

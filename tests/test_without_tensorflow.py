"""From MNIST's ArrayRecord files to a label without TensorFlow on JAX and PyTorch."""

import subprocess
import sys

import pytest

from zoo import backend

pytestmark = [pytest.mark.realdata, pytest.mark.without_tensorflow]

WHOLE_PATH = """
import sys
import numpy as np
import zoo
from zoo.verification.probe import probe

recipe = zoo.Recipe(
    model="deep_mlp", model_arguments={"hidden": (16,)}, data="mnist",
    batch=256, epochs=1, learning_rate=0.003,
)
found = probe(recipe, count=2)
assert found["loss/stage 1"].shape == (2,)
run = zoo.train(recipe, run="run", floor=False, quiet=True)
assert run.metrics["test"]["accuracy"] > 0.7, run.metrics
again = zoo.evaluate(run, "test")
assert again["accuracy"] == run.metrics["test"]["accuracy"]
dataset = zoo.data.load("mnist")
predictions = zoo.predict(zoo.Run("run"), dataset.test.inputs[:200])
labels = np.array([int(prediction.label) for prediction in predictions])
assert (labels == dataset.test.targets[:200]).mean() > 0.7
print("tensorflow" in sys.modules)
"""


@pytest.mark.slow
def test_the_whole_path(shared_data, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(shared_data / "tfds"))
    done = subprocess.run(
        [sys.executable, "-c", WHOLE_PATH], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    imported = backend.current() == "tensorflow"
    assert done.stdout.split() == [str(imported)]


@pytest.mark.once
@pytest.mark.slow
def test_verify_on_mnist(shared_data, tmp_path, monkeypatch):
    """The other backends' processes read the same files.

    Where TensorFlow is installed it is compared with PyTorch, which is compared with
    JAX where it is not.
    """
    monkeypatch.setenv("TFDS_DATA_DIR", str(shared_data / "tfds"))
    names = backend.installed()
    if "tensorflow" in names:
        names = ("torch", "tensorflow")
    words = ["verify", "lenet_mnist", "seed=3", "validation=0.98", "--steps", "4"]
    words += ["--backends", ",".join(names)]
    done = subprocess.run(
        [sys.executable, "-m", "zoo", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"{', '.join(names)}: the same"

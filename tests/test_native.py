"""The scripts in recipes/native/ reach what the recipe reaches."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from zoo import backend, data
from zoo import recipe as recipes

ROOT = Path(__file__).parents[1]
NATIVE = ROOT / "recipes" / "native"
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
SCRIPTS = {
    "jax": "jax_optax.py",
    "tensorflow": "tensorflow_gradient_tape.py",
    "torch": "torch_ddp.py",
}
CHANGES = ["data=mnist_sample", "epochs=2"]


@pytest.mark.slow
def test_a_script_in_the_frameworks_own_idiom_reaches_the_recipes_accuracy(tmp_path):
    data.load("mnist_sample")
    here = backend.current()
    starter = TORCHRUN if here == "torch" else []
    words = [*starter, NATIVE / SCRIPTS[here], *CHANGES]
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    losses = [float(loss) for loss in re.findall(r"loss (\S+)", done.stdout)]
    assert losses == sorted(losses, reverse=True)
    assert len(losses) == 2
    accuracy = float(re.search(r"test accuracy: (\S+)%", done.stdout)[1]) / 100
    recipe = recipes.override(recipes.load("lenet_mnist"), CHANGES)
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True)
    assert accuracy == pytest.approx(run.metrics["test"]["accuracy"], abs=0.02)


@pytest.mark.once
def test_native_scripts_are_no_recipes():
    assert {path.name for path in NATIVE.glob("*.py")} == set(SCRIPTS.values())
    assert not {path.stem for path in NATIVE.glob("*.py")} & set(recipes.names())

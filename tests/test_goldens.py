"""What every model gives is what it gave, on every backend: one file, one truth."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.goldens.golden import MEND, beyond, differences, network, read
from zoo.augment.geometry import AFFINE
from zoo.building import registry
from zoo.layers import Dropout
from zoo.verification.probe import probe

FOLDER = Path(__file__).with_name("goldens")
FILES = sorted(FOLDER.glob("*.json"))
# With 16 blocks on PyTorch; with each kind of them once on every backend.
WHOLE = "efficientnet_transfer"


@pytest.mark.once
def test_every_model_has_a_small_golden_file():
    assert {path.stem.partition("-")[0] for path in FILES} == {*registry.names()}
    assert max(path.stat().st_size for path in FILES) <= 50_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=[pytest.mark.once] * (path.stem == WHOLE))
        for path in FILES
    ],
    ids=lambda path: path.stem,
)
def test_model_gives_what_it_gave(path):
    golden = read(path)
    with network(path):
        found = probe(golden.recipe, count=golden.count)
    assert not beyond(differences(golden.found, found)), MEND


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "quantity"),
    [
        ({"seed": 1}, "weights"),
        ({"learning_rate": 2e-3}, "loss"),
        ({"model_arguments": {"initializer": "he_normal"}}, "weights"),
    ],
)
@pytest.mark.once
def test_a_change_is_noticed(change, quantity):
    golden = read(FOLDER / "deep_mlp.json")
    arguments = golden.recipe.model_arguments | change.pop("model_arguments", {})
    recipe = dataclasses.replace(golden.recipe, model_arguments=arguments, **change)
    found = probe(recipe, count=golden.count)
    assert quantity in beyond(differences(golden.found, found))


@pytest.mark.once
def test_another_order_is_noticed(monkeypatch):
    golden = read(FOLDER / "deep_mlp.json")
    monkeypatch.setattr(
        "zoo.training.feed.order", lambda count, *_: np.arange(count)[::-1]
    )
    found = probe(golden.recipe, count=golden.count)
    assert {"gradient", "loss"} <= {*beyond(differences(golden.found, found))}


@pytest.mark.parametrize("operation", ["shift", "rotation", "zoom"])
@pytest.mark.once
def test_another_augmentation_is_noticed(operation, monkeypatch):
    golden = read(FOLDER / "deep_mlp.json")
    change = AFFINE[operation]
    monkeypatch.setitem(
        AFFINE, operation, lambda strength, *rest: change(1.1 * strength, *rest)
    )
    found = probe(golden.recipe, count=golden.count)
    assert {"gradient", "loss"} <= {*beyond(differences(golden.found, found))}


@pytest.mark.once
def test_another_dropout_is_noticed(monkeypatch):
    golden = read(FOLDER / "deep_mlp.json")
    reseed = Dropout.reseed
    monkeypatch.setattr(Dropout, "reseed", lambda self, seed: reseed(self, seed + 1))
    found = probe(golden.recipe, count=golden.count)
    assert {"dropout", "loss"} <= {*beyond(differences(golden.found, found))}

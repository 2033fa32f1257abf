"""Trainings in one process, one after the other: the earlier ones leave nothing."""

import gc
import weakref

import zoo
from zoo.engine import steps

RECIPE = zoo.Recipe(
    model="deep_mlp",
    data="circles",
    model_arguments={"hidden": (4,)},
    batch=90,  # of 720, so that each step is of one shape
    epochs=1,
)


def test_a_training_frees_the_networks_of_those_before(tmp_path, monkeypatch):
    trainers, networks, make = [], [], steps.trainer

    def noted(model, *others):
        made = make(model, *others)
        trainers.append(weakref.ref(made))
        networks.append(weakref.ref(model))
        return made

    monkeypatch.setattr(steps, "trainer", noted)
    gc.disable()  # which would find them by chance
    try:
        for name in ("first", "second", "third"):
            zoo.train(RECIPE, run=tmp_path / name, quiet=True, floor=False)
    finally:
        gc.enable()
    assert [each() is None for each in trainers[:2]] == [True, True]
    assert [each() is None for each in networks[:2]] == [True, True]

"""Trainings in one process, one after the other: the earlier ones leave nothing."""

import gc
import platform
import resource
import weakref

import pytest

import zoo
from zoo.engine import memory, steps

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


def pages_cleared() -> int:
    """By the system, to fill 64 MB once more."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    len(b"x" * 2**26)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.once
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's malloc")
def test_freed_memory_is_kept_inside_a_training_and_given_back_after_it(monkeypatch):
    monkeypatch.setattr(memory, "_kept", False)
    memory.keep_freed_memory(False)
    most = 2**26 // resource.getpagesize()
    assert pages_cleared() > most / 2
    with memory.freed_memory_kept:
        pages_cleared()
        assert pages_cleared() < most / 100
    assert pages_cleared() > most / 2

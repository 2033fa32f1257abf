"""Trainings in one process, one after the other: the earlier ones leave nothing."""

import gc
import platform
import weakref

import pytest

import zoo
from zoo.core import processes
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


PAGES = """
import resource
from zoo.engine import memory

def cleared():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    len(b"x" * 2**26)
    pages = 2**26 // resource.getpagesize()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / pages

print(cleared() > 0.5)
with memory.freed_memory_kept:
    cleared()
    print(cleared() < 0.01)
print(cleared() > 0.5)
memory.keep_freed_memory()
with memory.freed_memory_kept:
    cleared()
print(cleared() < 0.01)
"""


@pytest.mark.once
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's malloc")
def test_freed_memory_is_kept_inside_a_training_and_given_back_after_it():
    child = processes.run("-c", PAGES)
    assert (child.stderr, child.stdout.split()) == ("", ["True"] * 4)

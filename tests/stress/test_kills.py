"""Kills at many moments, of runs and of searches, on each backend."""

from dataclasses import replace

import pytest

from tests.interrupted import RECIPE, same
from tests.test_survival import (
    HERE,
    torchrun,
    train_and_kill_a_worker,
    write_recipe,
)
from tests.test_survival import (
    test_killed_at_random_moments_and_resumed_the_bits_are_the_same as kill,
)
from tests.test_tune_survival import kill_some
from tests.test_tune_survival import (
    test_workers_of_this_machine_of_which_one_is_killed as kill_a_worker,
)
from zoo.run import Run


def test_twenty_kills_of_runs():
    kill(20)


@pytest.mark.skipif(HERE != "torch", reason="torchrun is PyTorch's")
def test_two_processes_of_which_one_dies_end_with_the_bits_of_two_that_live(tmp_path):
    recipe = write_recipe(tmp_path, replace(RECIPE, epochs=60))
    quiet = tmp_path / "quiet"
    printed, _ = torchrun(recipe, quiet).communicate(timeout=300)
    assert (quiet / "metrics.json").exists(), printed
    assert same(train_and_kill_a_worker(recipe, tmp_path / "killed"), Run(quiet))


@pytest.mark.parametrize("time", range(5))
def test_searches_by_processes_that_die(time, own_recipe, tmp_path):
    four, workers = tmp_path / "four", tmp_path / "workers"
    four.mkdir()
    workers.mkdir()
    kill_some(own_recipe, four, processes=4, killed=2, trials=9)
    kill_a_worker(own_recipe, workers)

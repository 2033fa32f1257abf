"""keras-tuner's private names, each with its reason.

A release of it may rename any of them; tests/test_private.py says which one.
"""

from pathlib import Path

import numpy as np
from keras_tuner import Oracle

# A trial that is read from a file needs metrics of its own, and the public
# `keras_tuner.engine.metrics_tracking` leaves this class out.
from keras_tuner.src.engine.metrics_tracking import MetricsTracker

__all__ = ["MetricsTracker"]


def oracle_file(oracle: Oracle) -> Path:
    """The file of what an oracle knows, in the folder that its tuner gave it."""
    return Path(oracle._get_oracle_fname())


def trial_file(oracle: Oracle, trial_id: str) -> Path:
    """The file of a trial."""
    return Path(oracle._project_dir) / f"trial_{trial_id}" / "trial.json"


def waiting(oracle: Oracle) -> list[str]:
    """The trials that are run again, the next one last; a list to be changed."""
    return oracle._retry_queue


def tried(oracle: Oracle) -> list[str]:
    """The hashes of the values that were drawn, sorted: keras-tuner keeps a set."""
    return sorted(oracle._tried_so_far)


def is_drawn_before(oracle: Oracle, values: dict) -> bool:
    """Whether a trial has these values."""
    return oracle._duplicate(values)


def random_values(oracle: Oracle) -> dict | None:
    """Values that no trial has; None if many draws found none."""
    return oracle._random_values()


def draw_from(oracle: Oracle, seed: list[int]) -> None:
    """Seed the draws of a Bayesian oracle; each trial draws where the last one left."""
    oracle._random_state = np.random.RandomState(seed)


class TunerHooks:
    """Leads the private names that keras-tuner calls in a tuner to public ones.

    A base of a tuner before keras-tuner's own class.
    """

    def _populate_initial_space(self):
        self.declare_space()

    def _get_tuner_fname(self):
        return str(self.state_file())


class Hooks:
    """Leads the private names that keras-tuner calls in an oracle to public ones.

    A base of an oracle before keras-tuner's own class.
    """

    def save_trial(self, trial) -> None:
        """Write a trial's file."""
        super()._save_trial(trial)

    def hash_of(self, values: dict) -> str:
        """Equal for the values that are taken for the same."""
        return super()._compute_values_hash(values)

    def vectors(self):
        """The trials as vectors, and their scores, for a Gaussian process."""
        return super()._vectorize_trials()

    def _save_trial(self, trial):
        self.save_trial(trial)

    def _compute_values_hash(self, values):
        return self.hash_of(values)

    def _vectorize_trials(self):
        return self.vectors()

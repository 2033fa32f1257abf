"""keras-tuner's oracles, which draw the trials, made durable and repeatable.

Added to each: files that are written whole or not at all, a first trial that is the
recipe itself, values of three significant digits, the same trials after a re-opening as
without it, and several processes, each of which reads what the others have written and
takes back the trials of those that died.
"""

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator, Sequence

from keras_tuner import Objective, oracles, synchronized
from keras_tuner.engine import hyperparameters as hps
from keras_tuner.engine.trial import Trial, TrialStatus

from zoo.core import files
from zoo.metrics import better
from zoo.tuning import kept, private
from zoo.tuning.private import MetricsTracker
from zoo.tuning.search import Settings

_MOST_STARTS = 3


def make(settings: Settings):
    """The oracle of a search."""
    direction = "max" if better(settings.objective, 1) > 0 else "min"
    options = {
        "objective": Objective(f"validation_{settings.objective}", direction),
        "seed": _spread(settings.seed),
        "max_consecutive_failed_trials": None,
    }
    if settings.tuner == "hyperband":
        stages = settings.recipe.stage_recipes()
        epochs = sum(stage.epochs for stage in stages)
        oracle = _Hyperband(max_epochs=epochs, hyperband_iterations=None, **options)
    else:
        kind = _Random
        if settings.tuner == "bayesian":
            kind, options["num_initial_points"] = (
                _Bayesian,
                max(4, settings.trials // 3),
            )
        oracle = kind(**options)
    oracle.max_trials = settings.trials
    return oracle


def _spread(seed: int) -> int:
    """A seed for keras-tuner, which counts up from it, and takes 0 for a random one."""
    return (1 + seed * 2654435761) % 2**32


class _Durable(private.Hooks):
    """What every oracle here does, before keras-tuner's class in the order of bases.

    Attributes:
        lives: tells from the name of a worker whether it is still at work.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.verbose = 0
        self.lives: Callable[[str], bool] = lambda name: False
        self.starts: dict[str, int] = {}
        self.joint_starts: dict[str, int] = {}
        self._held = False
        self._written = ""

    @property
    def again(self) -> int:
        """How many trials wait to be run again."""
        return len(private.waiting(self))

    def populate_space(self, trial_id):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a Gaussian process that fits badly
            answer = super().populate_space(trial_id)
        if values := answer.get("values"):
            own = {k: v for k, v in values.items() if k.startswith("tuner/")}
            if not self.trials:
                values = {**self.defaults(), **own}
            answer["values"] = self.rounded(values)
        if answer["status"] == TrialStatus.STOPPED and self.ongoing_trials:
            answer["status"] = TrialStatus.IDLE
        return answer

    def rounded(self, values: dict) -> dict:
        """Numbers of three significant digits, but those that are chosen as they are.

        These are choices, and the recipe's own values, which are the defaults.
        """
        parts = self.hyperparameters.space
        exact = {part.name for part in parts if isinstance(part, hps.Choice)}
        defaults = {(part.name, part.default) for part in parts}
        return {
            name: value
            if name in exact or (name, value) in defaults
            else kept.rounded(value)
            for name, value in values.items()
        }

    def defaults(self) -> dict:
        """The active hyperparameters at their defaults."""
        defaults = hps.HyperParameters()
        defaults.merge(self.hyperparameters.space)
        return defaults.values

    @synchronized
    def create_trial(self, tuner_id):
        is_full = len(self.trials) >= self.max_trials and not private.waiting(self)
        if is_full and self.ongoing_trials and tuner_id not in self.ongoing_trials:
            return Trial(self.get_space(), status=TrialStatus.IDLE)
        trial = super().create_trial(tuner_id)
        if trial.status == TrialStatus.RUNNING:
            self.save()
        return trial

    @synchronized
    def begin(self, trial_ids: Sequence[str], joint: bool = False) -> None:
        """Count that these trials begin to train, `joint` if in one program.

        Only trials whose training had begun can have crashed a worker.
        """
        counts = self.joint_starts if joint else self.starts
        for trial_id in trial_ids:
            counts[trial_id] = counts.get(trial_id, 0) + 1
        self.save()

    def alone(self, trial_id: str) -> bool:
        """Whether workers crashed three times in a program with this trial in it."""
        return self.joint_starts.get(trial_id, 0) >= _MOST_STARTS

    @synchronized
    def update_trial(self, trial_id, metrics, step=0):
        trial = self.trials[trial_id]
        if trial_id not in self.end_order:
            trial.metrics = MetricsTracker()  # a second report must not count twice
            for name, value in metrics.items():
                is_objective = name == self.objective.name
                direction = self.objective.direction if is_objective else "min"
                trial.metrics.register(name, direction)
                trial.metrics.update(name, value, step)
        return trial

    @synchronized
    def end_trial(self, trial):
        if trial.trial_id not in self.end_order:
            super().end_trial(trial)

    def catch_up(self) -> None:
        """Read what other processes have written; requeue the trials of dead ones."""
        path = private.oracle_file(self)
        if not path.is_file():
            return
        if path.read_text("utf-8") != self._written or self._lost():
            self.reload()

    def _lost(self):
        """The slots of workers that have died."""
        slots = list(self.ongoing_trials)
        gone = {
            name
            for name in {slot.rpartition(".")[0] for slot in slots}
            if not self.lives(name)
        }
        return [slot for slot in slots if slot.rpartition(".")[0] in gone]

    def _take_back(self, slot):
        trial = self.ongoing_trials.pop(slot)
        trial.metrics = MetricsTracker()
        if self.starts.get(trial.trial_id, 0) < _MOST_STARTS:
            private.waiting(self).append(trial.trial_id)
            private.waiting(self).sort(reverse=True)  # taken from the end
            return
        trial.status = TrialStatus.FAILED
        trial.message = (
            f"the process died in each of {_MOST_STARTS} attempts; "
            "is there enough memory?"
        )
        self.end_trial(trial)

    @contextlib.contextmanager
    def saved_once(self) -> Iterator[None]:
        """What happens inside is written once, at the end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self.save()

    def save(self):
        state = None if self._held else json.dumps(self.get_state())
        if state not in (None, self._written):
            self._written = state
            files.write(private.oracle_file(self), state.encode())

    def save_trial(self, trial):
        path = private.trial_file(self, trial.trial_id)
        files.write(path, json.dumps(trial.get_state()).encode())

    def get_state(self):
        own = {"starts": self.starts, "joint_starts": self.joint_starts}
        return {**super().get_state(), **own, "tried_so_far": private.tried(self)}

    def reload(self):
        """Go on where the files stand, whenever the process was killed.

        A trial with a result keeps it. A trial that was running stays with its worker,
        or, if that has died, runs again under its own number and values. A trial that
        the oracle's own file does not know was never begun.

        Raises:
            Mistake: a file is damaged, or is that of another search.
        """
        path = private.oracle_file(self)
        self._written, state = kept.oracle(path, self.get_state())
        known = set(self.end_order)  # a trial that has ended never changes
        for trial_id in [i for i in state["start_order"] if i not in known]:
            file = private.trial_file(self, trial_id)
            self.trials[trial_id] = kept.trial(file, trial_id, self.objective.name)
        max_trials = self.max_trials
        with kept.reading(path):
            self.set_state(state)
        self.max_trials, self.starts = max_trials, state["starts"]
        self.joint_starts = state["joint_starts"]
        for trial_id, trial in self.trials.items():
            if trial.status != TrialStatus.RUNNING and trial_id not in self.end_order:
                self.end_order.append(trial_id)
        running = {
            slot: trial
            for slot, trial in self.ongoing_trials.items()
            if trial.status == TrialStatus.RUNNING
        }
        self.ongoing_trials = running
        waiting = private.waiting(self)
        waiting[:] = [i for i in waiting if i not in self.end_order]
        for slot in self._lost():
            self._take_back(slot)

    def hash_of(self, values):
        return super().hash_of(self.rounded(values))


class _Random(_Durable, oracles.RandomSearchOracle):
    pass


class _Hyperband(_Durable, oracles.HyperbandOracle):
    pass


class _Bayesian(_Durable, oracles.BayesianOptimizationOracle):
    """Keras-tuner's, as a function of the seed and the trials so far."""

    def populate_space(self, trial_id):
        private.draw_from(self, [self.seed, len(self.trials)])
        answer = super().populate_space(trial_id)
        values = answer.get("values")
        if values and private.is_drawn_before(self, values):  # the same result again
            others = private.random_values(self) or values
            return {**answer, "values": self.rounded(others)}
        return answer

    def vectors(self):
        """Ongoing trials count as what is expected of them from the finished ones."""
        every = self.trials
        self.trials = {k: t for k, t in every.items() if t.status == "COMPLETED"}
        self.gpr.fit(*super().vectors())
        self.trials = every
        return super().vectors()

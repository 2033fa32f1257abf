"""The search itself: trials drawn by an oracle, trained by zoo, recorded one by one."""

import contextlib
import math
import shlex
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import keras_tuner
from keras_tuner.engine import hyperparameters as hps
from keras_tuner.engine.trial import Trial, TrialStatus

from zoo import recipe as recipes
from zoo.building import fitting
from zoo.core import locks
from zoo.core.processes import stops
from zoo.data import Dataset
from zoo.engine import device
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.training.setup import build_for, check
from zoo.tuning import network, oracle, private, table, trial
from zoo.tuning.progress import Progress
from zoo.tuning.search import FIRST, Settings
from zoo.tuning.sharing import Presence
from zoo.tuning.space import space

_WAVES = {"random": 128, "bayesian": 8, "hyperband": 128}
_IDLE_SECONDS = 0.2
_RELEASED = 8  # trials that are trained one by one before memory is released
RENEWED = 16  # and before a process of TensorFlow is renewed


Result = dict | Exception


def overrides(settings: Settings, dataset: Dataset, hp) -> list[str]:
    """What hyperparameters change in the recipe of a search, see `space`."""
    return space(
        settings.recipe,
        hp,
        only=settings.only,
        fixed=fitting.idle(settings.recipe, dataset.facts()),
        examples=len(dataset.train),
    )


def wave(recipe: Recipe, tuner: str, dataset: Dataset, objective: str) -> int:
    """How many trials are drawn together: more than one where the model is small.

    It depends on the recipe alone, so that every backend draws the same trials; JAX
    trains those of a wave side by side, see `zoo.tuning.side_by_side`.

    Raises:
        Mistake: the recipe does not fit the data, or the model.
    """
    check(recipe, dataset)
    if dataset.task != "classes" or objective not in ("accuracy", "loss"):
        return 1
    small = network.network(recipe, build_for(recipe, dataset), dataset)
    return _WAVES.get(tuner, 1) if small else 1


class Tuner(private.TunerHooks, keras_tuner.Tuner):
    """A keras-tuner `Tuner` whose trials are zoo recipes, trained by zoo's engine.

    Args:
        settings: of the search.
        folder: the search's; the state is in its folder `state/`.
        deadline: on the clock `time.monotonic`; None is none.
        quiet: print nothing.
        lease: seconds after which a silent process of another machine is given up.
        most: trials after which this process stops; None is all that there are.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        deadline: float | None = None,
        quiet: bool = False,
        lease: float = 60.0,
        most: int | None = None,
    ):
        self.settings, self.folder, self.deadline = settings, folder, deadline
        self.most = most
        self.datasets = trial.datasets(settings.recipe, settings.folds)
        self.progress = Progress(settings, deadline, quiet)
        task = self.datasets[0].task
        asked = settings.objective
        self.metric = FIRST[task] if asked == "loss" else asked
        self.trained = 0
        self._texts: dict[str, str] = {}
        self.presence = Presence(folder / "state" / "workers", lease)
        drawing = oracle.make(settings)
        drawing.lives = self.presence.lives
        super().__init__(drawing, directory=str(folder), project_name="state")

    def declare_space(self):
        """Find also what a space declares for some values of others only."""
        hp = self.oracle.get_space()
        self.overrides(hp)
        for part in hp.space:  # it grows meanwhile
            for value in _ends(part):
                probe = hp.copy()
                probe.values[part.name] = value
                with contextlib.suppress(Exception):  # its trial will tell it
                    self.overrides(probe)
                    hp.merge(probe.space, overwrite=False)
        self.oracle.update_space(hp)

    def state_file(self) -> Path:
        return self.folder / "state" / "none"  # the oracle holds all the state

    def save(self):
        self.oracle.save()

    def overrides(self, hp) -> list[str]:
        """What hyperparameters change in the recipe."""
        return overrides(self.settings, self.datasets[0], hp)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Inside, no other process changes the search; what it did has been read."""
        with locks.locked(self.folder / "state" / "lock"):
            self.oracle.catch_up()
            with self.oracle.saved_once():
                yield

    def search(self) -> None:
        """Run trials until there are enough, the space is exhausted or time is over.

        What is in the folder already counts; other processes may work on it meanwhile.
        """
        with contextlib.ExitStack() as inside:
            for each in (self.presence.shown(), self.progress, device.many_networks()):
                inside.enter_context(each)
            if self.settings.recipe.deterministic:
                inside.enter_context(device.deterministic())
            self.show()
            try:
                while not self.is_spent() and (drawn := self._draw()):
                    for ended in self._run(drawn):
                        with self.turn():
                            for each, result in ended:
                                self._end(each, result)
                        self.show()
                        if stops.interrupted:  # and a library has caught it
                            raise KeyboardInterrupt
            except trial.OutOfTime:
                pass

    def run_trial(self, trial_: Trial) -> dict[str, float]:
        """The metrics of a trial, see `zoo.tuning.trial.run`."""
        recipe = self._recipe(trial_)
        limits = self._limits(trial_.hyperparameters.values, trial_.trial_id)
        return trial.run(recipe, self.datasets, self.settings.objective, limits)

    def _draw(self) -> list[Trial]:
        """The next trials: what is left of an interrupted wave, or a new one."""
        while not self.is_over():
            drawn, status = [], TrialStatus.RUNNING
            with self.turn():
                for slot in range(self.oracle.again or self.settings.wave):
                    each = self.oracle.create_trial(f"{self.presence.name}.{slot}")
                    status = each.status
                    if status != TrialStatus.RUNNING:
                        break
                    drawn.append(each)
            if drawn or status == TrialStatus.STOPPED:
                return drawn
            time.sleep(_IDLE_SECONDS)
        return []

    def is_over(self) -> bool:
        """Whether the time of the search is over."""
        return self.deadline is not None and time.monotonic() > self.deadline

    def _run(self, drawn: Sequence[Trial]) -> Iterator[list[tuple[Trial, Result]]]:
        """The results, those that come together in one list."""
        alone = list(drawn)
        if self.settings.wave > 1 and keras.backend.backend() == "jax":
            for ended in self._side_by_side(drawn):
                for each, _ in ended:
                    alone.remove(each)
                yield ended
        for each in alone:
            with self.turn():
                self.oracle.begin([each.trial_id])
            result = self._attempt(each)
            self.trained += 1
            yield [(each, result)]
            if self.trained % _RELEASED == 0:
                trial.release()

    def _side_by_side(self, drawn):
        from zoo.tuning import side_by_side

        able, planned, limits = [], [], []
        for each in drawn:
            if self.oracle.alone(each.trial_id):
                continue
            try:
                planned.append(self._recipe(each))
            except Exception:
                continue  # told when it is trained by itself
            able.append(each)
            values = each.hyperparameters.values
            limits.append(self._limits(values, each.trial_id, states=False))
        with self.turn():
            self.oracle.begin([each.trial_id for each in able], joint=True)
        results = side_by_side.run(
            planned, self.datasets, self.settings.objective, limits
        )
        for ended in results:
            yield [(able[number], result) for number, result in ended]
        trial.release()

    def _attempt(self, each):
        try:
            return self.run_trial(each)
        except trial.OutOfTime:
            raise
        except Exception as error:
            return error

    def _recipe(self, each):
        changes = self.overrides(each.hyperparameters.copy())
        return recipes.override(self.settings.recipe, changes)

    def _limits(self, values, trial_id, states=True):
        """Hyperband trains for some epochs and continues with the best of them."""
        if "tuner/epochs" not in values:
            return trial.Limits(deadline=self.deadline)
        before = values.get("tuner/trial_id") if states else None
        return trial.Limits(
            values["tuner/epochs"],
            self.deadline,
            self._states(before) if before else (),
            self._states(trial_id) if states else (),
        )

    def _states(self, trial_id):
        home = self.folder / "state" / f"trial_{trial_id}"
        return [home / f"fold_{number}" for number in range(len(self.datasets))]

    def _end(self, each: Trial, result: Result):
        if isinstance(result, dict):
            result = _sound(result)
        if isinstance(result, Exception):
            each.status, each.message = TrialStatus.FAILED, reason(result)
        else:
            self.oracle.update_trial(each.trial_id, result)
            each.status = TrialStatus.COMPLETED
        self.oracle.end_trial(each)

    def is_spent(self) -> bool:
        """Whether this process has run as many trials as it may."""
        return self.most is not None and self.trained >= self.most

    def show(self) -> None:
        """Read what all processes have done, write the table of trials and show it."""
        with self.turn():
            self.record()
        self.progress.show(self.rows())

    def rows(self) -> list[dict]:
        """The trials so far as `zoo.tuning.search` has them."""
        trials = sorted(dict(self.oracle.trials).items())
        return [self._row(each) for _, each in trials]

    def record(self) -> None:
        """Write the table of trials."""
        table.write(self.folder, self.rows(), self.metric)

    def _row(self, each):
        values = each.hyperparameters.values
        measured = {
            name: history.get_last_value()
            for name, history in each.metrics.metrics.items()
        }
        return {
            "trial": int(each.trial_id),
            "status": each.status,
            **{k: float(v) for k, v in measured.items()},
            "overrides": self._text(each),
            "reason": each.message or "",
            "values": {k: v for k, v in values.items() if not k.startswith("tuner/")},
        }

    def _text(self, each):
        if each.trial_id not in self._texts:
            try:
                changes = self.overrides(each.hyperparameters.copy())
            except Exception:  # of a user's own space; the trial has failed with it
                changes = []
            self._texts[each.trial_id] = shlex.join(changes)
        return self._texts[each.trial_id]


def _ends(part: hps.HyperParameter) -> Sequence:
    """The values of a hyperparameter on which others may depend."""
    if isinstance(part, hps.Choice | hps.Boolean | hps.Fixed):
        return part.values
    return part.min_value, part.max_value


def _sound(result: dict) -> Result:
    """A result, or what is wrong with it: another one could not be compared with it."""
    for name, value in result.items():
        if not math.isfinite(value):
            return Mistake(
                f"the {name.replace('_', ' ')} is {value}: training diverged; try a "
                "smaller learning_rate or clip_norm=1"
            )
    return result


def reason(error: Exception) -> str:
    """Why a trial failed, in one line."""
    text = " ".join(str(error).split())
    return text if isinstance(error, Mistake) else f"{type(error).__name__}: {text}"

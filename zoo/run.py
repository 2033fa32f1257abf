"""A run: the folder that training leaves behind."""

import csv
import dataclasses
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import backend
from zoo import recipe as recipes
from zoo.building import stored, trained
from zoo.core import files, measured, seal
from zoo.core.kept import called
from zoo.core.unchanged import Unchanged
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras

    from zoo.data import Dataset
    from zoo.exported import Exported

WEIGHTS = "model.safetensors"
_READ = (
    "recipe.json",
    "data.json",
    "vocabulary.json",
    "environment.json",
    "history.csv",
    "metrics.json",
    trained.CARD,
)


_ANSWERING = (*_READ[:3], "metrics.json", WEIGHTS)  # what answers depend on


@dataclass(frozen=True)
class Run:
    """A run folder and what lies in it.

    Attributes:
        folder: holds `recipe.json`, `environment.json`, `data.json`, `history.csv`,
            `metrics.json`, `model.safetensors`, `model.keras`, the checksums of these
            in `run.json`, and the last training states.
        trust: whether a model file of one's own may be executed to open the model;
            without it a run is data and nothing else.
    """

    folder: Path
    trust: bool = False

    def __post_init__(self):
        object.__setattr__(self, "folder", Path(self.folder))

    @cached_property
    def recipe(self) -> Recipe:
        found = _read(self.folder / "recipe.json")
        self._guard.check("recipe.json")
        return recipes.from_json(found)

    @property
    def backend(self) -> str | None:
        """The backend that trained it; None if training has not begun."""
        return self.environment.get("backend")

    @property
    def environment(self) -> dict:
        """Where it was trained; {} if training has not begun."""
        path = self.folder / "environment.json"
        if not path.is_file():
            return {}
        about = _read(path)
        if (name := about.get("backend")) not in backend.NAMES:
            raise Mistake(f"{path} is damaged: the backend {str(name)[:40]!r}")
        return about

    @cached_property
    def metrics(self) -> dict:
        """Numbers by name, in groups such as "test" and "seconds"."""
        path = self.folder / "metrics.json"
        found = _read(path)
        self._guard.check("metrics.json")
        if reason := measured.fault_of_metrics(found):
            raise Mistake(f"{path} is damaged: {reason}")
        return found

    @cached_property
    def temperature(self) -> float:
        """What logits are divided by so that probabilities mean what they say.

        1 in runs without a validation split, and in those of an older zoo.
        """
        about = self._found("calibration", "classes")
        if about is None:
            return 1.0
        found = about.get("temperature", 0) if isinstance(about, dict) else 0
        if not measured.is_temperature(found):
            path = self.folder / "metrics.json"
            raise Mistake(f"{path} is damaged: the temperature is {found}")
        return float(found)

    def cuts(self, labels: Sequence[str]) -> list[float]:
        """The logit from which on each of these labels is given.

        They were chosen on the validation split; 0, a probability of 0.5, without one.

        Raises:
            Mistake: `metrics.json` is damaged.
        """
        found = self._found("cuts", "labels")
        if found is None:
            return [0.0] * len(labels)
        path = self.folder / "metrics.json"
        if not isinstance(found, dict) or found.keys() != set(labels):
            raise Mistake(f"{path} is damaged: its cuts are not those of the labels")
        if not all(map(measured.is_finite, found.values())):
            raise Mistake(f"{path} is damaged: its cuts are no finite numbers")
        return [found[label] for label in labels]

    def errors(self) -> dict | None:
        """What conformal prediction needs; None without a validation split.

        Raises:
            Mistake: `metrics.json` is damaged.
        """
        from zoo.metrics import conformal

        found = self._found("conformal", "classes", "numbers")
        names = self.about_data.outputs or (conformal.CLASS,)
        if found is not None and not conformal.are_errors(found, names):
            path = self.folder / "metrics.json"
            raise Mistake(f"{path} is damaged: its errors are not complete")
        return found

    def _found(self, name: str, *tasks: str):
        """What was measured on the validation split; None if there was none.

        A run that says that there was one, and lacks the measurement, would answer
        otherwise than it did; zoo 0.1 did not measure it.
        """
        found = self.metrics.get(name)
        if found is None and self.about_data.task in tasks and self._was_validated:
            raise Mistake(
                f"{self.folder / 'metrics.json'} is damaged: it has no {name}, and the "
                "training had a validation split; copy the run again"
            )
        return found

    @cached_property
    def _was_validated(self) -> bool:
        if seal.read(self.folder) is None:
            return False
        if "validation" in self.metrics:
            return True
        of_one = not {"members", "folds"} & self.metrics.keys()
        known = of_one and (self.folder / "history.csv").is_file()
        return known and "validation_loss" in self.history[-1]

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The shares of values below each answer, if its numbers are quantiles."""
        return tuple(self.recipe.quantiles)

    @cached_property
    def history(self) -> list[dict[str, float]]:
        """One dict an epoch: loss, metrics, seconds."""
        path = self.folder / "history.csv"
        content = files.read(path, seal.LARGEST)
        try:
            return measured.history(content)
        except (ValueError, csv.Error) as error:
            raise Mistake(f"{path} cannot be read: {error}") from error

    @cached_property
    def about_data(self) -> "Dataset":
        """What it learned from, without the examples, see `zoo.data.restore`."""
        from zoo import data

        found = data.restore(self.folder)
        self._guard.check("data.json", "vocabulary.json")
        return found

    @cached_property
    def model(self):
        """The trained model, on the active backend."""
        return self.built(self.recipe)

    def built(self, recipe: Recipe):
        """The trained model anew, by its own recipe or one of another precision."""
        about, state = self.about_data, self._guard.state()
        model = stored.load(
            self.folder, recipe, about.facts(), about.answers, self.trust
        )
        self._guard.check()
        self._guard.check_state(state)  # sums of large weights would take long
        if stored.is_own(recipe):
            from zoo.building import alike

            alike.check_opened(self.folder, self.backend, model)
        return model

    @property
    def forward(self):
        """The compiled function from decoded inputs to outputs of `model`."""
        from zoo.engine import steps

        made = vars(self).get("_forward")
        if made is None or made[0] is not self.model:  # which a user may have replaced
            made = self.model, steps.compile_forward(self.model)
            vars(self)["_forward"] = made
        return made[1]

    @cached_property
    def exported(self) -> "Exported | None":
        """Its network in `model.onnx`, if that answers as the run does.

        `zoo.export` writes it there; of weights that zoo ships it lies in the cache. It
        is used only if it was checked to 1e-5 and is of the weights that the run has; a
        warning says why it is not.
        """
        from zoo import exported

        if trained.is_shipped(self.folder):
            return exported.in_cache(self.folder, WEIGHTS, self.recipe.precision)
        found = exported.in_run(self.folder, WEIGHTS, self.recipe.precision)
        self._guard.check()
        return found

    @cached_property
    def _guard(self) -> Unchanged:
        """The folder as it was when the first of its files was read."""
        return Unchanged(self.folder, _ANSWERING, WEIGHTS)

    def dataset(
        self,
        *,
        whole: bool = True,
        place: Any = None,
        divided: bool = True,
        **changes,
    ):
        """The data set of the run's recipe, as it is found now.

        Classes and columns are matched by name with those of the training. Texts are
        read with the run's vocabulary. A warning says so if the examples are not those
        of the training.

        Args:
            whole: False leaves what is only learned from, `data.more`, unread: it need
                not be there for validation and test, and the training split lacks it.
            place: where the data lie, if that is not where they were: a file or folder,
                or data in memory. Some of the classes may be missing there.
            divided: False holds none of them back, see `zoo.data.elsewhere.undivided`.
            changes: see `zoo.data.load_for`; the examples are not compared then.

        Raises:
            Mistake: the name of the data set means code of somebody else, and the run
                is not trusted; the data cannot be loaded; their classes or columns
                have other names; or their inputs another shape.
        """
        from zoo import data
        from zoo.data import elsewhere, identity, judged
        from zoo.data.sources import streams

        if stored.is_own_data(self.recipe.data) and not self.trust:
            raise Mistake(
                f"{self.folder} would execute the builder of {self.recipe.data}, code "
                "that is not zoo's; if you trust it, add --trust (in Python: "
                "trust=True)"
            )
        known, recipe = self.about_data, self.recipe
        if place is not None:
            recipe = data.moved(recipe, place, known)
        if not divided:
            changes = {**elsewhere.undivided(recipe), **changes}
        compared = known.examples if not changes else {}
        if not whole and self.recipe.data_arguments.get("more"):
            changes = {"more": "", **changes}
            compared = {k: v for k, v in compared.items() if k != "train"}
        own = {"encoder": known.encoder, "learned": place is None}
        try:
            with judged.by(None if place is None else known):
                dataset = data.load_for(recipe, **own, **changes)
        except Mistake as mistake:
            if place is not None or not data.is_gone(recipe):
                raise
            raise Mistake(
                f"{mistake}; it is what {self.folder} learned from: put it back, or "
                f"say where it lies now: `zoo evaluate {self.folder} --data PLACE` (in "
                "Python: zoo.evaluate(run, data=PLACE))"
            ) from mistake
        if not divided and dataset.kind == "language":
            held = streams.held_out(dataset.train)
            dataset = dataclasses.replace(dataset, train=held)
        names = known.classes, known.features, known.columns
        dataset = identity.align(dataset, *names, fewer=place is not None)
        if place is not None:
            identity.check_steps(dataset, known)
        if dataset.input_shape != known.input_shape:
            now, then = (" x ".join(map(str, x.input_shape)) for x in (dataset, known))
            if place is not None:
                raise Mistake(
                    f"the examples of {called(recipe.data)} are of {now}, and the "
                    f"network takes {then}"
                )
            raise Mistake(
                f"the examples of {recipe.data} are of {now} now, and those that "
                f"{self.folder} learned from of {then}: put them back, or train again"
            )
        found = identity.examples(dataset) if compared else {}
        if "train" not in compared:
            found.pop("train", None)
        if words := identity.differences(compared, found):
            warnings.warn(
                f"the examples of {called(recipe.data)} are not those that "
                f"{self.folder} was trained on: {words}; it may have learned from some "
                "that it is now tested on",
                stacklevel=2,
            )
        return dataset


def open_run(run: Run | str | Path, *, trust: bool = False) -> Run:
    """The finished run in a folder; a run is returned as it is.

    Args:
        run: a run, its folder, or the name of trained weights, such as "lenet:mnist".
            It may come from a stranger: no code in it is executed, and no module that
            it names is imported.
        trust: execute the run's own model file, if it has one.

    Raises:
        Mistake: there are no such weights, the folder is not a run, its training has
            not ended, or one of its files is not the one that training wrote.
    """
    if isinstance(run, Run):
        return run
    folder = trained.folder(run)
    if not os.path.isfile(folder / "recipe.json"):  # a name may be too long for pathlib
        reason = "it is a file" if os.path.isfile(folder) else "it has no recipe.json"
        if not os.path.exists(folder):
            reason = "there is no such folder"
        if os.path.isfile(folder / "search.json"):
            reason = f"it is a search, whose best runs are in {folder / 'winner'}"
        raise Mistake(f"{folder} is not a run: {reason}; `zoo train` makes runs")
    if not (folder / "metrics.json").is_file():
        raise Mistake(
            f"the run {folder} has not ended; "
            f"`zoo train {folder} --resume` continues it"
        )
    if (folder / WEIGHTS).exists() and not (folder / seal.NAME).exists():
        raise Mistake(
            f"{folder} has no {seal.NAME}: its writing was interrupted, or the file "
            f"was taken away; `zoo train {folder} --resume` writes it again"
        )
    found = Run(folder, trust)
    sums = found._guard.sums
    seal.check(folder, _READ)
    recipes.check_trained(folder)
    if WEIGHTS in (sums or ()) and not (folder / WEIGHTS).exists():
        raise Mistake(
            f"{folder / WEIGHTS} is missing; {seal.NAME} lists it: copy the run again"
        )
    return found


def load(run: Run | str | Path, *, trust: bool = False) -> "keras.Model":
    """The trained model of a run, or of trained weights, on the active backend.

    Args:
        run: a run, its folder, or the name of trained weights, such as "lenet:mnist".
        trust: execute the run's own model file, see `open_run`.

    Returns:
        The model, a plain `keras.Model` that gives logits, not compiled. For answers
        in a loop, `zoo.predict`, or the compiled function `zoo.Run(folder).forward`,
        stand less around the network than Keras's own call does.

    Raises:
        Mistake: see `open_run`.
    """
    opened = open_run(run, trust=trust)
    startup.import_keras()
    return opened.model


def _read(path: Path) -> dict:
    return files.read_json(path, seal.LARGEST)

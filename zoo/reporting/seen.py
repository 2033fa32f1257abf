"""What a report looks at: a run, and its answers to the examples that judge it."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from zoo import data
from zoo.building import stored, unit
from zoo.core import seal
from zoo.data import Dataset
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.metrics import label_probabilities, measure, medians, probabilities
from zoo.run import Run


@dataclass(frozen=True)
class Seen:
    """A run with its answers; without its data, what it keeps of them.

    Attributes:
        run: that has ended.
        dataset: without examples if they could not be read.
        split: the one that is answered, "test" if there is one; "" without examples.
        outputs: float (n, k), see `zoo.metrics.measure`; (0, k) without examples.
        quantiles: float (n, k, q), of which `outputs` are the middle one, if the
            network gives quantiles.
        spread: of numbers the unit of their loss, float (k,).
        lacking: why there are no examples; "" if there are.
        call: the compiled model, for further inputs; None without examples.
    """

    run: Run
    dataset: Dataset
    split: str = ""
    outputs: np.ndarray = field(default_factory=lambda: np.zeros((0, 1)))
    quantiles: np.ndarray | None = None
    spread: Any = 1.0
    lacking: str = ""
    call: Any = None

    @property
    def task(self) -> str:
        return self.dataset.task

    @property
    def inputs(self) -> Any:
        return self.dataset.split(self.split).inputs

    @property
    def targets(self) -> np.ndarray:
        return np.asarray(self.dataset.split(self.split).targets)

    @property
    def groups(self) -> np.ndarray | None:
        """Which examples are resampled together; None if each is by itself."""
        split, line = self.dataset.split(self.split), self.dataset.timeline
        return line.together(len(split)) if line else split.groups

    @property
    def finding(self) -> str:
        """The second of two classes, of which both occur; "" otherwise."""
        if self.lacking or self.task != "classes" or len(self.dataset.classes) != 2:
            return ""
        return self.dataset.classes[1] if 0 < np.mean(self.targets) < 1 else ""

    @cached_property
    def probabilities(self) -> np.ndarray:
        """As `zoo predict` gives them: calibrated, or of each label by itself."""
        if self.task == "labels":
            return label_probabilities(self.outputs)
        return probabilities(self.outputs, self.run.temperature)

    @property
    def cuts(self) -> np.ndarray | float:
        """The logits from which on labels are given."""
        if self.task != "labels":
            return 0.0
        return np.asarray(self.run.cuts(self.dataset.classes))

    def judge(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """The metrics of some of the answers."""
        return measure(outputs, targets, self.task, self.spread, self.cuts)


def look(run: Run) -> Seen:
    """Answer the examples of the run's test split, or validation, or training split.

    Raises:
        Mistake: the run has no network, or the examples cannot be read.
    """
    startup.import_keras()
    from zoo.building import answers

    known = run.about_data  # also of what only training reads
    dataset = run.dataset(whole=not known.examples.keys() - {"train"})
    dataset = replace(
        dataset,
        license=known.license,
        description=known.description,
        examples=known.examples,
    )
    name = next(n for n in ("test", "validation", "train") if getattr(dataset, n))
    call = run.forward
    split, task = dataset.split(name), dataset.task
    outputs, many = answers.of(run.model, call, split, task, whole=True), None
    if run.quantiles:
        outputs, many = medians(outputs), outputs
    return Seen(run, dataset, name, outputs, many, unit.spread(run.model), call=call)


def look_if_possible(run: Run) -> Seen:
    """The same; without its examples, the run with the reason.

    Raises:
        Mistake: the network is damaged.
    """
    if not (run.folder / "data.json").is_file():
        part = run.folder / "part-0"
        reason = (
            "a cross-validation has no network of its own; that of a part is shown by "
            f"`zoo report {part}`"
        )
        return Seen(run, data.restore(part), lacking=reason)
    known = run.about_data
    _check_network(run)
    try:
        return look(run)
    except Mistake as mistake:
        return Seen(run, known, lacking=str(mistake))


def _check_network(run: Run) -> None:
    """Refuse a damaged network; one that needs trust has a page without its answers."""
    if stored.is_own(run.recipe) and not run.trust:
        seal.check(run.folder, (stored.GRAPH,), seal.LARGEST_MODEL)
        return
    startup.import_keras()
    _ = run.model

"""A data set: its splits, their order, and what prediction needs to know of it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zoo.core import columns as described
from zoo.core import files
from zoo.core.columns import Column
from zoo.core.random import order
from zoo.data.kinds.series import Timeline
from zoo.data.kinds.texts import Vocabulary
from zoo.data.windows import Windows
from zoo.errors import Mistake, unknown

KINDS = (
    "image",
    "text",
    "tabular",
    "points",
    "series",
    "language",
    "sound",
    "sequence",
)
TASKS = ("classes", "numbers", "labels", "tokens", "strings")
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Examples and what is to be answered.

    inputs: array of shape (n, ...), or anything with `len`, `shape`, `dtype` and
        indexing by an array of positions that returns an array; texts before their
        words are numbered are `zoo.data.kinds.tokens.Tokens`; of a series
        `zoo.data.windows.Windows`.
    targets: by the data set's task: "classes", int32 array of shape (n,), positions in
        `Dataset.classes`; "numbers", float32 (n, outputs), in the data's own unit;
        "labels", float32 (n, classes), 1 for each label that an example has, else 0;
        "tokens", int32 (n, window), the class after each token of the inputs, -1 where
        it does not count; "strings", int32 (n, longest), positions in
        `Dataset.classes`, -1 behind the end of each. Those of a series or a text are
        `Windows`, too.
    prints: uint64 array of shape (n,), equal for equal inputs, so that copies can be
        kept on one side of a split; None where nobody looked for copies.
    groups: int64 array of shape (n,), equal for examples that belong together, such as
        those of one patient, which stay on one side, too; None if there are none.
    times: float64 array of shape (n,), when each example was; validation and test come
        after the training then; None where the order says nothing.
    """

    inputs: Any
    targets: Any
    prints: np.ndarray | None = None
    groups: np.ndarray | None = None
    times: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def is_placed(self) -> bool:
        """Whether groups or times say who goes where."""
        return self.groups is not None or self.times is not None

    def take(self, index: np.ndarray) -> "Split":
        """The examples at these positions, in this order; not copied from a disk.

        Args:
            index: whole numbers, (n,), from 0 to `len(self) - 1`.
        """
        if isinstance(self.inputs, Rows):
            inputs = Rows(self.inputs.array, self.inputs.index[index])
        elif isinstance(self.inputs, np.memmap | Joined):
            inputs = Rows(self.inputs, index)
        elif isinstance(self.inputs, Windows):
            return Split(self.inputs.chosen(index), self.targets.chosen(index))
        else:
            inputs = self.inputs[index]
        about = {
            name: None if (values := getattr(self, name)) is None else values[index]
            for name in ("prints", "groups", "times")
        }
        return Split(inputs, np.asarray(self.targets)[index], **about)

    @property
    def rows(self) -> np.ndarray:
        """What a network's first layer learns from: the inputs, (n, ...).

        Of windows the rows that they are cut from, each once; of sequences the steps
        that are no padding, (steps, channels).
        """
        if isinstance(self.inputs, Windows):
            return self.inputs.seen()
        found = np.asarray(self.inputs)
        if found.ndim == 3 and found.dtype.kind == "f":
            return found[~np.isnan(found).all(axis=2)]
        return found

    @property
    def numbers(self) -> np.ndarray:
        """What the unit of numbers is learned from, float (n, outputs).

        Of windows the values that are forecast, each once, (n, 1).
        """
        if not isinstance(self.targets, Windows):
            return np.asarray(self.targets)
        seen = self.targets.seen()
        return seen[~np.isnan(seen)][:, None]


@dataclass(frozen=True)
class Rows:
    """Some rows of an array on disk, read when they are asked for."""

    array: "np.ndarray | Joined"
    index: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, positions: np.ndarray) -> np.ndarray:
        return np.asarray(self.array[self.index[positions]])

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), *self.array.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype


@dataclass(frozen=True)
class Joined:
    """Arrays one after the other, read when they are asked for."""

    parts: "tuple[np.ndarray | Rows, ...]"

    def __getitem__(self, positions: np.ndarray) -> np.ndarray:
        positions = np.asarray(positions)
        found = np.empty((*positions.shape, *self.shape[1:]), self.dtype)
        start = 0
        for part in self.parts:
            here = (positions >= start) & (positions < start + len(part))
            found[here] = part[positions[here] - start]
            start += len(part)
        return found

    @property
    def shape(self) -> tuple[int, ...]:
        return (sum(map(len, self.parts)), *self.parts[0].shape[1:])

    @property
    def dtype(self) -> np.dtype:
        return self.parts[0].dtype


@dataclass(frozen=True)
class Dataset:
    """A data set: examples, and what is to be answered about each.

    name: as it was asked for.
    kind: "image" (uint8, (n, H, W, C)), "text" (int32 token ids, (n, length)),
        "tabular" or "points" (float32, (n, features)), "series" (float32, (n, window,
        features)), "language" (int32 tokens, (n, window)), "sound" (int16, (n,
        samples), -32768 behind the end of each), "sequence" (float32, (n, steps,
        channels), NaN behind the end of each).
    train, validation, test: the splits; validation and test may be None.
    more: examples that are only learned from, whatever is held out; None if there are
        none, and where they are in `train` already, as `zoo.data.load` puts them.
    classes: the name of each class or label; () if the task is "numbers".
    features: the name of each column of a table or coordinate of a point; else ().
    task: "classes", each example has one of `classes`; "numbers", it has a number for
        each of `outputs`; "labels", it has any of `classes`, several or none; "tokens",
        one of `classes` comes next at each step of it; "strings", it says some of
        `classes` one after the other.
    outputs: the name of each number to be answered; () for the other tasks.
    columns: of a table, what each of `features` holds, so that raw cells can be read;
        () where all are numbers that are read as they are.
    form: of a table in a file, how it was read: its separator, decimal, encoding,
        header, sheet, those of `zoo.data.kinds.sheet.read` that it has, and the name
        of its column of texts, if these alone were read; "lines" of texts, if each was
        a line of a file; else {}.
    timeline: of a series, how its windows are cut; None for other kinds.
    unit: of a language what a token is, "characters" or "words"; else "".
    rate: of sounds, samples a second; 0 for other kinds.
    license, citation, description: of the data, as their source states them.
    encoder: turns sentences into token ids; None unless kind is "text".
    missing: whether NaN stands for a missing value; otherwise no NaN occurs.
    border: for gray pictures, the mean brightness of their borders, 0 to 255.
    ink: whether the pictures are laid out as MNIST's, see `zoo.data.kinds.ink`.
    examples: in a data set that `restore` gave, what its splits held, see
        `zoo.data.identity.examples`; {} if that was not kept.
    """

    name: str
    kind: str
    train: Split
    validation: Split | None = None
    test: Split | None = None
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    license: str = ""
    citation: str = ""
    description: str = ""
    encoder: Vocabulary | None = None
    missing: bool = False
    border: float | None = None
    ink: bool = False
    examples: dict = field(default_factory=dict)
    task: str = "classes"
    outputs: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    form: dict = field(default_factory=dict)
    timeline: Timeline | None = None
    unit: str = ""
    rate: int = 0
    more: Split | None = None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input, without the batch."""
        return tuple(self.train.inputs.shape[1:])

    @property
    def carried(self) -> bool:
        """Whether states are carried from window to window, see `Windows`."""
        return getattr(self.train.inputs, "carried", False)

    @property
    def answers(self) -> tuple[str, ...]:
        """The name of each class, number or label."""
        return self.outputs if self.task == "numbers" else self.classes

    def facts(self) -> dict:
        """What a model's `build` may want to know, by its argument names."""
        facts: dict[str, Any] = {"input_shape": self.input_shape}
        facts["classes"] = len(self.answers)
        if self.task != "classes":
            facts["task"] = self.task
        if self.kind == "tabular":
            facts["features"] = self.features
        if self.columns:
            facts["columns"] = self.columns
        if self.timeline:
            for name in ("window", "horizon", "ahead"):
                facts[name] = getattr(self.timeline, name)
        if self.unit:
            facts["vocabulary_size"] = len(self.classes)
            facts["window"] = self.input_shape[0]
        if self.rate:
            facts["rate"] = self.rate
        if self.encoder:
            facts["vocabulary_size"] = self.encoder.size
            facts["length"] = self.encoder.length
        return facts

    def card(self) -> str:
        """The data set in a few lines of plain text."""
        sizes = {name: len(each) for name in SPLITS if (each := getattr(self, name))}
        if not sizes:  # of a run, which keeps no examples
            sizes = {name: each["examples"] for name, each in self.examples.items()}
        lines = [
            f"{self.name}: {self.kind}, input shape {self.input_shape}",
            "examples: " + ", ".join(f"{k} {v:,}" for k, v in sizes.items()),
            "" if self.unit else f"{self.task}: {', '.join(self.answers)}",
            f"columns: {', '.join(self.features)}" if self.features else "",
            f"license: {self.license}",
            self.description,
            self.citation,
        ]
        return "\n".join(line for line in lines if line)

    def split(self, name: str) -> Split:
        """The split of a name, one of `SPLITS`.

        Raises:
            Mistake: an unknown name, or the data set has no such split.
        """
        if name not in SPLITS:
            raise unknown("split", name, SPLITS)
        split = getattr(self, name)
        if split is None:
            hint = "; load it with validation=0.1"
            if name == "test":
                there = [each for each in SPLITS if getattr(self, each)]
                hint = f"; it has {' and '.join(there)}"
            raise Mistake(f"{self.name} has no {name} split here{hint}")
        return split

    def batches(
        self,
        split: str = "train",
        batch: int = 128,
        seed: int = 0,
        epoch: int = 0,
        shuffle: bool = True,
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Every example of a split once, the last batch as short as it comes.

        Args:
            split: "train", "validation" or "test".
            batch: examples in a batch, at least 1; in training no more than there are.
            seed: with `epoch` decides the order, see `order`.
            epoch: the number of the epoch, from 0.
            shuffle: False keeps the order of the data.

        Returns:
            Pairs (inputs, targets) of NumPy arrays.

        Raises:
            Mistake: no such split, or a batch that is no count or too large.
        """
        chosen = self.split(split)
        if batch < 1:
            raise Mistake(f"batch={batch}; a batch holds at least 1 example")
        if split == "train" and batch > len(chosen):
            raise Mistake(
                f"batch={batch} is larger than the data: {self.name} has "
                f"{len(chosen)} training examples; give batch={len(chosen)} or less"
            )
        index = order(len(chosen), seed, epoch) if shuffle else np.arange(len(chosen))
        return (
            (chosen.inputs[part], chosen.targets[part])
            for part in (index[i : i + batch] for i in range(0, len(index), batch))
        )

    def save(self, folder: str | os.PathLike) -> None:
        """Write what prediction needs: data.json, and vocabulary.json for text.

        Args:
            folder: that is there; both files are replaced.
        """
        folder = Path(folder)
        if self.encoder:
            self.encoder.save(folder)
        about = {
            "name": self.name,
            "kind": self.kind,
            "input_shape": self.input_shape,
            "dtype": str(self.train.inputs.dtype),
            "classes": self.classes,
            "features": self.features,
            "license": self.license,
            "citation": self.citation,
            "description": self.description,
            "missing": self.missing,
            "border": self.border,
            "ink": self.ink,
            "examples": self.examples,
            "task": self.task,
            "outputs": self.outputs,
            "columns": described.to_json(self.columns),
        }
        if self.form or self.columns or self.kind == "text":  # what files may say
            about["form"] = self.form
        if self.timeline:
            about["timeline"] = self.timeline.to_json()
        if self.unit:
            about["unit"] = self.unit
        if self.rate:
            about["rate"] = self.rate
        files.write_json(folder / "data.json", about, indent=1)

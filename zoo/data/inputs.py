"""What a user asks about: pictures, texts, rows and series as a network's inputs."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from zoo.core.kept import called
from zoo.data import held, places
from zoo.data.dataset import Dataset
from zoo.data.kinds import (
    endings,
    pictures,
    rows,
    sequences,
    sounds,
    tables,
    texts,
)
from zoo.errors import Mistake


def items(dataset: Dataset, given, back: int = 0) -> list:
    """The pictures, texts, rows or series that a user gave, one or several, as a list.

    A folder is the files in it, and an address of the web what lies there, see
    `zoo.data.places`. What may be given else is said by `items` in
    `zoo.data.kinds.pictures`, `texts`, `rows` and `tables`; for series see `endings` in
    `zoo.data.kinds.endings`, also of `back`.

    Raises:
        Mistake: it, or one of several, cannot be meant; it is named. Or it is nothing.
    """
    if given is None:
        raise Mistake("inputs is None; give something to predict")
    if back and not dataset.timeline:
        raise Mistake(
            f"back={back} is for series; {dataset.name} is {dataset.kind} data"
        )
    given = held.opened(dataset, places.expanded(given, dataset.kind))
    if dataset.timeline and _are_endings(given):
        return given  # which were read before
    found: list
    if dataset.kind == "image":
        found = pictures.items(given, dataset.input_shape)
    elif dataset.kind in ("text", "language"):
        found = texts.items(given)
        blank = (isinstance(each, str) and not each.strip() for each in found)
        if dataset.kind == "text" and all(blank):
            found = []
    elif dataset.timeline:
        found = endings.endings(
            given, dataset.timeline, dataset.columns, back, dataset.form
        )
    elif dataset.kind == "sound":
        found = sounds.items(given)
    elif dataset.kind == "sequence":
        found = sequences.items(given)
    elif dataset.columns:
        found = rows.items(given, dataset.columns)
    else:
        found = tables.items(given, dataset.features)
    if not found:
        raise Mistake(f"nothing to predict: give {_WANTED[dataset.kind]}")
    return found


def ready(dataset: Dataset, given) -> np.ndarray | None:
    """Pictures or rows in an array that the network takes nearly as it is, else None.

    `laid_out` and `named` take it as `decode` and `named` take what `items` returns.
    """
    if dataset.kind == "image":
        return pictures.ready(given, dataset.input_shape)
    if dataset.kind not in ("tabular", "points") or dataset.timeline:
        return None
    if dataset.columns:
        return rows.ready(given, dataset.columns)
    return tables.ready(given, len(dataset.features), dataset.missing)


def _are_endings(given) -> bool:
    return isinstance(given, list) and {*map(type, given)} == {endings.Ending}


_WANTED = {
    "image": "the name of a picture",
    "text": "a sentence in quotes",
    "language": "how a text begins, in quotes",
    "tabular": "a CSV file, or a row of values with commas between them",
    "series": "a table that ends with the steps before the forecast",
    "sound": "the name of a sound",
    "sequence": "the name of a .ts file",
    "points": "a CSV file, or a point such as 0.5,-0.25",
}


def decode(dataset: Dataset, raw, as_is: bool = False) -> np.ndarray:
    """Raw inputs as the inputs of a network that learned from this data set.

    Args:
        dataset: as loaded or restored.
        raw: as `items` takes and returns it.
        as_is: give pictures as they are to a network that learned from handwriting
            laid out as MNIST's; by default their ink is laid out so.

    Returns:
        An array of shape (n, *dataset.input_shape): uint8 pictures, int32 token ids,
        int16 sounds, float32 sequences or rows. A CSV file may hold many rows.

    Raises:
        Mistake: names the picture or sound, or the row and column, that cannot be read.
    """
    if dataset.kind == "image":
        strokes = dataset.ink and not as_is
        return pictures.decode(raw, dataset.input_shape, dataset.border, strokes)
    if dataset.kind == "text":
        assert dataset.encoder, "`restore` and `load` give texts an encoder"
        ids = dataset.encoder.encode(raw)
        texts.tell_unknown(raw, ids)
        return ids
    if dataset.timeline:
        return np.stack([each.inputs for each in raw])
    if dataset.kind == "sound":
        return sounds.decode(raw, dataset.input_shape[0], dataset.rate)
    if dataset.kind == "sequence":
        return sequences.decode(raw, dataset.input_shape)
    if dataset.columns:
        return rows.decode(raw, dataset.columns, dataset.form)
    return tables.decode(raw, dataset.features, dataset.missing)


def check_as_is(dataset: Dataset, as_is: bool) -> None:
    """Refuse to look for no ink where there are no pictures.

    Raises:
        Mistake: `as_is` is true, and the data set holds no pictures.
    """
    if as_is and dataset.kind != "image":
        raise Mistake(
            f"--as-is (in Python: as_is=True) is for pictures; {called(dataset.name)} "
            f"is {dataset.kind} data"
        )


def laid_out(dataset: Dataset, found: np.ndarray, as_is: bool = False) -> np.ndarray:
    """What `decode` gives, for an array of `ready`; it may be this array itself.

    Args:
        dataset: as for `ready`.
        found: (n, *dataset.input_shape), uint8 pictures or float32 rows.
        as_is: as for `decode`.
    """
    if dataset.kind != "image":
        return found
    strokes = dataset.ink and not as_is
    return pictures.laid_out(found, dataset.border, strokes)


def named(dataset: Dataset, raw, decoded: np.ndarray) -> Sequence[str]:
    """What each input is called: its file, its text, its series, or the row as text.

    Args:
        raw: as `items` or `ready` returned it.
        decoded: as `decode` made it of `raw`.
    """
    if dataset.timeline:
        return [each.name for each in raw]
    if dataset.kind == "sound":
        return [sounds.name_of(item, number) for number, item in enumerate(raw, 1)]
    if dataset.kind == "sequence":
        return [name for name, _ in raw]
    if dataset.kind == "image" and isinstance(raw, np.ndarray):
        return Shown(range(1, len(raw) + 1), "input {}".format)
    if dataset.kind in ("image", "text"):
        readable = (str, os.PathLike)
        return [
            str(item).strip()
            if isinstance(item, readable)
            else getattr(item, "name", f"input {number}")
            for number, item in enumerate(raw, 1)
        ]
    if dataset.columns:
        return Shown(decoded, partial(rows.shown, columns=dataset.columns))
    return Shown(decoded, tables.shown)


class Shown(Sequence):
    """Inputs as text, each written when it is asked for."""

    def __init__(self, inputs: Sequence | np.ndarray, show: Callable[[Any], str]):
        self._inputs, self._show = inputs, show

    def __len__(self) -> int:
        return len(self._inputs)

    def __getitem__(self, place):
        return self._show(self._inputs[place])

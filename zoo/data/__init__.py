"""Data sets by name: `load("mnist")` gives train, validation and test as arrays."""

import inspect
import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from zoo.core.arguments import as_annotated, checked
from zoo.core.kept import called, keep
from zoo.core.paths import expand
from zoo.core.progress import track
from zoo.core.random import order
from zoo.data import categories, elsewhere, folds, keys, readers, repeats
from zoo.data.cache import cache_dir
from zoo.data.dataset import SPLITS, Dataset, Split
from zoo.data.inputs import check_as_is, decode, items, laid_out, named, ready
from zoo.data.kept_facts import restore
from zoo.data.kinds import texts
from zoo.data.readers import is_path, names, paths
from zoo.data.sources import own, table
from zoo.data.splits import carve
from zoo.errors import Mistake
from zoo.recipe import Recipe

__all__ = [
    "Dataset",
    "Split",
    "cache_dir",
    "check_as_is",
    "decode",
    "is_gone",
    "is_path",
    "items",
    "laid_out",
    "load",
    "load_for",
    "moved",
    "named",
    "names",
    "order",
    "paths",
    "ready",
    "restore",
]

VALIDATION = 0.1  # of the training split, where the data have no validation split
LONGEST_CLASS = 1000  # letters


def load(
    name: Any,
    *,
    validation: float | None = VALIDATION,
    seed: int = 0,
    fold: tuple[int, ...] | None = None,
    groups: str = "",
    time: str = "",
    encoder: texts.Vocabulary | None = None,
    joined: bool = True,
    learned: bool = True,
    **arguments,
) -> Dataset:
    """Read a data set and hold a validation split out of its training split.

    Args:
        name: one of `names()`, any name of TensorFlow Datasets, or a path of one's own:
            the file of a table, or a folder of class folders: "./pets", with a slash in
            it, or a `Path`. Data in memory are taken as `zoo.core.kept.keep` does.
        validation: share of the training split to hold out, stratified; 0 for none.
            Data with a validation split of their own are validated on that. None
            leaves the splits as they are.
        seed: decides which examples are held out, and nothing else.
        fold: (i, k) splits all examples into k parts, by `seed`, and makes part i,
            0 <= i < k, the test split, see `zoo.data.folds.cut`. (i, k, s) splits by
            s, whatever `seed` is.
        groups: a column whose values say what belongs together, such as "patient":
            examples with one value are in one split. It is no input of a network.
        time: a column of numbers or dates: validation and test come after what is
            learned from. It is no input of a network. With `window` and `horizon`
            among the arguments, it is that of a series, see `zoo.data.sources.series`.
        encoder: for text, the vocabulary of a run, taken in place of the training
            split's own.
        joined: whether what is only learned from, `more` of sounds, is in the training
            split, behind its own examples; False leaves it in `Dataset.more`, so that
            another split can be held out of the training.
        learned: whether the categories are those of the training split; False leaves
            all that the data hold, for a run, which has its own.
        arguments: those of the data set, see `generated`, `numbers`, `forecasts`,
            `speech`, `digit_strings`, `folder`, `sounds`, `table`, `series`, `streams`
            and `tfds` in `zoo.data.sources`; for text `vocabulary_size`, `length`,
            `keep` and `ngrams`, see `zoo.data.kinds.texts.Vocabulary.build`.

    Returns:
        The data set; its vocabulary and categories are those of the training split
        alone.

    Raises:
        Mistake: an unknown name or argument, a share out of range, data that cannot be
            had, or is damaged.
    """
    if isinstance(name, os.PathLike):  # a Path drops the ./ that tells a folder
        name = os.path.join(os.curdir, name)
    elif not isinstance(name, str):
        name = keep(name)
    read = readers.find(name, arguments)
    taken = inspect.signature(read).parameters
    arguments = as_annotated(arguments, taken)
    if _is_series(read):
        with checked(f"the data set {name}", arguments, taken):
            return _series(read, arguments, fold, groups, time, validation)
    wanted = {key: arguments.pop(key) for key in readers.OF_TEXTS if key in arguments}
    key = keys.one_of(groups, time)
    asked = {k: v for k, v in {"groups": groups, "time": time}.items() if k in taken}
    with checked(f"the data set {name}", arguments, taken):
        dataset = read(**arguments, **{k: v for k, v in asked.items() if v})
    if key and not dataset.train.is_placed:
        dataset = keys.take(dataset, groups, time)
    if fold:
        dataset = folds.split(dataset, fold, seed)
        _tell_unused(arguments, fold)
    elif key:
        dataset = keys.apart(dataset, key)
    if dataset.kind == "image":
        dataset = replace(dataset, ink=_is_ink(dataset.train))
    dataset = _with_validation(dataset, validation, seed)
    if learned:
        dataset = categories.learned(dataset)
    _check_classes(dataset)
    by_file = getattr(read, "func", read) in (own.folder.read, own.sounds.read)
    if not by_file and not table.is_ahead():
        repeats.tell(dataset)
    if dataset.kind == "text":
        known = inspect.signature(texts.Vocabulary.build).parameters
        with checked(f"the data set {name}", wanted, known):
            return _encoded(dataset, encoder, **wanted)
    if wanted:
        given = ", ".join(wanted)
        raise Mistake(f"{given} is for texts; {name} holds {dataset.kind} data")
    return folds.with_more(dataset) if joined else dataset


def load_for(recipe: Recipe, **changes) -> Dataset:
    """The data set of a recipe, with the validation split that its seed decides.

    Args:
        recipe: names the data, their arguments, the share of validation and the seed.
        changes: to these arguments of `load`, such as `validation=0`.

    Raises:
        Mistake: see `load`.
    """
    given = {"validation": recipe.validation, "seed": recipe.seed}
    return load(recipe.data, **{**given, **recipe.data_arguments, **changes})


def moved(recipe: Recipe, place: Any, known: Dataset) -> Recipe:
    """The recipe with its data at another place, see `zoo.data.elsewhere.at`.

    Args:
        recipe: of the run.
        place: a path or data in memory, as `load` takes them.
        known: what the run kept of its data.

    Raises:
        Mistake: nothing lies there, or it cannot be read as the recipe's data.
    """
    if not isinstance(place, str | os.PathLike):
        place = keep(place)
    if not str(place).strip():
        raise Mistake(f"data={str(place)!r} names nothing; give a file or a folder")
    made = readers.made(recipe.data)
    path = os.path.join(os.curdir, expand(place))
    if not os.path.lexists(path):
        raise Mistake(f"there is no file or folder {place}")
    readers.check_there(path)
    read = made or own.reader(path, recipe.data_arguments)
    return elsewhere.at(recipe, path, read, bool(made), known)


def is_gone(recipe: Recipe) -> bool:
    """Whether the data of a recipe are read from a place where nothing lies."""
    made = readers.made(recipe.data)
    lies = made or is_path(recipe.data) or recipe.data == elsewhere.FOLDER
    return bool(lies) and elsewhere.is_gone(recipe, made)


def _is_series(read: Callable[..., Dataset]) -> bool:
    """Whether a reader cuts windows from a series, in splits of its own."""
    return "window" in inspect.signature(read).parameters


def _series(
    read, arguments: dict, fold, groups: str, time: str, validation: float | None
):
    taken = inspect.signature(read).parameters
    for what, column in {"groups": groups, "time": time}.items():
        if column and "time" not in taken:
            raise Mistake(
                f"{what}={column} names a column, and a text that goes on has none"
            )
    if groups:
        raise Mistake(f"groups={groups} is for tables; a series has data.key={groups}")
    if time:
        arguments = {**arguments, "time": time}
    if not fold:
        return read(**arguments, validation=validation or 0.0)
    once = [f"data.{n}={arguments[n]}" for n in ("key", "split") if arguments.get(n)]
    if once or not {"horizon", "test"} <= taken.keys():
        what = "a text" if "unit" in taken else " with ".join(["a series", *once])
        raise Mistake(
            f"{what} is not cross-validated (data.fold): parts in turn, each answered "
            "from those before it, are those of one series alone, which is divided by "
            "no data.split; `zoo train` holds out the end for test and validation"
        )
    whole = read(**{**arguments, "test": 0.0}, validation=0.0)
    _tell_unused(arguments, fold)
    return categories.learned(folds.of_series(whole, fold, validation or 0.0))


def _tell_unused(arguments: dict, fold: tuple[int, ...]) -> None:
    if arguments.get("test") is not None:
        warnings.warn(
            f"data.test={arguments['test']} is not used: the test split is one of "
            f"{fold[1]} parts",
            stacklevel=4,
        )


def _is_seen(name: str) -> bool:
    """Whether a name has a letter or a sign that can be seen."""
    return any(each.isprintable() and not each.isspace() for each in name)


def _check_classes(dataset: Dataset) -> None:
    """Refuse classes without a name, or whose name is a text; warn of those alike."""
    named = dataset.task in ("classes", "labels")  # a symbol may be a space
    if named and not all(map(_is_seen, dataset.classes)):
        raise Mistake(
            f"a class of {called(dataset.name)} has an empty name, by which no answer "
            "could be told; give it one"
        )
    if longest := [name for name in dataset.classes if len(name) > LONGEST_CLASS]:
        raise Mistake(
            f"a class of {dataset.name} has a name of {len(longest[0]):,} letters; "
            f"accepted: at most {LONGEST_CLASS:,}; is this the column to be answered?"
        )
    alike: dict[str, str] = {}
    for name in dataset.classes:
        seen = alike.setdefault(" ".join(name.casefold().split()), name)
        if seen != name:
            warnings.warn(
                f"the classes '{seen}' and '{name}' of {dataset.name} are two, and "
                "differ in capital letters or spaces alone",
                stacklevel=3,
            )


def _is_ink(split: Split) -> bool:
    """Whether pictures are laid out as MNIST's; some of them tell."""
    if split.inputs.shape[3] != 1:  # colored ones need not be read
        return False
    chosen = np.linspace(0, len(split) - 1, min(500, len(split))).astype(int)
    from zoo.data.kinds import ink  # which imports OpenCV

    return ink.is_centered(np.asarray(split.inputs[chosen]))


def _with_validation(dataset: Dataset, share: float | None, seed: int) -> Dataset:
    """The data set with its own validation split, or one held out of the training.

    A share of 0 asks for none. What is not used, the split or the share, is told.
    """
    if share is None:
        return dataset
    whole, classes, own = dataset.train, dataset.classes, dataset.validation
    if own is None:
        about = whole.prints, whole.groups, whole.times
        kept, held = carve(whole.targets, share, seed, classes, "validation", *about)
        if not len(held):
            return dataset
        return replace(dataset, train=whole.take(kept), validation=whole.take(held))
    if share == 0:
        warnings.warn(
            f"the {len(own)} validation examples of {dataset.name} are left out: "
            "validation=0 asks for no validation split",
            stacklevel=3,
        )
        return replace(dataset, validation=None)
    if share != VALIDATION:
        warnings.warn(
            f"validation={share} is not used: {dataset.name} has a validation split of "
            f"its own, of {len(own)} examples",
            stacklevel=3,
        )
    return dataset


def _encoded(
    dataset: Dataset, encoder: texts.Vocabulary | None = None, **wanted
) -> Dataset:
    """Turn words into ids by the vocabulary given, or that of the training split."""
    vocabulary = encoder or texts.Vocabulary.build(dataset.train.inputs, **wanted)
    numbered: dict[str, Any] = {
        name: replace(split, inputs=vocabulary.encode_tokens(split.inputs))
        for name in track(SPLITS, len(SPLITS), "numbering words")
        if (split := getattr(dataset, name))
    }
    return replace(dataset, encoder=vocabulary, **numbered)

"""Trained weights by name: "lenet:mnist" is the folder `zoo/weights/lenet/mnist`.

Such a folder is a run in small, with a card, `card.json`, that says what was trained,
on what, how well it does, and what it is not for. `tools/release_weights.py` makes it.
"""

import inspect
import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.building import hub, registry
from zoo.core import columns, files, measured, ranges, seal
from zoo.core.arguments import spelled
from zoo.core.paths import expand
from zoo.engine import startup
from zoo.errors import Mistake, unknown

if TYPE_CHECKING:
    import keras

CARD, WEIGHTS = "card.json", "model.safetensors"
_FOLDER = Path(__file__).parents[1] / "weights"
_TEXTS = ("name", "model", "task", "data", "inputs", "intended use", "limits")
_NAME = re.compile(r"\w\w+:\w+")  # two letters at least: c:folder is a place on Windows


def names() -> tuple[str, ...]:
    """The names of the trained weights that zoo ships, in alphabetical order."""
    cards = _FOLDER.glob(f"*/*/{CARD}")
    return tuple(sorted(":".join(path.parts[-3:-1]) for path in cards))


def folder(place: str | os.PathLike) -> Path:
    """Where a run, or trained weights of this name, lie.

    Args:
        place: the name of trained weights, such as "lenet:mnist", a folder, or the
            address of one at the Hugging Face Hub, see `zoo.building.hub`.

    Raises:
        Mistake: it looks like the name of trained weights, and there are none; or the
            hub does not give the files.
    """
    if is_at_hub(place):
        return hub.fetched(place)
    named = isinstance(place, str) and _NAME.fullmatch(place)
    if not named or os.path.exists(place):
        return expand(place)
    found = _FOLDER.joinpath(*str(place).split(":"))
    if not (found / CARD).is_file():
        then = "`zoo weights` lists them; a folder or hf://user/name works too"
        raise unknown("trained weights", place, names(), then)
    return found


def is_at_hub(place) -> bool:
    """Whether this is an address at the Hugging Face Hub."""
    return isinstance(place, str) and place.startswith(hub.START)


def is_shipped(place: Path) -> bool:
    """Whether a folder is one of those that zoo ships, where nothing is written."""
    return _FOLDER.resolve() in place.resolve().parents


def card(place: str | os.PathLike) -> dict:
    """What the card of trained weights says.

    Raises:
        Mistake: there are none of this name, or the folder has no card, or one that
            was changed or is none.
    """
    found = folder(place)
    seal.check(found, (CARD,))
    about = files.read_json(found / CARD, seal.LARGEST)
    wrong = [
        f"no text as its {name}" for name in _TEXTS if type(about.get(name)) is not str
    ]
    accuracy, results = about.get("accuracy"), about.get("results")
    if not isinstance(accuracy or results, dict):
        wrong.append("no results")
    elif accuracy:
        results = {"accuracy": accuracy.get("value")}
        if not measured.is_number(accuracy.get("value")):
            wrong.append("no number as its accuracy")
    for group in (results, about.get("calibration")):
        wrong += filter(None, [ranges.fault_within(group)])
    if wrong:
        raise Mistake(f"{found / CARD} is damaged: it has {wrong[0]}")
    return about


def described(about: dict) -> str:
    """A card as lines of text."""
    lines = []
    for key, value in about.items():
        if key in ("version", "answers") or value in ("", {}, None):
            continue
        if isinstance(value, dict):
            value = ", ".join(
                _short(each) if name == "on" else f"{name} {_short(each)}"
                for name, each in value.items()
            )
        elif isinstance(value, list):
            value = ", ".join(map(_listed, value))
        lines.append(f"{key}: {_short(value)}")
    return "\n".join(lines)


def _listed(value) -> str:
    """An entry of a list; in quotes where it could not be seen or told apart."""
    text = str(value)
    return repr(text) if not text.strip() or "," in text else text


def _short(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())


def build(name: str | os.PathLike, /, *, seed: int = 0, **arguments) -> "keras.Model":
    """Build a model with trained weights, or with initial ones.

    Initial weights are the same on every backend.

    Args:
        name: a model's name, the dotted path of a module, or a `.py` file; a module
            must define `build(...)`, which returns a `keras.Model`.
        seed: any integer; it fixes the initial weights and the dropout masks.
        **arguments: passed to the model's `build`. If that takes no `weights`, then
            `weights="mnist"` gives the model the trained weights `NAME:mnist`, and
            their arguments; of these only `classes` may be changed: what depends
            on their number keeps its initial values, and a warning names it.

    Returns:
        The model, not compiled.

    Raises:
        Mistake: there is no such model, its `build` takes no such argument or lacks
            one, an argument's value is not accepted, or `build` returns no model;
            there are no such weights, they are of another architecture, or their file
            was changed.
    """
    name = spelled(name)
    startup.import_keras()  # before the model's module, which imports it the slow way
    own = inspect.signature(registry.module(name).build).parameters
    weights = None if "weights" in own else arguments.pop("weights", None)
    if weights is None:
        return registry.build(name, seed=seed, **arguments)
    return _trained(name, weights, seed, arguments)


def _trained(name: str, weights, seed: int, given: dict) -> "keras.Model":
    own = [each.partition(":")[2] for each in names() if each.startswith(f"{name}:")]
    if weights not in own:
        others = "" if own else f"; there are trained weights of {', '.join(names())}"
        raise unknown(f"weights of {name}", weights, own, f"`zoo weights`{others}")
    full = f"{name}:{weights}"
    place, known = folder(full), arguments(card(full))
    for argument, value in given.items():
        same = argument in known and known[argument] == value
        if argument != "classes" and not same:
            raise Mistake(
                f"the weights {full} are of another architecture than {argument}="
                f"{value!r}: {_words(argument, known)}; leave {argument} out, or "
                "build without weights"
            )
    seal.check(place, (WEIGHTS,), seal.LARGEST_MODEL)

    def fill(model):
        from zoo.building.initial_weights import initialize
        from zoo.building.weight_files import load

        initialize(model, seed)
        left = load(model, place / WEIGHTS, other_shapes=known != asked)
        if left:
            warnings.warn(
                f"{', '.join(left)} keep their initial values: the weights {full} are "
                f"for classes={known['classes']}, and classes={asked['classes']} was "
                "asked for",
                stacklevel=5,
            )

    asked = {**known, **given}
    return registry.make(name, asked, fill)


def arguments(about: dict) -> dict:
    """The arguments of `build` in a card, in the types that they had."""
    found = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in about["arguments"].items()
    }
    if "columns" in found:
        found["columns"] = columns.of(found["columns"])
    return found


def _words(argument: str, known: dict) -> str:
    if argument not in known:
        return f"they were trained without {argument}"
    return f"they were trained with {argument}={known[argument]!r}"

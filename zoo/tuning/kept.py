"""The state of a search: files of keras-tuner, read as if a stranger wrote them."""

import contextlib
import json
import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from keras_tuner.engine import hyperparameters as hps
from keras_tuner.engine.trial import Trial

from zoo.core import files, measured, ranges
from zoo.errors import Mistake, comes_from
from zoo.tuning.table import STATUSES

LARGEST = 64 * 2**20  # bytes; an oracle of 1,000 trials has 0.2 MB
MOST_BRACKETS = 64  # of Hyperband: a recipe of 3**64 epochs
_HYPERPARAMETERS = ("Boolean", "Choice", "Fixed", "Float", "Int")
# What decides a search; the file of another one has others.
_FIXED = {"seed", "display", "alpha", "beta", "factor", "max_epochs", "min_epochs"}
_MEASURED = ("validation_loss", "best_epoch", "epochs", "parameters", "seconds")


def oracle(path: Path, known: dict) -> tuple[str, dict]:
    """The text of an oracle's file, and the state in it.

    Args:
        path: of the file.
        known: the state of an oracle of this search; some of it never changes.

    Raises:
        Mistake: the file is damaged, or is that of another search.
    """
    text, state = _read(path)
    known = json.loads(json.dumps(known))
    with reading(path):
        if state.keys() != known.keys():
            raise Mistake(f"it has {', '.join(sorted(state))[:200]}")
        for name in known.keys() & _FIXED:
            if state[name] != known[name]:
                raise Mistake(f"its {name} is not that of the search")
        begun = state["start_order"]
        if not _are_ids(begun):
            raise Mistake("its start_order are no numbers of trials")
        for name, value in state.items():
            if not _CHECKS.get(name, lambda *_: True)(value, {*begun}):
                raise Mistake(f"its {name} cannot be: {str(value)[:60]}")
        declared, found = (x["hyperparameters"]["space"] for x in (known, state))
        places = [json.dumps(_place(part)) for part in found]
        if len({*places}) < len(places) or not all(part in found for part in declared):
            raise Mistake("its hyperparameters are not those that the recipe has")
    return text, state


def trial(path: Path, number: str, objective: str) -> Trial:
    """A trial as its file has it.

    Args:
        path: of the file.
        number: of the trial, as the oracle calls it.
        objective: what it is judged by, such as "validation_loss".

    Raises:
        Mistake: the file is damaged, or is that of another trial.
    """
    _, state = _read(path)
    names = Trial(hps.HyperParameters(), number).get_state().keys()
    with reading(path):
        if state.keys() != names or state["trial_id"] != number:
            raise Mistake(f"it is not that of trial {number}")
        if not _is_space(state["hyperparameters"]):
            raise Mistake("its hyperparameters")
        for name, value in state["hyperparameters"]["values"].items():
            if name.startswith("tuner/") and not _is_position(name, value):
                raise Mistake(f"its {name[:40]} is {str(value)[:40]}")
        if not isinstance(state["message"], str | None):
            raise Mistake("its message is no text")
        if state["status"] not in STATUSES:
            raise Mistake(f"its status is {str(state['status'])[:40]}")
        found = Trial.from_state(state)
        values = {
            name: history.get_last_value()
            for name, history in found.metrics.metrics.items()
        }
        ended = state["status"] == "COMPLETED"
        wanted = {objective, *_MEASURED} if ended else set()
        if not wanted <= values.keys() or not all(map(_is_finite, values.values())):
            raise Mistake("its metrics are not finite numbers")
        if fault := ranges.fault_within(values):
            raise Mistake(f"it has {fault}")
        if ended:
            found.score = found.metrics.get_best_value(objective)
        for part in found.hyperparameters.space:
            _check_value(part, found.hyperparameters)
    return found


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """What keras-tuner raises inside, of a file's content, becomes a `Mistake`."""
    try:
        yield
    except Mistake as mistake:
        raise _damaged(path, mistake) from mistake
    except Exception as error:
        if not comes_from(error, "keras_tuner", "keras", "numpy"):
            raise
        raise _damaged(path, error) from error


def rounded(value):
    """A number of three significant digits, which is pasted and read more easily."""
    return float(f"{value:.3g}") if isinstance(value, float) else value


def _check_value(part: hps.HyperParameter, given: hps.HyperParameters) -> None:
    """Let keras-tuner refuse a value that a hyperparameter cannot have."""
    if part.name not in given.values or not given.is_active(part):
        return
    value = given.values[part.name]
    # Of zoo 0.1, which rounded choices, too.
    if not isinstance(part, hps.Choice) or value not in map(rounded, part.values):
        part.value_to_prob(value)


def _damaged(path: Path, why: Exception) -> Mistake:
    said = " ".join(str(why).split())[:200]
    return Mistake(f"{path} is damaged: {said}; begin the search again with --run NEW")


def _read(path: Path) -> tuple[str, dict]:
    content = files.read(path, LARGEST)
    try:
        state = files.parse_json(content)
    except ValueError as error:
        raise _damaged(path, error) from error
    if not isinstance(state, dict):
        raise _damaged(path, ValueError("it holds no JSON object"))
    return content.decode("utf-8"), state


def _is_id(value) -> bool:
    """Whether it is the number of a trial as text, which is part of a path."""
    if not isinstance(value, str) or len(value) > 9:
        return False
    return value.isascii() and value.isdigit()


def _are_ids(value, among: set | None = None) -> bool:
    return (
        isinstance(value, list)
        and all(map(_is_id, value))
        and len({*map(int, value)}) == len(value)
        and (among is None or {*value} <= among)
    )


def _by_id(holds: Callable, value, among: set) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() <= among
        and all(map(holds, value.values()))
    )


def _is_count(value, _=None) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _is_text(value, _=None) -> bool:
    return isinstance(value, str)


def _is_finite(value) -> bool:
    return value is not None and math.isfinite(value)  # it may be one of NumPy


def _are_texts(value, _=None) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_ongoing(value, among: set) -> bool:
    """Slots of workers, whose names are those of files, and their trials."""
    return (
        isinstance(value, dict)
        and _are_ids(list(value.values()), among)
        and not any({"/", "\\", "\0"} & {*name} for name in value)
    )


def _is_plain(value) -> bool:
    return value is None or isinstance(value, str) or measured.is_number(value)


def _is_value(value) -> bool:
    """Whether it is a value that a hyperparameter can have, or several."""
    if isinstance(value, list):
        return all(map(_is_value, value))
    return _is_plain(value) or isinstance(value, bool)


def _is_condition(value) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"class_name", "config"}
        and value["class_name"] == "Parent"
        and isinstance(value["config"], dict)
        and all(map(_is_value, value["config"].values()))
    )


def _is_part(value) -> bool:
    """Whether it describes a hyperparameter, and no other object of Keras."""
    if not isinstance(value, dict) or value.keys() != {"class_name", "config"}:
        return False
    about = value["config"]
    if value["class_name"] not in _HYPERPARAMETERS or not isinstance(about, dict):
        return False
    conditions = about.get("conditions")
    return (
        isinstance(about.get("name"), str)
        and isinstance(conditions, list)
        and all(map(_is_condition, conditions))
        and all(_is_value(about[name]) for name in about.keys() - {"conditions"})
    )


def _place(part: dict) -> list:
    """What tells a hyperparameter from the others: its name, and when it is one."""
    return [part["config"]["name"], part["config"]["conditions"]]


def _is_space(value, _=None) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"space", "values"}
        and isinstance(value["space"], list)
        and all(map(_is_part, value["space"]))
        and isinstance(value["values"], dict)
        and all(map(_is_value, value["values"].values()))
    )


def _is_position(name: str, value) -> bool:
    """Whether Hyperband can have put a trial there."""
    if name == "tuner/trial_id":
        return _is_id(value)
    return _is_count(value) and (name != "tuner/epochs" or value > 0)


def _is_bracket(value, among: set) -> bool:
    if not isinstance(value, dict) or value.keys() != {"bracket_num", "rounds"}:
        return False
    number, rounds = value["bracket_num"], value["rounds"]
    return (
        _is_count(number)
        and number < MOST_BRACKETS
        and isinstance(rounds, list)
        and len(rounds) == number + 1
        and all(
            isinstance(each, dict)
            and each.keys() == {"past_id", "id"}
            and _are_ids([each["id"]], among)
            and (each["past_id"] is None or _are_ids([each["past_id"]], among))
            for part in rounds
            for each in (part if isinstance(part, list) else [None])
        )
    )


def _are_brackets(value, among: set) -> bool:
    return isinstance(value, list) and all(_is_bracket(each, among) for each in value)


# Whether a field of an oracle can be what it is, with the trials that have begun.
_CHECKS: dict[str, Callable] = {
    "ongoing_trials": _are_ongoing,
    "hyperparameters": _is_space,
    "end_order": _are_ids,
    "retry_queue": _are_ids,
    "run_times": partial(_by_id, _is_count),
    "starts": partial(_by_id, _is_count),
    "joint_starts": partial(_by_id, _is_count),
    "id_to_hash": partial(_by_id, _is_text),
    "tried_so_far": _are_texts,
    "seed_state": _is_count,
    "num_initial_points": _is_count,
    "brackets": _are_brackets,
    "current_bracket": lambda value, _: value in range(-1, MOST_BRACKETS),
    "current_iteration": _is_count,
}

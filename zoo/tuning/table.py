"""`trials.csv`, the table of a search's trials; what is read may come from anybody."""

import csv
import io
import math
import shlex
from collections.abc import Collection
from pathlib import Path

from zoo.core import files, ranges
from zoo.errors import Mistake

NAME = "trials.csv"
LARGEST = 64 * 2**20  # bytes; a trial has 200
STATUSES = ("RUNNING", "INVALID", "COMPLETED", "FAILED")
_TEXTS = ("status", "overrides", "reason")


def columns(metric: str) -> tuple[str, ...]:
    """The names of the first columns of a table of trials, judged by a metric."""
    return (
        "trial",
        "status",
        f"validation_{metric}",
        "validation_loss",
        "best_epoch",
        "epochs",
        "parameters",
        "seconds",
        "overrides",
        "reason",
    )


_COUNT = len(columns(""))  # before the hyperparameters


def write(folder: Path, trials: list[dict], metric: str = "accuracy") -> None:
    """Write `trials.csv`: the columns, then one for each hyperparameter."""
    names = list(dict.fromkeys(name for trial in trials for name in trial["values"]))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*columns(metric), *names])
    for trial in trials:
        cells = [trial.get(column) for column in columns(metric)]
        cells += [trial["values"].get(name) for name in names]
        writer.writerow(["" if cell is None else cell for cell in cells])
    files.write_text(folder / NAME, buffer.getvalue())


def read(folder: Path, metrics: Collection[str]) -> list[dict]:
    """A dict a trial; [] if the table is not there yet.

    Args:
        folder: of the search.
        metrics: one of which the trials are judged by.

    Returns:
        The keys are those of `columns`, and "values", a dict of hyperparameters. A
        number that a trial has not, as a failed one, is None.

    Raises:
        Mistake: the table is damaged.
    """
    path = folder / NAME
    if not path.is_file():
        return []
    try:
        text = files.read(path, LARGEST).decode("utf-8")
        head, *rows = csv.reader(io.StringIO(text), strict=True)
        if tuple(head[:_COUNT]) not in map(columns, metrics):
            raise ValueError("its columns are not those of a search")
        if len({*head[_COUNT:]}) < len(head) - _COUNT:
            raise ValueError("two hyperparameters have one name")
        trials = [_trial(head, row) for row in rows]
        if len({trial["trial"] for trial in trials}) < len(trials):
            raise ValueError("two trials have one number")
        return trials
    except Mistake:
        raise
    except (ValueError, csv.Error) as error:
        raise Mistake(f"{path} is damaged: {error}") from error


def _trial(head: list[str], row: list[str]) -> dict:
    trial = {
        name: cell if name in _TEXTS else _number(cell)
        for name, cell in zip(head[:_COUNT], row[:_COUNT], strict=True)
    }
    pairs = zip(head[_COUNT:], row[_COUNT:], strict=True)
    values = {name: _number(cell) for name, cell in pairs if cell != ""}
    if fault := _fault(trial):
        raise ValueError(f"trial {str(trial['trial'])[:40]} has {fault}")
    return {**trial, "values": values}


def _fault(trial: dict) -> str:
    """What a trial has that none can have; "" if there is nothing."""
    number, changes = trial["trial"], trial["overrides"]
    if type(number) is not int or number < 0:
        return "no number"
    if trial["status"] not in STATUSES:
        return f"the status '{trial['status'][:40]}'"
    if shlex.join(shlex.split(changes)) != changes:  # which is shown to be pasted
        return "changes that are not written as zoo writes them"
    for name, value in trial.items():
        if name in _TEXTS:
            continue
        if isinstance(value, bool | str):
            return f"{name} '{str(value)[:40]}', no number"
        if value is None and trial["status"] == "COMPLETED":
            return f"no {name}, and is completed"
        if fault := ranges.fault(name, value) if value is not None else "":
            return fault
    return ""


def _number(text: str):
    if text == "":
        return None
    try:
        value = float(text)
    except ValueError:
        return {"True": True, "False": False}.get(text, text)
    is_whole = text.lstrip("-").isdigit()
    return int(text) if is_whole else value if math.isfinite(value) else None

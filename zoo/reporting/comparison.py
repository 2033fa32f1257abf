"""`compare`: runs that answer the same examples, with the first as the yardstick."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zoo.core.progress import track
from zoo.data import identity
from zoo.errors import Mistake
from zoo.reporting import pages
from zoo.reporting.advice import listed
from zoo.reporting.drawing import CLASS_COLORS
from zoo.reporting.paired import differences
from zoo.reporting.seen import Seen, look
from zoo.reporting.settings import to_text
from zoo.reporting.side_by_side import Comparison
from zoo.run import Run, open_run

MOST = len(CLASS_COLORS)  # runs


def compare(*runs: Run | str | Path, trust: bool = False) -> Comparison:
    """Compare runs on the examples that judge them, with the first as the yardstick.

    Every run answers the same examples, on the active backend. Accuracies are compared
    by the exact McNemar test, and all means by the paired bootstrap over examples, or
    over their groups: how sure a difference is for these networks. Other seeds would
    give other networks.

    Args:
        runs: 2 to 10: runs, their folders, or names of trained weights.
        trust: execute the runs' own model files, see `zoo.run.open_run`.

    Raises:
        Mistake: one of them is not a run, or they answer different examples, classes or
            numbers; it says which.
    """
    if not 2 <= len(runs) <= MOST:
        raise Mistake(f"{len(runs)} runs to compare; accepted: 2 to {MOST}")
    pages.require()
    opened = [open_run(run, trust=trust) for run in runs]
    names = _names(opened)
    seen = [look(run) for run in track(opened, len(opened), "answering the examples")]
    others = list(zip(seen, names, strict=True))[1:]
    notes = [_same(seen[0], other, names[0], name) for other, name in others]
    metrics = [each.judge(each.outputs, each.targets) for each in seen]
    return Comparison(
        tuple(opened),
        tuple(names),
        seen[0].split,
        len(seen[0].targets),
        dict(zip(names, metrics, strict=True)),
        [each for other in others for each in differences(seen[0], *other)],
        settings(opened),
        " ".join(filter(None, notes)),
    )


def _names(runs: list[Run]) -> list[str]:
    """The names of the folders, or their paths where two have one name."""
    names = [run.folder.resolve().name for run in runs]
    if len(set(names)) < len(names):
        names = [str(run.folder) for run in runs]
    if len(set(names)) < len(names):
        raise Mistake("the same run is given twice; compare takes different ones")
    return names


def _same(first: Seen, other: Seen, name: str, other_name: str) -> str:
    """Refuse runs that answered different questions; a note on different inputs."""
    both = f"{name} and {other_name}"
    if first.task != other.task:
        raise Mistake(
            f"{both} cannot be compared: one answers {first.task}, the other "
            f"{other.task}"
        )
    if first.dataset.answers != other.dataset.answers:
        mine, others = first.dataset.answers, other.dataset.answers
        pairs = (mine, others), (others, mine)
        words = [listed(sorted(set(a) - set(b))) or "none" for a, b in pairs]
        raise Mistake(
            f"{both} cannot be compared, their {first.task} are others: only in the "
            f"first {words[0]}; only in the second {words[1]}"
        )
    facts = {
        "split": (first.split, other.split),
        "number of examples": (len(first.targets), len(other.targets)),
    }
    for what, (here, there) in facts.items():
        if here != there:
            raise Mistake(
                f"{both} cannot be compared: their {what} is {here} and {there}; give "
                "runs on the same data"
            )
    if not np.array_equal(first.targets, other.targets):
        raise Mistake(
            f"{both} cannot be compared: their {first.split} splits hold different "
            "examples; give runs on the same data"
        )
    splits = [each.dataset.split(each.split) for each in (first, other)]
    if identity.fingerprint(splits[0]) == identity.fingerprint(splits[1]):
        return ""
    encoded = first.dataset.kind == "text" or bool(first.dataset.columns)
    form = encoded or first.dataset.input_shape != other.dataset.input_shape
    if first.run.recipe.data != other.run.recipe.data or not form:
        raise Mistake(
            f"{both} cannot be compared: their {first.split} splits hold different "
            "inputs; give runs on the same data"
        )
    return (
        f"{other_name} reads the inputs in another form than {name}, with other words, "
        "categories, columns or sizes, so that only the answers were compared to tell "
        "whether the examples are the same: they are equal."
    )


def settings(runs: Sequence[Run]) -> list[list[str]]:
    """The fields of the recipes, and of the environments, that are not all alike."""
    flat = [_flat(run) for run in runs]
    fields = list(dict.fromkeys(field for each in flat for field in each))
    rows = [[field, *(each.get(field, "") for each in flat)] for field in fields]
    return [row for row in rows if len(set(row[1:])) > 1]


def _flat(run: Run) -> dict[str, str]:
    found = {}
    for name, value in dataclasses.asdict(run.recipe).items():
        if name == "expects":
            continue
        if isinstance(value, dict):
            for key, each in value.items():
                found[f"{name.removesuffix('_arguments')}.{key}"] = to_text(each)
        else:
            found[name] = to_text(value)
    for name, value in run.environment.items():
        if isinstance(value, dict):
            found |= {f"{name} {key}": to_text(each) for key, each in value.items()}
        elif not name.endswith("sha256"):
            found[name] = to_text(value)
    return found

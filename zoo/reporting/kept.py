"""Numbers that a run keeps. They may come from a stranger, so their form is checked."""

from zoo.core import measured
from zoo.errors import Mistake
from zoo.run import Run


def group(about: dict, *names: str) -> dict[str, float]:
    """The numbers of a group of `metrics.json`, by name; {} if there is no such group.

    Args:
        about: `Run.metrics`, or a part of it.
        names: of the group, and of groups inside of it.
    """
    for name in names:
        about = about.get(name, {}) if isinstance(about, dict) else {}
    return _numbers(about)


def groups(about: dict, name: str) -> dict[str, dict[str, float]]:
    """The groups of numbers inside of one, such as the floors, by name."""
    found = about.get(name, {})
    if not isinstance(found, dict):
        return {}
    return {key: numbers for key, each in found.items() if (numbers := _numbers(each))}


def pairs(about: dict, name: str) -> dict[str, list[float]]:
    """The pairs of numbers in a group, such as the ends of intervals, by name."""
    found = about.get(name, {})
    if not isinstance(found, dict):
        return {}
    return {
        key: pair
        for key, pair in found.items()
        if isinstance(pair, list)
        and len(pair) == 2
        and all(map(measured.is_finite, pair))
    }


def result(run: Run) -> tuple[str, dict[str, float]]:
    """The split that judges a run, and its metrics.

    Raises:
        Mistake: `metrics.json` has none.
    """
    for split in ("test", "validation", "train"):
        if found := group(run.metrics, split):
            return split, found
    path = run.folder / "metrics.json"
    raise Mistake(f"{path} is damaged: it has no metrics of a split")


def _numbers(about) -> dict[str, float]:
    if not isinstance(about, dict):
        return {}
    return {name: value for name, value in about.items() if measured.is_finite(value)}

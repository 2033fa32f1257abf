"""The section "Classes": which is taken for which, and how well each is known."""

import numpy as np

from zoo.metrics import of_each
from zoo.metrics.each import answered
from zoo.reporting.advice import listed
from zoo.reporting.blocks import Block, Cell, Matrix, Section, Share, Table, Words
from zoo.reporting.seen import Seen

MOST = 30  # classes with a row of their own in the matrix
PAIRS = 12  # confusions at most that are listed
ROWS = 1000  # of the table of classes
OTHERS = "all others"


def section(seen: Seen) -> Section | None:
    """The confusion matrix and the table of classes; of labels the table alone."""
    if seen.lacking or seen.task in ("numbers", "tokens", "strings"):
        return None
    names = seen.dataset.classes
    each = of_each(seen.outputs, seen.targets, names, seen.task, seen.cuts)
    if seen.task == "labels":
        return Section("Labels", [_table(each, "label"), *_untested(seen, each)])
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (seen.targets, answered(seen.outputs)), 1)
    blocks: list[Block] = [matrix(names, counts), *_pairs(names, counts)]
    blocks += [_table(each, "class"), *_untested(seen, each)]
    return Section("Classes", blocks)


def matrix(names: tuple[str, ...], counts: np.ndarray) -> Matrix:
    """The confusion matrix; above 30 classes those with the fewest errors are one.

    Args:
        names: of the classes.
        counts: int (classes, classes), how often each was taken for each.
    """
    note = "Rows are the true classes, columns the answers."
    if len(names) <= MOST:
        return Matrix(names, counts.tolist(), note)
    wrong = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    chosen = np.sort(np.argsort(-wrong, kind="stable")[: MOST - 1])
    others = np.setdiff1d(np.arange(len(names)), chosen)
    joined = np.zeros((len(names), MOST), int)
    joined[chosen, np.arange(MOST - 1)] = 1
    joined[others, -1] = 1
    shown = [*(names[i] for i in chosen), OTHERS]
    note += (
        f" The {MOST - 1} classes with the most errors stand alone; the other "
        f"{len(others):,} are one row and one column."
    )
    return Matrix(shown, (joined.T @ counts @ joined).tolist(), note)


def _pairs(names, counts) -> list[Table]:
    """The most frequent confusions."""
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    rows: list[list[Cell]] = []
    for truth, said in zip(*np.unravel_index(order, wrong.shape), strict=True):
        count, total = int(wrong[truth, said]), int(counts[truth].sum())
        if count:
            share = Share(count / total, f"{count / total:.1%}")
            rows.append([names[truth], names[said], str(count), share])
    if not rows:
        return []
    heads = ["true", "was taken for", "times", "of its examples"]
    return [Table(heads, rows, 2, folded="Most frequent confusions")]


def _table(each: dict[str, dict], kind: str) -> Table:
    rows = [[name, *_rates(about)] for name, about in each.items()]
    note = ""
    if len(rows) > MOST:
        rows.sort(key=lambda row: row[4].value if isinstance(row[4], Share) else 2.0)
        note = "The worst F1 first."
    if len(rows) > ROWS:
        note += f" Shown are {ROWS:,} of {len(rows):,}; metrics.json has all."
        rows = rows[:ROWS]
    heads = [kind, "examples", "recall", "precision", "F1", "answered"]
    return Table(heads, rows, note=note)


def _rates(about: dict) -> list[Cell]:
    """The cells of a class; a rate without a meaning is left blank."""
    recall, precision = about.get("recall"), about.get("precision")
    total = about["examples"] + about["answered"]
    f1 = 2 * about["examples"] * (recall or 0.0) / total if total else None
    examples = f"{about['examples']:,}" if about["examples"] else "none"
    rates = [_share(value) for value in (recall, precision, f1)]
    return [examples, *rates, f"{about['answered']:,}"]


def _share(value: float | None) -> Cell:
    return "" if value is None else Share(value, f"{value:.1%}")


def _untested(seen: Seen, each: dict[str, dict]) -> list[Words]:
    names = [name for name, about in each.items() if not about["examples"]]
    if not names:
        return []
    line = f"Untested: the {seen.split} split has no example of {listed(names)}."
    return [Words([line], "warning")]

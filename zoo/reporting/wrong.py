"""The section of the examples that were answered wrongly, the surest first."""

import numpy as np

from zoo.core import columns as described
from zoo.data import Dataset
from zoo.data.kinds import cells
from zoo.metrics.each import answered
from zoo.metrics.strings import distances, read, text_of
from zoo.reporting import pixels
from zoo.reporting.blocks import Card, Cards, Cell, Section, Table, Words
from zoo.reporting.seen import Seen

MOST = 12  # examples
COLUMNS = 12  # of a row
WORDS = 60  # of a text

Lines = list[tuple[str, str]]


def section(seen: Seen) -> Section | None:
    """The most confidently wrong answers; of numbers the largest errors."""
    if seen.lacking or seen.task == "tokens":
        return None
    order, lines = _TASKS[seen.task](seen)
    if not order:
        count = f"{len(seen.targets):,}"
        return Section("Errors", [Words([f"All {count} examples are answered right."])])
    titles = {"numbers": "Largest errors", "strings": "Read with errors"}
    title = titles.get(seen.task, "Most confidently wrong")
    inputs = np.asarray(seen.inputs[np.array(order)])
    return Section(title, [_shown(seen.dataset, inputs, lines)])


def _of_classes(seen: Seen) -> tuple[list[int], list[Lines]]:
    said = answered(seen.outputs)
    sure = seen.probabilities[np.arange(len(said)), said]
    wrong = np.flatnonzero(said != seen.targets)
    order = wrong[np.argsort(-sure[wrong], kind="stable")][:MOST].tolist()
    names = seen.dataset.classes
    lines = [
        [
            ("true", names[seen.targets[i]]),
            ("answer", names[said[i]]),
            ("sure", f"{sure[i]:.1%}"),
        ]
        for i in order
    ]
    return order, lines


def _of_labels(seen: Seen) -> tuple[list[int], list[Lines]]:
    """Of each example the label whose probability is farthest from the truth."""
    truth, said = seen.targets > 0.5, seen.outputs >= seen.cuts
    off = np.where(truth != said, np.abs(seen.probabilities - truth), -1.0)
    worst = off.argmax(axis=1)
    far = off[np.arange(len(off)), worst]
    wrong = np.flatnonzero(far >= 0)
    order = wrong[np.argsort(-far[wrong], kind="stable")][:MOST].tolist()
    lines = []
    for i in order:
        name, given = seen.dataset.classes[worst[i]], said[i, worst[i]]
        probability = seen.probabilities[i, worst[i]]
        lines.append(
            [
                ("label", name),
                ("true", "no" if given else "yes"),
                ("probability", f"{probability:.1%}"),
            ]
        )
    return order, lines


def _of_numbers(seen: Seen) -> tuple[list[int], list[Lines]]:
    """Errors in units of the loss, so that several numbers can be compared."""
    errors = seen.outputs - seen.targets
    far = np.abs(errors / seen.spread)
    worst = far.argmax(axis=1)
    order = np.argsort(-far.max(axis=1), kind="stable")[:MOST].tolist()
    lines = [
        [
            ("number", seen.dataset.outputs[worst[i]]),
            ("true", f"{seen.targets[i, worst[i]]:.4g}"),
            ("answer", f"{seen.outputs[i, worst[i]]:.4g}"),
            ("error", f"{errors[i, worst[i]]:+.4g}"),
        ]
        for i in order
    ]
    return order, lines


def _of_strings(seen: Seen) -> tuple[list[int], list[Lines]]:
    """Strings with the most errors, as they are and as they were read."""
    strings, symbols = read(seen.outputs), seen.dataset.classes
    errors = distances(strings, seen.targets)
    wrong = np.flatnonzero(errors)
    order = wrong[np.argsort(-errors[wrong], kind="stable")][:MOST].tolist()
    lines = [
        [
            ("true", text_of(seen.targets[i], symbols)),
            ("read", text_of(strings[i], symbols)),
            ("errors", f"{errors[i]:,}"),
        ]
        for i in order
    ]
    return order, lines


_TASKS = {
    "classes": _of_classes,
    "labels": _of_labels,
    "numbers": _of_numbers,
    "strings": _of_strings,
}


def _shown(dataset: Dataset, inputs: np.ndarray, lines: list[Lines]) -> Cards | Table:
    if dataset.kind == "image":
        return Cards(
            [Card(about, pixels.uri(x)) for x, about in zip(inputs, lines, strict=True)]
        )
    if dataset.kind == "text":
        return Cards(
            [
                Card(about, words=words_of(dataset, x))
                for x, about in zip(inputs, lines, strict=True)
            ]
        )
    heads = [name for name, _ in lines[0]]
    if dataset.kind not in ("tabular", "points"):
        return Table(heads, [[value for _, value in about] for about in lines], 1)
    rows: list[list[Cell]] = [
        [*(value for _, value in about), *row_of(dataset, x)[:COLUMNS]]
        for x, about in zip(inputs, lines, strict=True)
    ]
    more = len(dataset.features) - COLUMNS
    note = f"{more:,} further columns are not shown." if more > 0 else ""
    return Table([*heads, *dataset.features[:COLUMNS]], rows, len(heads), note)


def words_of(dataset: Dataset, tokens: np.ndarray) -> str:
    """The words of a text as the network saw it; "…" is a word that it does not know.

    Runs of words, which stand behind the words that they consist of, are left out.
    """
    assert dataset.encoder, "texts have an encoder"
    words = []
    for token in tokens.tolist():
        if token == 0:
            break
        word = "…" if token == 1 else dataset.encoder.words[token - 2]
        if " " not in word:
            words.append(word)
    more = f" (and {len(words) - WORDS} more words)" if len(words) > WORDS else ""
    return " ".join(words[:WORDS]) + more


def row_of(dataset: Dataset, row: np.ndarray) -> list[str]:
    """The cells of a row, as they were written, more or less."""
    if not dataset.columns:
        return ["" if np.isnan(value) else f"{value:.4g}" for value in row]
    return [
        cells.shown(column, row[place])
        for column, place in described.places(dataset.columns)
    ]

"""A table of one's own: which column is answered, and what the others hold."""

import contextlib
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from zoo.core import columns as described
from zoo.core.columns import KINDS, Column
from zoo.core.paths import expand
from zoo.data import judged, keys
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import cells, margins, sheet, words
from zoo.data.kinds.sheet import Sheet
from zoo.data.kinds.tokens import split_words
from zoo.data.sources import split_tables, stand_ins
from zoo.data.sources.suspicions import LOOK, ONE, suspicion
from zoo.data.sources.targets import SHOWN, Target, answers_of, target_names
from zoo.data.splits import carved
from zoo.errors import Mistake, unknown

IGNORE = "ignore"
AS_TEXT = ("category", "date", "boolean", "text")  # cells that are no numbers


@dataclass
class Rows:
    """The columns that a network learns from, and why it does not from others."""

    columns: list[Column] = field(default_factory=list)
    parts: list[np.ndarray] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def read(
    path: str | os.PathLike,
    target: str | tuple[str, ...] | None = None,
    task: str | None = None,
    text: str | None = None,
    columns: dict | None = None,
    test: float | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    groups: str = "",
    time: str = "",
) -> Dataset:
    """The rows of a CSV, TSV, JSON lines, Parquet or xlsx file, or of a folder of them.

    The kind of each column is found from its cells. Left out, with a warning that says
    so, are columns of one value, those that count or name the rows, repeat another
    column, or tell the target. A share of the rows is carved out as the test split:
    stratified, always the same. A table whose only column holds sentences is read as
    texts.

    A folder holds the parts of one table, in Parquet files in the order of their
    names; or a table of each split: train, and val (valid, validation, dev) and
    test. Their columns are matched by name. A table without the target, as the test of
    a competition, is left out, with a warning.

    Args:
        path: of the file or the folder.
        target: the column to be answered, or several.
        task: "classes", "numbers" or "labels"; by default classes, where the target is
            words or whole numbers of 20 values at most; labels, where it is lists or
            several columns of 0 and 1; else numbers.
        text: a column of texts, which alone is read; by default it is the only one.
        columns: kinds by the names of columns, "number", "category", "boolean", "date",
            "text" or "ignore", or the attributes of `zoo.core.columns.Column`.
        test: share of the rows to carve out for the test, default 0.2, or 0 if there is
            a val; not for a folder with its own test.
        separator, decimal, encoding, header, sheet: see `zoo.data.kinds.sheet.read`.
        groups, time: a column that says what belongs together, or when a row was; it is
            kept in any case.

    Raises:
        Mistake: no such file, column or kind; a target that is missing in a row, or has
            one value; cells that are not of their column's kind; or two tables of one
            split, or whose columns have other names.
    """
    how = (separator, decimal, encoding, header, sheet)
    asked = (target, task, text, columns, test, groups, time)
    key = f"{os.path.realpath(path)} {how} {asked}"
    if key in _AHEAD:
        return _AHEAD.pop(key)
    hints = named(target, text, columns)
    place = expand(path)
    if place.is_dir() and split_tables.is_one(place):
        dataset = _of_splits(path, split_tables.load(path, how, hints), *asked)
    else:
        dataset = of(str(path), load(path, *how, hints), *asked)
    if _AHEAD_OF:
        _AHEAD[key] = dataset
    return dataset


load = sheet.read
_AHEAD: dict[str, Dataset] = {}
_AHEAD_OF: list[bool] = []


@contextlib.contextmanager
def ahead() -> Iterator[None]:
    """Inside, a table is read ahead: the next one to read it is given what was read."""
    _AHEAD_OF.append(True)
    try:
        yield
    finally:
        _AHEAD_OF.pop()


def is_ahead() -> bool:
    """Whether what is read now is read again, in the splits that a recipe asks for."""
    return bool(_AHEAD_OF)


def named(target, text: str | None, columns: Mapping | None) -> tuple[str, ...]:
    """The columns that the arguments of `read` name, which tell a header."""
    targets = target.split(",") if isinstance(target, str) else target or ()
    return (*targets, *([text] if text else []), *(columns or {}))


def of(
    name: str,
    found: Sheet,
    target=None,
    task: str | None = None,
    text: str | None = None,
    columns: Mapping | None = None,
    test: float | None = None,
    groups: str = "",
    time: str = "",
) -> Dataset:
    """The data set of a table; see `read`."""
    asked = target_names(found, target or found.target)
    wanted = kinds_of(found, columns or {}, asked)
    plain = {}
    for each in list(found.columns):  # memory of a column is given back at once
        kind, values = wanted.get(each, {}).get("kind"), found.columns.pop(each)
        if kind == IGNORE:
            continue
        values = cells.plain(values, each)
        as_text = kind in AS_TEXT
        plain[each] = values if as_text else cells.typed(values, found.decimal)
    answers = answers_of(found, {each: plain.pop(each) for each in asked}, task)
    if found.form.get("header") and answers.task == "classes":
        _tell_header(found, asked[0], answers)
    if text is not None:
        if text not in plain:
            raise found.lacks(text, list(plain), "column of texts")
        about = keys.beside(plain, found.name, found.decimal, groups, time)
        return _texts(name, found, plain[text], text, answers, about, test)
    kept = [each for each in (groups, time) if each]
    rows = rows_of(found, plain, wanted, answers, kept)
    if not rows.columns:
        reasons = "; ".join(f"{k}: {v}" for k, v in rows.left_out.items())
        raise Mistake(
            f"{found.name} has no column to learn from ({reasons or 'only the target'})"
            "; set data.columns.NAME=number to take one all the same, or "
            "data.text=NAME where it holds sentences"
        )
    tell(found, rows)
    numbers = numbers_of(rows, answers)
    stand_ins.tell(found.name, numbers)
    _tell_total(found, numbers)
    learned = [each for each in rows.columns if each.name not in kept]
    if len(learned) == 1 and learned[0].kind == "text":
        text = learned[0].name
        about = keys.beside(plain, found.name, found.decimal, groups, time)
        return _texts(name, found, plain[text], text, answers, about, test)
    for i, column in enumerate(rows.columns):
        if column.kind == "text":
            read_whole = words.read(column, cells.texts(plain[column.name]))
            rows.columns[i], rows.parts[i] = read_whole
    inputs = np.concatenate(rows.parts, axis=1)
    described_columns = tuple(rows.columns)
    dataset = Dataset(
        name=name,
        kind="tabular",
        train=Split(inputs, answers.values),
        classes=answers.classes,
        features=tuple(column.name for column in described_columns),
        license="that of the table: zoo does not know it",
        description=f"The rows of {found.name}. {found.found}".strip(),
        missing=True,
        task=answers.task,
        outputs=answers.outputs,
        columns=described_columns,
        form=found.form,
    )
    if kept:  # before a test is drawn, so that it is apart
        dataset = keys.take(dataset, groups, time)
    return carved(dataset, test)


def _of_splits(path, sheets, target, task, text, columns, test, *places) -> Dataset:
    """The data set of a table of each split: their columns are described together."""
    first = next(iter(sheets.values()))
    target = target_names(first, target or first.target)
    sheets = split_tables.answered(sheets, target)
    joined = split_tables.join(path, sheets)
    whole = of(str(path), joined, target, task, text, columns, 0.0, *places)
    starts = np.cumsum([0, *map(len, sheets.values())])
    splits = {
        part: whole.train.take(np.arange(start, end))
        for part, start, end in zip(sheets, starts, starts[1:], strict=False)
    }
    return carved(replace(whole, **splits), test)


def tell(found: Sheet, rows: Rows) -> None:
    """Warn of the columns that are left out."""
    if not rows.left_out:
        return
    several = "; ".join(
        f"{each} ({why})" for each, why in list(rows.left_out.items())[:SHOWN]
    )
    more = len(rows.left_out) - SHOWN
    warnings.warn(
        f"{found.name}: left out {several}"
        f"{f' and {more} more' if more > 0 else ''}; data.columns.NAME=KIND "
        "takes a column all the same",
        stacklevel=5,
    )


def _tell_header(found: Sheet, target: str, answers: Target) -> None:
    """Say that a table of words may have no header: no number tells its first line."""
    if target in answers.classes:
        warnings.warn(
            f"{found.name}: its first line is taken for a header, and '{target}', the "
            "name of the target, is also one of its values; data.header=False takes "
            "the line for an example",
            stacklevel=5,
        )


def numbers_of(rows: Rows, answers: Target) -> dict[str, np.ndarray]:
    """The values of each column of numbers, and of targets that are numbers."""
    columns = zip(rows.columns, rows.parts, strict=True)
    numbers = {each.name: part[:, 0] for each, part in columns if each.kind == "number"}
    if answers.task == "numbers":
        numbers |= dict(zip(answers.names, answers.values.T, strict=True))
    return numbers


def _tell_total(found: Sheet, numbers: dict[str, np.ndarray]) -> None:
    """Warn of a last row that is the sum of the others."""
    if summed := margins.totals(numbers):
        warnings.warn(
            f"{found.name}: the last row seems to be a total: it has the sum of all "
            f"others in {', '.join(summed[:SHOWN])}; remove it",
            stacklevel=4,
        )


def kinds_of(found: Sheet, given: Mapping, target: tuple) -> dict[str, dict]:
    """The kinds that a user gave to columns, by name."""
    if not isinstance(given, Mapping):
        raise Mistake(
            f"data.columns is {given!r}; give kinds by name, such as "
            "{'zip': 'category', 'note': 'ignore'}"
        )
    wanted = {}
    for name, kind in given.items():
        if name not in found.columns and judged.known():
            raise Mistake(
                f"{found.name} lacks the column '{name}', from which the run learned; "
                "add it; its cells may be empty if that was so in the training"
            )
        if name not in found.columns:
            raise found.lacks(name)
        if name in target:
            raise Mistake(f"column '{name}' is the target; data.task says what it is")
        about = dict(kind) if isinstance(kind, Mapping) else {"kind": kind}
        if about.get("kind", "number") not in (*KINDS, IGNORE):
            accepted = (*KINDS, IGNORE)
            raise unknown(f"kind of column '{name}'", str(about["kind"]), accepted)
        wanted[name] = about
    return wanted


def rows_of(found: Sheet, plain: dict, wanted: dict, answers: Target, kept) -> Rows:
    """The columns that a network learns from, as numbers."""
    rows, seen = Rows(), {}
    for name, values in plain.items():
        about = wanted.get(name)
        if about and about.get("kind") == IGNORE:
            continue
        column = _column(found, name, values, about)
        if column is None:
            rows.left_out[name] = "it is empty"
            continue
        if column.kind == "text" and name in kept:  # a name of some words, of a group
            column = cells.set_to(column, "category", values)
        if column.kind == "text":
            same = (c.name for c in rows.columns if c.kind == "text")
            if twin := next((c for c in same if plain[c].equals(values)), None):
                rows.left_out[name] = f"it repeats {twin}"
                continue
            rows.columns.append(column)
            rows.parts.append(np.zeros((0, 0), np.float32))  # its words come later
            continue
        numbers = cells.encode(column, values, f"{found.name}, ")
        same = seen.setdefault(numbers[:LOOK].tobytes(), [])
        twin = next((c for c, n in same if np.array_equal(n, numbers, True)), None)
        why = "" if about or name in kept else suspicion(column, numbers, answers, twin)
        if why == ONE and len(values.unique()) > 1:
            why = "its values are one in 32 bits; take a number from all of them"
        if why:
            rows.left_out[name] = why
            continue
        same.append((name, numbers))
        rows.columns.append(column)
        rows.parts.append(numbers)
    return rows


def _column(found: Sheet, name: str, values, about: dict | None) -> Column | None:
    if not about:
        return cells.find(name, values, found.decimal)
    kind = about.get("kind", "number")
    if kind == "number":
        column = Column(name, decimal=found.decimal, missing=values.null_count > 0)
    else:
        column = Column(name, missing=values.null_count > 0)
        column = cells.set_to(column, kind, values)
    [column] = described.of([{**described.to_json((column,))[0], **about}])
    return column


def _texts(name, found, values, column, answers: Target, about, test) -> Dataset:
    from zoo.core.progress import track

    given = cells.texts(values)
    if given.null_count:
        warnings.warn(
            f"{given.null_count:,} of {len(given):,} texts of {name} are missing; they "
            "are read as empty",
            stacklevel=5,
        )
    written = given.fill_null("").to_pylist()
    tokens = split_words(track(written, len(written), "splitting words"))[0]
    dataset = Dataset(
        name=name,
        kind="text",
        train=Split(tokens, answers.values, **about),
        classes=answers.classes,
        license="that of the texts: zoo does not know it",
        description=f"The column {column} of {found.name}. {found.found}".strip(),
        task=answers.task,
        outputs=answers.outputs,
        form={**found.form, "text": column},
    )
    return carved(dataset, test)

"""A table of one's own: which column is answered, and what the others hold."""

import contextlib
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from zoo.core import columns as described
from zoo.core.columns import KINDS, Column
from zoo.data.dataset import TASKS, Dataset, Split
from zoo.data.kinds import cells, sheet, texts, words
from zoo.data.kinds.sheet import Sheet
from zoo.data.splits import carve
from zoo.errors import Mistake, unknown

TEST = 0.2
FEW = 20  # whole numbers of so many values, at most, are classes
MOST = 1000  # classes
SHOWN = 20  # names in an error
INDEX = 20  # rows, from which a column that counts, names or tells is suspected
IGNORE = "ignore"
ID = re.compile(r"(^|[_\s.-])(?i:id|nr|no|key|index)$|[a-z]I[dD]$")
ROUNDED = 1e-6  # a correlation lacks so much if one of two equal columns is rounded
AS_TEXT = ("category", "date", "boolean", "text")  # cells that are no numbers


@dataclass
class Target:
    """What is to be answered about each row; see `Dataset` and `Split`."""

    names: tuple[str, ...]
    task: str
    values: np.ndarray
    classes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


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
    kept: tuple[str, ...] = (),
) -> Dataset:
    """The rows of a CSV, TSV, JSON lines, Parquet or xlsx file.

    The kind of each column is found from its cells. Left out, with a warning that says
    so, are columns of one value, those that count or name the rows, repeat another
    column, or tell the target. A share of the rows is carved out as the test split:
    stratified, always the same. A table whose only column holds sentences is read as
    texts.

    Args:
        path: of the file.
        target: the column to be answered, or several.
        task: "classes", "numbers" or "labels"; by default classes, where the target is
            words or whole numbers of 20 values at most; labels, where it is lists or
            several columns of 0 and 1; else numbers.
        text: a column of texts, which alone is read; by default it is the only one.
        columns: kinds by the names of columns, "number", "category", "boolean", "date",
            "text" or "ignore", or the attributes of `zoo.core.columns.Column`.
        test: share of the rows to carve out for the test, default 0.2.
        separator, decimal, encoding, header, sheet: see `zoo.data.kinds.sheet.read`.
        kept: columns that are kept in any case, since they say who goes where.

    Raises:
        Mistake: no such file, column or kind; a target that is missing in a row, or has
            one value; or cells that are not of their column's kind.
    """
    options = (separator, decimal, encoding, header, sheet)
    asked = (target, task, text, columns, test, kept)
    key = f"{os.path.realpath(path)} {options} {asked}"
    if key in _AHEAD:
        return _AHEAD.pop(key)
    hints = named(target, text, columns)
    dataset = of(str(path), load(path, *options, hints), *asked)
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
    kept: tuple[str, ...] = (),
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
    if text is not None:
        if text not in plain:
            raise unknown("column of texts", text, list(plain))
        return _texts(name, found, plain[text], text, answers, test)
    rows = rows_of(found, plain, wanted, answers, kept)
    if not rows.columns:
        reasons = "; ".join(f"{k}: {v}" for k, v in rows.left_out.items())
        raise Mistake(
            f"{found.name} has no column to learn from ({reasons or 'only the target'})"
            "; set data.columns.NAME=number to take one all the same"
        )
    tell(found, rows)
    if len(rows.columns) == 1 and rows.columns[0].kind == "text":
        text = rows.columns[0].name
        return _texts(name, found, plain[text], text, answers, test)
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
    )
    return carved(dataset, test)


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


def carved(dataset: Dataset, test: float | None = None) -> Dataset:
    """The data set with a test split, if it has none: a share of its training rows."""
    if dataset.test is not None:
        if test is not None:
            raise Mistake(f"{dataset.name} has its own test; leave out test={test}")
        return dataset
    default = 0.0 if dataset.validation is not None else TEST
    share = default if test is None else test
    whole = dataset.train
    if test is None and share and not round(share * len(whole)):
        warnings.warn(
            f"{dataset.name} has {len(whole)} examples, too few for a test: none are "
            "held out",
            stacklevel=5,
        )
        return dataset
    about = whole.prints, whole.groups
    kept, held = carve(whole.targets, share, 0, dataset.classes, "test", *about)
    if not len(held):
        return dataset
    description = (
        f"{dataset.description} {len(held)} of {len(whole)} examples were carved out "
        "as the test split, stratified, seed 0."
    )
    return replace(
        dataset,
        train=whole.take(kept),
        test=whole.take(held),
        description=description.strip(),
    )


def target_names(found: Sheet, target) -> tuple[str, ...]:
    names = tuple(found.columns)
    listed = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    if not target:
        raise Mistake(
            f"{found.name} has the columns {listed}; say which one is to be answered: "
            f"--target {names[-1]} (in a recipe: data_arguments={{'target': "
            f"'{names[-1]}'}})"
        )
    if isinstance(target, str):
        several = tuple(part.strip() for part in target.split(","))
        target = (target,) if target in names else several
    for each in target:
        if each not in names:
            raise unknown(f"column of {found.name}", str(each), names)
    if len(set(target)) < len(target):
        raise Mistake(f"the target names a column twice: {', '.join(target)}")
    return tuple(target)


def kinds_of(found: Sheet, given: Mapping, target: tuple) -> dict[str, dict]:
    """The kinds that a user gave to columns, by name."""
    if not isinstance(given, Mapping):
        raise Mistake(
            f"data.columns is {given!r}; give kinds by name, such as "
            "{'zip': 'category', 'note': 'ignore'}"
        )
    wanted = {}
    for name, kind in given.items():
        if name not in found.columns:
            raise unknown(f"column of {found.name}", name, list(found.columns))
        if name in target:
            raise Mistake(f"column '{name}' is the target; data.task says what it is")
        about = dict(kind) if isinstance(kind, Mapping) else {"kind": kind}
        if about.get("kind", "number") not in (*KINDS, IGNORE):
            accepted = (*KINDS, IGNORE)
            raise unknown(f"kind of column '{name}'", str(about["kind"]), accepted)
        wanted[name] = about
    return wanted


def answers_of(found: Sheet, given: dict, task: str | None) -> Target:
    from pyarrow import types

    if task is not None and task not in TASKS:
        raise unknown("task", task, TASKS)
    for name, values in given.items():
        gone = values.is_null().to_numpy(zero_copy_only=False)
        if gone.any():
            row = int(np.flatnonzero(gone)[0]) + 1
            raise Mistake(
                f"{found.name}, row {row}: the target '{name}' is missing "
                f"({gone.sum():,} of {len(gone):,} rows); remove these rows"
            )
    names = tuple(given)
    if len(given) == 1:
        [(name, values)] = given.items()
        if types.is_list(values.type) or types.is_large_list(values.type):
            return _label_lists(name, values)
        column = cells.find(name, values, found.decimal)
        assert column, "no cell is missing"
        if column.kind in ("date", "text") and task is None:
            kinds = {"date": "dates", "text": "sentences"}
            raise Mistake(
                f"the target '{name}' holds {kinds[column.kind]}; accepted: classes, "
                "numbers, or lists of labels"
            )
        numbers = column.kind == "number"
        if task == "numbers" or (task is None and numbers and not _few(column, values)):
            return _numbers(found, given)
        if task == "labels":
            raise Mistake(
                f"task=labels: the target '{name}' holds no lists; give several "
                "columns of 0 and 1: --target a,b,c"
            )
        return _classes(name, values)
    if task == "classes":
        raise Mistake(f"task=classes has one target; given: {', '.join(names)}")
    answers = _numbers(found, given)
    zero_or_one = bool(np.isin(answers.values, (0, 1)).all())
    if task == "labels" and not zero_or_one:
        raise Mistake(f"task=labels: {', '.join(names)} hold more than 0 and 1")
    if zero_or_one and task != "numbers":
        return Target(names, "labels", answers.values, classes=names)
    return answers


def _few(column: Column, values) -> bool:
    """Whether numbers are the numbers of classes: whole, and of few values."""
    numbers = np.unique(cells.encode(column, values))
    return len(numbers) <= FEW and bool((numbers == np.floor(numbers)).all())


def _classes(name: str, values) -> Target:
    column = cells.set_to(Column(name), "category", values)
    classes = column.categories
    if len(classes) < 2:
        raise Mistake(
            f"the target '{name}' is '{classes[0]}' in every row; two classes are "
            "needed, or more"
        )
    if len(classes) > MOST:
        raise Mistake(
            f"the target '{name}' has {len(classes):,} different values in "
            f"{len(values):,} rows; accepted: at most {MOST:,} classes; if they are "
            "numbers, set data.task=numbers"
        )
    codes = cells.codes(classes, values).astype(np.int32)
    return Target((name,), "classes", codes, classes=classes)


def _numbers(found: Sheet, given: dict) -> Target:
    parts = []
    for name, values in given.items():
        column = Column(name, decimal=found.decimal)
        if (own := cells.find(name, values, found.decimal)) and own.kind == "number":
            column = own
        parts.append(cells.encode(column, values, f"{found.name}, "))
    values = np.concatenate(parts, axis=1)
    names = tuple(given)
    for name, column in zip(names, values.T, strict=True):
        if len(column) and column.min() == column.max():
            raise Mistake(
                f"the target '{name}' is {column[0]:g} in every row; nothing is to be "
                "learned"
            )
    return Target(names, "numbers", values, outputs=names)


def _label_lists(name: str, values) -> Target:
    lists = [[str(each) for each in row] for row in values.to_pylist()]
    classes = tuple(sorted({each for row in lists for each in row}))
    if not 1 <= len(classes) <= MOST:
        raise Mistake(
            f"the target '{name}' has {len(classes):,} different labels; accepted: 1 "
            f"to {MOST:,}"
        )
    places = {each: i for i, each in enumerate(classes)}
    targets = np.zeros((len(lists), len(classes)), np.float32)
    for row, labels in enumerate(lists):
        targets[row, [places[each] for each in labels]] = 1
    return Target((name,), "labels", targets, classes=classes)


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
        why = (
            "" if about or name in kept else _suspicion(column, numbers, answers, twin)
        )
        if why:
            rows.left_out[name] = why
            continue
        same.append((name, numbers))
        rows.columns.append(column)
        rows.parts.append(numbers)
    return rows


LOOK = 1024  # rows by which two columns are told apart before all are compared


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


def _suspicion(column: Column, numbers: np.ndarray, answers: Target, twin) -> str:
    """Why a network should not learn from a column; "" if nothing speaks against it."""
    first = numbers[:, 0]
    known = first[~np.isnan(first)]
    whole = len(known) == len(first)
    if twin:
        return f"it repeats {twin}"
    if whole and (numbers == numbers[0]).all():
        return "it has one value"
    if whole and len(first) >= INDEX:  # of fewer rows, any column may do so by chance
        if column.kind == "category" and len(column.categories) == len(first):
            return "it has another value in each row, as a name has"
        if column.kind == "number" and _counts(first):
            return "it counts the rows"
        if column.kind == "number" and ID.search(column.name) and _differ(first):
            return "it has another number in each row, as an id has"
        if _tells(first, column, answers):
            return f"it tells the target {answers.names[0]}: a leak"
    return ""


def _counts(numbers: np.ndarray) -> bool:
    """Whether these are whole numbers in a row, in any order."""
    if numbers.max() - numbers.min() + 1 != len(numbers):
        return False
    return bool((np.diff(np.sort(numbers)) == 1).all())


def _differ(numbers: np.ndarray) -> bool:
    """Whether these are whole numbers, each another one."""
    whole = (numbers == np.floor(numbers)).all()
    return bool(whole) and len(np.unique(numbers)) == len(numbers)


def _tells(numbers: np.ndarray, column: Column, answers: Target) -> bool:
    """Whether a column is the target in other words, one to one."""
    if answers.task == "labels":
        return any((numbers == label).all() for label in answers.values.T)
    if answers.task == "numbers":
        return column.kind == "number" and any(
            _is_line(numbers, each) for each in answers.values.T
        )
    if len(np.unique(numbers[:LOOK])) > len(answers.classes):
        return False
    values = np.unique(numbers)
    if len(values) != len(answers.classes):
        return False
    pairs = np.unique(np.stack([numbers, answers.values.astype(np.float32)]), axis=1)
    return pairs.shape[1] == len(values)


def _is_line(numbers: np.ndarray, target: np.ndarray) -> bool:
    """Whether the target is a number times the column, plus another."""
    first, second = (each.astype("float64") - each.mean() for each in (numbers, target))
    length = np.sqrt((first**2).sum() * (second**2).sum())
    return bool(length) and abs(first @ second) / length > 1 - ROUNDED


def _texts(name, found, values, column, answers: Target, test) -> Dataset:
    from zoo.core.progress import track

    given = cells.texts(values)
    if given.null_count:
        warnings.warn(
            f"{given.null_count:,} of {len(given):,} texts of {name} are missing; they "
            "are read as empty",
            stacklevel=5,
        )
    written = given.fill_null("").to_pylist()
    tokens = texts.split_words(track(written, len(written), "splitting words"))[0]
    dataset = Dataset(
        name=name,
        kind="text",
        train=Split(tokens, answers.values),
        classes=answers.classes,
        license="that of the texts: zoo does not know it",
        description=f"The column {column} of {found.name}. {found.found}".strip(),
        task=answers.task,
        outputs=answers.outputs,
    )
    return carved(dataset, test)

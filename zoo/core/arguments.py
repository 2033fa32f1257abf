"""Arguments as they are typed, in the types that a function's annotations ask for."""

import contextlib
import inspect
import os
from collections.abc import Iterator, Mapping
from numbers import Integral, Real

from zoo.errors import Mistake


def readable(text: str) -> str:
    """A typed text with the letters that the locale lacks, as LC_ALL=POSIX lacks ü.

    Python keeps their bytes in a form that opens files and equals no other text.
    """
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return text


def spelled(name):
    """A path as text; a name, and anything else, as it is."""
    return os.fspath(name) if isinstance(name, os.PathLike) else name


def input_of(word: str) -> str:
    """A typed input: the name of a file as it is, and anything else readable."""
    return word if os.path.exists(word) else readable(word)


def as_annotated(arguments: Mapping, parameters: Mapping) -> dict:
    """`arguments` with numbers as text, and text as words, where that is asked for.

    On a command line 3,5 reads as two numbers and cat,dog as one word. Where `str` is
    asked for, the number 2024 becomes "2024"; where a tuple, list or sequence of `str`
    is, (3, 5) becomes ("3", "5"), and "cat,dog" ("cat", "dog").

    Args:
        arguments: values by name.
        parameters: an `inspect.Signature`'s; names that are not there stay as they are.
    """
    return {
        name: _fitted(_own(value), parameters[name]) if name in parameters else value
        for name, value in arguments.items()
    }


def mistyped(arguments: Mapping, parameters: Mapping) -> str:
    """The first argument of another type than its annotation asks for, in words.

    Args:
        arguments: values by name.
        parameters: an `inspect.Signature`'s.

    Returns:
        Such as "dropout is 'x'; accepted: a number"; "" if all fit, or nothing is
        asked.
    """
    for name, value in arguments.items():
        kinds = _kinds(parameters[name]) if name in parameters else set()
        if kinds and not any(_fits(value, kind) for kind in kinds):
            words = sorted(kinds, key=lambda kind: (kind == "None", kind))
            return (
                f"{name} is {value!r:.60}; accepted: {' or '.join(map(_said, words))}"
            )
    return ""


def miscounted(arguments: Mapping, parameters: Mapping) -> str:
    """As `mistyped`, of the arguments alone that are taken for others without a word.

    The text "no" counts as true where True or False is asked for, and True as 1 where a
    number is.
    """
    silent = {
        name: each
        for name, each in parameters.items()
        if "bool" in _kinds(each)
        or ({"float", "int"} & _kinds(each) and isinstance(arguments.get(name), bool))
    }
    return mistyped(arguments, silent)


@contextlib.contextmanager
def checked(what: str, arguments: Mapping, parameters: Mapping) -> Iterator[None]:
    """Inside, what takes these arguments is called.

    What is called knows the ranges and units of its own, and says them. But True counts
    as 1 there, and the text "no" as true, without a word: these are looked at first.

    Args:
        what: takes them, for errors.
        arguments: values by name.
        parameters: an `inspect.Signature`'s.

    Raises:
        Mistake: an argument is of another type than its annotation asks for.
    """
    if wrong := miscounted(arguments, parameters):
        raise Mistake(f"{what}: {wrong}")
    try:
        yield
    except Mistake:
        raise
    except Exception as error:
        if wrong := mistyped(arguments, parameters):
            raise Mistake(f"{what}: {wrong}") from error
        raise


def _kinds(parameter) -> set[str]:
    """The alternatives of an annotation: {"str", "None"} of `str | None`."""
    annotation = parameter.annotation
    if not isinstance(annotation, str):
        annotation = inspect.formatannotation(annotation)
    return {kind.strip() for kind in annotation.split("|")}


def _said(kind: str) -> str:
    """An annotated type in words, with an example of several."""
    if kind in _WORDS:
        return _WORDS[kind]
    inner, *more = kind.removeprefix("tuple[").removesuffix("]").split(", ")
    if inner not in _SEVERAL or not more:
        return kind
    count = "" if more == ["..."] else f"{1 + len(more)} "
    several, example = _SEVERAL[inner]
    shown = example[: 1 + len(more)] if count else example[:2]
    return f"{count}{several}, as in {shown}"


def _fits(value, kind: str) -> bool:
    """Whether a value is of an annotated type; every value is of an unknown one."""
    if kind in _TYPES:
        is_truth = isinstance(value, bool)
        return isinstance(value, _TYPES[kind]) and is_truth == (kind == "bool")
    if kind.startswith("tuple[") and kind.endswith("]"):
        inner, *more = kind[6:-1].split(", ")
        if not isinstance(value, tuple | list):
            return False
        fixed = more != ["..."]
        return all(_fits(each, inner) for each in value) and (
            not fixed or len(value) == 1 + len(more)
        )
    return True


_WORDS = {
    "bool": "True or False",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "dict": "a dictionary",
}
_SEVERAL = {
    "int": ("whole numbers", (3, 5, 7)),
    "float": ("numbers", (0.1, 0.5, 0.9)),
    "str": ("texts", ("a", "b", "c")),
}
_TYPES: dict[str, type] = {
    **{"int": Integral, "float": Real, "str": str, "bool": bool, "dict": Mapping},
    "None": type(None),
}


def _fitted(value, parameter):
    kinds = _kinds(parameter)
    if kinds & {"str", "Optional[str]"} and not kinds & {"int", "float"}:
        return str(value) if _is_number(value) else value
    if any("[str" in kind for kind in kinds):
        if isinstance(value, str) and "str" not in kinds:
            return tuple(word.strip() for word in value.split(","))
        if _is_number(value):
            return (str(value),)
        if isinstance(value, tuple | list):
            return tuple(str(each) if _is_number(each) else each for each in value)
    return value


def _own(value):
    """A number of NumPy, alone or among others, as one of Python."""
    if type(value) in (tuple, list):
        return type(value)(map(_own, value))
    alone = getattr(value, "shape", None) == () and hasattr(value, "item")
    return value.item() if alone else value


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

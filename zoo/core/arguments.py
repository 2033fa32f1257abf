"""Arguments as they are typed, in the types that a function's annotations ask for."""

import inspect
from collections.abc import Mapping


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
        name: _fitted(value, parameters[name]) if name in parameters else value
        for name, value in arguments.items()
    }


def _fitted(value, parameter):
    annotation = parameter.annotation
    if not isinstance(annotation, str):
        annotation = inspect.formatannotation(annotation)
    kinds = {kind.strip() for kind in annotation.split("|")}
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


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

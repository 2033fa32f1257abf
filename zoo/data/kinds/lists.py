"""Lists of labels in a table of text, such as ["wet", "cold"] or ['wet', 'cold']."""

import ast
import json

LONGEST = 10_000  # letters of a list


def read(cells, numbers: bool = False):
    """Cells that are all written as lists of words, as lists; others as they are.

    Args:
        cells: pyarrow's array, as `zoo.data.kinds.cells.plain` gives it.
        numbers: whether lists of numbers are meant, too; they may be intervals.
    """
    import pyarrow
    from pyarrow import types

    if not types.is_string(cells.type):
        return cells
    kinds = (str, int) if numbers else (str,)
    found = []
    for text in cells.to_pylist():
        if not (text.startswith("[") and text.endswith("]") and len(text) < LONGEST):
            return cells
        labels = _list(text)
        if labels is None or not all(type(each) in kinds for each in labels):
            return cells
        found.append([str(each) for each in labels])
    return pyarrow.array(found, pyarrow.list_(pyarrow.string()))


def _list(text: str) -> list | None:
    for parsed in (json.loads, ast.literal_eval):  # as pandas writes it
        try:
            return parsed(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None

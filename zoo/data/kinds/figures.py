"""Numbers as they are written in cells: signs beside them, and between thousands."""

import re

import numpy as np

# What else stands for a number that is missing; among words it may be a category.
MARKS = ("-", "--", "---", "\u2013", "\u2014", ".", "..", "...", "#n/a", "#na", "#nv")
MARKS += ("#div/0!", "#value!", "#ref!", "#num!", "#wert!", "#bezug!", "#zahl!")
MARKS += ("n.a.", "k.a.", "k. a.", "n.v.", "n/d", "missing", "unknown")
UNIT = re.compile(r"[$€£¥₹₽元円%]|\b(?:EUR|USD|GBP|CHF|JPY|kr|zł)\b")
SUFFIX = re.compile(r"[+-]?[\d.,\s']*\d\s*([^\W\d_]{1,5}[²³]?)")  # such as kg, m²
CODE = "^0[0-9]{2,}$"  # 01067 is a name, and would lose its zero as a number
GAP = r"([0-9])[ \x{00a0}\x{202f}'\x{2019}]([0-9]{3})"  # between thousands


def wrong(strings, decimal: str) -> np.ndarray:
    """Where the cells are neither numbers nor missing; positions, ascending."""
    import pyarrow
    from pyarrow import compute

    try:  # as most columns of numbers are
        if decimal == ".":
            strings.cast(pyarrow.float64())
            return np.zeros(0, int)
    except pyarrow.ArrowInvalid:
        pass
    strings = _without_gaps(strings)
    point, mark = re.escape(decimal), re.escape("," if decimal == "." else ".")
    # No thousands begin with 0: with a decimal point 0,126 is no number.
    number = rf"([0-9]+|[1-9][0-9]{{0,2}}({mark}[0-9]{{3}})+)?({point}[0-9]*)?"
    pattern = rf"^[+-]?{number}([eE][+-]?[0-9]+)?$"
    fits = compute.match_substring_regex(strings, pattern)
    fits = compute.and_(fits, compute.match_substring_regex(strings, "[0-9]"))
    infinite = compute.is_in(
        compute.utf8_lower(strings),
        value_set=pyarrow.array(["inf", "-inf", "infinity"]),
    )
    bad = compute.invert(compute.or_(fits, infinite)).fill_null(False)
    return np.flatnonzero(bad.to_numpy(zero_copy_only=False))


def cast(strings, decimal: str):
    """Strings that are numbers as float64."""
    import pyarrow
    from pyarrow import compute

    if decimal == ".":
        try:  # as most columns are: no other form is looked for
            return strings.cast(pyarrow.float64())
        except pyarrow.ArrowInvalid:
            pass
    strings = _without_gaps(strings)
    if decimal == ",":
        strings = compute.replace_substring(strings, ".", "")
        strings = compute.replace_substring(strings, ",", ".")
    elif compute.any(compute.match_substring(strings, ",")).as_py():
        strings = compute.replace_substring(strings, ",", "")
    strings = compute.utf8_ltrim(strings, "+")
    return strings.cast(pyarrow.float64())


def unit_of(values) -> str:
    """The one sign or word beside numbers, such as €, % or kg; "" if there is none."""
    sample = values[:1000].to_pylist()
    found = {each[0] for text in sample if (each := UNIT.search(text))}
    if not found:
        ends = [SUFFIX.fullmatch(text) for text in sample]
        found = {each[1] for each in ends if each} if all(ends) else set()
    return found.pop() if len(found) == 1 else ""


def bare(strings, unit: str):
    """Numbers without the sign beside them."""
    from pyarrow import compute

    if not unit:
        return strings
    strings = compute.replace_substring(strings, unit, "", max_replacements=1)
    return compute.utf8_trim_whitespace(strings)


def are_codes(strings) -> bool:
    from pyarrow import compute

    return bool(compute.any(compute.match_substring_regex(strings, CODE)).as_py())


def unmarked(strings):
    """Numbers as text; null where a mark stands for one that is missing."""
    import pyarrow
    from pyarrow import compute

    found = compute.is_in(compute.utf8_lower(strings), pyarrow.array(MARKS))
    if not compute.any(found).as_py():
        return strings
    return compute.if_else(found, None, strings)


def _without_gaps(strings):
    """Numbers without the spaces or apostrophes between their thousands.

    A minus may be the sign of typesetters, or parentheses, as accountants write it.
    """
    from pyarrow import compute

    if compute.any(compute.match_substring(strings, "\u2212")).as_py():
        strings = compute.replace_substring(strings, "\u2212", "-")
    if compute.any(compute.match_substring(strings, "(")).as_py():
        strings = compute.replace_substring_regex(strings, r"^\(([^()]+)\)$", r"-\1")
    if compute.any(compute.match_substring_regex(strings, GAP)).as_py():
        for _ in range(2):  # a digit belongs to one match alone
            strings = compute.replace_substring_regex(strings, GAP, r"\1\2")
    return strings

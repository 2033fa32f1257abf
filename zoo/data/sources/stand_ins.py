"""Numbers that seem to stand for what is missing, such as -9999."""

import warnings
from collections.abc import Mapping

import numpy as np

MOST = 3  # such numbers of one column
FAR = 3.0  # of the range of all others, from which on any number is far outside
OFTEN = {True: 2, False: 3}  # rows of a number that is all nines, and of another one
MANY = 10  # other values, from which on a number that is not all nines is told
SHOWN = 5  # columns named in a message


def tell(name: str, columns: Mapping[str, np.ndarray]) -> None:
    """Warn of numbers far outside of all others that repeat: they may mean "missing".

    Args:
        name: of the table.
        columns: of each column of numbers its values, float (n,); NaN where missing.
    """
    said = []
    for column, values in columns.items():
        known = values[~np.isnan(values)]
        if not len(known) or not any(
            (known == end).sum() > 1 for end in (known.min(), known.max())
        ):  # of which most columns are told without sorting them
            continue
        different, counts = np.unique(known, return_counts=True)
        found, low, high = _outside(different, counts)
        if found:
            which = ", ".join(f"{each:g} in {count:,}" for each, count in found)
            others = f"all others are {different[low]:.4g} to {different[high]:.4g}"
            said.append(f"'{column}' is {which} of {len(values):,} rows, {others}")
    if said:
        more = f"; and {len(said) - SHOWN:,} more" if len(said) > SHOWN else ""
        warnings.warn(
            f"{name}: {'; '.join(said[:SHOWN])}{more}; if such a number stands for a "
            "value that is missing, leave its cells empty: it is learned from as it is",
            stacklevel=5,
        )


def _outside(different: np.ndarray, counts: np.ndarray) -> tuple[list, int, int]:
    """The numbers far outside with their counts; where the others begin and end.

    Args:
        different, counts: the values, ascending, and how often each occurs.
    """
    for total in range(MOST, 0, -1):
        for low in range(total + 1):
            last = len(different) - 1 - (total - low)
            if last <= low:
                continue
            places = [*range(low), *range(last + 1, len(different))]
            inside = different[low : last + 1].astype("float64")
            rows = counts.sum()
            if all(_is_one(different[i], counts[i], rows, inside) for i in places):
                found = [(float(different[i]), int(counts[i])) for i in places]
                return found, low, last
    return [], 0, -1


def _is_one(value: float, count: int, rows: int, inside: np.ndarray) -> bool:
    """Whether a number stands out from those inside, two at least, and repeats."""
    nines = _is_nines(value)
    if count < OFTEN[nines]:
        return False
    gap = max(inside[0] - value, value - inside[-1])
    spread = inside[-1] - inside[0]
    if nines:
        return gap > spread or value < 0 <= inside[0]
    return gap > FAR * spread and len(inside) >= MANY and 2 * count < rows


def _is_nines(value: float) -> bool:
    """Whether it is written by nines alone, as 99, -999 and -999.9 are."""
    digits = f"{abs(value):.7g}".replace(".", "")
    return len(digits) > 1 and set(digits) == {"9"}

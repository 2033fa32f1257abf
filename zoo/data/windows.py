"""Windows of a series or a text: consecutive rows, gathered when they are asked for."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows that overlap, in the memory of the series that they are cut from.

    It has what is used of an array: `len`, `shape`, `dtype`, and indexing by positions,
    which copies these windows alone.

    rows: the series, (n, ...), one after the other.
    starts: int (m,), the row with which each window begins.
    length: rows in a window.
    before, after: rows beside a window that are of its split, too.
    unknown: from this row of a window on, the columns `hidden` are NaN: they lie in the
        future. By default none is.
    hidden: bool (columns,).
    fresh: int (m,), the row from which on a window's numbers count; those before, which
        another window has, are -1. By default all count.
    carried: whether each window begins where the one before it ends, and a network
        reads it from the state that it had there.
    """

    rows: np.ndarray
    starts: np.ndarray
    length: int
    before: int = 0
    after: int = 0
    unknown: int | None = None
    hidden: np.ndarray | None = None
    fresh: np.ndarray | None = None
    carried: bool = False

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, positions) -> np.ndarray:
        starts = np.asarray(self.starts[positions])
        places = starts[..., None] + np.arange(self.length)
        found = self.rows[places]
        if self.fresh is not None:
            found[places < np.asarray(self.fresh[positions])[..., None]] = -1
        if self.unknown is not None:
            found[..., self.unknown :, self.hidden] = np.nan
        return found

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        found = self[np.arange(len(self))]
        return found if dtype is None else found.astype(dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), self.length, *self.rows.shape[1:])

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype:
        return self.rows.dtype

    def chosen(self, positions: np.ndarray) -> "Windows":
        """The windows at these positions."""
        fresh = None if self.fresh is None else self.fresh[positions]
        return replace(self, starts=self.starts[positions], fresh=fresh)

    def on(self, rows: np.ndarray, order: np.ndarray | None = None) -> "Windows":
        """The same windows of other rows, whose columns are these in another order."""
        if self.hidden is None or order is None:
            return replace(self, rows=rows)
        return replace(self, rows=rows, hidden=self.hidden[order])

    def seen(self) -> np.ndarray:
        """The rows of the windows, and those beside them, each once."""
        edges = np.zeros(len(self.rows) + 1, np.int32)
        last = self.starts + self.length + self.after
        np.add.at(edges, self.starts - self.before, 1)
        np.add.at(edges, last, -1)
        inside = np.cumsum(edges[:-1], dtype=np.int32) > 0
        if len(inside) and inside.any():
            first, end = int(inside.argmax()), len(inside) - int(inside[::-1].argmax())
            if inside[first:end].all():  # a view
                return self.rows[first:end]
        return self.rows[inside]

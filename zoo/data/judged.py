"""Data that a network is judged on, which has learned: nothing is learned from them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo.data.dataset import Dataset

_KNOWN: "ContextVar[Dataset | None]" = ContextVar("known", default=None)


@contextmanager
def by(known: "Dataset | None") -> Iterator[None]:
    """Inside, data are read for a network that learned from `known`; None is none.

    They may then be of one class, or all of one number; the tokens of a text and the
    length of sounds are those that the network knows.
    """
    before = _KNOWN.set(known)
    try:
        yield
    finally:
        _KNOWN.reset(before)


def known() -> "Dataset | None":
    """What the network learned from that the data are read for; None in training."""
    return _KNOWN.get()

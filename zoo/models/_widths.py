"""The check that models of dense layers share."""

from zoo.errors import Mistake


def check(hidden) -> None:
    """Refuse what is no tuple or list of widths, each at least 1; () is accepted."""
    if not isinstance(hidden, tuple | list) or any(width < 1 for width in hidden):
        raise Mistake(f"hidden takes widths such as (64, 64); given {hidden!r}")

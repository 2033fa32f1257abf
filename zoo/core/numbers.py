"""Numbers as text, as a user writes them: of the digits 0 to 9."""


def read_float(text: str) -> float:
    """What `float` makes of a text, which takes 1_0 for 10, and digits of any script.

    Raises:
        ValueError: the text is no number, or is one to Python alone.
    """
    _check(text)
    return float(text)


def read_int(text: str) -> int:
    """The same with `int`."""
    _check(text)
    return int(text)


def _check(text: str) -> None:
    if "_" in text or not text.isascii():
        raise ValueError(f"could not convert string to a number: {text[:40]!r}")

"""What the commands of the benchmarks share: parsers, names, refusals in one line."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence

from zoo import backend
from zoo.errors import Mistake, unknown


def parser(text: str) -> argparse.ArgumentParser:
    """A parser that shows `text`, the docstring of a command, as it is written."""
    return argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def times(text: str) -> int:
    """How often something is done, as it is typed: none would measure nothing."""
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{count}; accepted: 1 or more")
    return count


def chosen(kind: str, given: Sequence[str] | None, known: Iterable[str]) -> list[str]:
    """The names among `known` that were given; all of them if nothing was.

    A given name may be a part of known ones, in capitals or not: "mlp" chooses every
    network that has it in its name.

    Raises:
        Mistake: a given name is part of no known one.
    """
    known = list(known)
    for word in given or ():
        if not any(word.lower() in name.lower() for name in known):
            raise unknown(kind, word, known)
    words = [word.lower() for word in given or [""]]
    return [name for name in known if any(word in name.lower() for word in words)]


def backends(given: Sequence[str] | None) -> list[str]:
    """The backends that were given; all that are installed if none was.

    Raises:
        Mistake: one of them is none, or is not installed.
    """
    installed = backend.installed()
    for name in given or ():
        if name not in installed:
            raise unknown("backend", name, installed)
    return list(given or installed)


def run(main: Callable[[], None]) -> None:
    """Call `main`; end with 1 and the one line of a mistake, if it makes one."""
    try:
        main()
    except Mistake as mistake:
        sys.exit(str(mistake))

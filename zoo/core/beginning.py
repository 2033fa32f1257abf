"""Ctrl-C while a program of zoo begins: death by it, without a traceback.

Python turns Ctrl-C into an exception, which in the midst of an import ends in pages of
names. Until `zoo.cli.main` has its own way to stop, there is nothing to be saved. What
comes before this file, Python's own start and `site`, no file of zoo's can reach.
"""

import os
import signal
import sys


def die_at_once() -> None:
    """Let Ctrl-C end the process, if that is the command `zoo` or runs a recipe.

    A program of others that imports zoo is left as it is, and so is a process that was
    started with Ctrl-C ignored, or has its own way to deal with it.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler and _is_program():
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _is_program() -> bool:
    """Whether `zoo`, `python -m zoo` or `python RECIPE.py` was typed."""
    typed = sys.orig_argv[len(sys.orig_argv) - len(sys.argv) :]
    if len(typed) == len(sys.orig_argv) or not typed:
        return False
    if os.path.basename(typed[0]) in ("zoo", "zoo.exe", "-mzoo"):
        return True
    try:
        with open(typed[0], "rb") as file:  # a recipe ends with this call
            return b"zoo.main(__file__)" in file.read(2**16)
    except (OSError, ValueError):
        return False

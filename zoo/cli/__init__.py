"""The command line: `zoo VERB ...`. Every verb is a file in this folder.

A verb's file has a docstring, which is its help (the first line is the summary, an
example stands at the end); `arguments(parser)`, which declares what it takes; and
`run(options)`, which does it. Only the file of the verb that was typed is imported.
"""

import argparse
import errno
import importlib
import os
import signal
import sys
import warnings
from contextlib import nullcontext
from functools import partial
from typing import NoReturn

from zoo.core.numbers import read_float, read_int
from zoo.core.processes import stops
from zoo.core.progress import alive, show
from zoo.core.timing import start
from zoo.errors import Mistake, plain, unknown

VERBS = (
    "list",
    "find",
    "card",
    "weights",
    "train",
    "recipe",
    "evaluate",
    "predict",
    "write",
    "serve",
    "explain",
    "report",
    "compare",
    "runs",
    "ensemble",
    "export",
    "publish",
    "tune",
    "cross-validate",
    "verify",
    "reproduce",
    "backends",
)
SIGNALS = (signal.SIGINT, signal.SIGTERM)
# What the system says of files and disks, whatever zoo does with them.
OF_FILES = (
    *(errno.EACCES, errno.EPERM, errno.EIO, errno.ELOOP, errno.ENXIO),
    *(errno.EROFS, errno.ENOSPC, errno.EDQUOT),
)
STOPPED = 130  # the status after one of them
_WARNED: set[str] = set()  # lines that the user has read


def main(recipe_file: str | None = None) -> NoReturn:
    """Run the command that was typed, and exit.

    Args:
        recipe_file: the recipe file that was started as a program; what was typed is
            then taken as the arguments of `zoo train RECIPE_FILE`.
    """
    start.ended("zoo")
    warnings.formatwarning = _one_line
    if not sys.warnoptions:
        warnings.simplefilter("always", UserWarning)  # `_one_line` gives each once
    for name in ("stdout", "stderr"):  # which a service may have closed
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (it stays)
            setattr(sys, name, nowhere)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # letters that the terminal lacks become ?
            stream.reconfigure(errors="replace")
    for number in SIGNALS:
        signal.signal(number, stops.interrupt)
    typed = sys.argv[1:]
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # where `my_package.my_net` may be, as with -m
    status = call(["train", recipe_file, *typed] if recipe_file else typed)
    for number in SIGNALS:  # Python's own end takes a moment, too
        signal.signal(number, signal.SIG_IGN)
    if stops.interrupted and status == 0:  # a library has caught it
        print("zoo: stopped when all was done", file=sys.stderr)
        status = STOPPED
    if status == STOPPED:
        stops.die()
    sys.exit(status)


def call(words: list[str]) -> int:
    """Run the command `zoo WORDS...`.

    Returns:
        The exit status: 0; 2 after a user's mistake, of which one line on standard
        error tells; 130 after Ctrl-C or SIGTERM. Other errors are raised.
    """
    try:
        _run(words)
        sys.stdout.flush()
    except Mistake as mistake:
        print(f"zoo: {mistake}", file=sys.stderr)
        return mistake.status
    except MemoryError as error:  # NumPy says of which shape
        print(f"zoo: the memory does not suffice: {error}", file=sys.stderr)
        return Mistake.status
    except KeyboardInterrupt:
        print("zoo: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # as in `zoo list | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno in OF_FILES:
            where = f"{plain(str(error.filename))}: " if error.filename else ""
            print(f"zoo: {where}{error.strerror}", file=sys.stderr)
            return Mistake.status
        if error.errno != errno.ENAMETOOLONG:
            raise
        name = str(error.filename)  # whatever was asked of it, there is none
        begins = plain(name[:60])
        print(f"zoo: no file can have a name as long as {begins}...", file=sys.stderr)
        return Mistake.status
    return 0


def _run(words):
    if not words or words[0] in ("-h", "--help", "help"):
        show(_overview())
        return
    if words[0] == "--version":
        show("zoo " + importlib.import_module("zoo").__version__)
        return
    verb, *rest = words
    if verb not in VERBS:
        raise unknown("command", verb, VERBS, "`zoo --help` says what they do")
    module = importlib.import_module(_file(verb))
    parser = _Parser(
        prog=f"zoo {verb}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.arguments(parser)
    options, unread = parser.parse_known_intermixed_args(rest)
    if unread:
        raise parser.unread(unread)
    if empty := parser.empty(options):
        raise Mistake(f"{empty} is empty; give it a value, or leave it out")
    # A server waits for others.
    with nullcontext() if verb == "serve" else alive(f"zoo {verb}"):
        module.run(options)


def _file(verb: str) -> str:
    return f"zoo.cli.{verb.replace('-', '_')}"


def _one_line(message, category, *place, format=warnings.formatwarning) -> str:
    """A warning for a user in one line, once; one for a developer with its place.

    A command may read its data more than once. Python's own "once" forgets what was
    said whenever a library changes the filters, as the import of a framework does.
    """
    if category is UserWarning:
        line = f"zoo: {plain(' '.join(str(message).splitlines()))}\n"
        if line in _WARNED:
            return ""
        _WARNED.add(line)
        return line
    return format(message, category, *place)


def _overview() -> str:
    lines = [
        "zoo: reference neural networks for Keras 3 on JAX, TensorFlow and PyTorch",
        "",
    ]
    for verb in VERBS:
        summary = importlib.import_module(_file(verb)).__doc__.splitlines()[0]
        lines.append(f"  zoo {verb:<16}{summary}")
    example = "zoo train lenet_mnist data=mnist_sample"
    lines += ["", f"Example: {example}", "More: zoo VERB --help"]
    return "\n".join(lines)


class _Parser(argparse.ArgumentParser):
    """Raises a `Mistake` where argparse would print and exit."""

    def __init__(self, **options):
        super().__init__(**options, allow_abbrev=False)
        self.register("type", int, partial(_number, read_int, "whole number", 3))
        self.register("type", float, partial(_number, read_float, "number", 1.5))

    def error(self, message) -> NoReturn:
        raise Mistake(f"{message}; `{self.prog} --help` shows an example")

    def unread(self, words: list[str]) -> Mistake:
        """The error for words that the command does not take."""
        first = words[0]
        help_ = f"`{self.prog} --help` shows an example"
        if first[:1] == "-" and first[1:2] and first[1] in ".0123456789":
            return Mistake(
                f"{first} looks like an option; put -- before what begins with a "
                f"minus, as in `{self.prog} RUN -- {first}`"
            )
        if first.startswith("-"):
            return unknown(
                f"option of {self.prog}", first.split("=")[0], self._options(), help_
            )
        taken = [a.metavar for a in self._actions if not a.option_strings]
        wanted = " ".join(map(str, taken)) or "no words"
        return Mistake(
            f"'{first}' is one word too many; {self.prog} takes {wanted}; {help_}"
        )

    def empty(self, options: argparse.Namespace) -> str:
        """An option that was given nothing, as by a variable that is not set."""
        given = vars(options)
        for each in self._actions:
            if each.option_strings and given.get(each.dest) == "" != each.default:
                return each.option_strings[-1]
        return ""

    def _options(self) -> list[str]:
        return [a.option_strings[-1] for a in self._actions if a.option_strings]

    def _check_value(self, action, value):
        if action.choices is not None and value not in action.choices:
            name = action.option_strings[-1].lstrip("-")
            raise unknown(name, value, action.choices)


def _number(kind, name: str, example: int | float, text: str) -> int | float:
    try:
        return kind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no {name}; give one such as {example}"
        ) from error

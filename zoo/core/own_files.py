"""Python files of the user's own: run as they are now, with what lies beside them."""

import ast
import contextlib
import hashlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from zoo.errors import Mistake


@contextlib.contextmanager
def telling(path: Path, what: str) -> Iterator[None]:
    """What a user's file raises inside becomes a `Mistake` with its line.

    Args:
        path: of the file.
        what: it is, such as "file of the model".
    """
    try:
        yield
    except Mistake:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [each.lineno for each in frames if each.filename == str(path.resolve())]
        if isinstance(error, SyntaxError) and error.lineno:
            lines = [error.lineno]
        place = f", line {lines[-1]}" if lines else ""
        raise Mistake(
            f"{path}{place}: {type(error).__name__}: "
            f"{str(error).partition(chr(10))[0]}; correct the {what}"
        ) from error


def parsed(path: Path) -> ast.Module:
    """What a file of Python says, without running it.

    Raises:
        Mistake: it is none.
    """
    with telling(path, "file"):
        return ast.parse(path.read_bytes(), path)


def load(path: Path) -> ModuleType:
    """The module in the file `path` as it is now; the same one until it changes.

    It, and what it imports from its folder, is compiled from its text: Python's own
    cache of compiled files takes an edit of the same second and length for no edit. It
    is in `sys.modules`, where dataclasses and pickle look for the module of a class.
    """
    text = path.read_bytes()
    name = f"{path.stem}_{hashlib.sha256(bytes(path)).hexdigest()[:8]}"
    before = sys.modules.get(name)
    if before is not None:
        if vars(before)["__text__"] == text and not _changed(before):
            return before
        for helper, module in _beside(before).items():
            if sys.modules.get(helper) is module:
                del sys.modules[helper]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # the name of every caller's file ends in .py
    sys.modules[name] = loaded = importlib.util.module_from_spec(spec)
    vars(loaded).update(__text__=text, __beside__={}, __texts__={})
    try:
        with running(loaded):
            exec(compile(text, path, "exec"), loaded.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return loaded


@contextlib.contextmanager
def running(module: ModuleType) -> Iterator[None]:
    """Inside, the code of a module that `load` gave finds what lies beside its file.

    Any other module has found what it imports.
    """
    if "__beside__" not in vars(module):
        yield
        return
    with finding_beside(Path(str(module.__file__)), _beside(module)):
        yield
    for name, each in _beside(module).items():
        vars(module)["__texts__"].setdefault(name, _text(each))


@contextlib.contextmanager
def finding_beside(file: Path, own: dict[str, ModuleType]) -> Iterator[None]:
    """Inside, modules that lie in the folder of `file` are found.

    They come before all others, as they do in a program of that folder. Afterward those
    of other folders are back in their places: two models may each have a `helper.py`.

    Args:
        file: of the code that imports them, an absolute path.
        own: what it has imported from there before, by name; what it imports now is
            added.
    """
    folder, path, here = file.parent, list(sys.path), os.fspath(file.parent)
    others = _named_alike(folder)
    for name in others:
        del sys.modules[name]
    for name, each in own.items():
        sys.modules.setdefault(name, each)
    before, writes = set(sys.modules), sys.dont_write_bytecode
    sys.path.insert(0, here)
    sys.dont_write_bytecode = True  # into the folder of a user, or of a run
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes
        with contextlib.suppress(ValueError):
            sys.path.remove(here)
        for name in set(sys.modules) - before:
            if _lies_in(name, sys.modules[name], folder):
                own[name] = sys.modules[name]
        if here not in map(os.path.abspath, path):  # else any program may want them
            for name in own:
                sys.modules.pop(name, None)
        sys.modules.update(others)


def files_beside(module: ModuleType) -> list[Path]:
    """The files in its folder that a user's module has imported so far."""
    return sorted({Path(str(each.__file__)) for each in _beside(module).values()})


def _beside(module: ModuleType) -> dict[str, ModuleType]:
    return vars(module).get("__beside__", {})


def _changed(module: ModuleType) -> bool:
    texts = vars(module)["__texts__"]
    return any(texts.get(name) != _text(each) for name, each in _beside(module).items())


def _text(module: ModuleType) -> bytes:
    try:
        return Path(str(module.__file__)).read_bytes()
    except OSError:
        return b""


def _named_alike(folder: Path) -> dict[str, ModuleType]:
    """Modules of other folders with the names of those that lie in this.

    What is installed, and Python's own, is the same for all.
    """
    names = (
        each for each in os.listdir(folder) if "." not in each or each[-3:] == ".py"
    )
    there = {each.removesuffix(".py") for each in names} - sys.stdlib_module_names
    return {
        name: each
        for name, each in list(sys.modules.items())
        if name.split(".")[0] in there - {"zoo", "__main__"}
        and getattr(each, "__file__", None)
        and not _lies_in(name, each, folder)
        and not {"site-packages", "dist-packages"} & {*Path(str(each.__file__)).parts}
    }


def _lies_in(name: str, module, folder: Path) -> bool:
    """Whether a module, or the package that it is of, is in a folder itself."""
    file, top = getattr(module, "__file__", None), name.split(".")[0]
    if not file or top == "zoo":
        return False
    return Path(file) == folder / f"{top}.py" or folder / top in Path(file).parents

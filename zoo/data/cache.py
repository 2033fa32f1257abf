"""Decoded data sets kept on disk, so that the second start is immediate."""

import hashlib
import json
import shutil
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zoo.core import files as written
from zoo.core.folders import cache_dir, forget_unused, shortened, touch
from zoo.core.progress import say
from zoo.errors import Mistake

LAYOUT = 1  # raise it when what is written below changes its meaning
LARGE = 2**30  # bytes; a larger file stays on disk and is checked by its size alone


def remember(
    name: str,
    identity: dict,
    build: Callable[[Path], dict],
    fresh: Callable[[dict], bool] = lambda facts: True,
) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays and facts that `build` writes, from disk if they are there.

    Args:
        name: the beginning of the folder's name.
        identity: everything the result depends on; JSON values.
        build: writes .npy files into the folder it is given, returns JSON facts.
        fresh: tells from the facts whether a kept copy is still up to date.

    Returns:
        The arrays by file name without .npy, the large ones memory-mapped, and facts.

    Raises:
        Mistake: the cache folder cannot be written.
    """
    folder = place(name, identity)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise Mistake(
            f"the cache folder {folder.parent} cannot be written ({error.strerror}); "
            "set ZOO_CACHE to a folder that can"
        ) from error
    try:
        if folder.exists():
            flaw = _flaw(folder, fresh)
            if not flaw:
                return _open(folder)
            say(f"{name}: the copy in {folder} {flaw}; making it again")
            folder.rename(partial / "old")
            shutil.rmtree(partial / "old")
        forget_unused(folder.parent)  # they can be made again
        facts = build(partial)
        files = {path.name: _print(path) for path in partial.glob("*.npy")}
        written.write_json(partial / "about.json", {"facts": facts, "files": files})
        try:
            partial.rename(folder)
        except OSError:  # another process was faster: its copy is as good
            if not folder.exists():
                raise
        return _open(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def place(name: str, identity: dict) -> Path:
    """The folder in which `remember` keeps what these two stand for."""
    key = json.dumps([LAYOUT, identity], sort_keys=True).encode()
    plain = "".join(c if c.isalnum() or c in "_.-" else "_" for c in name)
    plain = shortened(plain)
    return cache_dir() / "data" / f"{plain}-{hashlib.sha256(key).hexdigest()[:12]}"


def _open(folder: Path) -> tuple[dict[str, np.ndarray], dict]:
    touch(folder)
    facts = json.loads((folder / "about.json").read_text(encoding="utf-8"))["facts"]
    arrays = {
        path.stem: np.load(path, mmap_mode="r" if _large(path) else None)
        for path in folder.glob("*.npy")
    }
    return arrays, facts


def _flaw(folder: Path, fresh: Callable[[dict], bool]) -> str:
    """What is wrong with a kept copy; empty when nothing is."""
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        facts, files = about["facts"], about["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return "is incomplete (about.json cannot be read)"
    for name, expected in files.items():
        try:
            found = _print(folder / name)
        except OSError:
            return f"is incomplete ({name} cannot be read)"
        if found != expected:
            return f"is damaged ({name} is not what was written)"
    return "" if fresh(facts) else "is older than its source"


def _print(path: Path) -> list[int]:
    """The size of a file in bytes and its CRC-32 (0 for very large files)."""
    size = path.stat().st_size
    crc = 0
    if not _large(path):
        with path.open("rb") as file:
            while block := file.read(2**20):
                crc = zlib.crc32(block, crc)
    return [size, crc]


def _large(path: Path) -> bool:
    return path.stat().st_size > LARGE

"""Folders of zoo's own on this machine."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """The folder for what zoo can make again: $ZOO_CACHE, or ~/.cache/zoo."""
    return Path(os.environ.get("ZOO_CACHE") or "~/.cache/zoo").expanduser()


def writable(folder: Path) -> bool:
    """Whether a folder, or the nearest one above that exists, can be written."""
    while not folder.exists():
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK)

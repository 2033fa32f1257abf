"""Files and folders as users write them."""

import os
from pathlib import Path


def expand(path: str | os.PathLike) -> Path:
    """A path, in which `~` is the user's home folder.

    `~nobody`, a user whom the system does not know, is kept as it is: nothing lies
    there, and whoever asked says so. `Path.expanduser` raises a RuntimeError.
    """
    return Path(os.path.expanduser(path))

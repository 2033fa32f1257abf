"""Many picture files become one array."""

from pathlib import Path

import numpy as np

from zoo.core.progress import track
from zoo.data.kinds import picture_files
from zoo.data.sources import copies
from zoo.errors import Mistake

SHOWN = 10  # file names in an error


def fill(
    images: np.ndarray, files: list[Path], doing: str
) -> tuple[np.ndarray, list[str]]:
    """Decode each file into its place in `images`, by a thread for each processor.

    Args:
        images: uint8 (n, height, width, channels), which say what is asked for.
        files: n of them.
        doing: what the progress bar says.

    Returns:
        The fingerprint of each picture, uint64 (n,), see `copies`; and why files cannot
        be read, a sentence for each, whose places are left as they were.
    """
    _, *size, channels = images.shape
    prints, broken = np.zeros(len(files), np.uint64), []

    def load(file: Path) -> np.ndarray | Mistake:
        try:
            return picture_files.read(file, channels, tuple(size))
        except Mistake as mistake:
            return mistake

    with picture_files.workers() as pool:
        found = track(pool.map(load, files), len(files), doing)
        for i, image in enumerate(found):
            if isinstance(image, Mistake):
                broken.append(str(image))
            else:
                images[i], prints[i] = image, copies.fingerprint(image)
    return prints, broken


def refuse(broken: list[str], count: int, nouns: str = "pictures") -> None:
    """Raise a `Mistake` if some of `count` pictures cannot be read."""
    if broken:
        more = f", and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
        raise Mistake(
            f"{len(broken)} of {count} {nouns} cannot be read: "
            f"{'; '.join(broken[:SHOWN])}{more}; remove or replace them"
        )

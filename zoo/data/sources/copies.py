"""Files that lie in a folder more than once: in two splits, or in two classes."""

import hashlib
import itertools
import warnings
from pathlib import Path

import numpy as np

from zoo.data.sources.listing import TRAIN, Listing


def fingerprint(pixels: np.ndarray) -> int:
    """64 bits that are equal for equal pixels, and for no others that one meets."""
    return int.from_bytes(
        hashlib.blake2b(np.ascontiguousarray(pixels), digest_size=8).digest()
    )


def tell(root: Path, listing: Listing, prints: dict[str, np.ndarray]) -> None:
    """Warn of copies, each kind in one line with a count and an example.

    Args:
        root: the folder.
        listing: what lies in it.
        prints: the fingerprints of each split, in the listing's order.
    """
    count = listing.kind.count
    files = {part: [] for part in prints}
    for part, label, file in listing.files():
        files[part].append((label, file))
    for first, second in itertools.combinations(prints, 2):
        both = np.flatnonzero(np.isin(prints[second], prints[first]))
        if len(both):
            names = [f"{listing.folders[part].name}/" for part in (first, second)]
            example = files[second][both[0]][1]
            _warn(
                f"found {count(len(both))} of {root} in {names[0]} as well as in "
                f"{names[1]}, such as {example}; {names[1]} flatters the network"
            )
    found: dict[int, dict[int, Path]] = {}
    copies = []
    for part, listed in files.items():
        for number, (label, file) in zip(prints[part].tolist(), listed, strict=True):
            one = found.setdefault(number, {})
            if label in one and part == TRAIN:
                copies.append((file, one[label]))
            one.setdefault(label, file)
    if copies:
        file, original = copies[0]
        _warn(
            f"found {count(len(copies))} of {root} that are copies, such as {file} of "
            f"{original}; where a split is carved out, copies stay on one side"
        )
    torn = [list(one.items()) for one in found.values() if len(one) > 1]
    if torn:
        (_, one), (_, other) = torn[0][:2]
        _warn(
            f"found {count(len(torn))} of {root} in two classes or more, such as {one} "
            f"and {other}; keep each in the class that is right"
        )


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=4)

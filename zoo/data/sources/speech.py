"""Speech by name: nine men who say a vowel, and six people who say digits."""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.core.paths import expand
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import sequences
from zoo.data.sources import listing, sounds
from zoo.errors import Mistake, unknown

NAMES = ("spoken_digits", "vowels")
RATE = 8000  # of the recordings, samples a second
TEST = 5  # recordings of each speaker and digit, the first ones
DIGITS = tuple("0123456789")
LICENSE = "CC BY-SA 4.0"
CITATION = (
    "Z. Jackson et al., Free Spoken Digit Dataset, 2018, doi:10.5281/zenodo.1342401"
)
_NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[a-z]+)_(?P<take>\d+)\.wav")


def vowels() -> Dataset:
    """Two Japanese vowels by nine men: which of them is it?

    12 cepstra of linear prediction, 7 to 29 steps of each of 270 utterances, 30 by each
    man, and 370 for the test. The package `aeon` ships the files; it is not imported.

    Raises:
        Mistake: the package is not installed.
    """
    parts = [
        sequences.read(_shipped() / f"JapaneseVowels_{part}.ts")
        for part in ("TRAIN", "TEST")
    ]
    length = max(len(each) for spoken, _ in parts for each in spoken)
    names = tuple(sorted({name for _, spoken in parts for name in spoken}))
    train, test = (
        Split(
            sequences.padded(spoken, length),
            np.array([names.index(name) for name in classes], np.int32),
        )
        for spoken, classes in parts
    )
    return Dataset(
        name="vowels",
        kind="sequence",
        train=train,
        test=test,
        classes=tuple(f"speaker {name}" for name in names),
        license="CC BY 4.0",
        citation="M. Kudo, J. Toyama, M. Shimbo, Multidimensional curve classification "
        "using passing-through regions, Pattern Recognition Letters 20(11-13), "
        "1103-1111, 1999, doi:10.1016/S0167-8655(99)00077-X",
        description="Two vowels, one after the other, 12 cepstra a step.",
    )


def spoken_digits(
    path: str = "./free-spoken-digit-dataset",
    seconds: float = 1.0,
    groups: str = "",
    more: str = "",
) -> Dataset:
    """3,000 recordings of ten digits by six people, at 8,000 samples a second.

    The folder is that of github.com/Jakobovski/free-spoken-digit-dataset, or its
    recordings/. The test is the official one: the first five of the fifty recordings of
    each digit by each speaker.

    Args:
        path: of the folder.
        seconds: of each recording that are heard; 1 is longer than 98 in 100.
        groups: "speaker" keeps the recordings of a speaker together, for a
            cross-validation, `zoo cross-validate ... --groups speaker`.
        more: a folder of digits that are only learned from, in 0/ to 9/, such as
            those of synthesized speech, see `zoo.data.sources.sounds.with_more`.

    Raises:
        Mistake: there is no such folder, or it holds other files; see `more`, too.
    """
    if groups not in ("", "speaker"):
        raise unknown("groups of spoken_digits", groups, ("speaker",))
    found = recordings(path, seconds)
    members = found.members if groups else None
    whole = Split(found.inputs, found.digits, found.prints, members)
    train, test = (
        np.flatnonzero(found.takes >= TEST),
        np.flatnonzero(found.takes < TEST),
    )
    dataset = Dataset(
        name="spoken_digits",
        kind="sound",
        train=whole.take(train),
        test=whole.take(test),
        classes=DIGITS,
        license=LICENSE,
        citation=CITATION,
        description=f"{len(whole):,} recordings by {len(found.speakers)} speakers; the "
        "first five of each digit and speaker are the test.",
        rate=RATE,
    )
    return sounds.with_more(dataset, more)


@dataclass(frozen=True)
class Recordings:
    """The recordings of digits.

    inputs, prints: see `zoo.data.sources.sounds.heard`.
    digits, takes: what is said, 0 to 9, and the how-many-eth time, 0 to 49, int (n,).
    speakers: their names.
    members: int64 (n,), which of them speaks.
    """

    inputs: np.ndarray
    prints: np.ndarray
    digits: np.ndarray
    takes: np.ndarray
    speakers: tuple[str, ...]
    members: np.ndarray


def recordings(path: str, seconds: float) -> Recordings:
    """The recordings in a folder, in the order of their names.

    Args:
        path, seconds: see `spoken_digits`.

    Raises:
        Mistake: there is no such folder, or it holds other files, or not all.
    """
    root = expand(path)
    if (root / "recordings").is_dir():
        root = root / "recordings"
    pairs = sorted(
        (each, match)
        for each in (root.iterdir() if root.is_dir() else ())
        if (match := _NAME.fullmatch(each.name))
    )
    if not pairs:
        raise Mistake(
            f"{path} holds no recordings such as 0_george_0.wav; clone "
            "https://github.com/Jakobovski/free-spoken-digit-dataset and give its "
            "folder: data.path=FOLDER"
        )
    files = [each for each, _ in pairs]
    digits = np.array([int(match["digit"]) for _, match in pairs], np.int32)
    takes = np.array([int(match["take"]) for _, match in pairs])
    if not (takes >= TEST).any() or not (takes < TEST).any():
        raise Mistake(f"{path} holds not all recordings: 0 to 49 of each digit")
    names, members = np.unique(
        [match["speaker"] for _, match in pairs], return_inverse=True
    )
    about = [("", number, each) for number, each in enumerate(files)]
    inputs, prints, _ = sounds.heard(
        root, files, RATE, seconds, listing.state_of(about)
    )
    return Recordings(
        inputs, prints, digits, takes, tuple(names.tolist()), members.astype(np.int64)
    )


def _shipped() -> Path:
    """The folder of the vowels in the package `aeon`, which is not imported."""
    found = importlib.util.find_spec("aeon")
    if found is None or found.origin is None:
        raise Mistake(
            "vowels needs the package that ships it, of which nothing is imported: "
            "pip install --no-deps aeon"
        )
    return Path(found.origin).parent / "datasets" / "data" / "JapaneseVowels"

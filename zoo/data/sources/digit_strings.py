"""Strings of spoken digits, put together from recordings of single ones."""

from dataclasses import dataclass

import numpy as np

from zoo.core.random import words
from zoo.core.samples import PADDING
from zoo.data.dataset import Dataset, Split
from zoo.data.sources import speech
from zoo.errors import Mistake, unknown

NAMES = ("digit_strings",)
LONGEST = 7  # digits
FULL = 0.9  # of the seconds that are heard, which a string takes at most
STRINGS = {"train": 3000, "validation": 300, "test": 600}
# Which recordings of each speaker and digit are in a split. The test has those of
# `spoken_digits`; the next five validate.
TAKES = {"test": (0, 5), "validation": (5, 10), "train": (10, 50)}
_STREAMS = {"train": 2**33, "validation": 2**33 + 1, "test": 2**33 + 2}
BLOCK = 500  # recordings that are looked at together
_DRAWS = 2 * LONGEST + 2  # 64-bit words for each string


@dataclass(frozen=True)
class Spliced:
    """Sounds that are put together when they are asked for.

    recordings: int16 (m, samples), `PADDING` behind the end of each.
    places: int32 (n, parts), which recordings follow each other, -1 behind the last.
    pauses: int32 (n, parts), samples of silence before each of them.
    length: samples of each sound; `PADDING` behind its end.
    """

    recordings: np.ndarray
    places: np.ndarray
    pauses: np.ndarray
    length: int

    def __len__(self) -> int:
        return len(self.places)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.places), self.length

    @property
    def dtype(self) -> np.dtype:
        return self.recordings.dtype

    def __getitem__(self, positions) -> np.ndarray:
        chosen = np.arange(len(self))[positions]
        found = np.full((*chosen.shape, self.length), PADDING, self.dtype)
        for row, string in zip(
            found.reshape(-1, self.length), chosen.flat, strict=True
        ):
            end = 0
            for place, pause in zip(
                self.places[string], self.pauses[string], strict=True
            ):
                if place < 0:
                    break
                part = self.recordings[place]
                part = part[part != PADDING]
                row[end : end + pause] = 0
                row[end + pause : end + pause + len(part)] = part
                end += pause + len(part)
        return found


def digit_strings(
    path: str = "./free-spoken-digit-dataset",
    seconds: float = 4.5,
    pause: float = 0.1,
    data_seed: int = 0,
    groups: str = "",
) -> Dataset:
    """One to seven digits said by one person, put together from single recordings.

    A string is a function of (data_seed, split, position): who speaks, how many digits,
    which recordings, and how long the pauses are. 3,000 strings are of recordings 10 to
    49 of each digit and speaker, 300 for the validation of 5 to 9, and 600 for the test
    of 0 to 4, as in `spoken_digits`: no recording is in two splits. Strings of one
    speaker share recordings, so a cross-validation keeps them together.

    Args:
        path: of the folder, see `zoo.data.sources.speech.spoken_digits`.
        seconds: that the network hears. A string takes nine tenths of them at most, so
            that `augment={"speed": 0.1}` cuts nothing off; a digit that would reach
            beyond ends it before.
        pause: seconds of silence before a digit, at most; drawn from 0 up.
        data_seed: decides the strings, whatever the seed of a training run.
        groups: "speaker" gives the test speakers of its own.

    Raises:
        Mistake: there is no such folder, it holds other files, or numbers are out of
            range.
    """
    if groups not in ("", "speaker"):
        raise unknown("groups of digit_strings", groups, ("speaker",))
    if not 2 <= seconds <= 60:
        raise Mistake(f"seconds={seconds}; accepted: 2 to 60 of a string of digits")
    if not 0 <= pause <= 1:
        raise Mistake(f"pause={pause}; accepted: 0 to 1 second before a digit")
    found = speech.recordings(path, seconds=1.0)
    length = round(seconds * speech.RATE)
    longest = round(pause * speech.RATE)
    splits = {part: _split(found, part, length, longest, data_seed) for part in STRINGS}
    return Dataset(
        name="digit_strings",
        kind="sound",
        **splits,
        classes=speech.DIGITS,
        license=speech.LICENSE,
        citation=speech.CITATION,
        description=f"Strings of 1 to {LONGEST} digits by one of "
        f"{len(found.speakers)} speakers, put together from recordings of single ones.",
        task="strings",
        rate=speech.RATE,
    )


def _split(
    found: speech.Recordings, part: str, length: int, pause: int, seed: int
) -> Split:
    """The strings of a split."""
    first, last = TAKES[part]
    usable = (found.takes >= first) & (found.takes < last)
    own = [
        np.flatnonzero(usable & (found.members == number))
        for number in range(len(found.speakers))
    ]
    if not all(map(len, own)):
        raise Mistake(
            f"the recordings are not complete: the {part} split needs {first} to "
            f"{last - 1} of each speaker"
        )
    blocks = range(0, len(usable), BLOCK)
    sizes = np.concatenate(
        [(found.inputs[i : i + BLOCK] != PADDING).sum(axis=1) for i in blocks]
    )
    count = STRINGS[part]
    drawn = words(count * _DRAWS, seed, _STREAMS[part]).reshape(count, _DRAWS)
    drawn = (drawn >> np.uint64(11)) / 2.0**53
    members = (drawn[:, 0] * len(own)).astype(np.int64)
    digits = 1 + (drawn[:, 1] * LONGEST).astype(int)
    places = np.full((count, LONGEST), -1, np.int32)
    for number, each in enumerate(own):
        rows = members == number
        places[rows] = each[(drawn[rows, 2 : 2 + LONGEST] * len(each)).astype(int)]
    pauses = (drawn[:, 2 + LONGEST :] * (pause + 1)).astype(np.int32)
    ends = np.cumsum(pauses + sizes[places], axis=1)
    kept = (np.arange(LONGEST) < digits[:, None]) & (ends <= FULL * length)
    places = np.where(kept, places, -1).astype(np.int32)
    targets = np.where(kept, found.digits[places], -1).astype(np.int32)
    inputs = Spliced(found.inputs, places, pauses, length)
    return Split(inputs, targets, groups=members)

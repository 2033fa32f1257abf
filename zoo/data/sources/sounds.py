"""Sounds of one's own: class folders of sound files, or files that a table names."""

import collections
import os
import unicodedata
import warnings
from dataclasses import replace
from itertools import islice
from pathlib import Path
from stat import S_ISDIR

import numpy as np

from zoo.core.paths import expand
from zoo.core.progress import track
from zoo.data import judged
from zoo.data.cache import remember
from zoo.data.dataset import SPLITS, Dataset, Split
from zoo.data.kinds import picture_files, sound_files, texts
from zoo.data.sources import copies, decoding, labeled, listing
from zoo.data.splits import carved
from zoo.errors import Mistake, unknown

LOOKED_AT = 1000  # files, to tell sounds from pictures and texts
USUAL_RATE = 16_000  # samples a second; speech has little above half of it
LICENSE = "that of the sounds: zoo does not know it"
LONGEST = 10.0  # seconds of each that are learned from, if nothing else is asked for


def is_one(path: Path) -> bool:
    """Whether a folder holds more sounds than pictures or texts."""
    found = (each.suffix.lower() for each in islice(path.rglob("*"), LOOKED_AT))
    counts = collections.Counter(found)
    heard, seen, read = (
        sum(counts[suffix] for suffix in suffixes)
        for suffixes in (sound_files.SUFFIXES, picture_files.SUFFIXES, texts.SUFFIXES)
    )
    return heard > max(seen, read)


def table_of(path: Path) -> Path | None:
    """The table of a path that names sounds: it, or the one in a folder."""
    return labeled.table_of(path, sound_files.SUFFIXES)


def read(
    path: str | os.PathLike,
    rate: int | None = None,
    seconds: float | None = None,
    test: float | None = None,
    more: str = "",
) -> Dataset:
    """The sounds of a folder, each class in a folder of its own.

    The splits are train/ (or training/), val/ (valid/, validation/, dev/) and test/
    (testing/), as of pictures; without val/ and test/, a test split is carved out:
    stratified, always the same, copies of a sound on one side. Warnings count what is
    passed over, silent sounds, and those of which the end is cut off.

    Args:
        path: the folder.
        rate: samples a second that all are brought to; by default that of most of the
            files, 16,000 at most.
        seconds: of the beginning of each that are learned from; by default those of the
            longest, 10 at most. Shorter sounds are padded, and the network knows it.
        test: share of the training sounds to carve out for the test, default 0.2, or 0
            if there is a val/; not for a folder with its own test/.
        more: a folder of sounds that are only learned from, see `with_more`.

    Raises:
        Mistake: no classes, one class, a class that is in val/ or test/ alone, or files
            that cannot be read, which it names with the reason.
    """
    root = expand(path)
    listed = listing.look(root, listing.SOUNDS)
    if listing.TEST in listed.parts and test is not None:
        own = f"{listed.folders[listing.TEST].name}/"
        raise Mistake(f"{path} has its own {own}; leave out test={test}")
    listing.tell(root, listed)
    found = listed.files()
    files = [file for _, _, file in found]
    inputs, prints, rate = heard(root, files, rate, seconds, listing.state_of(found))
    splits = {}
    for part in listed.parts:
        chosen = np.array([i for i, each in enumerate(found) if each[0] == part])
        targets = np.array([found[i][1] for i in chosen], np.int32)
        splits[part] = Split(inputs[chosen], targets, prints[chosen])
    copies.tell(root, listed, {part: split.prints for part, split in splits.items()})
    dataset = Dataset(
        name=str(path),
        kind="sound",
        train=splits[listing.TRAIN],
        validation=splits.get(listing.VALIDATION),
        test=splits.get(listing.TEST),
        classes=listed.classes,
        license=LICENSE,
        description=f"Sounds in {root.name}/, one folder for each class.",
        rate=rate,
    )
    return with_more(carved(dataset, test), more)


def listed(
    path: str | os.PathLike,
    target: str | tuple[str, ...] | None = None,
    task: str | None = None,
    file: str | None = None,
    rate: int | None = None,
    seconds: float | None = None,
    test: float | None = None,
    groups: str = "",
    time: str = "",
    more: str = "",
) -> Dataset:
    """Sounds that a table names, with their answers.

    Args:
        path: of the table, or of the folder that holds it and the sounds. Names are
            relative to the table, or to sounds/, audio/, wavs/, clips/ or train/.
        target: the column to be answered, or several; by default the only other one.
        task: see `zoo.data.sources.table.read`; or "strings", if the column says what
            is said, of which each character is a symbol.
        file: the column of the names; by default the first that names files.
        rate, seconds: see `read`.
        test: share of the sounds to carve out for the test, default 0.2.
        groups, time: a column that says what belongs together, such as the speaker, or
            when a sound was made.
        more: a folder of sounds that are only learned from, see `with_more`.

    Raises:
        Mistake: no such column, or sounds that are missing or cannot be read.
    """
    place = table_of(expand(path))
    assert place, "`own.reader` has looked"
    files, answers, about_files = labeled.answered(
        place, target, task, file, listing.SOUNDS, groups, time
    )
    about = [("", number, each) for number, each in enumerate(files)]
    inputs, prints, rate = heard(place, files, rate, seconds, listing.state_of(about))
    dataset = Dataset(
        name=str(path),
        kind="sound",
        train=Split(inputs, answers.values, prints, **about_files),
        classes=answers.classes,
        license=LICENSE,
        description=f"Sounds that {place.name} names.",
        task=answers.task,
        outputs=answers.outputs,
        rate=rate,
    )
    return with_more(carved(dataset, test), more)


def with_more(dataset: Dataset, more: str) -> Dataset:
    """The data set with the sounds of a folder that are only learned from.

    None of them is tested or validated on, whatever is held out; such as speech that a
    machine synthesized, where people are to be understood. Sounds that the data set
    holds itself are left out of them, and a warning says how many.

    Args:
        dataset: sounds of one class each.
        more: the folder, which holds the sounds of each class in a folder of its own;
            a class may be missing. They are brought to the rate and length of the data
            set. "" is none.

    Raises:
        Mistake: there is no such folder, it holds splits, classes that the data set has
            not, nothing else than the data set, or files that cannot be read; or the
            data set has another task.
    """
    if more == "":
        return dataset
    root, nouns = expand(more), listing.SOUNDS
    try:
        fault = "" if S_ISDIR(os.stat(root).st_mode) else "is a file"
    except (FileNotFoundError, ValueError):  # it holds a zero byte
        fault = "is not there"
    except OSError as error:
        fault = f"cannot be read: {error.strerror}"
    if fault:
        raise Mistake(f"data.more={more} {fault}; give a folder of class folders")
    if dataset.task != "classes":
        raise Mistake(
            f"data.more={more} says the class of each sound by its folder, and the "
            f"task of {dataset.name} is {dataset.task}; put more rows into the table"
        )
    listed = listing.look_without_splits(root, nouns)
    numbers = {
        unicodedata.normalize("NFC", name): i for i, name in enumerate(dataset.classes)
    }
    for name in listed.classes:
        if name not in numbers:
            then = f"call the folders of {more} as the classes of {dataset.name}"
            raise unknown(f"class in data.more={more}", name, numbers, then)
    listing.tell(root, listed)
    found = listed.files()
    files = [file for _, _, file in found]
    [length], state = dataset.input_shape, listing.state_of(found)
    inputs, prints, _ = heard(root, files, dataset.rate, None, state, length)
    copies.tell(root, listed, {listing.TRAIN: prints})
    own = [part for name in SPLITS if (part := getattr(dataset, name))]
    known = np.isin(prints, np.concatenate([part.prints for part in own]))
    if known.all():
        raise Mistake(
            f"data.more={more} holds nothing that {dataset.name} does not hold; give a "
            "folder of other sounds"
        )
    if known.any():
        count = int(known.sum())
        warnings.warn(
            f"{count:,} of {len(files):,} sounds of {more} {_be(count)} left out: "
            f"{dataset.name} holds the same, such as {files[known.argmax()]}",
            stacklevel=4,
        )
    labels = [numbers[listed.classes[label]] for _, label, _ in found]
    whole = Split(inputs, np.array(labels, np.int32), prints)
    kept = whole.take(np.flatnonzero(~known))
    name = f"{Path(os.path.abspath(root)).name}/"
    license = dataset.license
    if license != LICENSE:  # which says the same of the others
        license += f"; zoo does not know that of {name}"
    return replace(
        dataset,
        more=kept,
        license=license,
        description=f"{dataset.description} {nouns.count(len(kept))} of {name} "
        f"{_be(len(kept))} only learned from.",
    )


def heard(
    place: Path,
    files: list[Path],
    rate: int | None,
    seconds: float | None,
    state: str,
    length: int | None = None,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Sound files as one array, from the cache if it is there.

    Args:
        place: the folder or the table; the cache has one copy of each.
        files: of sounds.
        rate, seconds: see `read`.
        state: a hash that changes with the files.
        length: samples of each, in place of `seconds`; of data for a run its own.

    Returns:
        int16 (n, samples), `zoo.core.samples.PADDING` behind the end of each;
        fingerprints, uint64 (n,); and the rate.

    Raises:
        Mistake: files cannot be read, or `rate` and `seconds` are out of range.
    """
    _check(rate, seconds)
    if run := judged.known():
        [length], rate = run.input_shape, run.rate
    place = place.resolve()
    arrays, facts = remember(
        place.stem,
        {"sounds": str(place), "rate": rate, "seconds": seconds}
        | ({"length": length} if length else {}),
        lambda to: {"files": state, **_convert(files, rate, seconds, length, to)},
        fresh=lambda facts: facts["files"] == state,
    )
    rate = facts["rate"]
    for what in ("cut", "silent"):
        if facts[what]:
            _tell(facts[what], len(files), facts["example"][what], _WORDS[what], facts)
    return arrays["inputs"], arrays["prints"], rate


_WORDS = {
    "cut": "longer than {seconds:.4g} s: the end is cut off; data.seconds keeps more",
    "silent": "silent: all samples are the same",
}


def _check(rate: int | None, seconds: float | None) -> None:
    low, high = sound_files.RATES
    if rate is not None and not (type(rate) is int and low <= rate <= high):
        raise Mistake(f"rate={rate}; accepted: {low:,} to {high:,} samples a second")
    low, high = sound_files.SHORTEST, sound_files.LONGEST
    if seconds is not None and not low <= seconds <= high:
        raise Mistake(f"seconds={seconds}; accepted: {low} to {high:g}")


def _convert(
    files: list[Path],
    rate: int | None,
    seconds: float | None,
    length: int | None,
    to: Path,
) -> dict:
    """Decode every sound into the folder `to`."""
    with picture_files.workers() as pool:
        heads = list(track(pool.map(_tried(sound_files.head), files), len(files), LOOK))
    broken = [str(each) for each in heads if isinstance(each, Mistake)]
    decoding.refuse(broken, len(files), "sounds")
    if rate is None:
        [(rate, _)] = collections.Counter(each.rate for each in heads).most_common(1)
        rate = min(rate, USUAL_RATE)
    longest = max(each.seconds for each in heads)
    kept = min(longest, LONGEST) if seconds is None else seconds
    length = length or max(1, round(np.ceil(kept * 100) / 100 * rate))
    inputs = np.lib.format.open_memmap(
        to / "inputs.npy", "w+", np.int16, (len(files), length)
    )
    prints = np.zeros(len(files), np.uint64)
    facts = {"rate": rate, "seconds": length / rate, "cut": 0, "silent": 0}
    example: dict[str, str] = {}

    def load(file: Path) -> np.ndarray:
        return sound_files.read(file, rate, (length + 1) / rate)

    with picture_files.workers() as pool:
        found = track(pool.map(_tried(load), files), len(files), "reading sounds")
        for i, samples in enumerate(found):
            if isinstance(samples, Mistake):
                broken.append(str(samples))
                continue
            inputs[i] = sound_files.padded([samples], length)[0]
            prints[i] = copies.fingerprint(inputs[i])
            for what, holds in {
                "cut": heads[i].seconds * rate >= length + 1,
                "silent": sound_files.is_silent(samples),
            }.items():
                facts[what] += int(holds)
                if holds:
                    example.setdefault(what, str(files[i]))
    decoding.refuse(broken, len(files), "sounds")
    np.save(to / "prints.npy", prints)
    return {**facts, "example": example}


LOOK = "looking at sounds"


def _tried(read):
    """What gives the Mistake that `read` raises."""

    def tried(file: Path):
        try:
            return read(file)
        except Mistake as mistake:
            return mistake

    return tried


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _tell(count: int, of: int, example: str, what: str, facts: dict) -> None:
    warnings.warn(
        f"{count:,} of {of:,} sounds {_be(count)} {what.format(**facts)}; such as "
        f"{example}",
        stacklevel=6,
    )

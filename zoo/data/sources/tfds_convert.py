"""A prepared TFDS folder decoded into .npy files, once."""

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from zoo.core.progress import track
from zoo.data import builders
from zoo.data.dataset import SPLITS
from zoo.data.kinds import picture_files, pictures
from zoo.data.kinds.tokens import split_words
from zoo.data.sources import tfds_prepare
from zoo.errors import Mistake

BLOCK = 1024  # pictures in memory at a time
GROUP = 32  # pictures that a thread decodes at a time
# Pixels of a picture up to which one thread decodes them all. Python lets one thread
# run at a time, and two that take turns at each small picture take longer than one: on
# two processors 60,000 digits of MNIST 2.1 to 2.9 s, and 1.7 to 1.9 s by one thread.
SMALL = 32 * 32
SIZE = 224  # pixels, for pictures of many sizes
TEST = 0.2  # carved out where the source has no test split
LICENSES = {  # what TFDS does not state
    "mnist": "CC BY-SA 3.0",
    "fashion_mnist": "MIT",
    "kmnist": "CC BY-SA 4.0",
    "iris": "CC BY 4.0 (UCI)",
}


def fresh(facts: dict) -> bool:
    """Whether the prepared folder, if it is still there, is the one that was read.

    zoo 0.2 did not write "unused", nor a validation split if there was a test split.
    """
    source = Path(facts["source"])
    if not source.exists():
        return True
    more = set(_splits_of(source)) - {"train", "test"}
    return _digest(source) == facts["digest"] and ("unused" in facts or not more)


def convert(
    name: str,
    size: int | tuple[int, int] | None,
    channels: int | None,
    file: str | os.PathLike | None,
    to: Path,
) -> dict:
    """Write `train_inputs.npy`, `train_targets.npy` and so on into the folder `to`.

    Args:
        name: a TFDS name; see `zoo.data.sources.tfds.read` for the other arguments.

    Returns:
        What is known of the data set: kind, classes, license and so on.

    Raises:
        Mistake: zoo cannot classify this kind of data set.
    """
    builder = tfds_prepare.open_builder(name, file)
    info = builder.info
    kind, keys, label = _layout(name, info)
    undecoded = tuple(keys) if kind == "image" else ()
    own = dict(info.metadata or {}) if name in builders.names() else {}
    source = Path(builder.data_dir) / "dataset_info.json"
    facts = {
        "kind": kind,
        "classes": list(info.features[label].names),
        "features": [],
        "missing": own.get("missing", False),
        "test": own.get("test", TEST),
        "border": None,
        "license": info.redistribution_info.license
        or LICENSES.get(builder.name)
        or f"not stated by TFDS; see {info.homepage}",
        "citation": info.citation,
        "description": " ".join(info.description.split()),
        "source": str(source),
        "digest": _digest(source),
    }
    labeled = _labeled(builder, label, undecoded)
    parts = {part: part for part in SPLITS if part in labeled}
    if "test" not in parts and "validation" in parts:
        parts = {"train": "train", "test": "validation"}
        facts["description"] += " The test split is TFDS's 'validation'."
    facts["parts"] = list(parts)
    facts["unused"] = [split for split in labeled if split not in parts.values()]
    targets = {part: [] for part in parts}

    def shown(found: Iterator, part: str) -> Iterator:
        count = info.splits[parts[part]].num_examples
        return track(found, count, f"reading {name}, {part}")

    def walk(part: str) -> Iterator[dict]:
        for example in shown(tfds_prepare.examples(builder, parts[part], ()), part):
            targets[part].append(int(example[label]))
            yield example

    def pictures_of(part: str) -> Iterator[bytes]:
        about = parts[part], keys[0], label
        found = tfds_prepare.labeled_pictures(builder, *about)
        for pixels, number in shown(found, part):
            targets[part].append(number)
            yield pixels

    if kind == "text":
        read = [(_text(e[keys[0]]) for e in walk(part)) for part in parts]
        for part, tokens in zip(parts, split_words(*read), strict=True):
            np.save(to / f"{part}_inputs.npy", tokens.flat)
            np.save(to / f"{part}_lengths.npy", tokens.lengths)
            facts["words"] = tokens.words
    elif kind == "image":
        feature = info.features[keys[0]]
        for part, split in parts.items():
            count = info.splits[split].num_examples
            pixels = pictures_of(part)
            images = _pictures(pixels, count, feature.shape, size, channels, part, to)
            if part == "train" and images.shape[3] == 1:
                facts["border"] = pictures.border(images)
    else:
        facts["features"] = [n for key in keys for n in _names(key, info.features[key])]
        facts["used"] = own.get("features", facts["features"])
        for part in parts:
            rows = [np.hstack([e[key] for key in keys]) for e in walk(part)]
            np.save(to / f"{part}_inputs.npy", np.array(rows, np.float32))
    for part, numbers in targets.items():
        if min(numbers) < 0:
            raise Mistake(
                f"{name}: examples of its split '{parts[part]}' have no label"
            )
        np.save(to / f"{part}_targets.npy", np.array(numbers, np.int32))
    return facts


def _layout(name: str, info) -> tuple[str, list[str], str]:
    """The kind of a data set, the features that go in, and the class label."""
    from tensorflow_datasets import features as kinds

    every = dict(info.features) if isinstance(info.features, kinds.FeaturesDict) else {}
    labels = [key for key, f in every.items() if isinstance(f, kinds.ClassLabel)]
    inputs, target = info.supervised_keys or (None, None)
    if target not in labels:
        target = "label" if "label" in labels else labels[0] if len(labels) == 1 else ""
    if isinstance(inputs, dict):
        inputs = inputs.values()
    inputs = [inputs] if isinstance(inputs, str) else list(inputs or every)
    inputs = [key for key in inputs if key in every and key != target]
    images = [key for key in inputs if isinstance(every[key], kinds.Image)]
    texts = [key for key in inputs if isinstance(every[key], kinds.Text)]
    numbers = [key for key in inputs if _names(key, every[key])]
    if target and "train" in info.splits:
        if len(images) == 1:
            return "image", images, target
        if len(texts) == 1:
            return "text", texts, target
        if numbers:
            return "tabular", numbers, target
    raise Mistake(
        f"{name} cannot be classified by zoo: it reads a split 'train' of pictures, "
        f"texts or numbers with one class label, and this one has {info.features}"
    )


def _names(key: str, feature) -> list[str]:
    """The names of a feature's columns; none if it does not hold numbers."""
    plain = np.issubdtype(feature.np_dtype, np.number) or feature.np_dtype == np.bool_
    if not plain or len(feature.shape) > 1 or None in feature.shape:
        return []
    return [f"{key}_{i}" for i in range(feature.shape[0])] if feature.shape else [key]


def _labeled(builder, label: str, undecoded: tuple[str, ...]) -> list[str]:
    """The splits whose first example has a label, and "train" in any case."""
    found = ["train"]
    for split in builder.info.splits:
        first = next(tfds_prepare.examples(builder, split, undecoded), None)
        if split != "train" and first is not None and int(first[label]) >= 0:
            found.append(split)
    return found


def _splits_of(source: Path) -> list[str]:
    """The names of the splits in a dataset_info.json."""
    about = json.loads(source.read_text(encoding="utf-8"))
    return [split["name"] for split in about.get("splits", ())]


def _text(content: bytes | str) -> str:
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else content


def _pictures(
    encoded: Iterator[bytes],
    count: int,
    shape: tuple[int | None, ...],
    size,
    channels: int | None,
    part: str,
    to: Path,
) -> np.ndarray:
    """Decode pictures into `part`_inputs.npy in the folder `to`."""
    channels = channels or (1 if shape[-1] == 1 else 3)
    if size or None in shape[:2]:
        size, channels = picture_files.checked(size or SIZE, channels)
    height, width = size or shape[:2]
    images = np.lib.format.open_memmap(
        to / f"{part}_inputs.npy", "w+", np.uint8, (count, height, width, channels)
    )
    read = partial(_read_all, channels=channels, size=size)
    if not size and height * width <= SMALL:
        done = 0
        while block := list(islice(encoded, BLOCK)):
            images[done : done + len(block)] = read(block)
            done += len(block)
        return images
    decoding: list[Future] = []
    with picture_files.workers() as pool:
        for start in range(0, count + BLOCK, BLOCK):
            block = list(islice(encoded, BLOCK))  # while the one before is decoded
            if decoding:
                done = np.concatenate([group.result() for group in decoding])
                images[start - BLOCK : start - BLOCK + len(done)] = done
            groups = [block[i : i + GROUP] for i in range(0, len(block), GROUP)]
            decoding = [pool.submit(read, group) for group in groups]
    return images


def _read_all(encoded: list[bytes], channels: int, size) -> np.ndarray:
    return np.stack([picture_files.read(one, channels, size) for one in encoded])


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

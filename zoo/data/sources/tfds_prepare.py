"""TFDS folders: found, or prepared as ArrayRecord, and read without TensorFlow.

A process of its own prepares the sets that come with TFDS. Most of them need TensorFlow
for it, which would otherwise stay in memory, and on a GPU, beside another backend.
"""

import contextlib
import difflib
import importlib
import io
import logging
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from zoo.core import processes
from zoo.core.folders import writable
from zoo.core.paths import expand
from zoo.core.progress import say
from zoo.data import builders
from zoo.data.cache import cache_dir
from zoo.data.sources import generated
from zoo.errors import Mistake

BLOCK = 1024  # examples read at a time
CHILD = """
import contextlib, sys
import tensorflow_datasets as tfds
try:
    with contextlib.redirect_stdout(sys.stderr):
        builder = tfds.builder(sys.argv[1], data_dir=sys.argv[2])
        builder.download_and_prepare(file_format="array_record")
except Exception as error:
    first = (str(error).strip() or "no reason given").splitlines()[0]
    sys.exit(print(f"{type(error).__name__}: {first}") or 1)
"""
OFFLINE = (
    "the data sets "
    + ", ".join([*(n for n in builders.names() if "sample" in n), *generated.NAMES])
    + " need no network"
)


def roots(name: str) -> list[str]:
    """The folders in which a TFDS data set may lie.

    It is prepared in the first one that can be written. Sets that come with TFDS lie in
    TFDS_DATA_DIR, or ~/tensorflow_datasets, or else in zoo's cache. zoo's own data sets
    lie in the cache only.
    """
    cached = str(cache_dir() / "tfds")
    if name in builders.names():
        return [cached]
    users = os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return [str(expand(users)), cached]


def open_builder(name: str, file: str | os.PathLike | None = None):
    """The TFDS builder of a name, prepared.

    Args:
        name: as TFDS takes it, such as "mnist" or "glue/sst2".
        file: the raw file, in place of a download; for zoo's own builders.

    Raises:
        Mistake: the name is unknown, or cannot be downloaded or prepared.
    """
    import tensorflow_datasets as tfds

    own = {}
    if name in builders.names():
        importlib.import_module(f"zoo.data.builders.{name}")
        own = {"file": file} if file else {}
    folders = roots(name)
    with quiet():
        try:
            found = [tfds.builder(name, data_dir=root, **own) for root in folders]
        except tfds.core.DatasetNotFoundError as error:
            raise _unknown(name) from error
        except (ValueError, AssertionError) as error:
            if "Parsing builder name" in str(error):  # no name that a set can have
                raise _unknown(name) from error
            raise Mistake(f"{name}: {_first_line(error)}") from error
        for builder in found:
            if builder.is_prepared():
                return builder
        usable = [writable(Path(root)) for root in folders]
        if True not in usable:
            raise Mistake(f"none of {', '.join(folders)} can be written; set ZOO_CACHE")
        builder = found[usable.index(True)]
        _prepare(builder, name, downloads=not file)
        return tfds.builder(name, data_dir=builder.data_dir_root, **own)


def examples(builder, split: str, undecoded: tuple[str, ...]) -> Iterator[dict]:
    """The examples of a split in the order of the files.

    Args:
        builder: a prepared TFDS builder, its files ArrayRecord, Parquet or TFRecord.
        split: the name of the split.
        undecoded: features that stay encoded, such as pictures.
    """
    import tensorflow_datasets as tfds

    decoders = {name: tfds.decode.SkipDecoding() for name in undecoded}
    try:
        source = builder.as_data_source(split=split, decoders=decoders)
    except NotImplementedError:  # not a format with random access
        for path in builder.info.splits[split].filepaths:
            for record in _tfrecords(Path(path)):
                yield builder.info.features.deserialize_example_np(
                    record, decoders=decoders
                )
        return
    for start in range(0, len(source), BLOCK):
        stop = min(start + BLOCK, len(source))
        yield from source.__getitems__(list(range(start, stop)))


def labeled_pictures(
    builder, split: str, picture: str, label: str
) -> Iterator[tuple[bytes, int]]:
    """Encoded pictures and their labels, in the order of the files.

    What `examples` gives, in a sixth of its time: TFDS makes an array of each number,
    and finds the place of each record anew.

    Args:
        builder: a prepared TFDS builder.
        split: the name of the split.
        picture: the name of the feature that holds the picture.
        label: the name of the feature that holds the label.
    """
    import tensorflow_datasets as tfds
    from tensorflow_datasets.proto import tf_example_pb2

    if builder.info.file_format is not tfds.core.FileFormat.ARRAY_RECORD:
        for example in examples(builder, split, (picture,)):
            yield example[picture], int(example[label])
        return
    from array_record.python.array_record_module import ArrayRecordReader

    for path in builder.info.splits[split].filepaths:
        reader = ArrayRecordReader(str(path))
        total = reader.num_records()
        for start in range(0, total, BLOCK):
            for record in reader.read(start, min(start + BLOCK, total)):
                stored = tf_example_pb2.Example.FromString(record).features.feature
                pixels, number = stored[picture].bytes_list, stored[label].int64_list
                yield pixels.value[0], number.value[0]
        reader.close()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep TFDS's messages off the standard output, and its bars out of pipes."""
    import tensorflow_datasets as tfds

    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    loggers = [logging.getLogger(name) for name in ("absl", "urllib3")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _prepare(builder, name: str, downloads: bool) -> None:
    if downloads:
        _reach(builder, name)
    say(f"preparing {name} in {builder.data_dir}")
    if not type(builder).__module__.startswith("tensorflow_datasets."):
        try:
            builder.download_and_prepare(file_format="array_record")
        except OSError:
            if not builder.data_path.exists():  # no other process was faster
                raise
        return
    child = subprocess.run(
        [sys.executable, "-c", CHILD, name, str(builder.data_dir_root)],
        env=processes.environment(CUDA_VISIBLE_DEVICES="-1"),
        stdout=subprocess.PIPE,
        stderr=None if sys.stderr.isatty() else subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
    )
    if child.returncode and not builder.data_path.exists():
        reason = child.stdout.strip() or f"its process ended with {child.returncode}"
        raise Mistake(
            f"{name} could not be downloaded and prepared by TFDS: {reason}; "
            f"or set TFDS_DATA_DIR to a folder where {name} is prepared; {OFFLINE}"
        )


def _reach(builder, name: str) -> None:
    """Refuse at once if there is no network; TFDS would try for minutes."""
    import requests

    for url in _wanted(builder):
        try:
            requests.head(url, timeout=10)
            return
        except requests.RequestException as error:
            reason = error
    if _wanted(builder):
        own = "; give its raw file as file=" if hasattr(builder, "file") else ""
        raise Mistake(
            f"{name} could not be downloaded from {_wanted(builder)[0]}: "
            f"{type(reason).__name__}, is there a network?{own}; {OFFLINE}"
        ) from reason


def _wanted(builder) -> list[str]:
    """Up to three addresses whose files are not in TFDS's download cache."""
    from tensorflow_datasets.core.download import resource

    top = Path(builder.data_dir_root) / "downloads"
    lacking = [
        url
        for url, info in (builder.url_infos or {}).items()
        if not any(
            resource.is_locally_cached(folder / resource.get_dl_fname(url, checksum))
            for folder in (top, top / builder.name)
            for checksum in (info.checksum, None)
        )
    ]
    return [url for url in lacking if url.startswith("http")][:3]


def _unknown(name: str) -> Mistake:
    import tensorflow_datasets as tfds

    own = sorted([*builders.names(), *generated.NAMES])
    offered = set(tfds.list_builders(with_community_datasets=False)) - set(own)
    near = difflib.get_close_matches(name, [*own, *offered], n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'? " if near else ""
    if name and Path(name).is_dir():
        hint = f"for the folder of this name give './{name}'; "
    return Mistake(
        f"unknown data set '{name}'; {hint}accepted: {', '.join(own)}, a folder of "
        f"class folders (./name), and the {len(offered)} names of TensorFlow Datasets"
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _tfrecords(path: Path) -> Iterator[bytes]:
    """The records of a TFRecord file: length, its checksum, content, checksum.

    https://www.tensorflow.org/tutorials/load_data/tfrecord
    """
    with path.open("rb") as file:
        while header := file.read(12):
            (length,) = struct.unpack("<Q", header[:8])
            record = file.read(length)
            if len(record) < length or len(file.read(4)) < 4:
                raise Mistake(f"{path} is cut off; delete its folder and prepare again")
            yield record

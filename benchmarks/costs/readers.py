"""Readers of MNIST's pictures; each runs in a fresh process.

Every function returns how long it took, in seconds, and for how many pictures.
"""

import os
import time

import numpy as np

BATCH = 128
SOME = 20_000  # pictures for readers that decode them each time
AFFINE = {"shift": 0.07, "rotation": 10, "zoom": 0.1}


def zoo_first(cache: str) -> tuple[float, int]:
    """Decode the files, for this and all later runs."""
    os.environ["ZOO_CACHE"] = cache
    start, dataset = time.perf_counter(), _mnist()
    return time.perf_counter() - start, len(dataset.train) + len(dataset.test)


def zoo_feed(cache: str, on_disk: bool, operations: dict) -> tuple[float, int]:
    """Shuffled batches of what was decoded before, from memory or from the disk."""
    os.environ["ZOO_CACHE"] = cache
    from zoo.engine import startup

    startup.load()
    from zoo.data.dataset import Rows, Split
    from zoo.training import losses
    from zoo.training.feed import Feed

    split = _mnist().train
    if on_disk:
        path = f"{cache}/pictures.npy"
        np.save(path, split.inputs)
        rows = Rows(np.load(path, mmap_mode="r"), np.arange(len(split)))
        split = Split(rows, split.targets)
    encode, _ = losses.make("crossentropy", 10)
    feed = Feed(split, BATCH, 0, encode, operations)
    feed.length = 64
    start = time.perf_counter()
    count = sum(chunk.count * chunk.rows for chunk in feed.chunks(0))
    return time.perf_counter() - start, count


def tf_data() -> tuple[float, int]:
    """tf.data, which does not read ArrayRecord itself: TFDS's random-access source
    gives it the encoded pictures in shuffled order, and it decodes them in parallel."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    skip = {"image": tfds.decode.SkipDecoding()}
    source = tfds.data_source("mnist", split="train", decoders=skip)
    order = np.random.default_rng(0).permutation(len(source))[:SOME].tolist()

    def encoded():
        for start in range(0, len(order), BATCH):
            for row in source.__getitems__(order[start : start + BATCH]):
                yield row["image"], row["label"]

    kinds = tf.TensorSpec((), tf.string), tf.TensorSpec((), tf.int64)
    rows = tf.data.Dataset.from_generator(encoded, output_signature=kinds)
    rows = rows.map(lambda x, y: (tf.io.decode_png(x, 1), y), tf.data.AUTOTUNE)
    rows = rows.batch(BATCH).prefetch(tf.data.AUTOTUNE)
    start = time.perf_counter()
    count = sum(len(labels) for _, labels in rows.as_numpy_iterator())
    return time.perf_counter() - start, count


def data_loader(workers: int) -> tuple[float, int]:
    """PyTorch's DataLoader over TFDS's random-access source of the same files."""
    import tensorflow_datasets as tfds
    import torch

    source = tfds.data_source("mnist", split="train")
    loader = torch.utils.data.DataLoader(
        source,
        batch_size=BATCH,
        shuffle=True,
        num_workers=workers,
        generator=torch.Generator().manual_seed(0),
    )
    start, count = time.perf_counter(), 0
    for batch in loader:
        count += len(batch["label"])
        if count >= SOME:
            break
    return time.perf_counter() - start, count


def _mnist():
    from zoo import data

    return data.load("mnist", validation=0)

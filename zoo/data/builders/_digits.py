"""What the builders of handwritten digits share."""

from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from zoo.data.splits import carve

CLASSES = tuple("0123456789")


def info(builder, side: int, **about: str) -> tfds.core.DatasetInfo:
    """The metadata of gray pictures of `side` pixels with one digit each."""
    return tfds.core.DatasetInfo(
        builder=builder,
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(side, side, 1)),
                "label": tfds.features.ClassLabel(names=CLASSES),
            }
        ),
        supervised_keys=("image", "label"),
        **about,
    )


def splits(images: np.ndarray, labels: np.ndarray) -> dict[str, Iterator]:
    """A fifth of the examples as the test, stratified, seed 0; the others to learn.

    Args:
        images: uint8 (n, side, side).
        labels: int (n,), 0 to 9.
    """
    train, test = carve(labels, 0.2, 0, CLASSES, "test")
    return {
        name: examples(images, labels, index)
        for name, index in (("train", train), ("test", test))
    }


def examples(images: np.ndarray, labels: np.ndarray, index: np.ndarray) -> Iterator:
    """Number and features of each example, as TFDS writes them."""
    for i in index:
        picture = Image.fromarray(images[i])  # an array would call for TensorFlow
        yield int(i), {"image": picture, "label": int(labels[i])}

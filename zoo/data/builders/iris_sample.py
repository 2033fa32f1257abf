"""Fisher's Iris, as scikit-learn ships it."""

import numpy as np
import tensorflow_datasets as tfds

COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
CLASSES = ("setosa", "versicolor", "virginica")


class IrisSample(tfds.core.GeneratorBasedBuilder):
    """150 flowers, 50 of each species, in the order of the source; needs no network."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> tfds.core.DatasetInfo:
        label = tfds.features.ClassLabel(names=CLASSES)
        return tfds.core.DatasetInfo(
            builder=self,
            description="Fisher's Iris: 150 flowers of three species, sepals and "
            "petals in centimeters. The copy that scikit-learn ships.",
            features=tfds.features.FeaturesDict(
                {**dict.fromkeys(COLUMNS, np.float32), "species": label}
            ),
            homepage="https://archive.ics.uci.edu/dataset/53/iris",
            citation="R. A. Fisher, The use of multiple measurements in taxonomic "
            "problems, Annals of Eugenics 7(2), 179-188, 1936, "
            "doi:10.1111/j.1469-1809.1936.tb02137.x",
            license="CC BY 4.0 (UCI)",
            metadata=tfds.core.MetadataDict(features=COLUMNS, test=0.0),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        from sklearn.datasets import load_iris

        rows, species = load_iris(return_X_y=True)
        for number, (row, label) in enumerate(zip(rows, species, strict=True)):
            yield number, {**dict(zip(COLUMNS, row, strict=True)), "species": label}

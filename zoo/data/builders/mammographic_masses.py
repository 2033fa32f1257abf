"""UCI's Mammographic Mass data, the one tabular mammogram set, which TFDS lacks."""

import csv
import os
from types import MappingProxyType

import numpy as np
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download.checksums import UrlInfo

from zoo.data.sources import masses
from zoo.data.sources.masses import SHA256, SIZE, URL

FILENAME = "mammographic_masses.data"
COLUMNS = ("bi_rads", "age", "shape", "margin", "density")


class MammographicMasses(tfds.core.GeneratorBasedBuilder):
    """961 masses in mammograms, benign or malignant; NaN where a value is missing.

    Args:
        file: UCI's file, if it lies on this machine; otherwise it is downloaded.
    """

    VERSION = tfds.core.Version("1.0.0")
    url_infos = MappingProxyType({URL: UrlInfo(SIZE, SHA256, FILENAME)})

    def __init__(self, *, file: str | os.PathLike | None = None, **kwargs):
        self.file = file
        super().__init__(**kwargs)

    def _info(self) -> tfds.core.DatasetInfo:
        label = tfds.features.ClassLabel(names=("benign", "malignant"))
        return tfds.core.DatasetInfo(
            builder=self,
            description="961 mammographic masses, 516 benign and 445 malignant, of the "
            "University Erlangen-Nuremberg, 2003 to 2006. Columns: BI-RADS assessment "
            "(0 to 6), age in years, shape (1 round, 2 oval, 3 lobular, 4 irregular), "
            "margin (1 circumscribed, 2 microlobulated, 3 obscured, 4 ill-defined, 5 "
            "spiculated), density (1 high, 2 iso, 3 low, 4 fat-containing). Missing: 2 "
            "BI-RADS, 5 ages, 31 shapes, 48 margins, 76 densities. One BI-RADS of 55, "
            "a typing error, is read as 5. BI-RADS is a physician's judgment and is "
            "not used unless it is asked for. For teaching; not a medical device, not "
            "for decisions about patients.",
            features=tfds.features.FeaturesDict(
                {**dict.fromkeys(COLUMNS, np.float32), "severity": label}
            ),
            homepage="https://archive.ics.uci.edu/dataset/161/mammographic+mass",
            citation="M. Elter, R. Schulz-Wendtland, T. Wittenberg, The prediction of "
            "breast cancer biopsy outcomes using two CAD approaches that both "
            "emphasize an intelligible decision process, Medical Physics 34(11), "
            "4164-4172, 2007, doi:10.1118/1.2786864",
            license="CC BY 4.0 (UCI)",
            metadata=tfds.core.MetadataDict(
                features=COLUMNS[1:], missing=True, test=0.2
            ),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = self.file or dl_manager.download(URL)
        return {"train": self._generate_examples(path)}

    def _generate_examples(self, path):
        content = masses.read(path)
        for number, row in enumerate(csv.reader(content.decode("ascii").splitlines())):
            *values, severity = (np.nan if cell == "?" else int(cell) for cell in row)
            example = dict(zip(COLUMNS, values, strict=True))
            if example["bi_rads"] == 55:
                example["bi_rads"] = 5
            yield number, {**example, "severity": severity}

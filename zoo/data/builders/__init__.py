"""TFDS builders for what TFDS lacks, one file a data set; this folder is the list.

They are prepared without TensorFlow, under the zoo's cache. What `zoo.data.load` has to
know beyond TFDS stands in their metadata: `features`, the columns that are used unless
others are asked for; `missing`, whether NaN may stand for a missing value; `test`, the
share of rows that becomes the test split where the source has none.
"""

from pathlib import Path


def names() -> tuple[str, ...]:
    """The names of the zoo's own TFDS data sets."""
    files = Path(__file__).parent.glob("[!_]*.py")
    return tuple(sorted(file.stem for file in files))

"""UCI's file of mammographic masses, which TFDS lacks, and where it is."""

import hashlib
import os

from zoo.core import files
from zoo.core.paths import expand
from zoo.errors import Mistake

URL = (
    "https://archive.ics.uci.edu/ml/machine-learning-databases/mammographic-masses/"
    "mammographic_masses.data"
)
SIZE = 13_450
SHA256 = "072051c896fb14f8f25c64eed30ba1333290af41e6c9ffad4e1ca573daa865a8"


def read(path: str | os.PathLike) -> bytes:
    """The content of UCI's file.

    Raises:
        Mistake: it cannot be read, or is another file.
    """
    content = files.read(expand(path), 2**20)
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise Mistake(
            f"{path} is not UCI's mammographic_masses.data: {SIZE:,} bytes with "
            f"sha256 {SHA256} are expected; get it from {URL}"
        )
    return content

"""`python -m zoo.exporting.compressing FILE`: OpenVINO's weights in int8, by NNCF."""

import os
import sys
import tempfile
from pathlib import Path

from zoo.exporting.formats.openvino import library


def compress(path: Path) -> None:
    """Rewrite an OpenVINO model, and the weights beside it."""
    openvino = library()  # before NNCF imports it
    import nncf

    small = nncf.compress_weights(openvino.Core().read_model(path))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        openvino.save_model(small, made, compress_to_fp16=False)
        del small  # it reads its weights from the old file
        for suffix in (".bin", ".xml"):
            os.replace(made.with_suffix(suffix), path.with_suffix(suffix))


if __name__ == "__main__":
    compress(Path(sys.argv[1]))

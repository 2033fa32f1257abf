"""The formats, one a file; the folder is the list.

A format's file says `SUFFIX`, with which its files end ("" for a folder, in which only
names in `HOLDS` lie); `BACKEND`, which Keras must run on to write it (None: any);
`READER`, which it must run on to read it (None: any); `PACKAGES`, which are needed
besides; and `INT8`, the package whose tool makes weights int8 (None:
`zoo.backend.CAPABILITIES` says why there is none). If to open a file is to execute it,
`EXECUTES` says why; if a damaged file can end the process, or take any memory, `APART`
is true, and a stranger's is opened in another process. To import it loads no framework.
It has two functions:

`write(model, path, about, int8)`: writes the model, float32, with its metadata `about`;
    with `int8`, which formats without that tool do not take, its weights are int8;
    those that come from ONNX take `trace`, see `zoo.exporting.formats.onnx`;
`opened(path)`: a function from NumPy inputs, any number of them, to answers, computed
    by the format's own runtime; `opened_strictly`, where there is one, is for files of
    strangers.
"""

import importlib
from pathlib import Path
from types import ModuleType

from zoo import backend
from zoo.errors import Mistake, unknown

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    found = (path.stem for path in _FOLDER.glob("*.py"))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def module(name: str) -> ModuleType:
    """The file of a format.

    Raises:
        Mistake: there is no such format.
    """
    if name not in names():
        raise unknown("format", name, names())
    return importlib.import_module(f"zoo.exporting.formats.{name}")


def of(path: Path) -> str | None:
    """The format of a file by its name, None if no format's files end so."""
    for name in names():
        if path.suffix and path.suffix == module(name).SUFFIX:
            return name
    return "saved_model" if (path / "saved_model.pb").is_file() else None


def in_int8(name: str) -> str:
    """What a format in int8 is called in `zoo.backend.CAPABILITIES`."""
    return f"export as {name}, int8"


def require(name: str, int8: bool = False) -> None:
    """Stop before the work starts if a format cannot be written here.

    Raises:
        Mistake: a package is missing; it is named. Or nothing makes this format int8.
    """
    needed = module(name)
    if int8 and needed.INT8 is None:
        [why] = {each.how for each in backend.CAPABILITIES[in_int8(name)].values()}
        able = ", ".join(each for each in names() if module(each).INT8)
        raise Mistake(f"the format {name} has no int8: {why}; accepted: {able}")
    wanted = needed.BACKEND
    if wanted and wanted not in backend.installed():
        raise Mistake(
            f"the format {name} is written on {wanted}, which is not installed; "
            f'pip install "zoo[{wanted}]"'
        )
    for package in (*needed.PACKAGES, *([needed.INT8] if int8 else [])):
        if not backend.is_installed(package):
            raise Mistake(
                f"the format {name} needs {package}, which is not installed; "
                f"pip install {package.replace('_', '-')}"
            )

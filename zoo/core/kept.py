"""Data that a program holds in memory, kept as a file, so that a run can name them."""

import hashlib
import os
import tempfile
import warnings
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.core.folders import cache_dir, forget_unused, touch
from zoo.errors import Mistake

if TYPE_CHECKING:  # `zoo list` makes recipes, and needs no NumPy
    import numpy as np

WANTED = (
    "the name of a data set, a path, a frame of pandas or polars, a table of pyarrow, "
    "a dictionary of columns, a list of dictionaries, or (inputs, targets)"
)
TARGET = "target"
IN_MEMORY = "the data in memory"
COMPLEX = "cells of complex numbers cannot be read; give real ones"


def keep(given) -> str:
    """The path of a file with these data; the same data have the same file.

    Args:
        given: a frame of pandas or polars, a table of pyarrow, an array with named
            columns, a dictionary of columns, or a list of dictionaries; or a pair
            (inputs, targets), in which inputs are rows, (n, columns) or a frame,
            pictures, (n, H, W) or (n, H, W, C), or a list of texts.

    Raises:
        Mistake: they are nothing of this, or differ in length.
    """
    given = named_columns(given)
    if isinstance(given, list) and given and all(map(_is_frame, given)):
        raise Mistake(
            f"data is a list of {len(given)} tables; put them into one, as "
            "pandas.concat(tables) does, or give (inputs, targets)"
        )
    if isinstance(given, tuple | list) and len(given) == 2:
        import numpy as np

        from zoo.core.arrays import of_tensor, without_mask

        inputs, targets = (
            without_mask(each)
            if isinstance(each, np.ma.MaskedArray)
            else of_tensor(each)
            for each in given
        )
        if np.ndim(targets) == 0:
            raise Mistake(f"the targets are {targets!r:.60}; give one for each input")
        if np.ndim(inputs) > 2 and not _is_frame(inputs):
            return _arrays(np.asarray(inputs), np.asarray(targets))
        rows, answers = _columns(inputs), answers_in(targets)
        if both := [name for name in answers if name in rows]:
            raise Mistake(
                f"the inputs and the targets both have a column '{both[0]}'; leave it "
                "out of the inputs, or name the two apart"
            )
        return _table({**rows, **answers}, ",".join(answers))
    if _is_frame(given) or isinstance(given, Mapping):
        return _table(_columns(given))
    raise Mistake(f"data is of type {type(given).__name__}; give {WANTED}")


def name_of(path: str | os.PathLike) -> str:
    """What a file is called in messages: its name, unless `keep` made it."""
    path = Path(path)
    return IN_MEMORY if path.parent == _folder() else path.name


def called(data: str) -> str:
    """What data are called in messages: as they are named, unless `keep` made them."""
    return IN_MEMORY if Path(data).parent == _folder().absolute() else data


def check_kept(data: str) -> None:
    """Note that a file that `keep` made is used; other paths are as they are.

    Raises:
        Mistake: it is gone, as those that nobody uses for 90 days go.
    """
    path = Path(data)
    if path.parent != _folder().absolute():
        return
    if not path.exists():
        raise Mistake(
            f"{IN_MEMORY} are no longer in the cache, as {path}: give them to zoo "
            "again, by zoo.data.load(the data, ...), which puts the same data there"
        )
    touch(path)


def is_data(given) -> bool:
    """Whether these may be data themselves, and no name of some."""
    if isinstance(given, str | os.PathLike):
        return False
    given = named_columns(given)
    return _is_frame(given) or isinstance(given, Mapping | tuple | list)


def named_columns(given):
    """A table of another kind than a frame as one, or as a dictionary of its columns.

    It is a lazy frame of polars, a table of pyarrow, an array with named columns, or a
    list of dictionaries; anything else is given back as it is.
    """
    if hasattr(given, "collect_schema") and hasattr(given, "collect"):
        return given.collect()
    if hasattr(given, "column_names") and hasattr(given, "columns"):
        return _apart(given.column_names, given.columns)
    if names := getattr(getattr(given, "dtype", None), "names", None):
        return {name: given[name] for name in names}
    if not isinstance(given, list) or not given:
        return given
    if not all(isinstance(row, Mapping) for row in given):
        return given
    every = dict.fromkeys(name for row in given for name in row)
    return {name: [row.get(name) for row in given] for name in every}


def array(values):
    """Values as an array of pyarrow; where they are of several types, as text."""
    import numpy as np
    import pyarrow

    from zoo.core.arrays import of_tensor

    values = of_tensor(values)
    if hasattr(values, "to_arrow"):  # of polars
        return values.to_arrow()
    if isinstance(values, pyarrow.Array | pyarrow.ChunkedArray):
        return values
    if _is_frame(values):
        raise Mistake("a column is a table itself; give the values of one column")
    if isinstance(values, np.ndarray) and values.ndim > 1:
        values = values.tolist()
    if getattr(getattr(values, "dtype", None), "kind", "") == "c":
        raise Mistake(COMPLEX)
    try:
        found = pyarrow.array(values, from_pandas=True)
        inside = getattr(found.type, "value_type", found.type)
        if not isinstance(inside, pyarrow.ExtensionType):  # such as an interval
            return found
    except (
        pyarrow.ArrowInvalid,
        pyarrow.ArrowNotImplementedError,
        TypeError,  # also of pyarrow's own, and of dates of NumPy
        OverflowError,  # of whole numbers beyond 64 bits
    ):
        pass
    for kind, each in (("M", np.datetime64), ("m", np.timedelta64)):
        of_array = getattr(getattr(values, "dtype", None), "kind", "") == kind
        if of_array or all(isinstance(value, each) for value in values):
            return pyarrow.array(np.array(values, f"{kind}8[us]"), from_pandas=True)
    plain = values.tolist() if hasattr(values, "tolist") else list(values)
    return pyarrow.array(list(map(_text, plain)), pyarrow.string())


def _text(value) -> str | None:
    if hasattr(value, "__array__") and getattr(value, "shape", None) == ():
        value = _number_in(value)
    if value is None or value != value:  # NaN
        return None
    if isinstance(value, Fraction):
        value = float(value)
    if isinstance(value, complex):
        raise Mistake(COMPLEX)
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)


def _number_in(value):
    """The number in a tensor without axes, or in one of NumPy; moments as they are."""
    import numpy as np

    from zoo.core.arrays import of_tensor

    if isinstance(value, np.datetime64 | np.timedelta64):
        return value
    return np.asarray(of_tensor(value)).tolist()


def _is_frame(given) -> bool:
    return hasattr(given, "columns") and hasattr(given, "to_dict")


def columns_of(frame) -> dict:
    """The columns of a frame of pandas or polars by their names.

    Raises:
        Mistake: two have one name.
    """
    return _apart(frame.columns, [frame[name] for name in frame.columns])


def _apart(names, columns) -> dict:
    names = list(map(str, names))
    if twice := next((each for each in names if names.count(each) > 1), None):
        raise Mistake(
            f"{names.count(twice)} columns are called '{twice[:40]}'; keep one, or "
            "name them apart"
        )
    return dict(zip(names, columns, strict=True))


def answers_in(targets) -> dict:
    """The column of targets, or several of a table or an array, by their names."""
    import numpy as np

    if _is_frame(targets):
        return columns_of(targets)
    if isinstance(targets, np.ndarray) and targets.ndim == 2:
        if targets.shape[1] == 1:
            return {TARGET: targets[:, 0]}
        return {f"{TARGET} {i}": each for i, each in enumerate(targets.T, 1)}
    name = getattr(targets, "name", None)
    return {name if isinstance(name, str) and name else TARGET: targets}


def _columns(given) -> dict:
    import numpy as np

    if _is_frame(given):
        index = getattr(given, "index", None)
        if named := [str(name) for name in getattr(index, "names", []) if name]:
            warnings.warn(
                f"the index of the table, {', '.join(named)}, is not used; "
                "table.reset_index() makes it a column",
                stacklevel=4,
            )
        return columns_of(given)
    if isinstance(given, Mapping):
        return {str(name): values for name, values in given.items()}
    if np.ndim(given) == 1:
        kind = np.asarray(given).dtype.kind
        return {"text" if kind in "UO" else "x1": given}
    table = np.asarray(given)
    if table.ndim != 2:
        raise Mistake(f"inputs of shape {table.shape} are no rows; give {WANTED}")
    return {f"x{i + 1}": column for i, column in enumerate(table.T)}


def _table(columns: dict, target: str | None = None) -> str:
    import pyarrow
    from pyarrow import parquet

    arrays = {name: array(values) for name, values in columns.items()}
    lengths = {name: len(values) for name, values in arrays.items()}
    if not any(lengths.values()):
        raise Mistake("the table has no rows; give a row for each example")
    if len(set(lengths.values())) != 1:
        found = ", ".join(f"{name}: {n}" for name, n in list(lengths.items())[:10])
        raise Mistake(f"the columns have these lengths: {found}; give equally many")
    table = pyarrow.table(arrays)
    if target:
        table = table.replace_schema_metadata({"zoo target": target})
    return _written(".parquet", lambda path: parquet.write_table(table, path))


def _arrays(inputs: "np.ndarray", targets: "np.ndarray") -> str:
    import numpy as np

    if len(inputs) != len(targets) or not len(inputs):
        raise Mistake(
            f"{len(inputs)} inputs and {len(targets)} targets; give equally many"
        )
    return _written(".npz", lambda path: np.savez(path, x=inputs, y=targets))


def _written(suffix: str, write) -> str:
    """The path of what `write` writes, named by its content."""
    folder = _folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        forget_unused(folder)  # data of somebody, who has them
        number, name = tempfile.mkstemp(suffix=suffix, dir=folder)
        os.close(number)
        try:
            write(name)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise Mistake(
            f"the cache folder {folder} cannot be written ({error.strerror}); set "
            "ZOO_CACHE to a folder that can"
        ) from error
    with open(name, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path = Path(folder, f"{digest[:16]}{suffix}")
    os.replace(name, path)
    return str(path)


def _folder() -> Path:
    return cache_dir() / "given"

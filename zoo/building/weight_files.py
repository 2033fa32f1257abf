"""Weights on disk: `.safetensors` files, arrays by name and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import safetensors
import safetensors.numpy

from zoo.building.initial_weights import layers, own_name
from zoo.core import files
from zoo.engine import private
from zoo.errors import Mistake

HEADER = 4 * 2**20  # bytes; EfficientNet's 300 names take 30 kB
DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "U32": "uint32",
    "I16": "int16",
    "U8": "uint8",
    "I8": "int8",
    "BOOL": "bool",
}
# What a layer has fitted to the data without a variable: columns' means and spreads.
FITTED = ("means", "deviations", "input_mean", "input_variance")


def save(model: keras.Model, path: Path) -> None:
    """Write every weight, and what layers have fitted to their data, to `path`.

    A name is the path of layers and the weight's name, such as "backbone/stem/kernel";
    layers that Keras named by counting are counted in this model.
    """
    # Not by np.ascontiguousarray, which makes a row of a single number.
    arrays = {
        name: np.asarray(keras.ops.convert_to_numpy(variable.value), order="C")
        for name, variable in _variables(model).items()
    }
    for name, (layer, attribute) in _fitted(model).items():
        arrays[name] = np.asarray(getattr(layer, attribute), "float64")
    with files.replacing(path) as temporary:
        safetensors.numpy.save_file(arrays, temporary, {"format": "zoo 1"})


def shapes(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Name -> dtype and shape of every array in a file; none of them is read.

    Raises:
        Mistake: the file is no `.safetensors` file, or is damaged.
    """
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            header = int.from_bytes(file.read(8), "little")
        if header > min(HEADER, size):
            raise Mistake(f"{path} is damaged: its header has {header:,} bytes")
        with safetensors.safe_open(path, "numpy") as file:
            found = {}
            for name in file.keys():  # noqa: SIM118  it is no dict
                part = file.get_slice(name)
                dtype = part.get_dtype()
                found[name] = DTYPES.get(dtype, dtype), tuple(part.get_shape())
            return found
    except (OSError, safetensors.SafetensorError) as error:
        reason = " ".join(str(error).split())
        raise Mistake(f"{path} cannot be read: {reason}") from error


def load(model: keras.Model, path: Path, other_shapes: bool = False) -> list[str]:
    """Give `model` what `save` wrote, after all names, shapes and dtypes are compared.

    Half precision in the file fits a variable of float32, which holds every such value.

    Args:
        model: as it was when it was saved; its variables may have no values yet.
        path: of the file.
        other_shapes: whether arrays of another shape are passed over.

    Returns:
        The names of the arrays that were passed over.

    Raises:
        Mistake: the file does not fit the model, or holds a number that is not finite.
    """
    variables, fitted = _variables(model), _fitted(model)
    wanted = {
        name: (variable.dtype, tuple(variable.shape))
        for name, variable in variables.items()
    }
    for name, (layer, attribute) in fitted.items():
        wanted[name] = "float64", np.shape(getattr(layer, attribute))
    there = {
        name: _widened(found, wanted.get(name)) for name, found in shapes(path).items()
    }
    left = []
    for name in sorted(wanted.keys() | there.keys()):
        here, found = wanted.get(name), there.get(name)
        if here == found:
            continue
        if other_shapes and here and found and here[0] == found[0]:
            left.append(name)
            continue
        raise Mistake(
            f"{path} does not fit the model: {name} is {_words(found)} in the file and "
            f"{_words(here)} in the model of the recipe"
        )
    with safetensors.safe_open(path, "numpy") as file:
        for name in [name for name in wanted if name not in left]:
            values = file.get_tensor(name)
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise Mistake(f"{path} holds numbers that are not finite, in {name}")
            if name in variables:
                half = values.dtype == "float16" and wanted[name][0] == "float32"
                variables[name].assign(values.astype("float32") if half else values)
            else:
                layer, attribute = fitted[name]
                setattr(layer, attribute, values.tolist())
                if attribute == "input_variance":
                    # That of quantiles has an axis more.
                    known = layer.get_build_config() or {}
                    layer.build(known.get("input_shape", (None, *values.shape)))
    for _, layer in _walk(model):
        if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:
            layer.finalize_state()
    return left


def _widened(found: tuple, wanted: tuple | None) -> tuple:
    if found[0] == "float16" and wanted and wanted[0] == "float32":
        return "float32", found[1]
    return found


def _words(about) -> str:
    return f"{about[0]} of shape {about[1]}" if about else "missing"


def _walk(model) -> Iterator[tuple[str, keras.layers.Layer]]:
    yield "", model
    yield from layers(model)


def _variables(model) -> dict[str, keras.Variable]:
    found, seen = {}, set()
    for path, layer in _walk(model):
        counts: dict[str, int] = {}
        for variable in private.own_variables(layer):
            name = own_name(variable.name, "variable", counts)
            if id(variable) not in seen:
                seen.add(id(variable))
                found[f"{path}/{name}".lstrip("/")] = variable
    return found


def _fitted(model) -> dict[str, tuple[keras.layers.Layer, str]]:
    found, seen = {}, set()
    for path, layer in _walk(model):
        for attribute in FITTED:
            values = getattr(layer, attribute, None)
            if values is not None and id(values) not in seen:
                seen.add(id(values))  # which a layer inside of this one may hold
                found[f"{path}/{attribute}"] = layer, attribute
    return found

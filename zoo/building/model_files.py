"""Models on disk: `.keras` files that open on any backend, and without zoo."""

import contextlib
import io
import math
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import keras
import numpy as np

from zoo import layers
from zoo.core import files
from zoo.engine import private, scopes
from zoo.engine.first_values import without_draws, without_values
from zoo.engine.private import without_tensorflow
from zoo.errors import Mistake, comes_from

MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
CONFIG = 4 * 2**20  # bytes; EfficientNet B0's has 0.3 MB
SPARE = 64 * 2**20  # bytes beyond what four times the packed size may unpack to
PARTS = 10_000  # layers, initializers and the like; EfficientNet B7 has 5,000
LARGEST_OUTPUT = (
    2**25
)  # numbers a layer gives for one input; B7's largest has 23 million
# Layers that run code, or read files, that their configuration names.
FOREIGN = {
    "FlaxLayer",
    "Hashing",
    "IntegerLookup",
    "JaxLayer",
    "Lambda",
    "StringLookup",
    "TextVectorization",
    "TFSMLayer",
    "TorchModuleWrapper",
}
ROOTS = ("DTypePolicy", "Functional", "Model", "Sequential")  # of the module keras
# Where Keras's own things may lie that a model is made of.
ROOMS = {
    "constraints",
    "dtype_policies",
    "initializers",
    "layers",
    "models",
    "ops",
    "regularizers",
}


class Foreign(Mistake):
    """A model is made of code that is neither Keras's nor zoo's."""


FASTER = {
    name: getattr(layers, name)
    for name in layers.__all__
    if getattr(layers, name).__module__ == "keras.layers"
}
"""The layers of zoo by the names of the Keras layers that they are saved as."""


def save(model: keras.Model, path: Path) -> None:
    """Write `model` to the `.keras` file `path`, whole or not at all."""
    with files.replacing(path) as temporary, without_tensorflow():
        model.save(temporary)


def load(path: Path) -> keras.Model:
    """The model in the `.keras` file `path`, which is the user's own.

    Its layers are zoo's, where they were when it was saved.
    """
    with without_tensorflow():
        model = keras.saving.load_model(
            path, custom_objects=FASTER, compile=False, safe_mode=True
        )
    scopes.rename(model)
    return model


def load_strictly(path: Path, input_shape: tuple[int, ...]) -> keras.Model:
    """The model in a `.keras` file that may come from anybody.

    What Keras does not check is checked first: the members of the archive, every class
    that its configuration names, where the arrays lie, and that the sizes in the
    configuration are those of the arrays. The model is made twice: the first time no
    variable has memory.

    Args:
        path: of the file.
        input_shape: of one input, which the model must take.

    Raises:
        Foreign: the model has classes or functions beside Keras's and zoo's.
        Mistake: the file is damaged, or none that Keras wrote for such a model.
    """
    config, size = _config(path)
    _check_classes(path, config)
    with without_tensorflow():
        with without_values():
            model = _trying(path, lambda: keras.saving.deserialize_keras_object(config))
            _check_model(path, model, input_shape)
            _check_sizes(path, model, _stored_shapes(path, _weights(path, model, size)))
        with without_draws():
            model = _trying(
                path,
                lambda: keras.saving.load_model(path, compile=False, safe_mode=True),
            )
    scopes.rename(model)
    return model


def _config(path: Path) -> tuple[dict, int]:
    """The configuration, without that of compiling, and the bytes of the weights."""
    with _reading(path):
        size = path.stat().st_size
        with zipfile.ZipFile(path) as archive:
            members = {each.filename: each.file_size for each in archive.infolist()}
            if len(archive.infolist()) != len(MEMBERS) or set(members) != MEMBERS:
                found = ", ".join(sorted(each.filename for each in archive.infolist()))
                raise Mistake(
                    f"{path} holds {found[:200]!r}; a model's file holds just "
                    f"{', '.join(sorted(MEMBERS))}"
                )
            if members["config.json"] > CONFIG or members["metadata.json"] > CONFIG:
                raise Mistake(f"{path}: its configuration has more than {CONFIG} bytes")
            if sum(members.values()) > 4 * size + SPARE:
                raise Mistake(f"{path} of {size:,} bytes unpacks to far more; refused")
            words = archive.read("config.json")
            archive.read("metadata.json")
    try:
        config = files.parse_json(words)
    except ValueError as error:
        raise _damaged(path, error) from error
    if not isinstance(config, dict):
        raise Mistake(f"{path} is damaged: its configuration is no object")
    return {**config, "compile_config": None}, members["model.weights.h5"]


def _weights(path: Path, model: keras.Model, size: int) -> bytes:
    """The weights as HDF5, if they have not far more bytes than the model needs."""
    wanted = 8 * sum(math.prod(variable.shape) for variable in model.weights)
    if size > wanted + SPARE:
        raise Mistake(
            f"{path}: its weights have {size:,} bytes, and the model {wanted:,} at most"
        )
    with _reading(path), zipfile.ZipFile(path) as archive:
        return archive.read("model.weights.h5")


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """What a damaged archive raises inside becomes a `Mistake`."""
    try:
        yield
    except Mistake:
        raise
    # It fails in zipfile, zlib, struct or the decoding of names.
    except Exception as error:
        if not isinstance(error, OSError) and not comes_from(error, "zipfile"):
            raise
        raise _damaged(path, error) from error


def _check_classes(path: Path, config: dict) -> None:
    """Refuse a configuration that names other classes than Keras's and zoo's."""
    named = 0
    for part in _parts(config):
        name, module = part.get("class_name"), part.get("module")
        if name in (None, "__keras_tensor__", "__tensor__", "__tuple__"):
            continue
        registered = part.get("registered_name")
        inside = part.get("config")
        called = str(inside.get("name", "")) if isinstance(inside, dict) else ""
        if not called.isprintable():  # a name becomes a scope, which TensorFlow refuses
            raise Mistake(f"{path} has a layer called {called[:80]!r}")
        rooms = module.split(".") if isinstance(module, str) else []
        own = isinstance(registered, str) and registered.startswith("zoo>")
        keras_own = rooms[:1] == ["keras"] and bool(set(rooms[1:]) & ROOMS)
        keras_own |= rooms == ["keras"] and name in ROOTS
        keras_own |= rooms == ["builtins"] and name == "function"
        # As registered names come first when Keras looks for a class.
        plain = registered in (None, name) or name == "function"
        known = isinstance(name, str) and name not in FOREIGN
        if not known or not (own or (keras_own and plain)):
            raise Foreign(f"{path} holds {str(module)[:80]}.{str(name)[:80]}")
        if own and registered not in keras.saving.get_custom_objects():
            raise Mistake(f"{path} holds {registered[:80]}, which zoo does not have")
        named += 1
    if named > PARTS:
        raise Mistake(f"{path} has {named:,} parts; accepted: at most {PARTS:,}")


def _parts(value) -> Iterator[dict]:
    """Every dictionary in a JSON value."""
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            yield value
            left += value.values()
        elif isinstance(value, list):
            left += value


def _stored_shapes(path: Path, weights: bytes) -> Counter:
    """How often each shape occurs among arrays that lie in the file themselves."""
    shapes, seen, size = Counter(), set(), 0
    try:
        with h5py.File(io.BytesIO(weights), "r") as file:
            groups = [file]
            while groups:
                group = groups.pop()
                for name in group:
                    link = group.get(name, getlink=True)
                    if not isinstance(link, h5py.HardLink):
                        raise Mistake(
                            f"{path}: its weights lie elsewhere ({name[:80]!r})"
                        )
                    item = group[name]
                    place = h5py.h5o.get_info(item.id).addr
                    if place in seen:
                        raise Mistake(
                            f"{path}: {name[:80]!r} stands twice in its weights"
                        )
                    seen.add(place)
                    if isinstance(item, h5py.Group):
                        groups.append(item)
                        continue
                    if not isinstance(item, h5py.Dataset) or (
                        item.external
                        or item.is_virtual
                        or item.dtype.kind not in "fiub"
                    ):
                        raise Mistake(f"{path}: {name[:80]!r} is no array of numbers")
                    size += item.nbytes
                    stored = item.id.get_storage_size()
                    if item.nbytes > stored or size > len(weights):
                        raise Mistake(
                            f"{path}: {name[:80]!r} says {item.nbytes:,} bytes and "
                            f"stores {stored:,}"
                        )
                    if item.dtype.kind == "f" and not np.isfinite(item[()]).all():
                        raise Mistake(
                            f"{path} holds numbers that are not finite, in {item.name}"
                        )
                    shapes[item.shape] += 1
    except Mistake:
        raise
    # HDF5 answers damage with errors of many kinds.
    except Exception as error:
        if not comes_from(error, "h5py"):
            raise
        raise _damaged(path, error) from error
    return shapes


def _check_model(path: Path, model, input_shape: tuple[int, ...]) -> None:
    if not isinstance(model, keras.Model):
        raise Mistake(f"{path} holds a {type(model).__name__}, not a keras.Model")
    shape = model.input_shape
    if not isinstance(shape, tuple) or shape[1:] != tuple(input_shape):
        raise Mistake(
            f"{path} takes inputs of shape {shape}, and data.json says {input_shape}"
        )
    if not isinstance(model.output_shape, tuple) or len(model.output_shape) != 2:
        raise Mistake(
            f"{path} gives outputs of shape {model.output_shape}; accepted: (None, n)"
        )


def _check_sizes(path: Path, model: keras.Model, shapes: Counter) -> None:
    """Refuse variables that are not stored, and layers that give far too much."""
    missing = Counter(tuple(v.shape) for v in model.weights) - shapes
    if missing:
        shape = next(iter(missing))
        raise Mistake(
            f"{path}: the model has weights of shape {shape}, none are stored"
        )
    for layer in private.layers(model):
        for output in private.outputs(layer) if layer is not model else ():
            size = math.prod(length or 1 for length in output.shape[1:])
            if size > LARGEST_OUTPUT:
                raise Mistake(
                    f"{path}: layer {layer.name[:80]!r} gives {size:,} numbers for "
                    f"one input; accepted: at most {LARGEST_OUTPUT:,}"
                )


def _trying(path: Path, make: Callable[[], keras.Model]) -> keras.Model:
    try:
        return make()
    # A configuration can make every line of Keras fail, and of the layers it makes.
    except Exception as error:
        if not comes_from(error, "keras", "zoo.layers"):
            raise
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> Mistake:
    lines = str(error).strip().splitlines() or ["no reason given"]
    return Mistake(f"{path} is damaged ({type(error).__name__}: {lines[0][:200]})")

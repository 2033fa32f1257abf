"""Reads the weights in a file of `torch.save`, without PyTorch."""

import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import as_strided

_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read(path: Path) -> dict[str, np.ndarray]:
    """The state dictionary in a file that PyTorch wrote before its release 1.6.

    Such a file is five pickles (a magic number, the protocol, the machine, the
    dictionary, the names of its storages) and then the storages' bytes. The pickle may
    name nothing but an ordered dictionary and tensors, so the file runs no code.

    Raises:
        pickle.UnpicklingError: the file is of another kind or holds something else.
    """
    with open(path, "rb") as file:
        magic, protocol, _ = (_Unpickler(file).load() for _ in range(3))
        if (magic, protocol) != (0x1950A86A20F9469CFC6C, 1001):
            raise pickle.UnpicklingError(f"{path} is no old file of PyTorch")
        unpickler = _Unpickler(file)
        tensors = unpickler.load()
        for key in _Unpickler(file).load():
            storage = unpickler.storages[key]
            file.read(8)  # the length, known already
            storage[:] = np.frombuffer(file.read(storage.nbytes), storage.dtype)
    return dict(tensors)


class _Unpickler(pickle.Unpickler):
    """Makes arrays on storages that are to be filled later."""

    def __init__(self, file):
        super().__init__(file)
        self.storages: dict[str, np.ndarray] = {}

    def find_class(self, module, name):
        match module, name:
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return _tensor
            case "torch", _ if name in _DTYPES:
                return _DTYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a plain tensor")

    def persistent_load(self, description):
        _, dtype, key, _, length, _ = description
        return self.storages.setdefault(key, np.empty(length, dtype))


def _tensor(storage, offset, shape, strides, *_):
    strides = [step * storage.itemsize for step in strides]
    return as_strided(storage[offset:], shape, strides, writeable=False)

"""`.keras` files from strangers, the strict way."""

import contextlib
import io
import json
import warnings
import zipfile

import h5py
import keras
import numpy as np
import pytest
from strangers import POINT, answer, refused

import zoo
from zoo.building import model_files
from zoo.engine.private import without_tensorflow
from zoo.errors import Mistake

pytestmark = pytest.mark.once


def members(run) -> dict[str, bytes]:
    with zipfile.ZipFile(run / "model.keras") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(run, *pairs, packing=zipfile.ZIP_STORED):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that occur twice
        with zipfile.ZipFile(run / "model.keras", "w", packing) as archive:
            for name, content in pairs:
                archive.writestr(name, content)


def layered(run, layer: dict):
    """Put another layer in the place of the first hidden one."""
    inside = members(run)
    config = json.loads(inside["config.json"])
    place = next(i for i, e in enumerate(config["config"]["layers"]) if i == 1)
    config["config"]["layers"][place] |= layer
    pack(run, *{**inside, "config.json": json.dumps(config)}.items())


def test_an_old_run_opens_with_a_warning(old, sound):
    with pytest.warns(UserWarning, match="run of an older zoo"):
        found = zoo.predict(old, POINT)[0].probabilities
    assert found == pytest.approx(answer(sound), abs=1e-6)


FOREIGN = [
    {"module": "keras.layers", "class_name": "Lambda", "registered_name": None},
    {"module": "keras.layers", "class_name": "TorchModuleWrapper"},
    {"module": "keras.layers", "class_name": "TFSMLayer"},
    {"module": "keras.layers", "class_name": "JaxLayer"},
    {
        "module": "keras.layers",
        "class_name": "StringLookup",
        "config": {"vocabulary": "/etc/passwd"},
    },
    {"module": "os", "class_name": "system"},
    {"module": "subprocess", "class_name": "Popen"},
    {"module": "builtins", "class_name": "eval"},
    {"module": "keras.utils", "class_name": "get_file"},
    {"module": "keras.src.utils.file_utils", "class_name": "get_file"},
    {"module": "keras.config", "class_name": "enable_unsafe_deserialization"},
    {"module": "keras.layers", "class_name": "Dense", "registered_name": "own>Dense"},
    {"module": None, "class_name": "__lambda__"},
    {"module": None, "class_name": "__typespec__"},
    {"module": ["os"], "class_name": {"a": 1}},
]


@pytest.mark.parametrize("layer", FOREIGN, ids=lambda e: str(e["class_name"]))
def test_layers_that_run_code_are_refused(old, canary, layer):
    layered(old, {"registered_name": None, **layer})
    with refused("model.keras"):
        answer(old)


def test_a_registered_layer_that_zoo_does_not_have_is_refused(old):
    layered(old, {"module": "zoo", "registered_name": "zoo>Gone"})
    with refused("zoo>Gone"):
        answer(old)


def test_callables_in_the_configuration_of_compiling_are_not_read(old, canary, sound):
    inside = members(old)
    config = json.loads(inside["config.json"])
    code = {"class_name": "function", "module": "os", "config": "system"}
    config["compile_config"] = {"loss": code, "optimizer": code, "metrics": [code]}
    pack(old, *{**inside, "config.json": json.dumps(config)}.items())
    assert answer(old) == pytest.approx(answer(sound), abs=1e-6)


def test_a_root_that_is_a_lone_layer_is_refused(old):
    with without_tensorflow():
        config = keras.saving.serialize_keras_object(keras.layers.Dense(1))
    config["build_config"] = {"input_shape": [None, 2]}
    pack(old, *{**members(old), "config.json": json.dumps(config)}.items())
    with refused("model.keras"):
        answer(old)


@pytest.mark.parametrize("units", [2**20, 2**31, 2**62, -1, "6", None, 7])
def test_sizes_that_are_not_stored_are_refused(old, units):
    inside = members(old)
    config = json.loads(inside["config.json"])
    dense = [e for e in config["config"]["layers"] if e["class_name"] == "Dense"]
    dense[0]["config"]["units"] = units
    pack(old, *{**inside, "config.json": json.dumps(config)}.items())
    with refused("model.keras"):
        answer(old)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a\0b", "/etc/x"])
def test_names_of_layers_write_nothing_elsewhere(old, name):
    inside = members(old)
    text = inside["config.json"].decode().replace("hidden_1", json.dumps(name)[1:-1])
    pack(old, *{**inside, "config.json": text}.items())
    before = sorted(old.parent.rglob("*"))
    with contextlib.suppress(Mistake):
        answer(old)
    assert sorted(old.parent.rglob("*")) == before


def test_archives_with_other_members_are_refused(old):
    inside = list(members(old).items())
    for extra in ("../../x", "assets/../../x", "x", "a\\..\\x", "assets/"):
        pack(old, *inside, (extra, b"x"))
        with refused("model.keras", "holds"):
            answer(old)
    pack(old, *inside, inside[0])
    with refused("model.keras", "holds"):
        answer(old)
    pack(old, *inside[:2])
    with refused("model.keras", "holds"):
        answer(old)
    assert not (old.parents[1] / "x").exists()


def test_bombs_are_refused(old):
    inside = members(old)
    padded = inside["config.json"] + b" " * 100_000_000
    pack(old, *{**inside, "config.json": padded}.items(), packing=zipfile.ZIP_DEFLATED)
    with refused("model.keras", "bytes"):
        answer(old)
    zeros = inside["model.weights.h5"] + bytes(100_000_000)
    changed = {**inside, "model.weights.h5": zeros}
    pack(old, *changed.items(), packing=zipfile.ZIP_DEFLATED)
    with refused("model.keras", "unpacks"):
        answer(old)
    pack(old, *changed.items())  # as long as it says, as a file with holes can be
    with refused("its weights have 100,0", "bytes, and the model"):
        answer(old)
    for bomb in ("[" * 10**6, '{"a":' * 10**5, "{}", "null", "[]", "\xff", ""):
        pack(old, *{**inside, "config.json": bomb.encode("latin-1")}.items())
        with refused("model.keras"):
            answer(old)


def test_a_file_that_is_cut_anywhere_is_refused(old):
    content = (old / "model.keras").read_bytes()
    for share in (0, 0.1, 0.5, 0.9, 0.99):
        (old / "model.keras").write_bytes(content[: int(share * len(content))])
        with refused("model.keras"):
            answer(old)


def hdf5(old, change):
    inside = members(old)
    file = io.BytesIO(inside["model.weights.h5"])
    with h5py.File(file, "r+") as weights:
        found = []
        weights.visititems(
            lambda name, item: (
                found.append(name) if isinstance(item, h5py.Dataset) else None
            )
        )
        change(weights, found[0])
    pack(old, *{**inside, "model.weights.h5": file.getvalue()}.items())


def _external_link(weights, name):
    del weights[name]
    weights[name] = h5py.ExternalLink("/etc/passwd", "/x")


def _soft_link(weights, name):
    del weights[name]
    weights[name] = h5py.SoftLink("/nowhere")


def _external_storage(weights, name):
    shape = weights[name].shape
    del weights[name]
    weights.create_dataset(name, shape, "f4", external=[("/etc/passwd", 0, 10**6)])


def _virtual(weights, name):
    shape = weights[name].shape
    del weights[name]
    layout = h5py.VirtualLayout(shape, "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape)
    weights.create_virtual_dataset(name, layout)


def _huge(weights, name):
    del weights[name]
    weights.create_dataset(name, (2**15, 2**15), "f4", chunks=True)


def _packed(weights, name):
    del weights[name]
    zeros = np.zeros((2**12, 2**12), "f4")
    weights.create_dataset(name, data=zeros, compression="gzip")


def _text(weights, name):
    del weights[name]
    weights[name] = "text"


def _loop(weights, name):
    weights["loop"] = weights["/"]


def _nan(weights, name):
    weights[name][...] = np.nan


@pytest.mark.parametrize(
    "change",
    [
        _external_link,
        _soft_link,
        _external_storage,
        _virtual,
        _huge,
        _packed,
        _text,
        _loop,
        _nan,
    ],
)
def test_arrays_that_lie_elsewhere_or_are_none_are_refused(old, change):
    hdf5(old, change)
    with refused("model.keras"):
        answer(old)


def test_a_missing_or_odd_file_is_refused(old):
    (old / "model.keras").unlink()
    with refused("model.keras", "missing"):
        answer(old)
    (old / "model.keras").mkdir()
    with refused("model.keras"):
        answer(old)


def test_the_strict_way_takes_what_plain_keras_saved(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model_files.save(model, tmp_path / "model.keras")
    loaded = model_files.load_strictly(tmp_path / "model.keras", (4,))
    for ours, plain in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, plain)

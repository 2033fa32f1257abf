"""Runs from strangers: opening one executes nothing, and bad ones cost one line."""

import contextlib
import io
import json
import shutil
import time
import warnings
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import safetensors.numpy

import zoo
from zoo.building import model_files
from zoo.cli import call
from zoo.core import seal
from zoo.engine.private import without_tensorflow
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.run import open_run

POINT = "0.5,-0.25"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A run on points with two classes; nobody changes it."""
    recipe = Recipe("deep_mlp", "moons", {"hidden": (6,)}, epochs=1, batch=100)
    return zoo.train(recipe, run=tmp_path_factory.mktemp("run") / "sound", quiet=True)


@pytest.fixture
def run(sound, tmp_path):
    """A copy of the run, to be changed."""
    return Path(shutil.copytree(sound.folder, tmp_path / "run"))


@pytest.fixture
def old(run):
    """The run as zoo 0.1 would have left it: `model.keras` and no sums."""
    (run / "model.safetensors").unlink()
    (run / "run.json").unlink()
    return run


@pytest.fixture
def canary(tmp_path):
    """A file that hostile code would make."""
    path = tmp_path / "canary"
    yield path
    assert not path.exists(), "code of the run was executed"


@contextlib.contextmanager
def refused(*words: str):
    """One line that holds `words`, within 10 s of the processor and 300 MiB."""
    Path("/proc/self/clear_refs").write_text("5")
    before, begun = _peak(), time.process_time()
    with pytest.raises(Mistake) as caught:
        yield
    assert time.process_time() - begun < 10
    assert _peak() - before < 300 * 2**20
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 2000
    for word in words:
        assert word in text, text


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def answer(folder, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*older zoo")
        return zoo.predict(folder, POINT, **options)[0].probabilities


def edit(path: Path, fits: bool = True, **changes):
    """Change a JSON file of a run, and make the sums fit; `...` takes a name out."""
    about = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in about.items() if v is not ...}))
    if fits and (path.parent / "run.json").exists():
        seal.write(path.parent)


def evil(canary) -> str:
    return f"from pathlib import Path\nPath({str(canary)!r}).write_text('!')\n"


# --- Sums


def test_run_json_holds_the_sums_of_all_files_of_the_run(sound):
    about = json.loads((sound.folder / "run.json").read_text())
    states = {path.name for path in sound.folder.glob("state-*")}
    names = {path.name for path in sound.folder.iterdir()} - states - {"run.json"}
    assert about["version"] == 1
    assert set(about["files"]) == names
    assert {"recipe.json", "data.json", "model.safetensors", "model.keras"} <= names


@pytest.mark.parametrize(
    "name", ["recipe.json", "data.json", "metrics.json", "history.csv"]
)
def test_a_changed_file_is_named(run, name):
    content = bytearray((run / name).read_bytes())
    content[len(content) // 2] ^= 1
    (run / name).write_bytes(content)
    with refused(str(run / name), "SHA-256"):
        open_run(run)


def test_changed_weights_are_named(run):
    content = bytearray((run / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (run / "model.safetensors").write_bytes(content)
    with refused("model.safetensors", "SHA-256"):
        answer(run)


def test_a_missing_file_is_named(run):
    (run / "history.csv").unlink()
    with refused("history.csv", "missing"):
        open_run(run)


def test_a_history_without_epochs_is_refused(run):
    (run / "history.csv").write_text("")
    seal.write(run)
    with pytest.raises(Mistake, match=r"history.csv cannot be read: it holds no epoch"):
        _ = open_run(run).history


def test_missing_weights_are_not_read_from_the_other_file(run):
    (run / "model.safetensors").unlink()
    with pytest.raises(Mistake, match=r"model.safetensors is missing; run.json lists"):
        open_run(run)


def test_a_run_without_its_sums_is_refused(run):
    (run / "run.json").unlink()
    with refused("run.json", "--resume"):
        open_run(run)


def test_what_is_added_later_is_no_change(run):
    for name in ("report.png", "model.onnx", "notes.txt"):
        (run / name).write_text("added")
    assert answer(run) == answer(run)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"version": 1}', '{"version": 2, "files": {}}', '{"a":1,"a":1}'],
)
def test_damaged_sums_are_refused(run, content):
    (run / "run.json").write_text(content)
    with refused("run.json"):
        open_run(run)


def test_a_run_moves_and_opens_through_a_link(run, tmp_path):
    expected = answer(run)
    moved = Path(shutil.move(run, tmp_path / "elsewhere"))
    (tmp_path / "link").symlink_to(moved)
    assert answer(moved) == answer(tmp_path / "link") == expected


# --- Weights


def test_weights_are_arrays_by_the_names_of_layers(sound):
    arrays = safetensors.numpy.load_file(sound.folder / "model.safetensors")
    with without_tensorflow():
        graph = keras.saving.load_model(sound.folder / "model.keras")
    assert {"hidden_1/kernel", "logits/bias"} <= arrays.keys()
    for ours, plain in zip(sound.model.weights, graph.weights, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(ours.value),
            keras.ops.convert_to_numpy(plain.value),
        )
    np.testing.assert_array_equal(
        arrays["logits/kernel"],
        keras.ops.convert_to_numpy(graph.get_layer("logits").kernel.value),
    )


def rewrite(run, **changes):
    arrays = safetensors.numpy.load_file(run / "model.safetensors")
    named = {name.replace("__", "/"): value for name, value in changes.items()}
    kept = {k: v for k, v in {**arrays, **named}.items() if v is not ...}
    safetensors.numpy.save_file(kept, run / "model.safetensors")
    seal.write(run)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"logits__bias": np.full(1, np.nan, "f4")}, ["not finite", "logits/bias"]),
        ({"logits__bias": np.full(1, np.inf, "f4")}, ["not finite", "logits/bias"]),
        ({"logits__bias": np.zeros(2, "f4")}, ["(2,)", "(1,)", "logits/bias"]),
        ({"logits__bias": np.zeros(1, "f8")}, ["float64", "float32"]),
        ({"logits__bias": ...}, ["logits/bias is missing"]),
        ({"more": np.zeros(1, "f4")}, ["more", "missing"]),
    ],
)
def test_weights_that_do_not_fit_are_refused(run, changes, words):
    rewrite(run, **changes)
    with refused("model.safetensors", *words):
        answer(run)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        b"\x10\0\0\0\0\0\0\0{}",
        (2**40).to_bytes(8, "little") + b"{}",
        b"\x02\0\0\0\0\0\0\0[]",
        b"GIF89a" * 100,
    ],
)
def test_damaged_weights_are_refused(run, content):
    (run / "model.safetensors").write_bytes(content)
    seal.write(run)
    with refused("model.safetensors"):
        answer(run)


def test_a_weight_that_declares_more_than_it_stores_is_refused(run):
    about = {"dtype": "F32", "shape": [2**20, 2**20], "data_offsets": [0, 2**42]}
    header = json.dumps({"logits/kernel": about}).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(8)
    (run / "model.safetensors").write_bytes(content)
    seal.write(run)
    with refused("model.safetensors"):
        answer(run)


# --- recipe.json and data.json


@pytest.mark.parametrize(
    "arguments",
    [
        {"hidden": [2**31]},
        {"hidden": [2**20, 2**20]},
        {"hidden": [1] * 100_000},
        {"hidden": "x"},
        {"hidden": None},
        {"hidden": [-1]},
        {"hidden": [[1]]},
        {"hidden": [6.5]},
        {"unknown": 1},
        {"classes": 10**9},
        {"activation": "os.system"},
        {"activation": "nonsense"},
    ],
)
def test_arguments_that_the_weights_do_not_fit_are_refused(run, arguments):
    edit(run / "recipe.json", model_arguments=arguments)
    with refused():
        answer(run)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "os"},
        {"model": 3},
        {"model": ...},
        {"epochs": "1"},
        {"epochs": -1},
        {"precision": "float8"},
        {"augment": []},
        {"more": 1},
        {"version": 99},
        {"expects": 1},
        {"stages": [[]]},
    ],
)
def test_a_recipe_with_wrong_fields_is_refused(run, changes):
    edit(run / "recipe.json", **changes)
    if changes == {"model": "os"}:  # no model of zoo: its graph is Keras's own
        assert answer(run)
        return
    with refused():
        answer(run)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "sound"},
        {"kind": 1},
        {"kind": []},
        {"kind": "image"},
        {"kind": "text"},
        {"input_shape": [3]},
        {"input_shape": []},
        {"input_shape": [2.0]},
        {"input_shape": [-2]},
        {"input_shape": [2**40]},
        {"input_shape": "2"},
        {"dtype": "O"},
        {"dtype": "float64"},
        {"classes": ["a"]},
        {"classes": ["a", "a"]},
        {"classes": ["a", "b", "c"]},
        {"classes": "ab"},
        {"classes": {"a": 1, "b": 2}},
        {"classes": [1, 2]},
        {"features": ["x"]},
        {"features": [[], []]},
        {"missing": 1},
        {"border": "x"},
        {"border": float("nan")},
        {"border": 300},
        {"name": None},
        {"name": ...},
        {"more": 1},
    ],
)
def test_facts_of_the_data_that_are_wrong_are_refused(run, changes):
    edit(run / "data.json", **changes)
    with refused():
        answer(run)


@pytest.mark.parametrize("name", ["recipe.json", "data.json", "metrics.json"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 5000,
        b"{}" + b" " * 2**27,
    ],
)
def test_json_that_is_none_or_a_bomb_is_refused(run, name, content):
    (run / name).write_bytes(content)
    seal.write(run)
    with refused(name):
        done = open_run(run)
        zoo.predict(done, POINT)
        done.metrics  # noqa: B018


@pytest.mark.once
@pytest.mark.parametrize("value", ["0.9", None, {"accuracy": "0.9"}, [True, "x"]])
def test_metrics_that_are_no_numbers_are_refused(run, value):
    about = {"test": value, "seconds": {"total": 1.0}}
    (run / "metrics.json").write_text(json.dumps(about))
    seal.write(run)
    with refused("metrics.json is damaged: it holds something else than numbers"):
        open_run(run).metrics  # noqa: B018


def test_a_sealed_run_without_its_weights_is_no_older_run(run):
    (run / "model.safetensors").unlink()
    seal.write(run)
    with refused("model.safetensors is missing; copy the run again, or train again"):
        answer(run)


WORDS = {"words": ["good", "not", "not good"], "length": 4, "keep": "last", "ngrams": 2}


@pytest.mark.once
@pytest.mark.parametrize(
    "changes",
    [
        {"words": ["good", "good"]},
        {"words": ["good", 1]},
        {"words": "good"},
        {"words": ["not good"]},
        {"words": ["not", "good", "not  good"]},
        {"length": 0},
        {"length": 5},
        {"length": 2**40},
        {"length": 4.0},
        {"keep": "middle"},
        {"keep": []},
        {"ngrams": 4},
        {"ngrams": True},
        {"ngrams": ...},
        {"more": 1},
    ],
)
def test_a_vocabulary_that_is_none_is_refused(run, changes):
    (run / "vocabulary.json").write_text(json.dumps(WORDS))
    edit(run / "data.json", kind="text", input_shape=[4], dtype="int32", features=[])
    assert zoo.data.restore(run).encoder.size == 5
    edit(run / "vocabulary.json", **changes)
    with refused("data.json" if changes == {"length": 5} else "vocabulary.json"):
        zoo.data.restore(run)


def test_a_run_from_a_newer_zoo_says_so(run):
    edit(run / "recipe.json", version=99, colour="red")
    with refused("colour", "newer"):
        answer(run)


# --- Code


def test_a_run_executes_no_model_file_that_its_recipe_names(run, canary, capsys):
    """Its graph is of Keras's own layers, so it opens without the file."""
    file = run.parent / "evil.py"
    file.write_text(evil(canary))
    expected = answer(run)
    edit(run / "recipe.json", model=str(file))
    shutil.copy(file, run / "model.py")
    seal.write(run)
    found = answer(run)
    assert found == pytest.approx(expected, abs=1e-6)
    assert call(["predict", str(run), POINT]) == 0


def test_resuming_a_stranger_s_run_needs_trust(run, canary, capsys):
    file = run.parent / "evil.py"
    file.write_text(evil(canary))
    edit(run / "recipe.json", model=str(file))
    assert call(["train", str(run), "--resume"]) == 2
    assert f"would execute {file}" in (text := capsys.readouterr().err)
    assert "--trust" in text
    assert text.count("\n") == 1
    edit(run / "recipe.json", model="deep_mlp", loss="evil.loss")
    assert call(["train", str(run), "--resume"]) == 2
    assert "would execute evil.loss" in capsys.readouterr().err


def test_the_data_of_a_run_import_no_builder_of_a_stranger(run):
    edit(run / "recipe.json", data="somebody:digits")
    with refused("would execute", "somebody:digits", "--trust"):
        zoo.evaluate(run)


OWN = """
import keras

@keras.saving.register_keras_serializable(package="own")
class Double(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def build(input_shape=(2,), classes=1):
    x = keras.Input(input_shape)
    return keras.Model(x, keras.layers.Dense(classes, name="logits")(LAYER(x)))
"""


@pytest.fixture
def own(tmp_path):
    """A file, and a run of the model in it, whose layer is the user's own."""

    def make(layer="Double()"):
        file = tmp_path / "own" / "my_net.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(OWN.replace("LAYER", layer))
        recipe = Recipe(str(file), "moons", epochs=1, batch=100)
        return file, zoo.train(recipe, run=tmp_path / f"run-{layer[:3]}", quiet=True)

    return make


@pytest.mark.slow
def test_a_model_of_one_s_own_needs_trust_and_no_file(own, capsys):
    known = dict(keras.saving.get_custom_objects())  # without what the run's file adds
    file, run = own()
    expected = answer(run)
    file.rename(file.with_name("gone.py"))
    keras.saving.get_custom_objects().clear()  # as in a process of its own
    keras.saving.get_custom_objects().update(known)
    with refused("would execute", str(file), "--trust", "trust=True"):
        answer(run.folder)
    assert call(["predict", str(run.folder), POINT]) == 2
    assert "--trust" in capsys.readouterr().err
    assert answer(run.folder, trust=True) == expected
    assert call(["predict", str(run.folder), POINT, "--trust"]) == 0


@pytest.mark.slow
def test_a_model_of_one_s_own_made_of_keras_layers_needs_neither(own):
    file, run = own("keras.layers.Dense(3)")
    expected = answer(run)
    shutil.rmtree(file.parent)
    assert answer(run.folder) == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_a_changed_model_file_is_told(own):
    file, run = own()
    expected = answer(run)
    file.write_text(file.read_text().replace("2 * x", "3 * x"))
    with pytest.warns(UserWarning, match="has changed since the run"):
        assert answer(run.folder, trust=True) == expected
    (run.folder / "model.py").write_text(file.read_text())
    with refused("model.py", "SHA-256"):
        answer(run.folder, trust=True)


# --- .keras files


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

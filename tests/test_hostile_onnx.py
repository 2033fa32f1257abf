"""A stranger's ONNX file: its graph takes no more than those of zoo's files do."""

import re
import shutil
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.helper import make_graph, make_node
from test_predict import empty, make_run

import zoo
from zoo import data
from zoo.core import operators
from zoo.errors import Mistake
from zoo.exported import Exported
from zoo.exporting import check, checks
from zoo.exporting.onnx import graph

pytestmark = pytest.mark.once
EMPTY = make_graph([], "g", [], [])
LARGE = "x.onnx takes more than 192 MiB to answer one input; its run, with Keras"


def array(name, value, shape=(), place=""):
    made = onnx.numpy_helper.from_array(np.full(shape, value, "float32"), name)
    if place:
        made.data_location = made.EXTERNAL
        made.external_data.add(key="location", value=place)
    return made


def claimed(name, *lengths):
    made = array(name, 1)
    made.dims.extend(lengths)
    return made


def lengths(name, *values):
    return onnx.numpy_helper.from_array(np.array(values), name)


def doubled(times):
    nodes = [make_node("Concat", ["input", "input"], ["x0"], axis=1)]
    for i in range(times):
        nodes.append(make_node("Concat", [f"x{i}"] * 2, [f"x{i + 1}"], axis=1))
    return make_node("Identity", [f"x{times}"], ["x"]), *nodes


CASES = {
    LARGE: {
        "made": (make_node("ConstantOfShape", ["n"], ["x"]), lengths("n", 2**28)),
        "spread": (
            make_node("Expand", ["input", "n"], ["x"]),
            lengths("n", 2**27, 1, 1),
        ),
        "repeated": (make_node("Tile", ["input", "n"], ["x"]), lengths("n", 1, 2**27)),
        "product": (
            make_node("MatMul", ["a", "b"], ["x"]),
            array("a", 1, shape=(2**14, 1)),
            array("b", 1, shape=(1, 2**14)),
        ),
        "padded": (
            make_node("Pad", ["input", "n"], ["x"]),
            lengths("n", 0, 0, 2**27, 0),
        ),
        "doubled": doubled(28),
    },
    "x.onnx has the operator 'RandomNormal', which is not accepted; `zoo predict` t": {
        "random": (make_node("RandomNormal", [], ["x"], shape=[1]),)
    },
    "x.onnx has the operator 'Loop', which": {
        "loop": (make_node("Loop", ["", "", "input"], ["x"], body=EMPTY),)
    },
    "x.onnx has a graph in a graph, which": {
        "graph": (make_node("Identity", ["input"], ["x"], body=EMPTY),)
    },
    "x.onnx has an operator of 'com.me', which": {
        "others": (make_node("Add", ["input", "input"], ["x"], domain="com.me"),)
    },
    "x.onnx has numbers that become text, which": {
        "cast": (make_node("Cast", ["input"], ["x"], to=8),)
    },
    "x.onnx has an array of text, which": {
        "text": (make_node("Constant", [], ["x"], value_string="a"),)
    },
    "x.onnx has an array in another file, which": {
        "outside": (
            make_node("Add", ["input", "w"], ["x"]),
            array("w", 1, place="/etc/passwd"),
        )
    },
    "x.onnx has an array of 1,099,511,627,776 numbers in ": {
        "claimed": (make_node("Add", ["input", "w"], ["x"]), claimed("w", 2**20, 2**20))
    },
    "x.onnx has a shape that depends on an input's numbers, which": {
        "length": (
            make_node("ConstantOfShape", ["w"], ["x"]),
            make_node("Cast", ["m"], ["w"], to=7),
            make_node("ReduceMax", ["input"], ["m"]),
        ),
    },
    r"x.onnx answers 1 inputs with float32 of shape \(1, 4\), which are no 2 classes": {
        "shape": (make_node("Concat", ["input", "input"], ["output"], axis=1),)
    },
    r"x.onnx answers 1 inputs with int64 of shape \(1, 2\), which are no 2 classes": {
        "whole": (make_node("Cast", ["input"], ["output"], to=7),)
    },
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    points = data.Dataset(
        "p", "points", empty(2), classes=("a", "b"), features=("x", "y")
    )
    shape = {"input_shape": (2,), "hidden": (), "classes": 2}
    return zoo.export(make_run(root / "run", points, "deep_mlp", **shape))


def rewritten(exported, parts, path):
    """The file with other nodes, whose x is added to the input."""
    model = onnx.load(exported)
    del model.graph.node[:], model.graph.initializer[:]
    first, *parts = parts
    nodes = [each for each in parts if isinstance(each, onnx.NodeProto)] + [first]
    model.graph.initializer.extend(x for x in parts if x not in nodes)
    if first.output[0] == "x":
        nodes.append(make_node("ReduceMax", ["x"], ["most"], keepdims=0))
        nodes.append(make_node("Add", ["input", "most"], ["output"]))
    model.graph.node.extend(nodes)
    kind = model.graph.output[0].type.tensor_type
    kind.ClearField("shape")
    kind.elem_type = 7 if first.op_type == "Cast" and first.output[0] != "x" else 1
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("said", "name"), [(said, name) for said in CASES for name in CASES[said]]
)
def test_what_no_file_of_zoo_asks_for(exported, said, name, tmp_path):
    file = rewritten(exported, CASES[said][name], tmp_path / "x.onnx")
    with pytest.raises(Mistake, match=said):
        zoo.predict(file, [[0.5, 1.0]])


def test_one_answer_for_two_inputs(exported, tmp_path):
    first = make_node("Slice", ["input", "from", "to", "axis"], ["output"])
    numbers = (lengths(*each) for each in (("from", 0), ("to", 1), ("axis", 0)))
    file = rewritten(exported, (first, *numbers), tmp_path / "x.onnx")
    assert len(zoo.predict(file, [[0.5, 1.0]])) == 1
    said = r"x.onnx answers 2 inputs with float32 of shape \(1, 2\), which are no 2 cl"
    with pytest.raises(Mistake, match=said):
        zoo.predict(file, [[0.5, 1.0], [1.0, 0.5]])


def test_names_that_are_not_utf_8(exported, tmp_path, capfd):
    content = exported.read_bytes()
    for name in (b"temperature", b"data.json", b"input"):
        broken = content.replace(name, name[:-1] + b"\xff")
        (tmp_path / "x.onnx").write_bytes(broken)
        with pytest.raises(Mistake, match=r"x.onnx is no ONNX file that can be run: "):
            Exported(tmp_path / "x.onnx")
    assert capfd.readouterr() == ("", "")


def made(name, *shape):
    return make_node("ConstantOfShape", [f"{name}.shape"], [name]), lengths(
        f"{name}.shape", *shape
    )


SLOW = {
    "many operators": (
        make_node("Identity", ["x99"], ["x"]),
        *made("x0", 1500, 1500),
        *(make_node("MatMul", [f"x{i}"] * 2, [f"x{i + 1}"]) for i in range(99)),
    ),
    "one operator": (
        make_node("Conv", ["a", "w"], ["x"]),
        *made("a", 1, 1, 600, 600),
        *made("w", 1, 1, 300, 300),
    ),
}


@pytest.mark.parametrize("name", SLOW)
def test_what_computes_for_long_is_not_waited_for(exported, name, tmp_path, limits):
    """Whether ONNX Runtime can be stopped, or is within an operator."""
    file = rewritten(exported, SLOW[name], tmp_path / "x.onnx")
    limits(LONGEST=0.4, GRACE=0.4)
    start = time.monotonic()
    for _ in range(2):  # the second time it is known
        with pytest.raises(Mistake, match=r"x.onnx takes more than 0.4 s to answer on"):
            zoo.predict(file, [[0.5, 1.0], [1.0, 2.0]])
    assert time.monotonic() - start < 2


@pytest.fixture
def limits(monkeypatch):
    def change(**limits):
        for name, value in limits.items():
            monkeypatch.setattr(f"zoo.core.sessions.{name}", value)

    return change


def test_what_is_large_or_long_to_open_is_refused(exported, limits, monkeypatch):
    limits(LARGEST=exported.stat().st_size - 1)
    with pytest.raises(Mistake, match=r"model.onnx has more than 0 MiB; its run, with"):
        Exported(exported)
    limits(LARGEST=2**21, LONGEST=0.1, GRACE=0.1)
    limits(_session=lambda *given, **named: time.sleep(1))
    with pytest.raises(Mistake, match=r"model.onnx takes more than 0.1 s to be opened"):
        Exported(exported)
    monkeypatch.setattr("zoo.core.operators.NODES", 0)
    with pytest.raises(Mistake, match=r"model.onnx has more than 0 operators, which"):
        Exported(exported)


def test_as_many_at_a_time_as_fit_into_the_time(exported, limits):
    rows = np.linspace(0, 1, 600, dtype="float32").reshape(-1, 2)
    opened = Exported(exported)
    limits(within=lambda seconds, work, stop: later(work))
    opened.answers(rows, len(rows))
    assert 50 < opened._graph._most <= 100


def later(work):
    time.sleep(0.05)
    return work()


def test_a_check_opens_files_of_strangers_as_strictly(
    exported, tmp_path, limits, monkeypatch
):
    file = rewritten(exported, SLOW["many operators"], tmp_path / "x.onnx")
    limits(LONGEST=0.4, GRACE=0.4)
    shutil.copy(checks.beside(exported), checks.beside(file))
    with pytest.raises(Mistake, match=r"x.onnx takes more than 0.4 s to answer one in"):
        check(file)
    (tmp_path / "saved_model.pb").touch()
    for path in (tmp_path, tmp_path / "x.pt2"):
        path.is_dir() or path.touch()
        with pytest.raises(Mistake, match=rf"{path} would be executed: .* --trust"):
            check(path)
    monkeypatch.setattr(checks, "LARGEST", 999)
    with pytest.raises(Mistake, match=r"x.onnx.checks.npz is damaged: it has more th"):
        check(file)


def test_what_is_cut_off_or_noise(exported, tmp_path):
    content = exported.read_bytes()
    for broken in (content[:-9], content[: len(content) // 2], b"\xff" * 99, b"9" * 99):
        (tmp_path / "x.onnx").write_bytes(broken)
        with pytest.raises(
            Mistake, match=r"x.onnx (is no ONNX file|does not say what)"
        ):
            Exported(tmp_path / "x.onnx")


def test_many_inputs_are_answered_in_parts_that_memory_allows(exported, monkeypatch):
    rows = np.linspace(0, 1, 600_000, dtype="float32").reshape(-1, 2)
    expected = Exported(exported).answers(rows, len(rows))
    monkeypatch.setattr("zoo.core.sessions.LARGEST", 2**21)
    few = Exported(exported)
    np.testing.assert_array_equal(few.answers(rows, len(rows)), expected)
    assert few._graph._most < len(rows)


def test_whatever_zoo_writes_is_accepted():
    """By its source; tests/test_onnx.py and export_formats.py ask the files."""
    folder = Path(graph.__file__).parent
    texts = [path.read_text("utf-8") for path in folder.glob("*.py")]
    found = {kind for text in texts for kind in re.findall(r'add\(\s*"(\w+)"', text)}
    assert len(found) > 40
    assert found <= operators.ACCEPTED

"""Runs as files for other programs, which say what they take and give."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import zoo
from zoo import cli, data
from zoo.core import progress
from zoo.engine import steps
from zoo.errors import Mistake
from zoo.exporting import check, checks, formats


@pytest.fixture(scope="module")
def moons(tmp_path_factory):
    recipe = zoo.Recipe(
        "deep_mlp",
        "moons",
        {"hidden": (8,), "batch_normalization": "after"},
        batch=48,
        epochs=2,
        precision="mixed_bfloat16",
    )
    return zoo.train(recipe, run=tmp_path_factory.mktemp("runs") / "moons", quiet=True)


@pytest.fixture(scope="module")
def exported(moons):
    return zoo.export(moons)


def test_a_long_export_says_every_minute_where_it_is(moons, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "MINUTE", 0.005)
    said = []
    monkeypatch.setattr(progress, "say", said.append)
    path = zoo.export(moons, tmp_path / "moons.onnx")
    assert said[0] == "exporting as onnx: 0 of 2"
    said.clear()
    check(path)
    assert {*said} <= {"checking moons.onnx: 0 of 1"}


def answers(file, inputs):
    session = onnxruntime.InferenceSession(file)
    return session.run(None, {"input": inputs})[0]


def test_a_file_answers_in_float32_like_the_run(moons, exported):
    assert exported == moons.folder / "model.onnx"
    inputs = data.load("moons").test.inputs
    found = answers(exported, inputs)
    assert found.dtype == np.float32
    trained = steps.predict(steps.compile_forward(moons.model), inputs)
    # The run computes in bfloat16, of 8 significant bits.
    np.testing.assert_allclose(found, trained, rtol=0.05, atol=0.05)


def test_the_metadata_say_what_goes_in_and_out(exported):
    said = {each.key: each.value for each in onnx.load(exported).metadata_props}
    assert json.loads(said["classes"]) == ["upper", "lower"]
    assert said["input"] == "float32 (batch, 2): the columns x, y; no NaN"
    assert said["output"] == (
        "float32 (batch, 1): the logit of lower; its probability is 1 / (1 + "
        "exp(-logit / temperature))"
    )
    beside = json.loads(exported.with_name("model.onnx.json").read_text())
    assert beside["data.json"] == said["data.json"]
    assert json.loads(said["data.json"])["kind"] == "points"


def test_probabilities(moons, exported, tmp_path):
    file = zoo.export(moons, tmp_path / "shares.onnx", outputs="probabilities")
    inputs = data.load("moons").test.inputs
    shares, logits = answers(file, inputs), answers(exported, inputs)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    logits = logits[:, 0] / moons.temperature
    assert moons.temperature != 1
    np.testing.assert_allclose(shares[:, 1], 1 / (1 + np.exp(-logits)), 1e-4)
    with pytest.raises(Mistake, match="outputs 'shares'; accepted: logits, prob"):
        zoo.export(moons, outputs="shares")


def test_a_check_is_repeated_and_finds_another_network(moons, tmp_path):
    file = zoo.export(moons, tmp_path / "a.onnx")
    assert check(file) <= checks.TOLERANCE
    inputs, expected = checks.read(file)
    assert len(inputs) == 100
    checks.save(file, inputs, expected + 0.01)
    with pytest.raises(Mistake, match=r"differ by .*relative to the largest"):
        check(file)
    for broken in (expected.astype("S3"), expected.astype("c8"), expected[:, 0]):
        checks.save(file, inputs, broken)
        with pytest.raises(Mistake, match=r"a.onnx.checks.npz is damaged: (in|answ)"):
            check(file)
    checks.beside(file).write_bytes(b"PK")
    with pytest.raises(Mistake, match=r"a.onnx.checks.npz is damaged"):
        check(file)
    checks.beside(file).unlink()
    with pytest.raises(Mistake, match=r"a.onnx.checks.npz is missing: it holds what"):
        check(file)
    with pytest.raises(Mistake, match=r"there is no file .*b.onnx; `zoo export RUN --"):
        check(tmp_path / "b.onnx")
    (tmp_path / "d.onnx").symlink_to("/dev/zero")
    with pytest.raises(Mistake, match=r"d.onnx is no plain file, as those of the form"):
        check(tmp_path / "d.onnx")
    (tmp_path / "c.txt").touch()
    with pytest.raises(Mistake, match=r"ends like no exported file; accepted: .*onnx"):
        check(tmp_path / "c.txt")


@pytest.mark.parametrize(
    ("path", "options", "said"),
    [
        ("missing/x.onnx", {}, "there is no folder .*missing for x.onnx; make it firs"),
        ("x.onnx", {"format": "keras"}, r"x.onnx is no name for the format keras: its"),
        ("x.txt", {}, r"files end with .onnx; other formats: keras \(.keras\)"),
        ("x.onnx", {"format": "onxn"}, "unknown format 'onxn'; did you mean 'onnx'"),
        (".", {}, r"is a folder; give a file, as .*model.onnx"),
    ],
)
def test_a_file_that_cannot_be_is_told_before_the_work(
    moons, tmp_path, path, options, said
):
    with pytest.raises(Mistake, match=said):
        zoo.export(moons, tmp_path / path, **options)
    assert not any(tmp_path.iterdir())


def test_no_file_of_a_run_or_of_the_user_is_written_over(moons, tmp_path):
    for name in ("model.keras", "recipe.json"):
        before = (moons.folder / name).read_bytes()
        with pytest.raises(
            Mistake, match=r"is a file of the run .*; give another na|is no name"
        ):
            zoo.export(moons, moons.folder / name)
        assert (moons.folder / name).read_bytes() == before
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").touch()
    (tmp_path / "saved" / "notes.txt").touch()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "saved")
    for name, said in (
        ("saved", "saved holds other files, such as notes.txt; give the name of a new"),
        ("file", "file is a file; give the name of a new folder"),
        ("link", "link is a link; give the name of a new folder"),
    ):
        with pytest.raises(Mistake, match=said):
            zoo.export(moons, tmp_path / name, format="saved_model")
    for name in ("a.onnx.json", "b.onnx.checks.npz"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").touch()
        with pytest.raises(Mistake, match=f"cannot write .*{name}: it is a folder"):
            zoo.export(moons, tmp_path / f"{name[0]}.onnx")
        assert (tmp_path / name / "notes.txt").exists()
    copy = Path(shutil.copytree(moons.folder, tmp_path / "run"))
    (copy / "saved_model").symlink_to(tmp_path / "saved")
    with pytest.raises(Mistake, match="saved_model is a link; give the name of a new"):
        zoo.export(copy, format="saved_model")


def test_a_missing_package_is_named(moons, monkeypatch):
    monkeypatch.setattr(formats.backend, "is_installed", lambda name: name != "onnx")
    with pytest.raises(Mistake, match="onnx, which is not installed; pip install o"):
        zoo.export(moons)


def test_the_command_line(moons, tmp_path, capsys):
    file = str(tmp_path / "x.onnx")
    assert cli.call(["export", str(moons.folder), "--to", file]) == 0
    assert cli.call(["export", "--check", file]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == file
    assert second.startswith(f"{file}: its answers differ by ")
    assert cli.call(["export"]) == 2
    assert "give a run to export, or --check FILE" in capsys.readouterr().err


def test_a_file_that_answers_otherwise_is_not_kept(moons, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "TOLERANCE", 0.0)
    with pytest.raises(Mistake, match=r"the answers of .*x.onnx differ by"):
        zoo.export(moons, tmp_path / "x.onnx")
    assert not any(tmp_path.iterdir())


def test_numbers_are_named_and_have_no_probabilities(tmp_path):
    recipe = zoo.Recipe(
        "deep_mlp", "line", {"hidden": (4,)}, batch=10, epochs=1, loss="mean_squared"
    )
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True)
    file = zoo.export(run)
    [found], [expected] = zoo.predict(file, "2"), zoo.predict(run, "2")
    assert found.numbers == pytest.approx(expected.numbers, rel=1e-4)
    beside = json.loads(file.with_name("model.onnx.json").read_text())
    assert beside["outputs"] == list(expected.numbers)
    assert beside["output"].endswith(", in the units of the training data")
    with pytest.raises(Mistake, match=r"answers numbers \(y\), which have no prob"):
        zoo.export(run, outputs="probabilities")

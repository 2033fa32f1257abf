"""A run's folder, paths and data: one process, any working folder, names not places."""

import dataclasses
import io
import json
import logging
import shutil
import sys
import threading
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import backend
from zoo.cli import call
from zoo.core import files, folders, locks, notebook, progress, seal
from zoo.core.folders import check_folder, new_folder
from zoo.data import Dataset, Split, identity
from zoo.errors import Mistake
from zoo.reporting import charts
from zoo.run import Run, open_run
from zoo.training import session, states
from zoo.training.folder import Stopped

pytestmark = pytest.mark.once

MOONS = zoo.Recipe(model="deep_mlp", data="moons", batch=100, epochs=1)


def paint(root: Path, label: str, channel: int, count: int = 20) -> None:
    """Pictures of one bright channel, which no network confuses."""
    generator = np.random.default_rng(channel)
    (root / label).mkdir(parents=True)
    for number in range(count):
        pixels = generator.integers(0, 100, (8, 8, 3), "uint8")
        pixels[..., channel] += 120
        Image.fromarray(pixels).save(root / label / f"{number}.png")


@pytest.fixture(scope="module")
def moons_run(tmp_path_factory):
    """The folder of a run that has ended; nobody changes it."""
    folder = tmp_path_factory.mktemp("moons") / "run"
    return zoo.train(MOONS, run=folder, keep_states=True, quiet=True).folder


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """A working folder with pictures of cats and dogs, and a recipe for them."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    paint(Path("pets"), "cat", 0)
    paint(Path("pets"), "dog", 2)
    return zoo.Recipe(
        model="deep_mlp",
        model_arguments={"hidden": ()},
        data="./pets",
        data_arguments={"size": 8},
        batch=8,
        epochs=12,
        learning_rate=0.01,
    )


def test_a_run_is_evaluated_by_the_names_of_its_classes_from_any_folder(
    pets, tmp_path, monkeypatch
):
    run = zoo.train(pets, run="run", quiet=True)
    accuracy = run.metrics["test"]["accuracy"]
    assert accuracy == 1
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    folder = tmp_path / "here" / "run"
    assert zoo.evaluate(folder)["accuracy"] == accuracy
    recipe = json.loads((folder / "recipe.json").read_text())
    assert recipe["data"] == str(tmp_path / "here" / "pets")
    paint(tmp_path / "here" / "pets2", "cat", 0, 24)
    for file in (tmp_path / "here" / "pets2" / "cat").glob("2?.png"):
        file.rename(tmp_path / "here" / "pets" / "cat" / file.name)
    with pytest.warns(
        UserWarning, match=r"are not those that .* was trained on: train"
    ):
        assert zoo.evaluate(folder)["accuracy"] == accuracy
    (tmp_path / "here" / "pets" / "cat").rename(tmp_path / "here" / "pets" / "wolf")
    with pytest.raises(Mistake, match=r"no longer those .*: gone: cat; new: wolf"):
        zoo.evaluate(folder)


def test_classes_and_columns_are_aligned_by_name():
    split = Split(np.float32([[1, 2], [3, 4]]), np.int32([0, 1]))
    given = Dataset("own", "tabular", split, classes=("b", "a"), features=("y", "x"))
    aligned = identity.align(given, ["a", "b"], ["x", "y"])
    assert aligned.classes == ("a", "b")
    assert aligned.train.targets.tolist() == [1, 0]
    assert aligned.train.inputs.tolist() == [[2, 1], [4, 3]]
    then, now = identity.examples(given), identity.examples(aligned)
    assert identity.differences(now, now) == ""
    assert identity.differences({}, now) == ""
    words = "train has 2 examples as before, but others"
    assert identity.differences(then, now) == words


def test_a_run_does_not_go_on_with_other_data(pets, monkeypatch):
    end = session.Session._end_epoch

    def stop(running, progress):
        end(running, progress)
        running.save()
        raise KeyboardInterrupt

    monkeypatch.setattr(session.Session, "_end_epoch", stop)
    with pytest.raises(Stopped) as stopped:
        zoo.train(pets, run="run", quiet=True)
    assert str(stopped.value) == (
        "stopped; the last state that was saved is kept; "
        "`zoo train run --resume` continues it"
    )
    monkeypatch.setattr(session.Session, "_end_epoch", end)
    Image.fromarray(np.zeros((8, 8, 3), "uint8")).save("pets/cat/new.png")
    with pytest.raises(Mistake, match="the data are not those that the run in run beg"):
        zoo.train(pets, run="run", resume=True, quiet=True)
    Path("pets/cat/new.png").unlink()
    assert len(zoo.train(pets, run="run", resume=True, quiet=True).history) == 12


def test_a_run_that_has_ended_is_not_another_recipes(tmp_path, capsys):
    zoo.train(MOONS, run=tmp_path / "run", quiet=True)
    assert not list((tmp_path / "run").glob("state-*"))
    assert not (tmp_path / "run" / locks.NAME).exists()
    other = dataclasses.replace(MOONS, epochs=40)
    with pytest.raises(Mistake) as mistake:
        zoo.train(other, run=tmp_path / "run", resume=True, quiet=True)
    assert str(mistake.value) == (
        f"the run in {tmp_path / 'run'} has ended, with another recipe: epochs=1 there "
        "and 40 now; train this one in a folder of its own: --run NEW"
    )
    zoo.train(MOONS, run=tmp_path / "run", resume=True)
    assert "has ended; nothing is left to train" in capsys.readouterr().err


def edit_recipe(folder, **changes):
    about = json.loads((folder / "recipe.json").read_text("utf-8"))
    (folder / "recipe.json").write_text(json.dumps(about | changes), "utf-8")


@pytest.mark.parametrize("ended", [True, False])
def test_a_recipe_that_was_edited_afterward_is_told(ended, moons_run, tmp_path):
    folder = Path(shutil.copytree(moons_run, tmp_path / "run"))
    if not ended:
        (folder / "metrics.json").unlink()
    edit_recipe(folder, expects={"metric": "accuracy", "at_least": 0.5})
    seal.write(folder)
    zoo.train(MOONS, run=folder, resume=True, quiet=True)
    edit_recipe(folder, learning_rate=0.5)
    if ended:
        with pytest.raises(Mistake, match="is not the file that training wrote"):
            zoo.train(Run(folder).recipe, run=folder, resume=True, quiet=True)
    seal.write(folder)  # so that the sums fit
    with pytest.raises(Mistake) as mistake:
        zoo.train(Run(folder).recipe, run=folder, resume=True, quiet=True)
    assert str(mistake.value) == (
        f"{folder / 'recipe.json'} was changed after the training began: put it "
        "back, or train the changed recipe in a folder of its own: --run NEW"
    )


def test_a_run_that_died_before_its_sums_were_written_gets_them(moons_run, tmp_path):
    folder = Path(shutil.copytree(moons_run, tmp_path / "run"))
    (folder / "run.json").unlink()
    with pytest.raises(Mistake, match="--resume` writes it again"):
        open_run(folder)
    zoo.train(MOONS, run=folder, resume=True, quiet=True)
    np.testing.assert_equal(
        open_run(folder).model.get_weights(), Run(moons_run).model.get_weights()
    )


def test_a_folder_without_a_run_is_told_when_it_is_resumed(tmp_path, capsys):
    run = str(tmp_path / "new")
    words = ["circles", "epochs=1", "--resume", f"--backend={backend.current()}"]
    assert call(["train", *words, "--run", run]) == 0
    told = f"zoo: {run} holds no run yet: a new one begins"
    assert told in capsys.readouterr().err
    assert call(["train", *words, "--run", run]) == 0
    assert told not in capsys.readouterr().err


def test_one_process_writes_to_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_PATIENCE", 0.1)
    with (
        locks.hold(tmp_path),
        pytest.raises(Mistake, match="another process is writing to"),
    ):
        zoo.train(MOONS, run=tmp_path, quiet=True)
    assert not list(tmp_path.iterdir())


def test_folders_made_in_one_second_are_different(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = []
    makers = [
        threading.Thread(target=lambda: found.append(new_folder("a", "jax")[0]))
        for _ in range(8)
    ]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(set(found)) == 8


def test_names_that_no_system_takes_begin_that_of_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert new_folder("own:set?", "jax")[0].name.startswith("own_set_-jax-")
    for name in ("a" * 400, "寿" * 100):
        folder = new_folder(name, "jax")[0]
        assert folder.name.startswith(name[:50])
        assert folder.is_dir()


@pytest.mark.parametrize("there", [True, False])
def test_a_failure_leaves_the_users_folders_and_nothing_else(
    there, tmp_path, monkeypatch
):
    if there:
        (tmp_path / "mine").mkdir()

    def fail(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(session.Session, "_train_epoch", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        zoo.train(MOONS, run=tmp_path / "mine" / "run", quiet=True)
    assert (tmp_path / "mine").exists() == there
    assert not (tmp_path / "mine" / "run").exists()


def test_what_cannot_be_written_is_told_before_the_work(moons_run, monkeypatch):
    monkeypatch.setattr(folders.os, "access", lambda *_: False)
    run, point = str(moons_run), "0.5,1"
    said = f"{moons_run} is read-only"
    with pytest.raises(
        Mistake, match=rf"report.html: {said}; report a copy of the run"
    ):
        zoo.report(run)
    with pytest.raises(Mistake, match=rf"model.onnx: {said}; give .* --to FILE"):
        zoo.export(run)
    for words, said in (
        (["explain", run, point, "--to", f"{run}/a.html"], "a.html: "),
        (["explain", run, point, "--to", run], "input-1.explained.html: "),
        (["explain", run, point, "--to", "a.gif"], "a.gif ends in '.gif'; accepted"),
        (["compare", run, run], "name a file of yours: --output FILE"),
    ):
        monkeypatch.setattr(sys, "stderr", written := io.StringIO())
        assert call(words) == 2
        assert said in written.getvalue()


def test_matplotlib_is_silent_where_it_has_no_home():
    log = logging.getLogger("matplotlib.font_manager")
    with charts._quiet():
        assert not log.isEnabledFor(logging.WARNING)
    assert log.isEnabledFor(logging.WARNING)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_folder_can_have(tmp_path, name):
    with pytest.raises(Mistake, match=r"^no folder can be called"):
        check_folder(tmp_path / name)
    with (
        pytest.raises(Mistake, match=r"^cannot write .*xxx|its name holds a NUL$"),
        files.writing(tmp_path / name),  # as exports and publications do
    ):
        (tmp_path / name).mkdir()


def test_names_that_are_not_utf8_are_kept(tmp_path):
    names = ["caf\udce9", "寿司"]
    files.write_json(tmp_path / "names.json", names)
    assert json.loads((tmp_path / "names.json").read_text("utf-8")) == names
    assert "寿司" in (tmp_path / "names.json").read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["names.json"]


def test_states_of_before_are_read_by_their_crc(tmp_path):
    path = states.save(tmp_path, [np.arange(3)], {"step": 1})
    assert len(path.stem.rpartition("-")[2]) == 64
    import zlib

    data = path.read_bytes()
    path.rename(tmp_path / f"state-00000001-{zlib.crc32(data):08x}.npz")
    assert states.newest(tmp_path) == data


def test_a_pipe_gets_a_line_every_so_often(monkeypatch, capsys):
    monkeypatch.setattr(progress, "MINUTE", 0.02)
    with progress.Progress("epoch 1/3, step", 100) as shown:
        shown.update(7, "loss 0.5000")
        threading.Event().wait(0.3)
    lines = capsys.readouterr().err.splitlines()
    if lines[0] == "epoch 1/3, step: 0 of 100":  # on a busy machine, before `update`
        del lines[0]
    assert len(lines) > 1
    assert set(lines) == {"epoch 1/3, step: 7 of 100, loss 0.5000"}
    with progress.alive("zoo predict"), progress.Progress("epoch", 9, quiet=True):
        threading.Event().wait(0.3)
    assert set(capsys.readouterr().err.splitlines()) == {
        "zoo predict: at work for 0 min"
    }
    with progress.alive("zoo predict"), progress.Progress("epoch", 9):
        threading.Event().wait(0.3)  # which says where it stands
    assert "zoo predict" not in capsys.readouterr().err


def test_a_notebook_gets_a_bar_that_goes_and_lines_that_stay(monkeypatch, capsys):
    from IPython import display

    shown = []

    class Output:
        def update(self, seen):
            shown.append((seen._repr_html_(), repr(seen)))

    def show(seen, display_id):
        Output().update(seen)
        return Output()

    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=None))
    monkeypatch.setattr(display, "display", show)
    monkeypatch.setattr(notebook, "SECONDS", 0.0)
    with progress.Progress("epoch 1/3, step", 100) as now:
        now.say("it <begins>")
        now.update(7, "loss 0.5000")
    lines = f"{notebook.LINES}it &lt;begins&gt;</pre>"
    bar = '<progress value="7" max="100"></progress>'
    words = "epoch 1/3, step: 7 of 100, loss 0.5000"
    assert shown[1] == (f"{lines}{bar} {words}", f"it <begins>\n{words}")
    assert shown[-1] == (lines, "it <begins>")
    assert capsys.readouterr().err == ""


def test_the_recipe_of_a_run_is_read_from_its_folder(tmp_path):
    zoo.train(MOONS, run=tmp_path, quiet=True)
    assert Run(tmp_path).recipe == MOONS


def test_a_run_that_has_ended_is_shown_without_its_data(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("own.csv").write_text("a,y\n" + "1,u\n2,v\n3,u\n4,v\n" * 9, "utf-8")
    recipe = zoo.Recipe("deep_mlp", "./own.csv", {"hidden": ()}, {"target": "y"})
    recipe = dataclasses.replace(recipe, batch=9, epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of copies
        zoo.train(recipe, run="run", quiet=True, floor=False)
    Path("own.csv").unlink()
    assert call(["train", "run", "--resume"]) == 0
    said = capsys.readouterr()
    assert "test accuracy: " in said.out
    assert "next:" not in said.out
    assert "nothing is left to train" in said.err
    assert call(["evaluate", "run"]) == 2
    assert "lies now: `zoo evaluate run --data PLACE`" in capsys.readouterr().err

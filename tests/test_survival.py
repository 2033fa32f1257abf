"""Runs that are killed, stopped or out of disk go on as if nothing had happened."""

import importlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zoo
from zoo import backend
from zoo.cli import call
from zoo.errors import Mistake
from zoo.run import Run, make_folder
from zoo.training import record, session, states
from zoo.training.folder import Stopped

ROOT = Path(__file__).parents[1]
HERE = backend.current()
OTHER = next((name for name in backend.installed() if name != HERE), None)
PLAIN = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
RECIPE = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (8,), "dropout": 0.2},
    data="moons",
    batch=100,
    epochs=6,
    learning_rate=0.01,
    schedule="cosine",
)
ARRAYS = [np.arange(6, dtype="float32").reshape(2, 3), np.array([7, 8], "int64")]


@pytest.fixture
def saving_always(monkeypatch):
    """Every epoch is saved, however fast it was, and every step is a chunk."""
    monkeypatch.setattr(session, "SAVE_SECONDS", 0)
    monkeypatch.setattr(session, "CHUNK_SECONDS", 0)


@pytest.fixture(scope="module")
def quiet_run(tmp_path_factory):
    """A run of `RECIPE` that nothing interrupted."""
    folder = tmp_path_factory.mktemp("quiet")
    return zoo.train(RECIPE, run=folder, keep_states=True, quiet=True)


def resumed(folder):
    return zoo.train(RECIPE, run=folder, resume=True, keep_states=True, quiet=True)


def last_state(run):
    return states.read(states.newest(run.folder))


def same(run, other):
    """Whether two runs ended with the same bits, and have the same history."""
    (arrays, _), (others, _) = last_state(run), last_state(other)
    bits = [array.tobytes() for array in arrays]
    return bits == [array.tobytes() for array in others] and [
        {**line, "seconds": 0, "waiting": 0} for line in run.history
    ] == [{**line, "seconds": 0, "waiting": 0} for line in other.history]


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1])  # 20 of them: tests/stress
def test_killed_at_random_moments_and_resumed_the_bits_are_the_same(kills):
    words = ["-m", "tests.stress.kill_and_resume", "--backend", HERE]
    words += ["--kills", str(kills)]
    done = subprocess.run(
        [sys.executable, *words],
        env=PLAIN,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "equal, 0 different" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.once)]
)
def test_a_signal_saves_first_and_says_how_to_go_on(
    number, tmp_path, quiet_run, saving_always, monkeypatch
):
    trained = session.Session._count

    def count(running, *rest):
        trained(running, *rest)
        if (running.state.epoch, running.state.step) == (2, 4):
            os.kill(os.getpid(), number)

    monkeypatch.setattr(session.Session, "_count", count)
    with pytest.raises(Stopped) as stopped:
        zoo.train(RECIPE, run=tmp_path, keep_states=True, quiet=True)
    assert str(stopped.value) == (
        "stopped in epoch 3; the state is saved; "
        f"`zoo train {tmp_path} --resume` continues it"
    )
    assert stopped.value.status == 130
    _, progress = states.read(states.newest(tmp_path))
    assert (progress["epoch"], progress["step"]) == (2, 4)
    monkeypatch.setattr(session.Session, "_count", trained)
    assert same(resumed(tmp_path), quiet_run)


@pytest.mark.parametrize(
    ("owner", "name", "said"),
    [
        (session.Session, "_end_epoch", "stopped after the last epoch; the state is "),
        (record, "measured_floors", "stopped; the last state that was saved is kept; "),
        (record.model_files, "save", "stopped; the run {} is complete"),
        (record.seal, "write", "stopped; the run {} is complete"),
        (record.states, "forget", "stopped; the run {} is complete"),
    ],
)
def test_ctrl_c_at_the_end_leaves_a_whole_run_or_a_state(
    owner, name, said, tmp_path, monkeypatch
):
    recipe, run = replace(RECIPE, epochs=1), tmp_path / "run"
    does = getattr(owner, name)

    def do(*rest):
        found = does(*rest)
        for _ in range(2):  # `timeout` sends it to the process and to its group
            os.kill(os.getpid(), signal.SIGINT)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, do)
        with pytest.raises(Stopped) as stopped:
            zoo.train(recipe, run=run, quiet=True)
    assert str(stopped.value).startswith(said.format(run))
    kept = {path.name.split("-")[0] for path in run.iterdir()}
    whole = "complete" in said
    assert ("state" in kept, "run.json" in kept) == (not whole, whole)
    done = zoo.train(recipe, run=run, resume=True, quiet=True)
    assert done.metrics["epochs"] == len(done.history) == 1
    assert not [*run.glob("state-*"), *run.glob(".*")]


def test_the_command_goes_on_by_the_folder_alone_and_by_the_recipe(tmp_path, capsys):
    def zoo_(*words):
        status = call(["train", *map(str, words)])
        return status, capsys.readouterr()

    run = tmp_path / "run"
    words = ("circles", "epochs=4", f"--backend={HERE}")
    status, first = zoo_(*words, "--run", run, "--keep-states")
    assert status == 0, first.err
    for name in ("metrics.json", "model.keras", "history.csv", "data.json"):
        (run / name).unlink()
    status, second = zoo_(run, "--resume")
    assert status == 0, second.err
    assert second.out.splitlines()[0] == first.out.splitlines()[0]
    (run / "metrics.json").unlink()
    status, changed = zoo_("circles", "epochs=5", "--run", run, "--resume")
    assert status == 2
    assert "has another recipe: epochs=4 there and 5 now" in changed.err


def test_a_run_without_a_state_yet_begins_at_the_beginning(tmp_path, quiet_run):
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(quiet_run.folder / "recipe.json", run)
    assert same(resumed(run), quiet_run)


def test_a_run_that_has_ended_is_not_trained_again(quiet_run):
    before = sorted(path.stat().st_mtime_ns for path in quiet_run.folder.iterdir())
    again = resumed(quiet_run.folder)
    assert again.metrics == quiet_run.metrics
    after = sorted(path.stat().st_mtime_ns for path in quiet_run.folder.iterdir())
    assert after == before


def unfinished(quiet_run, folder):
    """A copy of the run that lacks its end."""
    shutil.copytree(quiet_run.folder, folder, dirs_exist_ok=True)
    (folder / "metrics.json").unlink()
    return folder


@pytest.mark.once
def test_another_recipe_cannot_go_on_with_a_run(tmp_path, quiet_run):
    run = unfinished(quiet_run, tmp_path)
    other = replace(RECIPE, learning_rate=0.5, expects=zoo.Expected("accuracy", 0.5))
    with pytest.raises(Mistake) as mistake:
        zoo.train(other, run=run, resume=True, quiet=True)
    assert str(mistake.value) == (
        f"the run in {run} has another recipe: learning_rate=0.01 there and 0.5 now; "
        f"`zoo train {run} --resume` continues it as it is"
    )


def test_another_backend_cannot_go_on_with_a_run(tmp_path, quiet_run):
    run = unfinished(quiet_run, tmp_path)
    arrays, progress = last_state(Run(run))
    states.save(run, arrays, {**progress, "backend": "abacus"})
    with pytest.raises(Mistake, match=f"was made on abacus, this is {HERE}; `zoo tra"):
        resumed(run)


@pytest.mark.slow
@pytest.mark.skipif(OTHER is None, reason="needs a second backend")
def test_the_command_takes_the_backend_of_the_run(tmp_path, quiet_run):
    run = unfinished(quiet_run, tmp_path)
    assert Run(run).backend == HERE
    done = subprocess.run(
        [sys.executable, "-m", "zoo", "train", run, "--resume"],
        env={**PLAIN, "KERAS_BACKEND": OTHER},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert Run(run).backend == HERE


@pytest.mark.once
def test_a_damaged_state_is_reported_and_the_one_before_is_used(
    tmp_path, quiet_run, saving_always
):
    zoo.train(RECIPE, run=tmp_path, keep_states=True, quiet=True)
    (tmp_path / "metrics.json").unlink()
    newest = max(tmp_path.glob("state-*.npz"))
    newest.write_bytes(newest.read_bytes()[:1000])
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged; the state before"):
        run = resumed(tmp_path)
    assert same(run, quiet_run)


@given(data=st.data())
@pytest.mark.once
def test_no_damage_passes_unnoticed(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("states")
    for step in (1, 2):
        states.save(folder, ARRAYS, {"step": step})
    newest = max(folder.glob("state-*.npz"))
    content = bytearray(newest.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] ^= data.draw(st.integers(1, 255))
    else:
        del content[place:]
    newest.write_bytes(content)
    with pytest.warns(UserWarning, match="is damaged"):
        arrays, progress = states.read(states.newest(folder))
    assert progress == {"step": 1}
    for array, original in zip(arrays, ARRAYS, strict=True):
        assert array.dtype == original.dtype
        np.testing.assert_array_equal(array, original)


@pytest.mark.once
def test_if_all_states_are_damaged_it_says_so(tmp_path):
    states.save(tmp_path, ARRAYS, {})
    for path in tmp_path.glob("state-*"):
        path.write_bytes(b"")
    for whenever in (pytest.warns(UserWarning, match="is damaged"), nullcontext()):
        with whenever, pytest.raises(Mistake) as mistake:
            states.newest(tmp_path)
        assert str(mistake.value) == (
            f"all training states in {tmp_path} are damaged; "
            "begin again in another folder, with --run"
        )


@pytest.mark.once
def test_the_last_two_states_are_kept_and_leftovers_removed(tmp_path):
    assert states.newest(tmp_path) is None
    (tmp_path / ".state-00000001-x.npz.99").write_bytes(b"killed while writing")
    for step in range(12):
        states.save(tmp_path, ARRAYS, {"step": step})
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name[:15] for name in names] == ["state-00000011-", "state-00000012-"]
    assert states.read(states.newest(tmp_path))[1] == {"step": 11}


@contextmanager
def files_no_larger_than(size):
    """As on a full disk, a longer file cannot be written in this block."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.once
def test_a_full_disk_is_a_clear_error_and_the_state_before_is_intact(tmp_path):
    with files_no_larger_than(500), pytest.raises(Mistake, match="saved yet: begin ag"):
        states.save(tmp_path, ARRAYS, {"step": 1})
    states.save(tmp_path, ARRAYS, {"step": 1})
    before = sorted(tmp_path.iterdir())
    with (
        files_no_larger_than(500),
        pytest.raises(
            Mistake, match=r"File too large; what was saved before is intact; `zoo"
        ),
    ):
        states.save(tmp_path, ARRAYS, {"step": 2})
    assert sorted(tmp_path.iterdir()) == before
    assert states.read(states.newest(tmp_path))[1] == {"step": 1}


@pytest.mark.once
def test_training_on_a_full_disk_can_go_on_when_there_is_room(
    tmp_path, quiet_run, saving_always, monkeypatch
):
    save, saved = states.save, []

    def save_twice(*arguments):
        saved.append(1)
        with files_no_larger_than(500 if len(saved) == 3 else 2**40):
            return save(*arguments)

    monkeypatch.setattr(states, "save", save_twice)
    with pytest.raises(Mistake, match=r"cannot write .*state-00000003.*File too large"):
        zoo.train(RECIPE, run=tmp_path, keep_states=True, quiet=True)
    assert len(list(tmp_path.glob("state-*"))) == 2
    assert same(resumed(tmp_path), quiet_run)


@pytest.mark.once
def test_a_disk_that_is_full_at_the_beginning_leaves_no_folder(tmp_path):
    importlib.import_module("joblib")  # which tries to write when it is imported
    with (
        files_no_larger_than(10),
        pytest.raises(Mistake, match=r"cannot write .*recipe\.json: File too large"),
    ):
        zoo.train(RECIPE, run=tmp_path / "runs" / "run", keep_states=True, quiet=True)
    assert not (tmp_path / "runs").exists()


@pytest.mark.once
def test_a_folder_that_the_system_refuses_is_a_clear_error(tmp_path, monkeypatch):
    def refuse(*_, **__):  # as /proc does, which looks like any other folder
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(Mistake, match=r"cannot be written to .*/a: No such file or"):
        make_folder(tmp_path / "a")


@pytest.mark.once
def test_a_disk_without_room_for_the_example_is_a_clear_error(tmp_path, monkeypatch):
    command = importlib.import_module("zoo.cli._next")
    write = command._write_picture

    def write_on_a_full_disk(*arguments):
        with files_no_larger_than(10):
            write(*arguments)

    monkeypatch.setattr(command, "_write_picture", write_on_a_full_disk)
    recipe = replace(RECIPE, data="mnist_sample", validation=0.9, epochs=1)
    run = zoo.train(recipe, run=tmp_path, keep_states=True, quiet=True)
    with pytest.raises(Mistake, match=r"cannot write .*example\.png: File too large"):
        command._example(run)
    assert Run(tmp_path).metrics == run.metrics


@pytest.mark.parametrize("size", [700, 5000])
@pytest.mark.once
def test_a_disk_that_is_full_at_the_end_is_a_clear_error(
    size, tmp_path, quiet_run, monkeypatch
):
    finish = record.write_end

    def finish_on_a_full_disk(*arguments):
        with files_no_larger_than(size):
            finish(*arguments)

    monkeypatch.setattr(record, "write_end", finish_on_a_full_disk)
    with pytest.raises(Mistake, match="cannot write"):
        zoo.train(RECIPE, run=tmp_path, keep_states=True, quiet=True)
    monkeypatch.setattr(record, "write_end", finish)
    assert same(resumed(tmp_path), quiet_run)


@pytest.mark.once
def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        Mistake, match=r"cannot write .*: File exists; what was saved befo"
    ):
        states.save(tmp_path / "file", ARRAYS, {})


@pytest.mark.once
def test_a_state_is_written_every_so_many_epochs(tmp_path, saving_always, monkeypatch):
    save, epochs = states.save, []

    def noting(folder, arrays, progress):
        epochs.append(progress["epoch"])
        return save(folder, arrays, progress)

    monkeypatch.setattr(states, "save", noting)
    recipe = replace(RECIPE, epochs=50, save_every=10)
    run = zoo.train(recipe, run=tmp_path, keep_states=True, quiet=True)
    assert epochs == [10, 20, 30, 40, 50, 50]
    assert len(run.history) == 50


@pytest.mark.once
def test_a_long_epoch_is_saved_in_between(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "CHUNK_SECONDS", 0)
    monkeypatch.setattr(session, "SAVE_WITHIN_EPOCH_SECONDS", 0)
    save, places = states.save, []

    def noting(folder, arrays, progress):
        places.append((progress["epoch"], progress["step"]))
        return save(folder, arrays, progress)

    monkeypatch.setattr(states, "save", noting)
    zoo.train(replace(RECIPE, epochs=1), run=tmp_path, keep_states=True, quiet=True)
    assert places[:3] == [(0, 1), (0, 2), (0, 3)]


def write_recipe(folder, recipe):
    """A recipe's file whose training saves its state after each epoch."""
    file = folder / "recipe.py"
    file.write_text(
        "import zoo\n"
        f"recipe = zoo.{recipe!r}\n"
        "if __name__ == '__main__':\n"
        "    from zoo.training import session\n"
        "    session.SAVE_SECONDS = 0\n"
        "    zoo.main(__file__)\n"
    )
    return file


def torchrun(recipe, run, *options):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node=2", *options, "--", recipe, "--backend=torch"]
    return subprocess.Popen(
        [*map(str, command), "--keep-states", "--run", str(run)],
        env=PLAIN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def train_and_kill_a_worker(recipe, run):
    """Train under torchrun, which starts all workers again after one was killed."""
    process = torchrun(recipe, run, "--max-restarts=3")
    deadline = time.monotonic() + 200
    while not (states := sorted(run.glob("state-*"))):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    [worker, _] = children(process.pid)
    os.kill(worker, signal.SIGKILL)
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    assert printed.count("data parallel on 2 devices") == 2
    assert max(run.glob("state-*")) > states[-1]
    return Run(run)


@pytest.mark.slow
@pytest.mark.skipif(HERE != "torch", reason="torchrun is PyTorch's")
def test_torchrun_survives_the_death_of_a_worker(tmp_path):
    """It ends as one process does; with the same bits as two do: tests/stress."""
    recipe = replace(RECIPE, epochs=60)
    file = write_recipe(tmp_path, recipe)
    killed = train_and_kill_a_worker(file, tmp_path / "killed")
    alone = zoo.train(recipe, run=tmp_path / "alone", quiet=True)
    losses = [[line["loss"] for line in run.history] for run in (killed, alone)]
    np.testing.assert_allclose(*losses, rtol=1e-4)


@pytest.mark.skipif(HERE != "torch", reason="torchrun is PyTorch's")
def test_processes_that_start_anew_meet_whatever_was_said_before():
    from torch.distributed import HashStore

    from zoo.engine.torch.group import rendezvous

    store = HashStore()
    for number in (1, 2, 3):
        with ThreadPoolExecutor(3) as pool:
            others = [pool.submit(rendezvous, store, rank, 3) for rank in (2, 1)]
            time.sleep(0.3)  # they find the meeting before
            names = {rendezvous(store, 0, 3), *(other.result() for other in others)}
        assert names == {f"meeting {number}"}


def children(parent):
    path = Path(f"/proc/{parent}/task/{parent}/children")
    return sorted(map(int, path.read_text().split()))

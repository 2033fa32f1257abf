"""Training states on disk: how often, what a full disk leaves, and what damage is."""

import importlib
import os
import resource
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interrupted import RECIPE, resumed, same

import zoo
from zoo.core.folders import make_folder
from zoo.errors import Mistake
from zoo.run import Run
from zoo.training import record, session, states

pytestmark = pytest.mark.once
ARRAYS = [np.arange(6, dtype="float32").reshape(2, 3), np.array([7, 8], "int64")]


def test_a_damaged_state_is_reported_and_the_one_before_is_used(
    tmp_path, quiet_run, saving_always
):
    zoo.train(RECIPE, run=tmp_path, keep_states=True, quiet=True)
    (tmp_path / "metrics.json").unlink()
    newest = max(tmp_path.glob("state-*.npz"))
    newest.write_bytes(newest.read_bytes()[:1000])
    killed, other = (
        tmp_path / f".{name}.77-abcdef.keras" for name in ("model", "mine")
    )
    for path in (killed, other):  # such as a process leaves that was killed
        path.write_bytes(b"half")
    with pytest.warns(UserWarning, match=f"{newest.name} is damaged; the state before"):
        run = resumed(tmp_path)
    assert same(run, quiet_run)
    assert (killed.exists(), other.exists()) == (False, True)


@given(data=st.data())
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


def test_a_state_that_never_ends_is_set_aside(tmp_path):
    states.save(tmp_path, ARRAYS, {"step": 1})
    os.mkfifo(tmp_path / "state-00000002-00000000.npz")
    (tmp_path / "state-00000003-00000000.npz").symlink_to("/dev/zero")
    with pytest.warns(UserWarning, match="is damaged; the state before is used"):
        _, progress = states.read(states.newest(tmp_path))
    assert progress == {"step": 1}


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
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epoch": "2"}, "its progress is none of zoo's"),
        ({"stage": -1}, "its progress is none of zoo's"),
        ({"sums": []}, "its progress is none of zoo's"),
        ({"totals": {}}, "its progress is none of zoo's"),
        ({"history": [{"loss": 0.5}]}, "its progress is none of zoo's"),
        ({"best_loss": None}, "its progress is none of zoo's"),
        ({"more": 1}, "resume with the zoo that saved it"),
    ],
)
def test_a_state_whose_progress_is_none_is_refused(changes, words, tmp_path):
    progress = states.State("jax").progress() | changes
    path = states.save(tmp_path, [np.zeros(2)], progress)
    with pytest.raises(Mistake, match=words):
        states.restored(states.read(path.read_bytes())[1])


@pytest.mark.once
@pytest.mark.parametrize("member", [b"[]", b"[" * 10_000, b"\xff", b"1"])
def test_a_state_without_progress_is_refused(member, tmp_path):
    place = tmp_path / "state.npz"
    np.savez(place, progress=np.frombuffer(member, "uint8"), v00000=np.zeros(2))
    with pytest.raises(Mistake, match="this is no training state: "):
        states.read(place.read_bytes())


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


def test_a_disk_that_is_full_at_the_beginning_leaves_no_folder(tmp_path):
    importlib.import_module("joblib")  # which tries to write when it is imported
    with (
        files_no_larger_than(10),
        pytest.raises(Mistake, match=r"cannot write .*recipe\.json: File too large"),
    ):
        zoo.train(RECIPE, run=tmp_path / "runs" / "run", keep_states=True, quiet=True)
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_the_system_refuses_is_a_clear_error(tmp_path, monkeypatch):
    def refuse(*_, **__):  # as /proc does, which looks like any other folder
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(Mistake, match=r"cannot be written to .*/a: No such file or"):
        make_folder(tmp_path / "a")


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


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        Mistake, match=r"cannot write .*: File exists; what was saved befo"
    ):
        states.save(tmp_path / "file", ARRAYS, {})


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

"""Runs that are killed or stopped go on as if nothing had happened."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from interrupted import RECIPE, last_state, resumed, same

import zoo
from zoo import backend
from zoo.cli import call
from zoo.errors import Mistake
from zoo.run import Run
from zoo.training import record, session, states
from zoo.training.folder import Stopped

ROOT = Path(__file__).parents[1]
HERE = backend.current()
OTHER = next((name for name in backend.installed() if name != HERE), None)


def environment(**more):
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **more}


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1])  # 20 of them: tests/stress
def test_killed_at_random_moments_and_resumed_the_bits_are_the_same(kills):
    words = ["-m", "tests.stress.kill_and_resume", "--backend", HERE]
    words += ["--kills", str(kills)]
    done = subprocess.run(
        [sys.executable, *words],
        env=environment(),
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


def once(*values):
    return pytest.param(*values, marks=pytest.mark.once)


@pytest.mark.parametrize(
    ("owner", "name", "said"),
    [
        (session.Session, "_end_epoch", "stopped after the last epoch; the state is "),
        # After the training no backend takes part any more.
        once(
            record,
            "measured_floors",
            "stopped; the last state that was saved is kept; ",
        ),
        once(record.model_files, "save", "stopped; the run {} is complete"),
        once(record.seal, "write", "stopped; the run {} is complete"),
        once(record.states, "forget", "stopped; the run {} is complete"),
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


@pytest.mark.once
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


@pytest.mark.once
def test_a_run_without_a_state_yet_begins_at_the_beginning(tmp_path, quiet_run):
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(quiet_run.folder / "recipe.json", run)
    assert same(resumed(run), quiet_run)


@pytest.mark.once
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


@pytest.mark.once
def test_another_backend_cannot_go_on_with_a_run(tmp_path, quiet_run):
    run = unfinished(quiet_run, tmp_path)
    arrays, progress = last_state(Run(run))
    states.save(run, arrays, {**progress, "backend": "abacus"})
    with pytest.raises(Mistake, match=f"was made on abacus, this is {HERE}; `zoo tra"):
        resumed(run)


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.skipif(OTHER is None, reason="needs a second backend")
def test_the_command_takes_the_backend_of_the_run(tmp_path, quiet_run):
    run = unfinished(quiet_run, tmp_path)
    assert Run(run).backend == HERE
    done = subprocess.run(
        [sys.executable, "-m", "zoo", "train", run, "--resume"],
        env=environment(KERAS_BACKEND=OTHER),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert Run(run).backend == HERE


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
        [*map(str, command), "--keep-states", "--no-floor", "--run", str(run)],
        env=environment(),
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
    recipe = replace(RECIPE, epochs=24)
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

"""Searches whose processes die: kills at any moment, a chief and its workers."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from searches import TINY

import zoo
from zoo import backend
from zoo.core import files
from zoo.errors import Mistake
from zoo.training.folder import Stopped
from zoo.tuning import load, reopen, sharing, tuner, winner
from zoo.tuning.search import Settings

HERE = backend.current()
PATIENCE = 300  # seconds; a busy machine starts processes slowly
MEASURED = {"parameters": 1, "best_epoch": 1, "epochs": 9, "seconds": 0.0}

# --- a kill at any moment


class Killed(BaseException):
    """The process is killed."""


@pytest.fixture
def kill_at(monkeypatch):
    """A function of after how many writes from now the process is killed; 0: never."""
    real, left = files.write, 0

    def write(path, content):
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        real(path, content)

    def kill_at(moment):
        nonlocal left
        left = moment

    monkeypatch.setattr(files, "write", write)
    return kill_at


class Cheap(tuner.Tuner):
    """A search whose trials cost nothing; it counts how often each has run."""

    runs: dict[str, int]

    def run_trial(self, trial_):
        self.runs[trial_.trial_id] = self.runs.get(trial_.trial_id, 0) + 1
        values = trial_.hyperparameters.values
        loss = abs(np.log(values["learning_rate"] / 0.02)) + values["l2"]
        return {
            "validation_accuracy": round(1 / (1 + loss), 2),
            "validation_loss": loss,
            **MEASURED,
            "epochs": values.get("tuner/epochs", 9),
        }


def cheap_search(folder, kind, runs, wave=1):
    only = ("learning_rate", "l2", "schedule")
    recipe = dataclasses.replace(TINY, epochs=9)
    jax_apart = Settings(
        "", (), recipe, "numpy", kind, 10, objective="loss", only=only, wave=wave
    )
    search = Cheap(jax_apart, folder, quiet=True)
    search.runs = runs
    search._run = lambda drawn: [[(each, search._attempt(each)) for each in drawn]]
    search.search()
    return [(t["trial"], t["overrides"], t["validation_loss"]) for t in search.rows()]


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "wave"),
    [("random", 1), ("random", 5), ("hyperband", 1), ("hyperband", 4)],
)
def test_a_search_killed_at_any_write_goes_on_as_if_nothing_were(
    kind, wave, kill_at, tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "fsync", lambda file: None)  # slow; a kill needs none
    uninterrupted = cheap_search(tmp_path / "whole", kind, {}, wave)
    assert len(uninterrupted) == 10
    for moment in range(1 + wave % 3, 60, 3):
        folder, runs = tmp_path / str(moment), {}
        kill_at(moment)
        try:
            cheap_search(folder, kind, runs, wave)
        except Killed:
            kill_at(0)
            done = {t["trial"] for t in _recorded(folder)}
            before = dict(runs)
            assert cheap_search(folder, kind, runs, wave) == uninterrupted
            again = {int(k) for k, n in runs.items() if n > before.get(k, 0)}
            assert not done & again
        else:
            return
    assert moment > 30


def _recorded(folder):
    """The trials whose result is on disk."""
    files = folder.glob("state/trial_*/trial.json")
    states = [json.loads(file.read_text()) for file in files]
    if not (folder / "state" / "oracle.json").is_file():
        return []
    done = [s for s in states if s["status"] == "COMPLETED"]
    return [{"trial": int(s["trial_id"])} for s in done]


@pytest.mark.slow
@pytest.mark.once
def test_bayesian_search_goes_on_as_if_nothing_were(kill_at, tmp_path):
    whole = cheap_search(tmp_path / "whole", "bayesian", {}, wave=3)
    assert len({overrides for _, overrides, _ in whole}) == 10
    best = min(loss for _, _, loss in whole)
    assert best < min(loss for _, _, loss in whole[:4]) + 1e-9
    kill_at(30)
    with pytest.raises(Killed):
        cheap_search(tmp_path / "cut", "bayesian", {}, wave=3)
    assert cheap_search(tmp_path / "cut", "bayesian", {}, wave=3) == whole


def wave_search(folder, run_trial):
    """A search of six trials in one wave, of which `run_trial` runs each."""
    recipe = dataclasses.replace(TINY, epochs=9)
    settings = Settings(
        "", (), recipe, HERE, "random", 6, only=("learning_rate",), wave=6
    )
    search = tuner.Tuner(settings, folder, quiet=True)
    search.run_trial = run_trial
    search.search()
    return search.rows()


def deaths(folder, run_trial):
    """How many processes die before the search ends, and its trials."""
    count = 0
    while count < 9:
        try:
            return count, wave_search(folder, run_trial)
        except Killed:
            count += 1
    raise AssertionError("the search never ends")


RESULT = {"validation_accuracy": 0.5, "validation_loss": 1.0, **MEASURED}


def test_only_the_trial_that_was_running_is_blamed_for_a_death(tmp_path, monkeypatch):
    monkeypatch.setattr(tuner.Tuner, "_side_by_side", lambda search, drawn: [])
    ran = []

    def run_trial(each):
        ran.append(each.trial_id)
        if each.trial_id == "3":
            raise Killed
        return RESULT

    count, rows = deaths(tmp_path, run_trial)
    assert count == ran.count("3") == 3
    assert [ran.count(str(n)) for n in (0, 1, 2, 4, 5)] == [1] * 5
    (failed,) = [row for row in rows if row["status"] == "FAILED"]
    assert failed["trial"] == 3
    assert failed["reason"] == (
        "the process died in each of 3 attempts; is there enough memory?"
    )


@pytest.mark.skipif(HERE != "jax", reason="only JAX trains trials side by side")
def test_trials_whose_program_was_killed_three_times_are_tried_one_by_one(
    tmp_path, monkeypatch
):
    programs = []

    def run(planned, *rest):
        if planned:
            programs.append(len(planned))
            raise Killed
        return iter(())

    from zoo.tuning import side_by_side

    monkeypatch.setattr(side_by_side, "run", run)
    count, rows = deaths(tmp_path, lambda each: RESULT)
    assert (count, programs) == (3, [6, 6, 6])
    assert [row["status"] for row in rows] == ["COMPLETED"] * 6


def zoo_tune(*words, log, **environment):
    """`zoo tune` in a process of its own."""
    root = str(Path(zoo.__file__).parents[1])
    variables = {**os.environ, "PYTHONPATH": root, "TUNE_LOG": str(log), **environment}
    command = [sys.executable, "-m", "zoo", "tune", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, env=variables, text=True, **pipes)


def write_recipe(recipe, folder):
    file = folder / "own_recipe.py"
    file.write_text(
        f"import zoo\nrecipe = zoo.Recipe(model={recipe.model!r}, data='circles', "
        f"data_arguments={recipe.data_arguments!r}, validation=0.25, batch=24, "
        "epochs=1, learning_rate=0.01)\n"
    )
    return file


def wait_until(condition, process=None):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return
        if process is not None and process.poll() is not None:
            raise AssertionError(process.stdout.read())
        time.sleep(0.05)
    raise AssertionError(f"it took longer than {PATIENCE} seconds")


def ended(folder):
    files = list(folder.glob("state/trial_*/trial.json"))
    states = [json.loads(file.read_text()) for file in files]
    return [state for state in states if state["status"] != "RUNNING"]


def widths(log):
    """How often each width was built, the recipe's own apart."""
    built = [int(line) for line in log.read_text().split()]
    return {width: built.count(width) for width in built if width != 4}


@pytest.mark.slow
def test_a_killed_process_loses_no_trial_and_runs_none_twice(
    own_recipe, tmp_path, monkeypatch
):
    file, folder, log = (
        write_recipe(own_recipe, tmp_path),
        tmp_path / "run",
        tmp_path / "log",
    )
    words = [file, "--trials", 6, "--only", "width", "--run", folder, "--winners", 0]
    process = zoo_tune(*words, log=log)
    wait_until(lambda: len(ended(folder)) >= 3, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = {state["trial_id"]: state for state in ended(folder)}
    monkeypatch.setenv("TUNE_LOG", str(log))
    search = reopen(folder, winners=0, quiet=True, trust=True)
    assert [t["trial"] for t in search.trials] == list(range(6))
    assert {t["status"] for t in search.trials} <= {"COMPLETED", "FAILED"}
    assert len(kept) < 6
    for state in ended(folder):
        assert state == kept.get(state["trial_id"], state)
    tried = {t["values"]["width"] for t in search.trials} - {4}
    assert tried == set(widths(log))
    for state in kept.values():
        width = state["hyperparameters"]["values"]["width"]
        assert width == 4 or widths(log)[width] == 1


# --- many processes


@pytest.mark.once
def test_a_process_with_other_settings_is_refused(tmp_path):
    folder = tmp_path / "search"
    options = {"trials": 1, "only": ("l2",), "winners": 0, "quiet": True}
    zoo.tune(TINY, run=folder, **options)
    with pytest.raises(Mistake, match="has seed=0, not 5; give the same settings"):
        zoo.tune(TINY, run=folder, seed=5, **options)
    assert len(load(folder).trials) == 1


@pytest.mark.parametrize(
    ("owner", "name", "error"),
    [
        (tuner.Tuner, "_run", KeyboardInterrupt),
        (winner, "retrain", Stopped),
    ],
)
def test_a_stopped_search_says_how_all_of_it_goes_on(
    owner, name, error, tmp_path, monkeypatch
):
    def stop(*_):
        raise error

    monkeypatch.setattr(owner, name, stop)
    run = tmp_path / "run"
    with pytest.raises(Stopped) as stopped:
        zoo.tune("moons", ["epochs=1"], trials=1, run=run, quiet=True)
    assert str(stopped.value) == (
        f"stopped; the trials so far are kept; `zoo tune {run} --resume` continues it"
    )


def test_a_chief_of_keras_tuner_is_not_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    with pytest.raises(Mistake, match="have no chief: unset it, and give the same com"):
        zoo.tune(TINY, run=tmp_path / "search")


def test_the_trials_of_a_silent_machine_go_to_another_after_the_lease(tmp_path):
    here = sharing.Presence(tmp_path, lease=50)
    other = f"elsewhere-{here.name}"
    with here.shown():
        assert here.lives(here.name)
        assert not here.lives(other)
        file = here._file(other)
        file.touch()
        assert here.lives(other)
        os.utime(file, (0, time.time() - 51))
        assert not here.lives(other)
    assert not here._file(here.name).exists()


@pytest.mark.once
@pytest.mark.slow
def test_two_processes_of_which_one_is_killed(own_recipe, tmp_path):
    """Four of which two are killed: tests/stress."""
    kill_some(own_recipe, tmp_path, processes=2, killed=1, trials=6)


def kill_some(own_recipe, tmp_path, processes, killed, trials):
    file, folder, log = (
        write_recipe(own_recipe, tmp_path),
        tmp_path / "run",
        tmp_path / "log",
    )
    words = [file, "--trials", trials, "--only", "width", "--run", folder]
    words += ["--winners", 0]
    started = [zoo_tune(*words, log=log) for _ in range(processes)]
    try:
        for number in range(killed):
            wait_until(lambda least=2 * number + 2: len(ended(folder)) >= least)
            started[number].kill()
            started[number].communicate()
        kept = {state["trial_id"]: state for state in ended(folder)}
        for process in started[killed:]:
            told, _ = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, told
            assert f"trials: {trials} of {trials}" in told
    finally:
        for process in started:
            process.kill()
            process.wait()
            process.stdout.close()
    search = load(folder)
    assert [t["trial"] for t in search.trials] == list(range(trials))
    assert {t["status"] for t in search.trials} == {"COMPLETED", "FAILED"}
    by_number = {state["trial_id"]: state for state in ended(folder)}
    assert all(by_number[number] == state for number, state in kept.items())
    reasons = {t["values"]["width"]: t["reason"] for t in search.trials}
    for width, reason in reasons.items():
        refused = "own_net.py cannot be built for circles, whose examples are of "
        refused += "shape (2,): no odd width"
        assert reason.endswith(refused) if width % 2 else reason == ""
    most = trials + killed  # those that ran when something died run again
    assert sum(widths(log).values()) <= most


@pytest.mark.once
@pytest.mark.slow
def test_workers_of_this_machine_of_which_one_is_killed(own_recipe, tmp_path):
    file, folder, log = (
        write_recipe(own_recipe, tmp_path),
        tmp_path / "run",
        tmp_path / "log",
    )
    words = [file, "--trials", 6, "--only", "width", "--run", folder, "--winners", 0]
    chief = zoo_tune(*words, "--workers", 2, log=log)
    wait_until(lambda: len(ended(folder)) >= 1, chief)
    os.kill(children(chief.pid)[0], signal.SIGKILL)
    told, _ = chief.communicate(timeout=PATIENCE)
    assert chief.returncode == 0, told
    search = load(folder)
    assert {t["status"] for t in search.trials} == {"COMPLETED", "FAILED"}
    assert len(search.trials) == 6
    assert sum(widths(log).values()) <= 6 + 1


def children(parent):
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat")]
    fields = [(stat.split()[0], stat.rpartition(")")[2].split()) for stat in stats]
    return sorted(int(pid) for pid, rest in fields if int(rest[1]) == parent)

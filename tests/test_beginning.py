"""Ctrl-C while the command begins: death by it, and not a word."""

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.once

# Python imports it at its start. It sends the signal when a module is looked for.
SENDER = """
import os, signal, sys
class Finder:
    def find_spec(name, path=None, target=None):
        if name == os.environ["AT"]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder)
"""
PROGRAMS = {
    "module": ("-W", "ignore", "-m", "zoo", "list"),
    "command": (os.path.join(os.path.dirname(sys.executable), "zoo"), "list"),
    "recipe": ("recipe.py", "epochs=0"),
}
RECIPE = """import zoo
recipe = zoo.Recipe("deep_mlp", "moons")
if __name__ == "__main__":
    zoo.main(__file__)
"""


def begun(folder, words, at, **more):
    (folder / "sitecustomize.py").write_text(SENDER)
    (folder / "recipe.py").write_text(RECIPE)
    (folder / "other.py").write_text("import zoo\nzoo.Recipe")
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "AT": at},
        capture_output=True,
        encoding="utf-8",
        **more,
    )


@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("at", ["zoo.core.processes", "zoo.errors", "argparse"])
def test_no_traceback_of_an_import(tmp_path, words, at):
    done = begun(tmp_path, words, at)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_program_of_others_and_an_ignored_signal_are_left_alone(tmp_path):
    done = begun(tmp_path, ["other.py"], "zoo.recipe")
    assert done.stderr.rstrip().endswith("KeyboardInterrupt")
    ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        done = begun(tmp_path, PROGRAMS["module"], "zoo.errors")
    finally:
        signal.signal(signal.SIGINT, ignored)
    assert done.returncode == 0
    assert "lenet" in done.stdout

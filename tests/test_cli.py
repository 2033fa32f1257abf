"""The command line: what it prints."""

import argparse
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commands import picture, program

import zoo
from zoo import backend, cli
from zoo import recipe as recipes
from zoo.core import seal

pytestmark = [
    pytest.mark.without_tensorflow,
    pytest.mark.usefixtures("folder"),
]
HERE = backend.current()
ROOT = Path(__file__).parents[1]


@pytest.mark.once
def test_help_has_an_example_for_every_command(zoo_, capsys):
    overview = zoo_()
    assert overview == zoo_("--help") == zoo_("help")
    for verb in cli.VERBS:
        with pytest.raises(SystemExit) as caught:
            cli.call([verb, "--help"])
        assert caught.value.code == 0
        text = capsys.readouterr().out
        assert f"\n  zoo {verb}" in text.split("Example")[1], verb
        assert f"zoo {verb}" in overview


@pytest.mark.once
@pytest.mark.parametrize("verb", cli.VERBS)
def test_help_says_which_numbers_are_accepted(verb, capsys):
    with pytest.raises(SystemExit):
        cli.call([verb, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    module = importlib.import_module(f"zoo.cli.{verb.replace('-', '_')}")
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    for action in parser._actions:
        if action.type in (int, float) or action.metavar == "N":
            line = " ".join(action.help.split())
            assert line in text
            assert re.search(r"at least \d|above 0|\d to \d|from 0|or more", line), line


@pytest.mark.once
def test_a_warning_comes_once_also_if_a_library_changes_the_filters():
    code = """
import warnings
from zoo import cli

def call(words):
    warnings.warn("seen")
    warnings.filterwarnings("ignore", category=ImportWarning)
    warnings.warn("seen")
    return 0

cli.call = call
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "zoo: seen\n")


@pytest.mark.once
def test_version(zoo_):
    assert zoo_("--version") == f"zoo {zoo.__version__}\n"


@pytest.mark.once
def test_list(zoo_):
    lines = zoo_("list").splitlines()
    listed = [line.split()[:2] for line in lines[1:]]
    assert listed == [
        *(["model", name] for name in zoo.names()),
        *(["recipe", name] for name in recipes.names()),
    ]
    first = zoo.card("lenet").splitlines()[0]
    assert any(line.endswith(first) for line in lines)


@pytest.mark.once
def test_list_is_quick_and_loads_nothing(zoo_):
    script = (
        "import sys\n"
        "from zoo import cli\n"
        "cli.call(['list'])\n"
        "heavy = {'keras', 'numpy', 'rich', 'jax', 'tensorflow', 'torch'}\n"
        "assert not heavy & {*sys.modules}, heavy & {*sys.modules}"
    )
    seconds = []
    for _ in range(3):
        before = sum(os.times()[2:4])  # of the processor, of children
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
        seconds.append(sum(os.times()[2:4]) - before)
    assert min(seconds) < 0.3


@pytest.mark.once
def test_list_into_a_pipe_that_closes():
    command = f"{sys.executable} -m zoo list | true"
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.once
def test_an_output_that_is_full_or_closed():
    for end, status, said in (
        (
            ">/dev/full",
            2,
            b"zoo: the output cannot be written: No space left on device",
        ),
        (">&-", 0, b""),
        ("2>&- >/dev/full", 2, b""),
    ):
        command = f"{sys.executable} -m zoo weights {end}"
        ran = subprocess.run(["bash", "-c", command], capture_output=True)
        assert (ran.returncode, ran.stderr.strip()) == (status, said)


@pytest.mark.parametrize(
    ("does", "status", "said"),
    [
        ("kill('TERM')", 130, "stopped"),
        ("kill('INT')", -signal.SIGINT, "stopped"),
        # A process group gets it twice, and Python takes a moment to end.
        ("(atexit.register(kill, 'INT'), kill('INT', 'INT'))", -2, "stopped"),
        ("caught(lambda: kill('INT'))", -2, "stopped when all was done"),
    ],
)
@pytest.mark.once
def test_any_command_that_is_asked_to_end_says_so(does, status, said):
    code = f"""
import atexit, os, signal, time, zoo.cli
def kill(*names):
    for name in names:
        os.kill(os.getpid(), signal.Signals["SIG" + name])
def caught(does):
    try: does()
    except BaseException: pass
zoo.cli._run = lambda words: {does}
zoo.cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT)
    assert (done.returncode, done.stderr.decode()) == (status, f"zoo: {said}\n")


@pytest.mark.once
def test_a_loop_of_a_shell_ends_with_the_command_that_got_ctrl_c():
    code = (
        "import os, signal, zoo.cli as c; "
        "c._run = lambda words: os.killpg(0, signal.SIGINT); c.main()"
    )
    words = ["bash", "-c", 'for n in 1 2; do "$0" -c "$1"; echo $?; done']
    done = subprocess.run(
        [*words, sys.executable, code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    assert (done.stdout, done.stderr) == ("", "zoo: stopped\n")


@pytest.mark.once
def test_table_in_a_terminal(zoo_, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    assert "───" in zoo_("list")
    assert "lenet" in zoo_("list")


@pytest.mark.once
def test_find(zoo_):
    found = zoo_("find", "DIGITS")
    assert "lenet " in found
    assert "lenet_mnist" in found
    assert "perceptron_iris" not in found


@pytest.mark.once
def test_card(zoo_):
    assert zoo_("card", "lenet") == zoo.card("lenet") + "\n"
    assert "zoo train lenet_mnist" in zoo_("card", "lenet_mnist")


def test_backends(zoo_):
    table = zoo_("backends")
    for name in backend.NAMES:
        assert name in table
    for capability in backend.CAPABILITIES:
        assert f"\n{capability} " in table
    assert f"{HERE} (chosen)" in table
    assert backend.version(HERE) in table


def test_train_then_its_next_commands(zoo_, folder):
    """What training prints at its end can be typed."""
    said = zoo_("train", "circles", "--backend", HERE, "epochs=2", "--seed", "3")
    (run,) = (folder / "runs").iterdir()
    assert run.name.startswith(f"circles-{HERE}-")
    metrics = json.loads((run / "metrics.json").read_text())
    assert f"test accuracy: {metrics['test']['accuracy']:.2%}\n" in said
    assert f"run: {run.relative_to(folder)}\n" in said
    assert json.loads((run / "recipe.json").read_text())["seed"] == 3
    predict, evaluate, again = said.split("next:\n")[1].splitlines()
    assert again == "  zoo train circles seed=3 epochs=4"
    verb, *words = predict.split()[1:]
    assert "outer" in zoo_(verb, *words)
    verb, name, *words = evaluate.split()[1:]
    assert words[:1] == ["--backend"] or len(backend.installed()) == 1
    printed = dict(line.split() for line in zoo_(verb, name).splitlines())
    assert float(printed["accuracy"]) == pytest.approx(metrics["test"]["accuracy"])
    assert float(printed["loss"]) == pytest.approx(metrics["test"]["loss"], abs=1e-5)


@pytest.mark.once
def test_options_may_stand_before_the_changes(zoo_, folder):
    zoo_("train", "--run", "here", "blobs", "--backend", HERE, "epochs=1", "batch=64")
    recipe = json.loads((folder / "here" / "recipe.json").read_text())
    assert (recipe["epochs"], recipe["batch"]) == (1, 64)


@pytest.mark.once
def test_a_recipe_is_written_in_letters_that_the_locale_has(folder):
    recipe = zoo.Recipe(
        model="lenet", data="./\u5bff\u53f8", class_weight={"caf\u00e9\\": 2}
    )
    (folder / "here").mkdir()
    (folder / "here" / "recipe.json").write_text(json.dumps(recipes.to_json(recipe)))
    written = program("recipe", "here", PYTHONIOENCODING="ascii")
    assert written.stdout.isascii()
    made = {}
    exec(compile(written.stdout, "own.py", "exec"), made)
    assert made["recipe"] == recipe


@pytest.mark.once
@pytest.mark.slow
def test_recipe_file_is_a_program(folder):
    command = [sys.executable, ROOT / "recipes" / "circles.py", "--backend", HERE]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [*command, "epochs=1", "--run", "here"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "run: here" in ran.stdout
    assert (folder / "here" / "model.keras").is_file()
    ran = subprocess.run(
        [*command, "epoch=1"], env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 2
    assert "unknown recipe field 'epoch'; did you mean 'epochs'?" in ran.stderr


@pytest.mark.once
def test_resume_goes_on_with_a_folder(zoo_, folder):
    zoo_("train", "circles", "epochs=2", "--run", "here")
    (folder / "here" / "metrics.json").unlink()
    said = zoo_("train", "here", "--resume")
    assert "run: here" in said
    assert (folder / "here" / "metrics.json").is_file()


@pytest.mark.once
def test_evaluate_another_split(zoo_, circles):
    assert zoo_("evaluate", circles, "--split", "train").split()[:2] == [
        "metric",
        "train",
    ]


@pytest.mark.once
def test_predict_pictures(zoo_, pictures, folder):
    files = [str(picture(folder / f"{i}.png", 10 * i)) for i in range(3)]
    lines = zoo_("predict", pictures, *files).splitlines()
    assert lines[0].split() == ["input", "label", "probability", "other", "labels"]
    assert len(lines) == 4
    answers = json.loads(zoo_("predict", pictures, *files, "--json"))
    for file, line, answer in zip(files, lines[1:], answers, strict=True):
        assert answer["input"] == file
        assert f"{answer['label']}  " in line
        assert f"{answer['probability']:.2%}" in line
        assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_a_warning_is_one_line(pictures, folder):
    """A bright picture for a run that, by its data.json, learned from dark ones."""
    shutil.copytree(pictures, folder / "run")
    about = json.loads((folder / "run" / "data.json").read_text())
    (folder / "run" / "data.json").write_text(json.dumps(about | {"border": 0.0}))
    seal.write(folder / "run")
    picture(folder / "paper.png", 250)
    ran = program("predict", "run", "paper.png")
    assert ran.returncode == 0
    told = ran.stderr.splitlines()
    assert len(told) == 1, ran.stderr
    assert told[0].startswith("zoo: paper.png is dark on a bright ground")


@pytest.mark.once
def test_predict_rows(zoo_, circles, folder):
    (folder / "rows.csv").write_text("x,y\n0,0\n-2,2\n")
    inner, outer = json.loads(zoo_("predict", circles, "rows.csv", "--json"))
    assert (inner["input"], outer["input"]) == ("0,0", "-2,2")
    (same,) = json.loads(zoo_("predict", circles, "--json", "--", "-2,2"))
    assert same["probabilities"] == pytest.approx(outer["probabilities"])

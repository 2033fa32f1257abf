"""The command line: what it prints, and what it says to every mistake."""

import argparse
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import zoo
from zoo import backend, cli
from zoo import recipe as recipes
from zoo.core import seal

pytestmark = pytest.mark.without_tensorflow
ROOT = Path(__file__).parents[1]
HERE = backend.current()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test works in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def zoo_(capsys):
    """Types a command; what it prints."""

    def type_(*words):
        assert cli.call(list(words)) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return type_


@pytest.fixture
def mistake(capsys, folder):
    """Types a command that is a mistake; the one line that it gets for an answer."""

    def type_(*words, during_training=False):
        before = sorted(folder.rglob("*"))
        capsys.readouterr()
        assert cli.call(list(words)) == 2
        printed = capsys.readouterr()
        *progress, line = printed.err.splitlines()
        assert printed.out == ""
        assert during_training or not progress
        assert line.startswith("zoo: ")
        assert sorted(folder.rglob("*")) == before
        return line

    return type_


@pytest.fixture(scope="module")
def circles(tmp_path_factory):
    """A run on points in the plane."""
    folder = tmp_path_factory.mktemp("runs") / "circles"
    recipe = recipes.override(recipes.load("circles"), ["epochs=2"])
    zoo.train(recipe, run=folder, quiet=True)
    return str(folder)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A run on pictures: dark ones and bright ones."""
    folder = tmp_path_factory.mktemp("gray")
    for i in range(8):
        picture(folder / "dark" / f"{i}.png", i)
        picture(folder / "bright" / f"{i}.png", 200 + i)
    recipe = zoo.Recipe(
        model="deep_mlp",
        data=str(folder),
        data_arguments={"size": 8, "channels": 1},
        batch=4,
        epochs=1,
    )
    run = tmp_path_factory.mktemp("runs") / "gray"
    return str(zoo.train(recipe, run=run, quiet=True).folder)


def picture(path, brightness=128):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 8, 3), brightness, np.uint8))
    return path


def program(*words, **environment):
    command = [sys.executable, "-m", "zoo", *words]
    given = {**os.environ, **environment}
    given.pop("TF_CPP_MIN_LOG_LEVEL", None)  # JAX sets it where it is imported
    return subprocess.run(command, env=given, capture_output=True, text=True)


# what it prints


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


def test_version(zoo_):
    assert zoo_("--version") == f"zoo {zoo.__version__}\n"


def test_list(zoo_):
    lines = zoo_("list").splitlines()
    listed = [line.split()[:2] for line in lines[1:]]
    assert listed == [
        *(["model", name] for name in zoo.names()),
        *(["recipe", name] for name in recipes.names()),
    ]
    first = zoo.card("lenet").splitlines()[0]
    assert any(line.endswith(first) for line in lines)


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


def test_list_into_a_pipe_that_closes():
    command = f"{sys.executable} -m zoo list | true"
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")


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


def test_table_in_a_terminal(zoo_, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    assert "───" in zoo_("list")
    assert "lenet" in zoo_("list")


def test_find(zoo_):
    found = zoo_("find", "DIGITS")
    assert "lenet " in found
    assert "lenet_mnist" in found
    assert "perceptron_iris" not in found


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


def test_options_may_stand_before_the_changes(zoo_, folder):
    zoo_("train", "--run", "here", "blobs", "--backend", HERE, "epochs=1", "batch=64")
    recipe = json.loads((folder / "here" / "recipe.json").read_text())
    assert (recipe["epochs"], recipe["batch"]) == (1, 64)


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


def test_resume_goes_on_with_a_folder(zoo_, folder):
    zoo_("train", "circles", "epochs=2", "--run", "here")
    (folder / "here" / "metrics.json").unlink()
    said = zoo_("train", "here", "--resume")
    assert "run: here" in said
    assert (folder / "here" / "metrics.json").is_file()


def test_evaluate_another_split(zoo_, circles):
    assert zoo_("evaluate", circles, "--split", "train").split()[:2] == [
        "metric",
        "train",
    ]


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


def test_predict_rows(zoo_, circles, folder):
    (folder / "rows.csv").write_text("x,y\n0,0\n-2,2\n")
    inner, outer = json.loads(zoo_("predict", circles, "rows.csv", "--json"))
    assert (inner["input"], outer["input"]) == ("0,0", "-2,2")
    (same,) = json.loads(zoo_("predict", circles, "--json", "--", "-2,2"))
    assert same["probabilities"] == pytest.approx(outer["probabilities"])


# what it says to a mistake


def test_unknown_command(mistake):
    said = mistake("trian", "circles")
    assert "unknown command 'trian'; did you mean 'train'?" in said


def test_missing_word(mistake):
    said = mistake("train")
    assert "the following arguments are required: RECIPE;" in said
    assert "`zoo train --help`" in said


def test_unknown_option(mistake):
    said = mistake("train", "circles", "--bakend", "jax")
    assert "unknown option of zoo train '--bakend'; did you mean '--backend'?" in said
    assert "accepted: --backend, --devices, --help" in said


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("find a b", "'b' is one word too many; zoo find takes WORD"),
        ("list all", "'all' is one word too many; zoo list takes no words"),
        ("tune", "the following arguments are required: RECIPE;"),
        ("train circles --seed x", "--seed: 'x' is no whole number; give one such as"),
        ("tune circles --lease x", "--lease: 'x' is no number; give one such as 1.5"),
        ("tune circles --max-minutes nan", "max_minutes=nan; accepted: more than 0"),
        ("tune circles --workers -1", "workers=-1; accepted: 0, this process, or more"),
        ("tune circles --winners -1", "winners=-1; accepted: 0, no test, or more"),
        ("tune circles --lease 0", "lease=0.0; accepted: more than 0 seconds"),
        ("tune circles --only ,", "--only names nothing; give names, as learning_rate"),
        ("tune circles --trials 0", "trials=0; accepted: at least 1"),
        ("train circles --devices 0", "devices=0; accepted: all, or a whole number"),
        ("evaluate nowhere", "nowhere is not a run: there is no such folder; `zoo"),
    ],
)
def test_words_and_numbers_out_of_range(mistake, words, part):
    assert part in mistake(*words.split())


def test_a_run_in_the_place_of_a_recipe_and_a_folder_of_a_file(mistake, circles):
    assert "is the folder of a run, not a recipe; `zoo" in mistake("train", circles)
    said = mistake("export", circles, "--to", circles)
    assert f"is a folder; give a file, as {circles}/model.onnx" in said


def test_an_input_that_looks_like_an_option(mistake, circles):
    said = mistake("predict", circles, "-0.5,0.25")
    assert "put -- before what begins with a minus" in said


def test_unknown_split(mistake, circles):
    said = mistake("evaluate", circles, "--split", "tset")
    assert "unknown split 'tset'; did you mean 'test'?" in said


def test_unknown_card(mistake):
    said = mistake("card", "lenett")
    assert "unknown model or recipe 'lenett'; did you mean 'lenet'?" in said


def test_word_that_nothing_mentions(mistake):
    assert "no model or recipe mentions 'xylophone'" in mistake("find", "xylophone")


UNKNOWN = {
    "unknown recipe 'lenet_minst'; did you mean 'lenet_mnist'?": ["lenet_minst"],
    "there is no recipe file mine.py": ["mine.py"],
    "unknown recipe field 'epoch'; did you mean 'epochs'?": ["circles", "epoch=2"],
    "epochs is of type int; given: 'two', of type str": ["circles", "epochs=two"],
    "epochs=0; accepted: 1 <= epochs": ["circles", "epochs=0"],
    "'fast' is not field=value": ["circles", "fast"],
    "unknown model 'lenett'; did you mean 'lenet'?": ["circles", "model=lenett"],
    "'hiden'; did you mean 'hidden'?": ["circles", "model.hiden=3"],
    "dropout is 'x'; accepted: float": ["circles", "model.dropout=x"],
    "unknown data set 'mnist_sampel'": ["lenet_mnist", "data=mnist_sampel"],
    "'noize'; did you mean 'noise'?": ["circles", "data.noize=1"],
    "unknown backend 'troch'; did you mean 'torch'?": ["circles", "--backend", "troch"],
    "batch=5000 is larger than the data": ["circles", "batch=5000"],
    "there is no folder /": ["lenet_mnist", "data=./nowhere"],
    "if you mean the data set, give 'moons'": ["circles", "data=moons/"],
    "/5; if you mean the data set": ["perceptron_iris", "data=./5"],
    "unknown data set '5'": ["lenet_mnist", "data=5"],
    "there is no folder /0x1f": ["lenet_mnist", "data=folder", "data.path=/0x1f"],
    "'x' is no whole number": ["circles", "--seed", "x"],
    "here is not a run": ["here", "--resume"],
}


@pytest.mark.parametrize("part", UNKNOWN)
def test_unknown_name_or_value(mistake, part):
    assert part in mistake("train", *UNKNOWN[part])


def test_folder_of_the_run_is_in_use(mistake, folder):
    (folder / "here").mkdir()
    (folder / "here" / "letter.txt").write_text("dear")
    assert "here is not empty" in mistake("train", "circles", "--run", "here")


@pytest.mark.parametrize("hidden", [name for name in backend.NAMES if name != HERE])
def test_backend_that_is_not_installed(folder, hidden):
    script = (
        "import sys\n"
        f"sys.modules['{hidden}'] = None\n"
        "from zoo import cli\n"
        f"sys.exit(cli.call(['train', 'circles', '--backend', '{hidden}']))"
    )
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 2
    (line,) = ran.stderr.splitlines()
    assert line.startswith(f"zoo: backend {hidden} is not installed; installed: ")
    assert line.endswith(f'; pip install "zoo[{hidden}]"')
    assert not any(folder.iterdir())


@pytest.mark.slow
def test_the_program_exits_with_2_after_one_line(folder):
    ran = program("train", "circles", "batch=5000")
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert len(ran.stderr.splitlines()) == 1
    assert not any(folder.iterdir())


def test_other_errors_keep_their_traceback(folder):
    (folder / "broken.py").write_text("recipe = 1 / 0")
    ran = program("train", "broken.py")
    assert ran.returncode == 1
    assert "ZeroDivisionError" in ran.stderr


def train_on(folder):
    return [
        "train",
        "lenet_mnist",
        f"data=./{folder}",
        "data.size=16",
        "data.channels=1",
    ]


def test_empty_folder(mistake, folder):
    (folder / "pets").mkdir()
    assert "pets has no class folders" in mistake(*train_on("pets"))


def test_empty_class(mistake, folder):
    picture(folder / "pets" / "cat" / "1.png")
    (folder / "pets" / "dog").mkdir()
    assert "pets/dog holds no pictures" in mistake(*train_on("pets"))


def test_one_class(mistake, folder):
    picture(folder / "pets" / "cat" / "1.png")
    assert "pets has one class, 'cat'; two are needed" in mistake(*train_on("pets"))


def test_corrupt_picture_in_a_folder(mistake, folder):
    for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"):
        picture(folder / "pets" / name)
    broken = folder / "pets" / "dog" / "2.png"
    broken.write_bytes(broken.read_bytes()[:60])
    said = mistake(*train_on("pets"))
    assert "1 of 4 pictures cannot be read" in said
    assert "pets/dog/2.png" in said


def test_loss_that_is_not_a_number(mistake):
    changes = ["optimizer=sgd", "learning_rate=1e38", "schedule=constant"]
    said = mistake("train", "circles", *changes, "epochs=3", during_training=True)
    assert "the loss is not a number" in said
    assert "smaller learning_rate" in said


def test_word_where_a_number_belongs(mistake, circles, folder):
    (folder / "rows.csv").write_text("x,y\n1,2\n1,two\n")
    said = mistake("predict", circles, "rows.csv")
    assert "rows.csv, row 2, column y: 'two'" in said


def test_missing_column(mistake, circles, folder):
    (folder / "rows.csv").write_text("x,z\n1,2\n")
    said = mistake("predict", circles, "rows.csv")
    assert "missing column 'y'; found: x, z; needed: x, y" in said


def test_missing_number(mistake, circles):
    assert "column y: a value is missing" in mistake("predict", circles, "1,nan")


def test_row_of_the_wrong_length(mistake, circles):
    assert "row 1 has 3 values" in mistake("predict", circles, "1,2,3")


def test_file_that_is_not_there(mistake, circles, pictures):
    for run, name in ((circles, "rows.csv"), (pictures, "7.png")):
        said = mistake("predict", run, name)
        assert "there is no" in said
        assert name in said


def test_corrupt_picture(mistake, pictures, folder):
    (folder / "7.png").write_bytes(b"not a picture")
    assert "7.png is not a readable picture" in mistake("predict", pictures, "7.png")


def test_nothing_to_predict(mistake, pictures):
    said = mistake("predict", pictures)
    assert "nothing to predict: give the name of a picture" in said


@pytest.mark.parametrize("verb", ["evaluate", "predict"])
def test_folder_that_is_not_a_run(mistake, folder, verb):
    assert "nowhere is not a run" in mistake(verb, "nowhere")
    (folder / "empty").mkdir()
    assert "empty is not a run" in mistake(verb, "empty")


def test_run_that_has_not_ended(mistake, folder):
    (folder / "half").mkdir()
    (folder / "half" / "recipe.json").write_text("{}")
    said = mistake("evaluate", "half")
    assert "half has not ended; `zoo train half --resume` continues it" in said


def test_split_that_is_not_there(mistake, circles):
    said = mistake("evaluate", circles, "--split", "tests")
    assert "unknown split 'tests'; did you mean 'test'?" in said

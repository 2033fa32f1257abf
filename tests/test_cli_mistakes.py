"""What the command line says to every mistake: one line, which says what to do."""

import subprocess
import sys

import pytest
from commands import picture, program

from zoo import backend
from zoo.cli import call

pytestmark = [
    pytest.mark.without_tensorflow,
    pytest.mark.usefixtures("folder"),
]
HERE = backend.current()


@pytest.mark.once
def test_unknown_command(mistake):
    said = mistake("trian", "circles")
    assert "unknown command 'trian'; did you mean 'train'?" in said


@pytest.mark.once
def test_missing_word(mistake):
    said = mistake("train")
    assert "the following arguments are required: RECIPE;" in said
    assert "`zoo train --help`" in said


@pytest.mark.once
@pytest.mark.parametrize("verb", ["predict", "export", "report", "runs", "tune"])
def test_a_name_that_no_file_can_have(mistake, verb):
    said = mistake(verb, 300 * "a", *(["0,0"] if verb == "predict" else []))
    told = "zoo: no file can have a name as long as aaaa"
    if verb in ("predict", "export", "report"):
        told = "aaaa is not a run: there is no such folder; `zoo train` makes runs"
    assert told in said


@pytest.mark.once
def test_the_home_of_nobody(mistake):
    for words in (["evaluate"], ["runs"], ["compare", "~nobody1"]):
        assert "~nobody1" in mistake(*words, "~nobody1")


@pytest.mark.once
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
        ("cross-validate blobs --groups=", "--groups is empty; give it a value, or le"),
        ("tune circles --objective=", "--objective is empty; give it a value, or lea"),
        ("train circles data.groups=", "data.groups= is empty; give a name, or leave"),
        ("tune circles --only ,", "--only names nothing; give names, as learning_rate"),
        ("tune circles --trials 0", "trials=0; accepted: at least 1"),
        ("tune circles --only nosuch --run new", "unknown hyperparameter 'nosuch'"),
        ("cross-validate moons --inner-folds 2", "--inner-folds 2 is of the search in"),
        (
            "cross-validate moons --folds 9999",
            "9999 folds of 1,000 examples; accepted: 2",
        ),
        (
            "train moons data.validation=0.3",
            "data.validation is no argument of data; s",
        ),
        ("train moons class_weight={a:3}", "is no dictionary; write the names in quot"),
        ("train circles --devices 0", "devices=0; accepted: all, or a whole number"),
        (
            "train circles model.hidden=(9999999999999,)",
            "the memory does not suffice: Unable to allocate",
        ),
        (
            "train moons data.samples=9999999999",
            "a whole number from 20 to 100,000,000",
        ),
        ("compare a b --output x.txt", "x.txt ends in '.txt'; accepted: .html"),
        ("evaluate nowhere", "nowhere is not a run: there is no such folder; `zoo"),
    ],
)
@pytest.mark.once
def test_words_and_numbers_out_of_range(mistake, words, part):
    assert part in mistake(*words.split())


@pytest.mark.once
def test_a_run_in_the_place_of_a_recipe_and_a_folder_of_a_file(mistake, circles):
    for verb in ("train", "cross-validate", "tune", "verify", "card"):
        wanted = "model or recipe" if verb in ("verify", "card") else "recipe"
        said = mistake(verb, circles)
        assert f"the folder of a run, not a {wanted}; `zoo recipe {circles} >" in said
    said = mistake("export", circles, "--to", circles)
    assert f"is a folder; give a file, as {circles}/model.onnx" in said


@pytest.mark.once
def test_an_input_that_looks_like_an_option(mistake, circles):
    said = mistake("predict", circles, "-0.5,0.25")
    assert "put -- before what begins with a minus" in said


@pytest.mark.once
def test_unknown_split(mistake, circles):
    said = mistake("evaluate", circles, "--split", "tset")
    assert "unknown split 'tset'; did you mean 'test'?" in said


@pytest.mark.once
def test_unknown_card(mistake):
    said = mistake("card", "lenett")
    assert "unknown model or recipe 'lenett'; did you mean 'lenet'?" in said


@pytest.mark.once
def test_word_that_nothing_mentions(mistake):
    assert "no model or recipe mentions 'xylophone'" in mistake("find", "xylophone")


UNKNOWN = {
    "unknown recipe 'lenet_minst'; did you mean 'lenet_mnist'?": ["lenet_minst"],
    "there is no recipe file mine.py": ["mine.py"],
    "unknown recipe field 'epoch'; did you mean 'epochs'?": ["circles", "epoch=2"],
    "epochs is of type int; given: 'two', of type str": ["circles", "epochs=two"],
    "epochs=0; accepted: 1 <= epochs": ["circles", "epochs=0"],
    "'.' is a second file or folder, and one is learned from": ["circles", "."],
    "'fast' is not field=value": ["circles", "fast"],
    "unknown model 'lenett'; did you mean 'lenet'?": ["circles", "model=lenett"],
    "'hiden'; did you mean 'hidden'?": ["circles", "model.hiden=3"],
    "dropout is 'x'; accepted: a number": ["circles", "model.dropout=x"],
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
@pytest.mark.once
def test_unknown_name_or_value(mistake, part):
    assert part in mistake("train", *UNKNOWN[part])


@pytest.mark.once
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


@pytest.mark.once
def test_only_zoo_s_own_errors_keep_their_traceback(folder, mistake, monkeypatch):
    (folder / "broken.py").write_text("recipe = 1 / 0")
    said = mistake("train", "broken.py")
    assert "broken.py, line 1: ZeroDivisionError: division by zero; correct" in said
    monkeypatch.setattr("zoo.cli.train.load_or_choose", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call(["train", "broken.py"])


def train_on(folder):
    return [
        "train",
        "lenet_mnist",
        f"data=./{folder}",
        "data.size=16",
        "data.channels=1",
    ]


@pytest.mark.once
def test_empty_folder(mistake, folder):
    (folder / "pets").mkdir()
    assert "pets has no class folders" in mistake(*train_on("pets"))


@pytest.mark.once
def test_empty_class(mistake, folder):
    picture(folder / "pets" / "cat" / "1.png")
    (folder / "pets" / "dog").mkdir()
    assert "pets/dog holds no pictures" in mistake(*train_on("pets"))


@pytest.mark.once
def test_one_class(mistake, folder):
    picture(folder / "pets" / "cat" / "1.png")
    assert "pets has one class, 'cat'; two are needed" in mistake(*train_on("pets"))


@pytest.mark.once
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


@pytest.mark.once
def test_word_where_a_number_belongs(mistake, circles, folder):
    (folder / "rows.csv").write_text("x,y\n1,2\n1,two\n")
    said = mistake("predict", circles, "rows.csv")
    assert "rows.csv, row 2, column y: 'two'" in said


@pytest.mark.once
def test_missing_column(mistake, circles, folder):
    (folder / "rows.csv").write_text("x,z\n1,2\n")
    said = mistake("predict", circles, "rows.csv")
    assert "missing column 'y'; found: x, z; needed: x, y" in said


@pytest.mark.once
def test_missing_number(mistake, circles):
    assert "column y: a value is missing" in mistake("predict", circles, "1,nan")


@pytest.mark.once
def test_row_of_the_wrong_length(mistake, circles):
    assert "row 1 has 3 values" in mistake("predict", circles, "1,2,3")


@pytest.mark.once
def test_file_that_is_not_there(mistake, circles, pictures):
    for run, name in ((circles, "rows.csv"), (pictures, "7.png")):
        said = mistake("predict", run, name)
        assert "there is no" in said
        assert name in said


@pytest.mark.once
def test_corrupt_picture(mistake, pictures, folder):
    (folder / "7.png").write_bytes(b"not a picture")
    assert "7.png is not a readable picture" in mistake("predict", pictures, "7.png")


@pytest.mark.once
def test_nothing_to_predict(mistake, pictures):
    said = mistake("predict", pictures)
    assert "nothing to predict: give the name of a picture" in said


@pytest.mark.parametrize("verb", ["evaluate", "predict"])
@pytest.mark.once
def test_folder_that_is_not_a_run(mistake, folder, verb):
    assert "nowhere is not a run" in mistake(verb, "nowhere")
    (folder / "empty").mkdir()
    assert "empty is not a run" in mistake(verb, "empty")


@pytest.mark.once
def test_run_that_has_not_ended(mistake, folder):
    (folder / "half").mkdir()
    (folder / "half" / "recipe.json").write_text("{}")
    said = mistake("evaluate", "half")
    assert "half has not ended; `zoo train half --resume` continues it" in said


@pytest.mark.once
def test_split_that_is_not_there(mistake, circles):
    said = mistake("evaluate", circles, "--split", "tests")
    assert "unknown split 'tests'; did you mean 'test'?" in said

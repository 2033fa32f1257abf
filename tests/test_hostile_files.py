"""Files of runs that never end, and names that pretend to be others."""

import ast
import json
import os
from pathlib import Path

import pytest
from strangers import POINT, answer, edit, refused

import zoo
from zoo import cli
from zoo.cli import call
from zoo.publishing import publish
from zoo.run import open_run

pytestmark = pytest.mark.once

NAMES = ("recipe.json", "data.json", "metrics.json", "history.csv", "run.json")
MORE = ("environment.json", "vocabulary.json", "card.json", "model.safetensors")


@pytest.mark.parametrize("name", NAMES + MORE)
@pytest.mark.parametrize("kind", ["pipe", "device", "loop", "sparse"])
def test_files_that_never_end_are_refused(run, name, kind):
    (run / name).unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(run / name)
    elif kind == "sparse":
        with open(run / name, "wb") as file:
            file.truncate(200 * 2**30)
    else:
        (run / name).symlink_to("/dev/zero" if kind == "device" else name)
    if name == "run.json" and kind == "loop":
        return  # a run of zoo 0.1 that holds a link to nothing
    with refused("run"):
        done = open_run(run)
        done.environment  # noqa: B018
        zoo.predict(done, POINT)


def test_names_of_a_stranger_move_no_cursor(run, capsys):
    names = ["\x1b[31mred\x1b[0m", "b\nzoo: all is well\u202e"]
    edit(run / "data.json", classes=names)
    assert call(["predict", str(run), "--top", "2", "--", POINT]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "\\x1b[31mred\\x1b[0m" in lines[1]
    assert "b\\nzoo: all is well\\u202e" in lines[1]
    assert call(["evaluate", str(run)]) == 2
    found = capsys.readouterr()
    assert (found.out + found.err).replace("\n", "").isprintable()
    assert found.err.count("\n") == 1


def test_nothing_is_printed_but_with_control_characters_written_out():
    for path in Path(cli.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
                words = ast.unparse(node)
                assert "_drawn" in words or path.name in ("__init__.py", "_table.py"), (
                    f"{path.name}: {words}: use show or say of zoo.core.progress"
                )


def test_a_card_shows_names_as_they_are(run, tmp_path):
    names = ["<img src=x>", "[here](http://evil)"]
    edit(run / "data.json", classes=names)
    publish(run, tmp_path / "card")
    card = (tmp_path / "card" / "README.md").read_text("utf-8")
    assert r"- classes: &lt;img src=x>, \[here](http://evil)" in card


WORDS = {"words": ["good", "not", "not good"], "length": 4, "keep": "last", "ngrams": 2}


@pytest.mark.parametrize(
    "changes",
    [
        {"words": ["good", "good"]},
        {"words": ["good", 1]},
        {"words": "good"},
        {"words": ["not good"]},
        {"words": ["not", "good", "not  good"]},
        {"length": 0},
        {"length": 5},
        {"length": 2**40},
        {"length": 4.0},
        {"keep": "middle"},
        {"keep": []},
        {"ngrams": 4},
        {"ngrams": True},
        {"ngrams": ...},
        {"more": 1},
    ],
)
def test_a_vocabulary_that_is_none_is_refused(run, changes):
    (run / "vocabulary.json").write_text(json.dumps(WORDS))
    about = {"kind": "text", "input_shape": [4], "dtype": "int32", "features": []}
    edit(run / "data.json", **about)
    with refused("data.json is damaged: it has no form; train again"):
        zoo.data.restore(run)  # which says how a file of texts is read
    edit(run / "data.json", form={})
    assert zoo.data.restore(run).encoder.size == 5
    edit(run / "vocabulary.json", **changes)
    with refused("data.json" if changes == {"length": 5} else "vocabulary.json"):
        zoo.data.restore(run)


def test_a_run_from_a_newer_zoo_says_so(run):
    edit(run / "recipe.json", version=99, colour="red")
    with refused("colour", "newer"):
        answer(run)

"""tools/reproduce.py: what the ledger lacks, cheapest first, from a clean commit."""

import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import ledger
import pytest

from zoo import recipe as recipes

pytestmark = pytest.mark.once

TOOL = Path(__file__).parents[1] / "tools" / "reproduce.py"
SECONDS = {"blobs": 9.0, "circles": 1.0, "lenet_mnist": 400.0}


@pytest.fixture
def tool(monkeypatch, tmp_path):
    """Runs the tool without training; returns the calls (recipe, backend, seeds)."""
    monkeypatch.setattr(ledger, "path", lambda: tmp_path / "results.jsonl")
    monkeypatch.setattr("zoo.core.environment.commit", lambda: "123456789abc")

    def run(*words, fails=()):
        calls = []

        def measure(command, **_):
            if command[0] != sys.executable:
                pytest.fail(f"unexpected: {command}")
            name, each, seeds = command[2], command[4], int(command[6])
            calls.append((name, each, seeds))
            if name in fails:
                return SimpleNamespace(returncode=1)
            known = {
                line["seed"] for line in ledger.measured(name, each, ledger.read())
            }
            for seed in set(range(seeds)) - known:
                ledger.append(line_of(name, each, seed))
            return SimpleNamespace(returncode=0)

        monkeypatch.setattr(subprocess, "run", measure)
        monkeypatch.setattr(sys, "argv", [str(TOOL), *words])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(TOOL), run_name="__main__")
        return calls, ended.value.code

    return run


def line_of(name, each, seed):
    return {
        "recipe": name,
        "backend": each,
        "seed": seed,
        "fields": ledger.fields(recipes.load(name)),
        "metrics": {"seconds": {"total": SECONDS[name]}},
    }


def test_one_run_of_each_then_the_rest_cheapest_first(tool):
    assert tool("blobs", "circles", "lenet_mnist", "--backends", "jax") == (
        [
            ("blobs", "jax", 1),
            ("circles", "jax", 1),
            ("lenet_mnist", "jax", 1),
            ("circles", "jax", 5),
            ("blobs", "jax", 5),
            ("lenet_mnist", "jax", 3),
        ],
        0,
    )
    assert tool("blobs", "circles", "lenet_mnist", "--backends", "jax") == ([], 0)


def test_what_takes_long_runs_once_on_the_slower_backends(tool, monkeypatch):
    monkeypatch.setitem(SECONDS, "circles", 3000.0)
    words = ("circles", "--backends", "jax", "torch")
    assert tool(*words)[0] == [
        ("circles", "jax", 1),
        ("circles", "torch", 1),
        ("circles", "jax", 3),
    ]


def test_a_failure_is_told_and_the_others_go_on(tool, capsys):
    calls, status = tool("blobs", "circles", "--backends", "jax", fails=("blobs",))
    assert calls == [("blobs", "jax", 1), ("circles", "jax", 1), ("circles", "jax", 5)]
    assert status == 1
    assert "FAILED: blobs on jax" in capsys.readouterr().err


def test_an_unknown_recipe(tool):
    calls, said = tool("circels")
    assert calls == []
    assert "circels" in said
    assert "circles" in said


@pytest.mark.parametrize("commit", [None, "123456789abc-dirty"])
def test_uncommitted_code_is_not_measured(tool, monkeypatch, commit):
    monkeypatch.setattr("zoo.core.environment.commit", lambda: commit)
    assert tool("blobs") == (
        [],
        "the ledger names the commit that ran: commit the changes first",
    )

"""Which tests `make test` runs where: each of them on at least one backend."""

import ast
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import suites

from zoo import backend

pytestmark = pytest.mark.once
ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "tests").glob("test_*.py"))
CHOSEN = {"jax": "not once", "tensorflow": "not once", "torch": ""}


@pytest.mark.parametrize("name", CHOSEN)
def test_the_makefile_chooses_by_this_expression(name):
    told = planned(f"test-{name}")
    (line,) = [line for line in told.splitlines() if " pytest " in line]
    assert line.startswith(f"KERAS_BACKEND={name} ")
    command = shlex.split(line.partition("||")[0].rstrip("\\ "))
    after = command[command.index("pytest") :]
    expected = ["-m", CHOSEN[name]] if CHOSEN[name] else []
    assert after[after.index("--no-loadscope-reorder") + 1 :] == expected


def test_make_test_runs_every_suite():
    started = [line for line in planned("test").splitlines() if " pytest " in line]
    found = sorted(line.split()[0].partition("=")[2] for line in started)
    assert found == [
        "$backend",
        *sorted(CHOSEN),
    ]  # that of make test-without-tensorflow


def planned(target):
    """What `make` would run, whatever the make that runs these tests was told."""
    environment = {k: v for k, v in os.environ.items() if "MAKE" not in k}
    words = ["make", "-n", target]
    return subprocess.check_output(words, cwd=ROOT, text=True, env=environment)


@pytest.mark.slow
@pytest.mark.skipif(backend.installed() != backend.NAMES, reason="needs all backends")
def test_every_test_runs_on_some_backend(request):
    """PyTorch's suite has all tests; what a file skips there, another has."""
    assert "" in CHOSEN.values()
    skipping = [path for path in FILES if "skip" in path.read_text(encoding="utf-8")]
    known = {*written(skipping)}
    missing = known - suites.run(request.session.items)
    for name, chosen in sorted(CHOSEN.items(), key=lambda each: len(each[1])):
        if not missing:
            break
        files = sorted({f"tests/{file}" for file, _ in missing})
        told = subprocess.check_output(
            [sys.executable, "-m", "tests.suites", chosen, *files],
            cwd=ROOT,
            env={**os.environ, "KERAS_BACKEND": name},
            text=True,
        )
        run = {*map(tuple, json.loads(told.splitlines()[-1]))}
        assert run <= known
        missing = missing - run
    assert not missing


def written(paths):
    """File and name of each test function, as they stand in the files."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path.name, node.name

"""The names that `import zoo` offers, and what it does not load."""

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import zoo

ROOT = Path(__file__).parents[1]
VERBS = ("train", "evaluate", "predict", "verify", "distribute")


def run(script):
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_import_is_light():
    heavy = "{'keras', 'numpy', 'jax', 'tensorflow', 'torch', 'rich', 'sklearn'}"
    assert run(f"import sys, zoo\nprint({heavy} & {{*sys.modules}})") == "set()"


@pytest.mark.parametrize("name", zoo.__all__)
def test_every_public_name_is_there(name):
    assert name in dir(zoo)
    value = getattr(zoo, name)
    assert isinstance(value, ModuleType) == (name in {"augment", "backend", "data"})


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_function_though_its_file_bears_the_name(verb):
    module = importlib.import_module(f"zoo.{verb}")
    assert isinstance(module, ModuleType)
    assert getattr(zoo, verb) is getattr(module, verb)
    assert callable(getattr(zoo, verb))


def test_however_the_verb_is_imported():
    """Each statement meets a fresh zoo; Keras stays loaded to save seconds."""
    script = """
import sys
statements = [
    "import zoo.train; verb = zoo.train",
    "from zoo import train as verb",
    "from zoo.train import Run; import zoo; verb = zoo.train",
    "import zoo; zoo.Run; verb = zoo.train",
    "import zoo.train as verb",
    "from zoo import *; verb = train",
]
for statement in statements:
    for name in [name for name in sys.modules if name.split(".")[0] == "zoo"]:
        del sys.modules[name]
    space = {}
    exec(statement, space)
    print(type(space["verb"]).__name__)
"""
    assert set(run(script).split()) == {"function"}


def test_unknown_name():
    with pytest.raises(AttributeError, match="module 'zoo' has no attribute 'trian'"):
        _ = zoo.trian

"""The names that `import zoo` offers, and what it does not load."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import zoo

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
MODULES = {"augment", "backend", "data", "layers"}


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
    assert isinstance(value, ModuleType) == (name in MODULES)


def test_unknown_name():
    with pytest.raises(AttributeError, match="module 'zoo' has no attribute 'trian'"):
        _ = zoo.trian


def test_editors_and_type_checkers_see_every_public_name():
    """The names under TYPE_CHECKING are those that are imported on first use."""
    tree = ast.parse(Path(zoo.__file__).read_text(encoding="utf-8"))
    static, _ = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.name: node.module for node in static.body for alias in node.names}
    assert {*seen, "__version__"} == {*zoo.__all__}
    for name, module in seen.items():
        found = getattr(importlib.import_module(module), name)
        assert found is getattr(zoo, name)

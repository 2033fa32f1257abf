"""The house: imports run one way, and no file asks for what stands above it."""

import ast
from pathlib import Path

import pytest

import zoo

pytestmark = pytest.mark.once

ORDER = (
    ("errors",),
    ("core",),
    ("recipe", "metrics"),
    ("backend",),
    ("engine",),
    ("distribution",),
    ("augment",),
    ("layers",),
    ("models",),
    ("building",),
    ("data",),
    ("exported",),
    ("run",),
    ("exporting",),
    ("answering", "predicted"),
    ("training", "writing"),
    ("prediction", "evaluation", "explanation", "verification", "reporting"),
    ("tuning",),
    ("serving",),  # which exports what it serves
    ("publishing",),
    ("cli",),
    ("__main__",),
)
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
ROOT = Path(zoo.__file__).parent
MODULES = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(
        ".__init__"
    ): path
    for path in ROOT.rglob("*.py")
}


def imported(name: str) -> set[str]:
    """The modules of zoo that a module imports, anywhere in its file."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for wanted in names:
            while wanted and wanted not in MODULES:
                wanted = wanted.rpartition(".")[0]
            found |= {wanted} - {"", name}
    return found


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"zoo"}))
def test_imports_run_one_way(name):
    room = name.split(".")[1]
    for wanted in imported(name):
        assert wanted != "zoo", f"{name} imports the package that exports it"
        other = wanted.split(".")[1]
        assert other == room or LEVEL[other] < LEVEL[room], f"{name} imports {wanted}"


def test_no_circle():
    """Without those that import nothing, again and again, none is left."""
    left = {
        name: {w for w in imported(name) if not name.startswith(f"{w}.")}
        for name in MODULES
        if name != "zoo"
    }
    while free := [name for name, wanted in left.items() if not wanted & {*left}]:
        for name in free:
            del left[name]
    assert not left


def test_every_room_has_its_place_in_the_order():
    assert {name.split(".")[1] for name in MODULES if name != "zoo"} <= {*LEVEL}

"""What an editor and a type checker see of zoo."""

from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[1]
SEEN = """
import zoo

recipe = zoo.Recipe(model="lenet", data="mnist_sample")
reveal_type(zoo.build)
reveal_type(zoo.build("lenet"))
reveal_type(zoo.train(recipe, quiet=True))
reveal_type(zoo.train(recipe).metrics)
reveal_type(zoo.predict("runs/digits", "seven.png")[0].probability)
reveal_type(zoo.tune("circles", trials=3))
zoo.train(recipe, epochs=3)
zoo.trian(recipe)
"""

pytestmark = pytest.mark.once


def test_a_type_checker_sees_what_the_verbs_take_and_return(monkeypatch, tmp_path):
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    file = tmp_path / "seen.py"
    file.write_text(SEEN)
    cache, settings = ROOT / ".mypy_cache", ROOT / "pyproject.toml"
    said, complaint, _ = api.run(
        ["--config-file", str(settings), "--cache-dir", str(cache), str(file)]
    )
    assert not complaint
    lines = [line.split(": ", 1)[1] for line in said.splitlines() if ": " in line]
    types = [line for line in lines if line.startswith("note: Revealed type")]
    build, *types = [line.split('"')[1] for line in types]
    given = "str | os.PathLike[Any], *, seed: int =, **arguments: Any"
    assert build == f"def ({given}) -> Any"
    assert [each.split(".")[-1] for each in types] == [
        "Any",  # a keras.Model: Keras 3.15 ships no py.typed
        "Run",
        "dict[Any, Any]",
        "float",
        "Search",
    ]
    (argument, name) = [line for line in lines if line.startswith("error")]
    assert 'Unexpected keyword argument "epochs" for "train"' in argument
    assert 'has no attribute "trian"' in name

"""What tests of runs from strangers share: a plug-in of pytest, for its fixtures."""

import contextlib
import json
import shutil
import time
import warnings
from pathlib import Path

import pytest

import zoo
from zoo import recipe as recipes
from zoo.core import seal
from zoo.errors import Mistake
from zoo.recipe import Recipe

POINT = "0.5,-0.25"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A run on points with two classes; nobody changes it."""
    recipe = Recipe("deep_mlp", "moons", {"hidden": (6,)}, epochs=1, batch=100)
    return zoo.train(recipe, run=tmp_path_factory.mktemp("run") / "sound", quiet=True)


@pytest.fixture
def run(sound, tmp_path):
    """A copy of the run, to be changed."""
    return Path(shutil.copytree(sound.folder, tmp_path / "run"))


@pytest.fixture
def old(run):
    """The run as zoo 0.1 would have left it: `model.keras` and no sums."""
    (run / "model.safetensors").unlink()
    (run / "run.json").unlink()
    return run


@pytest.fixture
def canary(tmp_path):
    """A file that hostile code would make."""
    path = tmp_path / "canary"
    yield path
    assert not path.exists(), "code of the run was executed"


@contextlib.contextmanager
def refused(*words: str):
    """One line that holds `words`, within 10 s of the processor and 300 MiB."""
    Path("/proc/self/clear_refs").write_text("5")
    before, begun = _peak(), time.process_time()
    with pytest.raises(Mistake) as caught:
        yield
    assert time.process_time() - begun < 10
    assert _peak() - before < 300 * 2**20
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 2000
    for word in words:
        assert word in text, text


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def answer(folder, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*older zoo")
        return zoo.predict(folder, POINT, **options)[0].probabilities


def edit(path: Path, fits: bool = True, **changes):
    """Change a JSON file of a run, and make the sums fit; `...` takes a name out."""
    about = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in about.items() if v is not ...}))
    environment = path.parent / "environment.json"
    if fits and path.name == "recipe.json" and environment.exists():
        known = json.loads(environment.read_text())
        known[recipes.FINGERPRINT] = recipes.fingerprint(path.parent)
        environment.write_text(json.dumps(known))
    if fits and (path.parent / "run.json").exists():
        seal.write(path.parent)


def evil(canary) -> str:
    return f"from pathlib import Path\nPath({str(canary)!r}).write_text('!')\n"

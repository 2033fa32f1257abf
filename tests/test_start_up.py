"""What a start loads and compiles: no more than it needs, and not a second time."""

import json
import os
import subprocess
import sys

import pytest

from zoo import backend

pytestmark = pytest.mark.slow

LOADED = """
import sys
from zoo import backend
from zoo.engine import startup
name = startup.load()
wanted = {"IPython", "sklearn", "matplotlib", "pandas", "torch._dynamo"}
wanted |= {*backend.NAMES}
print(sorted(wanted & {*sys.modules} - {name}))
import keras, numpy, pandas, requests, sklearn.base
assert issubclass(keras.wrappers.SKLearnClassifier, sklearn.base.BaseEstimator)
assert callable(keras.visualization.plot_image_gallery) and callable(requests.get)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
table = pandas.DataFrame({"a": [1.0, 2.0]})
model.fit(table, table, verbose=0)
assert keras.ops.shape(keras.random.normal((2,), seed=0)) == (2,)
keras.utils.clear_session()
from keras.src.saving import file_editor
import IPython
assert file_editor.ipython is not IPython
assert file_editor.ipython.display.HTML is IPython.display.HTML
if name == "torch":
    import torch
    assert torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)) == 2
print("works")
"""
TIMED = """
import contextlib, io, json, sys, time
from zoo import cli
from zoo.core.timing import start
begun = time.perf_counter() - sum(start.parts.values())
found = io.StringIO()
with contextlib.redirect_stderr(found):
    cli.call(["train", "circles", "epochs=1", "--no-floor", "--timing", "--run", "run"])
all = time.perf_counter() - begun
assert "torch._dynamo" not in sys.modules  # PyTorch's compiler, which takes seconds
print(json.dumps([found.getvalue().splitlines(), start.parts, all]))
"""
COUNT = """
import json
from zoo import cli
from zoo.engine import startup
startup.load()
import jax
found = {"cache_hits": 0, "cache_misses": 0}
def count(event, **_):
    name = event.split("/")[-1]
    if name in found:
        found[name] += 1
jax.monitoring.register_event_listener(count)
cli.call(["train", "circles", "epochs=1", "--no-floor", "--run", "run"])
print(json.dumps(found))
"""

COMPILED = """
import json, logging, re
from zoo import cli
from zoo.engine import startup
startup.load()
import jax
names = []
class Names(logging.Handler):
    def emit(self, record):
        said = record.getMessage()
        names.extend(re.findall(r"Finished XLA compilation of jit.(\\w+)", said))
jax.config.update("jax_log_compiles", True)
logging.getLogger("jax").addHandler(Names())
logging.getLogger("jax").propagate = False
cli.call(["train", "circles", "epochs=1", "--no-floor", "--run", "run"])
print(json.dumps(names))
"""
GARBAGE = """
import gc
if {off}:
    gc.disable()
from zoo.engine import startup
{call}
print(gc.isenabled(), gc.get_freeze_count() > 0)
"""


def python(script, folder, **environment):
    own = {"PYTHONPATH": os.pathsep.join(sys.path), **os.environ, **environment}
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        # without JAX's own variables, by which all tests share what is compiled
        env={name: each for name, each in own.items() if not name.startswith("JAX_")},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Warning" not in ran.stderr
    return ran.stdout.strip().splitlines()


@pytest.mark.without_tensorflow
def test_keras_is_loaded_without_what_zoo_does_not_need_and_works(tmp_path):
    assert python(LOADED, tmp_path) == ["[]", "works"]


def test_the_parts_of_a_start_add_up_to_the_whole(tmp_path):
    said, parts, most = json.loads(python(TIMED, tmp_path)[-1])
    wanted = ["Python", "zoo", backend.current(), "keras", "data", "model"]
    assert [*parts] == [*wanted, "compiling and first step"]
    *table, whole = [line for line in said if line.endswith(" s") and "  " in line]
    shown = {name.strip(): float(s) for name, _, s in map(split_line, table)}
    assert shown == {name: round(value, 2) for name, value in parts.items()}
    assert whole.startswith("all until the first step has ended")
    assert float(whole.split()[-2]) == pytest.approx(sum(shown.values()), abs=0.05)
    assert all(value >= 0 for value in parts.values())
    assert 0.1 < sum(parts.values()) < most


def split_line(line):
    return line.removesuffix(" s").rpartition("  ")


@pytest.mark.skipif(backend.current() != "jax", reason="about JAX's compiled programs")
def test_second_start_compiles_nothing(tmp_path):
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    cache = {"ZOO_CACHE": str(tmp_path / "cache")}
    first = json.loads(python(COUNT, tmp_path / "first", **cache)[-1])
    second = json.loads(python(COUNT, tmp_path / "second", **cache)[-1])
    assert first["cache_misses"] > 0
    assert second["cache_misses"] == 0
    assert second["cache_hits"] >= first["cache_misses"]
    weights = [tmp_path / name / "run" / "history.csv" for name in ("first", "second")]
    losses = [path.read_text().splitlines()[1].split(",")[1] for path in weights]
    assert losses[0] == losses[1]


@pytest.mark.skipif(backend.current() != "jax", reason="about JAX's compiled programs")
def test_without_a_cache_folder_nothing_is_kept(tmp_path):
    (tmp_path / "file").touch()
    cache = {"ZOO_CACHE": str(tmp_path / "file" / "cache")}
    found = json.loads(python(COUNT, tmp_path, **cache)[-1])
    assert found == {"cache_hits": 0, "cache_misses": 0}


@pytest.mark.skipif(backend.current() != "jax", reason="about JAX's compiled programs")
def test_a_first_start_compiles_no_program_for_each_shape_of_a_weight(tmp_path):
    """Zeros of an optimizer and copies of weights were a program for every shape."""
    cache = {"ZOO_CACHE": str(tmp_path / "cache")}
    names = json.loads(python(COMPILED, tmp_path, **cache)[-1])
    assert {"steps", "call"} <= {*names}
    assert {*names} <= {"steps", "call", "negative", "convert_element_type"}


@pytest.mark.parametrize("off", [False, True])
@pytest.mark.parametrize(("call", "own"), [("load", True), ("import_keras", False)])
def test_garbage_is_looked_for_again_after_the_import(call, own, off, tmp_path):
    script = GARBAGE.format(off=off, call=f"startup.{call}()")
    assert python(script, tmp_path) == [f"{not off} {own}"]

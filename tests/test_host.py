"""What zoo, as a library, leaves as it found it in the program that calls it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zoo import backend

ROOT = Path(__file__).parents[1]
PROGRAM = """
import logging, multiprocessing, os, signal, sys, threading, warnings
import cv2, matplotlib.pyplot, scipy.sparse, sklearn.datasets
# which, when they are imported, add filters of warnings and variables
def settings():
    found = dict(os.environ)
    found.pop("TF_FORCE_GPU_ALLOW_GROWTH", None)  # Keras's
    found["filters"] = list(warnings.filters)
    found["excepthook"] = sys.excepthook, threading.excepthook
    found["signals"] = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    found["root logger"] = logging.root.level, list(logging.root.handlers)
    found["descriptor"] = os.fstat(2)[:3]
    found["logger"] = logging.getLogger("tensorflow").level
    found["processes"] = multiprocessing.get_start_method(allow_none=True)
    found["opencv"] = cv2.getNumThreads()
    found["finders"] = [each for each in sys.meta_path if "zoo" in repr(each)]
    if "torch" in sys.modules:
        import torch
        backends = torch.backends
        found["torch"] = (
            torch.get_num_threads(), backends.cudnn.allow_tf32,
            backends.cuda.matmul.allow_tf32, torch.get_float32_matmul_precision(),
            torch.are_deterministic_algorithms_enabled(), torch.is_grad_enabled())
    if "tensorflow" in sys.modules:
        import tensorflow as tf
        config = tf.config.experimental
        from tensorflow.python.framework import config as private
        found["tensorflow"] = (
            config.tensor_float_32_execution_enabled(),
            private.is_op_determinism_enabled())
    if "jax" in sys.modules:
        import jax
        names = ("jax_default_matmul_precision", "jax_compilation_cache_dir",
                 "jax_num_cpu_devices", "jax_enable_x64")
        found["jax"] = [getattr(jax.config, name) for name in names]
    return found

if NAME == "torch": import torch
if NAME == "jax": import jax
if NAME == "tensorflow":
    import tensorflow
    logging.getLogger("tensorflow").setLevel(logging.INFO)
before = settings()
def check(done):
    now = settings()
    keys = before.keys() | now.keys()
    pairs = {key: (before.get(key), now.get(key)) for key in keys}
    changed = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
    assert not changed, (done, changed)

import numpy as np
import zoo, zoo.augment
check("import")
model = zoo.build("deep_mlp", input_shape=(2,), hidden=(4,), classes=1)
check("build")
recipe = zoo.Recipe(model="deep_mlp", model_arguments={"hidden": (4,)}, data="moons",
                    batch=36, epochs=1, deterministic=True)
run = zoo.train(recipe, run=FOLDER + "/run", quiet=True)
check("train")
zoo.predict(run, ["0.0,1.5"])
check("predict")
zoo.evaluate(run)
check("evaluate")
zoo.report(run)
check("report")
zoo.tune(recipe, trials=2, winners=1, only=("learning_rate",), run=FOLDER + "/search",
         quiet=True)
check("tune")
if MORE:
    zoo.export(run, FOLDER + "/model.onnx")
    check("export")
    zoo.verify(recipe, backends=MORE, steps=1, quiet=True)
    check("verify")
assert NAME != "torch" or "jax" not in sys.modules  # TensorFlow itself imports it
print("as it was")
"""


@pytest.mark.slow
def test_a_program_that_uses_zoo_is_as_it_was(tmp_path):
    """Where all backends are installed, with what starts processes of others, too."""
    name = backend.current()
    is_whole = backend.installed() == backend.NAMES
    others = [each for each in backend.NAMES if each != name and is_whole]
    words = f"NAME, FOLDER, MORE = {name!r}, {str(tmp_path)!r}, {others}"
    drop = ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "TORCH_CPP_LOG_LEVEL", "XLA_FLAGS")
    environment = {k: v for k, v in os.environ.items() if k not in drop}
    environment |= {"PYTHONPATH": str(ROOT), "KERAS_HOME": str(tmp_path)}
    environment["ZOO_CACHE"] = str(tmp_path / "cache")  # floors are measured, not read
    (tmp_path / "keras.json").write_text(f'{{"backend": "{name}"}}')
    done = subprocess.run(
        [sys.executable, "-c", f"{words}\n{PROGRAM}"],
        env=environment,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stdout.endswith("as it was\n"), done.stderr[-3000:]


@pytest.mark.slow
def test_threads_that_use_keras_for_the_first_time_at_once_all_get_it(tmp_path):
    """Modules of Keras that are imported on first use are run by one thread."""
    program = """
import threading
import numpy as np, zoo
models = [zoo.build("deep_mlp", input_shape=(2,), classes=1) for _ in range(3)]
barrier, failed = threading.Barrier(3), []
def predict(model):
    barrier.wait()
    try: model.predict(np.zeros((4, 2), "float32"), verbose=0)
    except Exception as error: failed.append(repr(error))
threads = [threading.Thread(target=predict, args=[m]) for m in models]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(failed)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n", done.stderr[-3000:]


SLOW_MODULE = """
import time
first = 1
time.sleep(0.3)
last = 2
"""


@pytest.mark.once
def test_a_module_that_is_imported_on_first_use_is_run_by_one_thread(
    tmp_path, monkeypatch
):
    from concurrent.futures import ThreadPoolExecutor

    from zoo.engine import lazy_imports

    (tmp_path / "slow_module.py").write_text(SLOW_MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(lazy_imports, "ON_FIRST_USE", ("slow_module",))
    monkeypatch.delitem(sys.modules, "slow_module", raising=False)
    with lazy_imports.lazy_imports("jax"):
        import slow_module
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: slow_module.last, range(4)))
    assert found == [2, 2, 2, 2]
    assert type(slow_module).__name__ == "module"


@pytest.mark.once
def test_a_module_that_fails_on_first_use_fails_each_time(tmp_path, monkeypatch):
    from zoo.engine import lazy_imports

    (tmp_path / "bad_module.py").write_text("raise ValueError('bad')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(lazy_imports, "ON_FIRST_USE", ("bad_module",))
    with lazy_imports.lazy_imports("jax"):
        import bad_module
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            _ = bad_module.name

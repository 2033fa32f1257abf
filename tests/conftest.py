"""What all tests share: the backend, quiet frameworks, and where real data lies."""

import atexit
import collections
import dataclasses
import gc
import os
import re
import shutil
import signal
import tempfile
from pathlib import Path

import compiling
import hypothesis
import pytest
from searches import OWN_MODEL, TINY

from zoo import backend
from zoo.data import floors
from zoo.engine import startup

# The fixtures that several files share.
pytest_plugins = ["commands", "interrupted", "strangers"]
# What a shell starts in the background ignores Ctrl-C, which tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.setdefault("OMP_NUM_THREADS", "1")  # many tiny steps: threads only wait
# A folder that all suites of `make test` share, or one of this suite alone.
SHARED = os.environ.get("ZOO_TESTS_SHARED")
if not SHARED:
    SHARED = os.environ["ZOO_TESTS_SHARED"] = tempfile.mkdtemp(prefix="zoo-tests-")
    atexit.register(shutil.rmtree, SHARED, ignore_errors=True)
# JAX compiles a network once, for all processes of the tests and their children; with
# a limit of its size JAX locks the folder, so that nobody reads half an entry.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = os.path.join(SHARED, "jax")
    os.environ["JAX_COMPILATION_CACHE_MAX_SIZE"] = str(4 * 2**30)
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"
# A network is a million objects: what it drops is looked for less often.
gc.set_threshold(10_000, 20, 20)
ALL_ONCE = re.compile(r"^pytestmark = \[?pytest\.mark\.once\b", re.M)
hypothesis.settings.register_profile("zoo", deadline=None)  # for busy machines
hypothesis.settings.load_profile("zoo")


def pytest_configure(config):
    """Import Keras as zoo does: with PyTorch in 6 s of processor time, not 10.

    A process that only hands tests to others needs no Keras.
    """
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        backend.use()
        startup.import_keras()
        if not any("stress" in name for name in config.args):
            compiling.begin()
        compiling.remove_nothing()
        compiling.share_context()
        leave_tensorflow_out()


def leave_tensorflow_out():
    """Have Keras not look for TensorFlow, on JAX and PyTorch, in this process.

    It would import it, for 6 s, to recognize its types in whatever is serialized. zoo
    itself is `without_tensorflow`, as tests show in processes of their own.
    """
    if backend.current() != "tensorflow":
        from zoo.engine import private

        private.tensorflow._available = False


def pytest_ignore_collect(collection_path, config):
    """A file that is `once` as a whole is not imported where those are left out."""
    if collection_path.suffix == ".py" and "not once" in config.getoption("markexpr"):
        return bool(ALL_ONCE.search(collection_path.read_text("utf-8"))) or None
    return None


def pytest_collection_modifyitems(items):
    """Files with slow tests come first, so that two workers end at the same time.

    On JAX those whose networks are compiled in another way come after the others:
    what a process has compiled serves as long as the way stays.
    """
    others = compiling.AS_USERS if backend.current() == "jax" else ()
    slow = collections.Counter(
        item.path for item in items if item.get_closest_marker("slow")
    )
    items.sort(key=lambda i: (i.path.stem in others, -slow[i.path]))


@pytest.fixture(scope="module", autouse=True)
def passed_over():
    """The garbage collector passes over what stays: Keras, a backend, the tests.

    So it does over what the tests of a file have imported, such as TensorFlow on JAX:
    the collection that ends each training took half a second there.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """A test that runs on one backend only must not be skipped there.

    It would run nowhere, and nobody would know.
    """
    report = yield
    once = item.get_closest_marker("once") and not item.get_closest_marker("realdata")
    if once and report.skipped and backend.installed() == backend.NAMES:
        report.outcome = "failed"
        report.longrepr = "a test that is marked `once` was skipped: it runs nowhere"
    return report


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data sets beside the checkout; a test that uses them is marked realdata."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("there is no ../shared/data beside the checkout")
    return folder


@pytest.fixture
def read_once(monkeypatch):
    """Real data is decoded once for all tests and suites that ask for this."""
    monkeypatch.setenv("ZOO_CACHE", os.path.join(SHARED, "real"))


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory):
    """A cache and a TFDS folder of this session, so that none of the user's is used."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("TFDS_DATA_DIR", str(tmp_path_factory.mktemp("tfds")))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_floors():
    """No time for floors but the constant one, which needs no scikit-learn.

    Tests of floors give them time; a child process has its usual time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(floors, "SECONDS", 0.0)
        yield


@pytest.fixture(scope="module", autouse=True)
def compiler(request):
    """XLA compiles for most files with little optimization."""
    compiling.compile_for(request.path)


@pytest.fixture
def own_recipe(tmp_path):
    """A recipe of a user's own model file, which fails for some widths."""
    file = tmp_path / "own_net.py"
    file.write_text(OWN_MODEL)
    return dataclasses.replace(TINY, model=str(file), model_arguments={}, epochs=1)

"""Which backend runs, how it is chosen, and what the capability table promises."""

import json
import os
import subprocess
import sys
from importlib import metadata, util

import pytest

from zoo import backend
from zoo.errors import Mistake

pytestmark = pytest.mark.without_tensorflow
OTHERS = [name for name in backend.NAMES if name != backend.current()]


def python(script, **environment):
    """What a fresh interpreter prints; an environment variable of None is unset."""
    changed = {**os.environ, **environment}
    changed = {key: value for key, value in changed.items() if value is not None}
    command = [sys.executable, "-c", script]
    ran = subprocess.run(
        command, env=changed, capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
    return ran.stdout.strip()


def choice(tmp_path, **environment):
    home = {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": None}
    script = "from zoo import backend; print(backend.use())"
    return python(script, **{**home, **environment})


def test_installed_is_what_can_be_imported():
    here = [name for name in backend.NAMES if util.find_spec(name)]
    assert backend.installed() == tuple(here)
    assert backend.current() in here


def test_asking_imports_no_framework():
    asked = python(
        "import sys\n"
        "from zoo import backend\n"
        "backend.use(backend.installed()[0])\n"
        "backend.require('train')\n"
        "print({'keras', 'jax', 'tensorflow', 'torch', 'numpy'} & {*sys.modules})"
    )
    assert asked == "set()"


def test_a_folder_of_that_name_is_no_backend(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(backend, "NAMES", ("strange_framework",))
    (tmp_path / "strange_framework").mkdir()
    assert backend.installed() == ()


def test_version():
    for name in backend.installed():
        assert backend.version(name) == metadata.version(name)
    assert backend.version("strange_framework") == ""


def test_default_is_the_first_that_is_installed(tmp_path):
    assert choice(tmp_path) == backend.installed()[0]


@pytest.mark.parametrize("name", backend.installed())
def test_keras_json_decides(tmp_path, name):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": name}))
    assert choice(tmp_path) == name


@pytest.mark.parametrize("text", ['{"backend": "theano"}', "[", "{}"])
def test_keras_json_without_a_usable_backend_is_passed_over(tmp_path, text):
    (tmp_path / "keras.json").write_text(text)
    assert choice(tmp_path) == backend.installed()[0]


def test_a_user_without_a_home_has_no_keras_json():
    script = (
        "import pwd\n"
        "def unknown(number): raise KeyError(number)\n"
        "pwd.getpwuid = unknown\n"
        "from zoo import backend; print(backend.use())"
    )
    nowhere = {"HOME": None, "KERAS_HOME": None, "KERAS_BACKEND": None}
    assert python(script, **nowhere) == backend.installed()[0]


def test_the_environment_variable_wins(tmp_path):
    first, last = backend.installed()[0], backend.installed()[-1]
    (tmp_path / "keras.json").write_text(json.dumps({"backend": first}))
    assert choice(tmp_path, KERAS_BACKEND=last) == last


def test_load_imports_keras_on_it_in_silence():
    name = backend.current()
    loaded = python(
        "from zoo import backend\n"
        "from zoo.engine import startup\n"
        f"name = startup.load('{name}')\n"
        "import keras\n"
        "print(name, keras.config.backend(), backend.current(), startup.load())",
        KERAS_BACKEND=None,
    )
    assert loaded.split() == [name] * 4


@pytest.mark.once
def test_load_shows_the_messages_of_an_import_that_fails():
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sys\n"
            "class Broken:\n"
            "    def find_spec(self, name, *_):\n"
            "        if name == 'keras':\n"
            "            os.write(2, b'why it failed\\n')\n"
            "            raise ImportError('no keras today')\n"
            "sys.meta_path.insert(0, Broken())\n"
            "from zoo.engine import startup\n"
            "startup.load()",
        ],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert "why it failed" in ran.stderr
    assert "no keras today" in ran.stderr


def test_unknown_backend():
    with pytest.raises(Mistake, match="unknown backend 'tensorfow'") as caught:
        backend.use("tensorfow")
    assert str(caught.value).endswith(
        "did you mean 'tensorflow'?; accepted: jax, tensorflow, torch; "
        "`zoo backends` shows what is installed"
    )


def test_unknown_backend_in_the_environment(tmp_path):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        choice(tmp_path, KERAS_BACKEND="theano")
    assert "unknown KERAS_BACKEND 'theano'" in caught.value.stderr


@pytest.mark.parametrize("hidden", backend.NAMES)
def test_backend_that_is_not_installed(hidden):
    told = python(
        "import sys\n"
        f"sys.modules['{hidden}'] = None\n"
        "from zoo import backend\n"
        "try:\n"
        f"    backend.use('{hidden}')\n"
        "except backend.Mistake as mistake:\n"
        "    print(mistake)"
    )
    left = ", ".join(name for name in backend.installed() if name != hidden) or "none"
    assert told == (
        f"backend {hidden} is not installed; installed: {left}; "
        f'pip install "zoo[{hidden}]"'
    )


def test_no_backend_is_installed(tmp_path):
    told = python(
        "import sys\n"
        "sys.modules.update(jax=None, tensorflow=None, torch=None)\n"
        "from zoo import backend\n"
        "try:\n"
        "    backend.use()\n"
        "except backend.Mistake as mistake:\n"
        "    print(mistake)",
        KERAS_BACKEND=None,
    )
    assert told.startswith("no backend is installed")
    assert 'pip install "zoo[jax]"' in told


@pytest.mark.skipif(len(backend.installed()) < 2, reason="needs two backends")
def test_keras_is_already_imported_with_another():
    import keras

    here = keras.config.backend()
    other = next(name for name in backend.installed() if name != here)
    with pytest.raises(Mistake, match=f"already imported with {here}"):
        backend.use(other)
    assert backend.use(here) == backend.use() == here
    assert os.environ["KERAS_BACKEND"] == here


def test_every_capability_speaks_of_every_backend():
    for capability, supports in backend.CAPABILITIES.items():
        assert tuple(supports) == backend.NAMES, capability


def test_require_stops_what_does_not_work(monkeypatch):
    here = backend.current()
    supports = dict.fromkeys(backend.NAMES, backend.Support(True))
    supports[here] = backend.Support(False, "no wings")
    monkeypatch.setitem(backend.CAPABILITIES, "fly", supports)
    with pytest.raises(Mistake) as caught:
        backend.require("fly")
    assert str(caught.value) == (
        f"'fly' does not work on {here}: no wings; works on: {', '.join(OTHERS)}"
    )
    for name in OTHERS:
        backend.require("fly", name)


def test_require_names_the_package_that_is_needed_too():
    told = python(
        "import sys\n"
        "sys.modules['tensorflow'] = None\n"
        "from zoo import backend\n"
        "try:\n"
        "    backend.require(\"prepare TFDS's own sets\", 'jax')\n"
        "except backend.Mistake as mistake:\n"
        "    print(mistake)"
    )
    assert told == (
        "'prepare TFDS's own sets' on jax needs tensorflow, which is not installed; "
        'pip install "zoo[tensorflow]"'
    )


def test_require_of_something_unknown():
    with pytest.raises(Mistake, match="'trains'; did you mean 'train'"):
        backend.require("trains")

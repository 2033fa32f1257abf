"""Choose the framework under Keras, and say what works on which.

Nothing here imports a framework, except `load`, which is there to do just that, and
what can only follow it.
"""

import contextlib
import json
import os
import sys
from importlib import metadata, util
from pathlib import Path
from typing import NamedTuple

from zoo.core.paths import expand
from zoo.errors import Mistake, unknown

NAMES = ("jax", "tensorflow", "torch")


class Support(NamedTuple):
    """How one capability stands on one backend.

    Attributes:
        works: whether zoo does it there.
        how: by what means, or why it does not work.
        needs: a package beside the backend without which it does not work.
    """

    works: bool
    how: str = ""
    needs: str = ""


def _written_on(backend: str, title: str) -> dict[str, Support]:
    other = Support(True, f"if {title} is installed too", needs=backend)
    return {**dict.fromkeys(NAMES, other), backend: Support(True)}


EVERYWHERE: dict[str, Support] = dict.fromkeys(NAMES, Support(True))
CAPABILITIES: dict[str, dict[str, Support]] = {
    "train": {
        "jax": Support(True, "compiled by XLA"),
        "tensorflow": Support(True, "compiled as tf.function"),
        "torch": Support(True, "as recorded kernels; on a GPU a CUDA graph"),
    },
    "evaluate": EVERYWHERE,
    "predict": EVERYWHERE,
    "serve": dict.fromkeys(NAMES, Support(True, needs="fastapi")),
    "explain": EVERYWHERE,
    "use runs of other backends": EVERYWHERE,
    "augmentation": dict.fromkeys(NAMES, Support(True, "NumPy, OpenCV and Pillow")),
    "mixed precision": EVERYWHERE,
    "gradient accumulation": EVERYWHERE,
    "report": dict.fromkeys(NAMES, Support(True, needs="matplotlib")),
    "export as onnx": dict.fromkeys(NAMES, Support(True, needs="onnx")),
    "export as openvino": dict.fromkeys(NAMES, Support(True, needs="openvino")),
    "export as keras": EVERYWHERE,
    "export as saved_model": _written_on("tensorflow", "TensorFlow"),
    "export as litert": _written_on("tensorflow", "TensorFlow"),
    "export as torch": _written_on("torch", "PyTorch"),
    "export as onnx, int8": dict.fromkeys(NAMES, Support(True, needs="onnxruntime")),
    "export as openvino, int8": dict.fromkeys(NAMES, Support(True, needs="nncf")),
    "export as keras, int8": dict.fromkeys(
        NAMES, Support(True, "Dense and Embedding alone")
    ),
    "export as litert, int8": _written_on("tensorflow", "TensorFlow"),
    "export as saved_model, int8": dict.fromkeys(
        NAMES, Support(False, "TensorFlow 2.21 quantizes for LiteRT alone")
    ),
    "export as torch, int8": dict.fromkeys(
        NAMES,
        Support(False, "torchao, which has it, needs torch.compile to be faster"),
    ),
    "read prepared TFDS sets": EVERYWHERE,
    "prepare TFDS's own sets": {
        "jax": Support(True, "if TensorFlow is installed too", needs="tensorflow"),
        "tensorflow": Support(True),
        "torch": Support(True, "if TensorFlow is installed too", needs="tensorflow"),
    },
}


def installed() -> tuple[str, ...]:
    """The backends that could be imported here, in the order jax, tensorflow, torch."""
    return tuple(name for name in NAMES if is_installed(name))


def version(name: str) -> str:
    """The installed version of backend `name`, "" if it is not installed."""
    if not is_installed(name):
        return ""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # tensorflow-cpu, a nightly build
        return "unknown version"


def current() -> str:
    """The backend that Keras runs on, or would run on if it were imported now.

    In this order: the backend of an imported Keras, $KERAS_BACKEND, the one in
    keras.json if it is installed, the first that is installed.

    Raises:
        Mistake: no backend is installed, or $KERAS_BACKEND names none of them.
    """
    if "keras" in sys.modules:
        import keras  # waits for another thread that imports it

        return keras.config.backend()
    if chosen := os.environ.get("KERAS_BACKEND"):
        return _usable(chosen, "KERAS_BACKEND")
    available = installed()
    if not available:
        raise Mistake(
            f"no backend is installed; accepted: {', '.join(NAMES)}; "
            'install one: pip install "zoo[jax]"'
        )
    configured = _configured()
    return configured if configured in available else available[0]


def use(name: str | None = None) -> str:
    """Choose the backend that Keras will run on; call it before Keras is imported.

    It sets $KERAS_BACKEND, which Keras reads, and nothing else.

    Args:
        name: "jax", "tensorflow" or "torch"; None takes `current()`.

    Returns:
        The name of the backend.

    Raises:
        Mistake: there is no such backend, it is not installed, or Keras has been
            imported with another one.
    """
    name = check(name)
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = name
    return name


def check(name: str | None = None) -> str:
    """The backend that `use(name)` would choose; nothing is set.

    Raises:
        Mistake: as `use` would.
    """
    name = _usable(name, "backend") if name else current()
    if "keras" in sys.modules and name != current():
        raise Mistake(
            f"backend {name} comes too late: keras is already imported with "
            f"{current()}; call zoo.backend.use('{name}') before importing keras, "
            f"or set KERAS_BACKEND={name}"
        )
    return name


def require(capability: str, backend: str | None = None) -> None:
    """Stop before the work starts if `capability` does not work on `backend`.

    Args:
        capability: a key of `CAPABILITIES`.
        backend: the backend asked about; None is `current()`.

    Raises:
        Mistake: it does not work there, or needs a package that is not installed.
    """
    if capability not in CAPABILITIES:
        raise unknown("capability", capability, CAPABILITIES)
    backend = backend or current()
    support = CAPABILITIES[capability][backend]
    if not support.works:
        others = [name for name in NAMES if CAPABILITIES[capability][name].works]
        raise Mistake(
            f"'{capability}' does not work on {backend}: {support.how}; "
            f"works on: {', '.join(others) or 'none'}"
        )
    if support.needs and not is_installed(support.needs):
        raise Mistake(
            f"'{capability}' on {backend} needs {support.needs}, which is not "
            f'installed; pip install "zoo[{support.needs}]"'
        )


def is_installed(package: str) -> bool:
    """Whether `package` can be imported; a mere folder of that name does not count."""
    spec = util.find_spec(package)
    return spec is not None and spec.origin is not None


def _usable(name: str, kind: str) -> str:
    if name not in NAMES:
        raise unknown(kind, name, NAMES, "`zoo backends` shows what is installed")
    if not is_installed(name):
        raise Mistake(
            f"backend {name} is not installed; installed: "
            f'{", ".join(installed()) or "none"}; pip install "zoo[{name}]"'
        )
    return name


def _configured() -> str | None:
    """The backend that the user's keras.json names."""
    home = os.environ.get("KERAS_HOME") or expand("~/.keras")
    with contextlib.suppress(OSError, ValueError):
        return json.loads((Path(home) / "keras.json").read_text("utf-8")).get("backend")
    return None

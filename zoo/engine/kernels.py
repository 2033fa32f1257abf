"""Forms of Keras's layers that are faster on the active backend than Keras's own."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from zoo.engine import active


def find(name: str, layer) -> Callable | None:
    """The active backend's kernel of that name, None where Keras's own form is taken.

    Args:
        name: "convolution", "depthwise", "maximum", "average", "normalize", "lstm",
            "gru", "spectrum", "dropout_scales", or those of augmentation: "words",
            "flip", "gray_levels" or "blend"; see `zoo/engine/*/kernels.py`.
        layer: the Keras layer that would use it; None in augmentation.
    """
    return active.own("kernels").find(name, layer)


def has_one(layer) -> bool:
    """Whether a recurrent layer is zoo's: it says in `kernel_name` what it looks for.

    Keras's own, and a user's subclass of that, say nothing. The engine cannot ask for
    the class: `zoo.layers` imports the engine.
    """
    return hasattr(layer, "kernel_name")


@contextlib.contextmanager
def in_use() -> Iterator[None]:
    """Inside, layers that are traced may use kernels that only zoo's own steps can.

    JAX differentiates `custom_vjp` once, and backward only, and some kernels need known
    shapes; other programs do not know TensorFlow's. So outside, as in `jax.jvp`,
    `jax.hessian` or an export, layers compute what Keras's do.
    """
    before = are_in_use()
    _tracing.in_use = True
    try:
        yield
    finally:
        _tracing.in_use = before


def are_in_use() -> bool:
    """Whether this thread is inside of `in_use`."""
    return getattr(_tracing, "in_use", False)


_tracing = threading.local()

"""Forms of Keras's layers that are faster on the active backend than Keras's own."""

from collections.abc import Callable

from zoo.engine import active


def find(name: str, layer) -> Callable | None:
    """The active backend's kernel of that name, None where Keras's own form is taken.

    Args:
        name: "convolution", "depthwise", "maximum", "average", "normalize", "lstm",
            "gru" or "dropout_scales"; see `zoo/engine/*/kernels.py`.
        layer: the Keras layer that would use it.
    """
    return active.own("kernels").find(name, layer)

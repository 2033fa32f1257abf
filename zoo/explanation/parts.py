"""A network's parts, cut and compiled once: who explains in a loop waits once.

They are kept with the model that they are parts of, share its weights, and go with it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from zoo.engine import gradients, steps

_KEPT = "_zoo_explained"


def once(model: keras.Model, name: str, make: Callable[[], Any]) -> Any:
    """What `make` gave when it was first asked for by this name, of this model."""
    kept = vars(model).setdefault(_KEPT, {})  # past Keras, which would track it
    if name not in kept:
        kept[name] = make()
    return kept[name]


def forward(model: keras.Model) -> Callable:
    """See `zoo.engine.steps.compile_forward`."""
    return once(model, "forward", partial(steps.compile_forward, model))


def gradient(model: keras.Model) -> Callable:
    """See `zoo.engine.gradients.compile_gradient`."""
    return once(model, "gradient", partial(gradients.compile_gradient, model))

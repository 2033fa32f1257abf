"""Times of zoo's augmentation and of what stands beside it, in turns.

A layer is compiled as in a model: by `jax.jit`, in a graph of TensorFlow, as it is on
PyTorch. (In a model on JAX, Keras does not compile its own layers of shift, rotation
and zoom, nor then the rest of that model.) What it gives is taken from the device.
"""

import time
from functools import partial

import numpy as np

from benchmarks.costs import peers

BATCH, CLASSES = 128, 10
SECONDS = 0.1  # of a round, at least
SIZES = (28, 1), (64, 3)
MIXES = "mixup", "cutmix"


def pairs(backend: str, change: str, operations: dict, rounds: int) -> dict[str, tuple]:
    """Microseconds a picture, one a round: zoo's, and the other's; () without one.

    Args:
        backend: of the layers; "" for the host.
        change: what it is called in `peers`.
        operations: the same for zoo.
        rounds: in each of which both have a turn.

    Returns:
        A pair for each of `SIZES`, by its name.
    """
    make = _layers if backend else _on_host
    if backend:
        from zoo.engine.startup import load

        load(backend)
    found = {}
    for side, channels in SIZES:
        pictures = _pictures(side, channels)
        contestants = [each for each in make(change, operations, pictures) if each]
        for each in contestants:
            each(0)
        times = [[_timed(each) for each in contestants] for _ in range(rounds)]
        own, *other = zip(*times, strict=True)
        found[f"{side} x {side} x {channels}"] = own, other[0] if other else ()
    return found


def _on_host(change, operations, pictures):
    from zoo import augment

    if change in MIXES:
        own = partial(augment.mix, pictures, _labels(), operations, 0)
    else:
        own = partial(augment.apply, pictures, operations, 0)
    return own, peers.by_pillow(change, pictures)


def _layers(change, operations, pictures):
    from zoo.layers import Augment

    layer, other = Augment(operations), peers.by_keras(change, pictures.shape)
    images = pictures.astype("float32")  # which Keras's layers take everywhere
    own = (images, _labels()) if change in MIXES else images
    yield _compiled(layer, own)
    if other:
        of_keras = {"images": images, "labels": _labels()}
        yield _compiled(other, of_keras if change in MIXES else images)


def _compiled(layer, inputs):
    """A function that changes the inputs by the layer, on the device and back."""
    import keras

    def call(inputs):
        return layer(inputs, training=True)

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        call = tensorflow.function(call)
    if keras.backend.backend() == "jax":
        call = _jitted(layer)

    def change(_):
        keras.tree.map_structure(keras.ops.convert_to_numpy, call(inputs))

    return change


def _jitted(layer):
    import jax

    states = [variable.value for variable in layer.non_trainable_variables]
    program = jax.jit(partial(layer.stateless_call, [], training=True))

    def call(inputs):
        nonlocal states
        outputs, states = program(states, inputs)
        return outputs

    return call


def _pictures(size, channels):
    random = np.random.default_rng(0)
    return random.integers(0, 256, (BATCH, size, size, channels), "uint8")


def _labels():
    return np.eye(CLASSES, dtype="float32")[np.arange(BATCH) % CLASSES]


def _timed(change) -> float:
    """Microseconds a picture."""
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        change(steps)
        steps += 1
    return 1e6 * (time.perf_counter() - start) / steps / BATCH

"""Augmenters of made-up pictures; each runs in a fresh process.

Every function returns how long it took, in seconds, and for how many pictures.
"""

import time

import numpy as np

BATCH = 128
SECONDS = 0.5


def zoo_augment(operations: dict, size: int, channels: int) -> tuple[float, int]:
    from zoo import augment

    images = _pictures(size, channels)
    augment.apply(images, operations, 0, 0)
    return _timed(lambda step: augment.apply(images, operations, 0, step))


def zoo_layer(backend: str, operations: dict, size: int) -> tuple[float, int]:
    """The layer by itself; on TensorFlow in a graph, as in a dataset."""
    from zoo.engine.startup import load

    load(backend)
    import keras

    from zoo.layers import Augment

    images, layer = _pictures(size, 1), Augment(operations)

    def call(images):
        return layer(images, training=True)

    if backend == "tensorflow":
        import tensorflow

        call = tensorflow.function(call)

    def change(_):
        keras.ops.convert_to_numpy(call(images))

    change(0)
    return _timed(change)


def keras_affine(backend: str, size: int, channels: int) -> tuple[float, int]:
    """Keras's layers: the same shift, rotation and zoom, one warp each."""
    from zoo.engine.startup import load

    load(backend)
    import keras

    layers = [
        keras.layers.RandomTranslation(0.07, 0.07, "constant", seed=0),
        keras.layers.RandomRotation(10 / 360, "constant", seed=0),
        keras.layers.RandomZoom(0.1, fill_mode="constant", seed=0),
    ]
    images = _pictures(size, channels).astype("float32")

    def change(_):
        changed = images
        for layer in layers:
            changed = layer(changed, training=True)
        keras.ops.convert_to_numpy(changed)

    change(0)
    return _timed(change)


def pillow_affine(size: int, channels: int) -> tuple[float, int]:
    """One bilinear affine warp a picture by Pillow: what torchvision does on a CPU."""
    from PIL import Image

    images = [Image.fromarray(image.squeeze()) for image in _pictures(size, channels)]
    turn = (0.98, 0.17, 0.5, -0.17, 0.98, 0.5)

    def change(_):
        for image in images:
            image.transform(
                image.size, Image.Transform.AFFINE, turn, Image.Resampling.BILINEAR
            )

    return _timed(change)


def _pictures(size, channels):
    random = np.random.default_rng(0)
    return random.integers(0, 256, (BATCH, size, size, channels), "uint8")


def _timed(change) -> tuple[float, int]:
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        change(steps)
        steps += 1
    return time.perf_counter() - start, steps * BATCH

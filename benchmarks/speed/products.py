"""The products and convolutions of a training step by themselves, forward and backward.

Each is measured in zoo's form and in Keras's, which is the framework's own, when it is
first called; the faster of both stays.
"""

import time
from collections import Counter

import numpy as np

from benchmarks.speed import operations


def measure(case, inputs, classes):
    """A function that computes them as often as an epoch of the case does."""
    from zoo.engine.device import full_float32

    walked = enumerate(operations.walk(case))
    wanted = Counter(
        (kind, numbers, (case.batch, *shape), place > 1)
        for place, (kind, numbers, shape, _) in walked
        if kind in ("dense", "conv", "unit")
    )
    with full_float32():
        chosen = [(_fastest(*each), count) for each, count in wanted.items()]

    def epoch():
        with full_float32():
            for product, count in chosen:
                for _ in range(case.steps * count):
                    product()

    return epoch


def _fastest(kind, numbers, shape, of_inputs):
    """The form that takes the least time of three, but for the first, which builds."""
    import keras

    import zoo.layers

    make = {"jax": _jax, "tensorflow": _tensorflow, "torch": _torch}
    make = make[keras.backend.backend()]
    random, times = np.random.default_rng(0), {}
    for library in (zoo.layers, keras.layers):
        layer = _layer(library, kind, *numbers)
        if layer is None:
            continue
        layer.build(shape)
        arrays = [
            random.normal(size=each).astype("float32")
            for each in (shape, layer.compute_output_shape(shape))
        ]
        product = make(layer, *arrays, of_inputs)
        product()
        times[product] = min(_timed(product) for _ in range(3))
    return min(times, key=times.get)


def _layer(library, kind, *numbers):
    """None if the library has none: zoo's dense layers are Keras's."""
    match kind, *numbers:
        case "dense", width:
            make = getattr(library, "Dense", None)
            return make and make(width, use_bias=False)
        case "conv", filters, size, padding:
            return library.Conv2D(filters, size, padding=padding, use_bias=False)
        case "unit", filters, size, stride, depthwise, _:
            known = {"strides": stride, "padding": "same", "use_bias": False}
            if depthwise:
                return library.DepthwiseConv2D(size, **known)
            return library.Conv2D(filters, size, **known)


def _jax(layer, images, slopes, of_inputs):
    import jax

    from zoo.engine.kernels import in_use

    def both(kernel, images, slopes):
        with in_use():
            if of_inputs:
                outputs, back = jax.vjp(call, kernel, images)
            else:
                outputs, back = jax.vjp(lambda kernel: call(kernel, images), kernel)
        return outputs, back(slopes)

    def call(kernel, images):
        return layer.stateless_call([kernel], [], images)[0]

    program = jax.jit(both)
    arrays = layer.kernel.value, *map(jax.device_put, (images, slopes))
    return lambda: jax.block_until_ready(program(*arrays))


def _tensorflow(layer, images, slopes, of_inputs):
    import tensorflow as tf

    kernel = layer.kernel.value

    @tf.function
    def program(images, slopes):
        wanted = [kernel, images] if of_inputs else [kernel]
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer.call(images)
        return outputs, tape.gradient(outputs, wanted, slopes)

    arrays = tf.constant(images), tf.constant(slopes)
    return lambda: program(*arrays)[1][0][:1].numpy()


def _torch(layer, images, slopes, of_inputs):
    import torch

    kernel = layer.kernel.value
    images, slopes = (
        torch.from_numpy(each).to(kernel.device) for each in (images, slopes)
    )
    images.requires_grad_(of_inputs)
    wanted = [kernel, images] if of_inputs else [kernel]

    def both():
        slope, *_ = torch.autograd.grad(layer.call(images), wanted, slopes)
        return slope.flatten()[0].item()

    return both


def _timed(product) -> float:
    start = time.perf_counter()
    product()
    return time.perf_counter() - start

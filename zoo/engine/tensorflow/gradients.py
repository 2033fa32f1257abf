"""TensorFlow: the gradient with respect to the inputs, by `tf.GradientTape`."""

import numpy as np
import tensorflow as tf

from zoo.engine.tensorflow.device import full_float32


def compile_gradient(model):
    @tf.function(autograph=False)
    def weighted(inputs, of):
        first, *others = inputs
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(first)
            outputs = model([first, *others] if others else first, training=False)
            outputs = tf.cast(outputs, "float32")
            total = tf.reduce_sum(outputs * of)
        return outputs, tape.gradient(
            total, first, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )

    graphs = {}

    def run(inputs, of):
        first, *others = inputs
        tensors = [tf.constant(first, "float32"), *map(tf.constant, others)]
        of = tf.constant(of, "float32")
        kind = tuple(tuple(each.shape) for each in tensors)
        with full_float32():
            if kind not in graphs:
                specs = [tf.TensorSpec(each.shape, each.dtype) for each in tensors]
                spec = tf.TensorSpec(of.shape, of.dtype)
                graphs[kind] = weighted.get_concrete_function(specs, spec)
            outputs, gradient = graphs[kind](tensors, of)
        return np.asarray(outputs), np.asarray(tf.convert_to_tensor(gradient))

    return run

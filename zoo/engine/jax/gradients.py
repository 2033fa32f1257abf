"""JAX: the gradient with respect to the inputs, by `jax.grad`."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from zoo.engine import kernels, private
from zoo.engine.jax.device import compiler_options, full_float32


def compile_gradient(model):
    variables = model.variables

    def weighted(first, others, of, values):
        known = list(zip(variables, values, strict=True))
        inputs = [first, *others] if others else first
        with keras.StatelessScope(known), kernels.in_use():
            outputs = model(inputs, training=False).astype("float32")
        return jnp.sum(outputs * of), outputs

    compiled = jax.jit(
        jax.grad(weighted, has_aux=True), compiler_options=compiler_options()
    )

    def run(inputs, of):
        first, *others = inputs
        values = [private.value(variable) for variable in variables]
        with full_float32():
            gradient, outputs = compiled(
                np.asarray(first, "float32"), others, np.asarray(of, "float32"), values
            )
        return np.asarray(outputs), np.asarray(gradient)

    return run

"""JAX: the step is a pure function; many steps run as one program."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from zoo.steps import wrong


class Trainer:
    def __init__(self, model, loss, optimizer):
        self.model, self.optimizer = model, optimizer
        self.load()

        def step(state, x, y):
            trainable, other, optimizer_state = state

            def objective(trainable):
                outputs, updated, penalties = model.stateless_call(
                    trainable, other, x, training=True, return_losses=True
                )
                outputs = outputs.astype("float32")
                value = loss(y, outputs) + sum(penalties)
                known = zip(optimizer.variables, optimizer_state, strict=True)
                with keras.StatelessScope(state_mapping=list(known)):
                    scaled = optimizer.scale_loss(value)
                return scaled, (value, updated, wrong(y, outputs))

            gradient = jax.grad(objective, has_aux=True)
            grads, (value, other, errors) = gradient(trainable)
            trainable, optimizer_state = optimizer.stateless_apply(
                optimizer_state, grads, trainable
            )
            return (trainable, other, optimizer_state), value, errors

        def steps(state, inputs, targets, count):
            def body(i, carry):
                state, values, errors = carry
                state, value, error = step(state, inputs[i], targets[i])
                return state, values.at[i].set(value), errors.at[i].set(error)

            length = inputs.shape[0]
            empty = jnp.zeros(length, "float32"), jnp.zeros(length, "int32")
            return jax.lax.fori_loop(0, count, body, (state, *empty))

        self._step = jax.jit(step, donate_argnums=0)
        self._steps = jax.jit(steps, donate_argnums=0)
        self._fused = not _has_slow_convolution(model)

    def train(self, inputs, targets, count):
        if self._fused:
            self.state, values, errors = self._steps(self.state, inputs, targets, count)
            return np.asarray(values)[:count], np.asarray(errors)[:count]
        values, errors = [], []
        for i in range(count):
            self.state, value, error = self._step(self.state, inputs[i], targets[i])
            values.append(value)
            errors.append(error)
        return np.array(jax.device_get(values)), np.array(jax.device_get(errors))

    def load(self):
        self.state = tuple(
            [jnp.copy(variable.value) for variable in variables]
            for variables in self._variables()
        )

    def sync(self):
        for variables, values in zip(self._variables(), self.state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(jnp.copy(value))

    def _variables(self):
        return (
            self.model.trainable_variables,
            self.model.non_trainable_variables,
            self.optimizer.variables,
        )


def _has_slow_convolution(model) -> bool:
    """XLA runs convolutions inside loops on one CPU thread, several times slower."""
    if jax.default_backend() != "cpu":
        return False
    kinds = (
        keras.layers.Conv1D,
        keras.layers.Conv2D,
        keras.layers.DepthwiseConv2D,
    )
    layers = model._flatten_layers()
    return any(isinstance(layer, kinds) for layer in layers)


def forward(model):
    @jax.jit
    def call(trainable, other, inputs):
        return model.stateless_call(trainable, other, inputs, training=False)[0]

    def run(inputs):
        trainable = [variable.value for variable in model.trainable_variables]
        other = [variable.value for variable in model.non_trainable_variables]
        return np.asarray(call(trainable, other, inputs), "float32")

    return run

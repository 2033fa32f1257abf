"""JAX: the step is a pure function; many steps run as one program."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from zoo.engine import groups, kernels, private
from zoo.engine.jax import device
from zoo.engine.reasons import reason


class Trainer:
    def __init__(self, model, loss, optimizer, on_device, count):
        self.model, self.optimizer = model, optimizer
        self.on_device = jax.device_put(on_device)
        self.group = groups.current()
        self._seen: dict[str, int] = {}
        self.pull()

        def step(state, on_device, x, y):
            trainable, other, optimizer_state = state
            if on_device:
                x, y = (
                    each.at[chosen].get(mode="promise_in_bounds")
                    for each, chosen in zip(on_device, (x, y), strict=True)
                )

            def objective(trainable):
                with kernels.in_use():
                    outputs, updated, penalties = model.stateless_call(
                        trainable, other, x, training=True, return_losses=True
                    )
                outputs = outputs.astype("float32")
                value = loss(y, outputs) + sum(penalties)
                known = zip(optimizer.variables, optimizer_state, strict=True)
                with keras.StatelessScope(state_mapping=list(known)):
                    scaled = optimizer.scale_loss(value)
                return scaled, (value, updated, count(y, outputs))

            gradient = jax.grad(objective, has_aux=True)
            grads, (value, other, errors) = gradient(trainable)
            trainable, optimizer_state = optimizer.stateless_apply(
                optimizer_state, grads, trainable
            )
            return (trainable, other, optimizer_state), value, errors

        def steps(state, on_device, inputs, targets, count):
            def body(i, carry):
                state, values, errors = carry
                state, value, error = step(state, on_device, inputs[i], targets[i])
                return state, values.at[i].set(value), errors.at[i].set(error)

            length = inputs.shape[0]
            empty = jnp.zeros(length, "float32"), jnp.zeros(length, "float32")
            return jax.lax.fori_loop(0, count, body, (state, *empty))

        everywhere = getattr(self.group, "everywhere", None)
        self._uncompiled = step
        self._step = jax.jit(
            step,
            donate_argnums=0,
            out_shardings=everywhere,
            compiler_options=device.compiler_options(),
        )
        self._steps = jax.jit(
            steps,
            donate_argnums=0,
            out_shardings=everywhere,
            compiler_options=device.loop_options(model),
        )
        self._fused = not _has_slow_convolution(model)
        self.slow_because = "" if self._fused else _SLOW

    def train(self, inputs, targets, count, rows=None):
        try:
            with device.full_float32():
                return self._train(inputs, targets, count, rows)
        except Exception as error:
            # A layer whose Python looks at values cannot be traced, whatever the error
            # is that comes of it; Keras does not compile such a model either. If it was
            # traced, the variables were given away, and the fault is another one.
            given = any(array.is_deleted() for array in jax.tree.leaves(self.state))
            if given or self.group.devices > 1 or self._step is self._uncompiled:
                raise
            self._fused, self._step = False, self._uncompiled
            self.slow_because = f"{self.model.name} cannot be compiled: {reason(error)}"
            with device.full_float32():
                return self._train(inputs, targets, count, rows)

    def _train(self, inputs, targets, count, rows):
        if self._fused:
            inputs, targets = self._put(inputs, targets, rows)
            self.state, values, errors = self._steps(
                self.state, self.on_device, inputs, targets, count
            )
            return np.asarray(values)[:count], np.asarray(errors)[:count]
        values, errors = [], []
        for i in range(count):
            x, y = self._put(inputs[i], targets[i], rows)
            self.state, value, error = self._step(self.state, self.on_device, x, y)
            values.append(value)
            errors.append(error)
        return np.array(jax.device_get(values)), np.array(jax.device_get(errors))

    def _put(self, inputs, targets, rows):
        """Spread the batches over the devices of the group."""
        if self.group.devices == 1:
            if self._step is self._uncompiled:  # layers would get arrays of NumPy
                return jnp.asarray(inputs), jnp.asarray(targets)
            return inputs, targets
        axis = int(self._fused)
        rows = rows or targets.shape[axis]
        inputs = self.group.put(inputs, rows, axis)
        for one, index in inputs.sharding.devices_indices_map(inputs.shape).items():
            count = len(range(*index[axis].indices(rows)))
            self._seen[one] = self._seen.get(one, 0) + count
        return inputs, self.group.put(targets, rows, axis)

    def examples_by_device(self):
        arrays = jax.tree.leaves(self.state)
        holders = set.intersection(*(array.sharding.device_set for array in arrays))
        seen = {
            f"{device.platform}:{device.id}": count
            for device, count in self._seen.items()
            if device in holders
        }
        self._seen = {}
        return seen

    def pull(self):
        self.state = tuple(
            [device.copied(variable.value) for variable in variables]
            for variables in self._variables()
        )

    def push(self):
        for variables, values in zip(self._variables(), self.state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(device.copied(value))

    def _variables(self):
        return (
            self.model.trainable_variables,
            self.model.non_trainable_variables,
            self.optimizer.variables,
        )


_SLOW = "a program each, as XLA would run convolutions inside a loop on one thread"


def _has_slow_convolution(model) -> bool:
    """Whether XLA would run its own convolutions inside a loop on a CPU."""
    if jax.default_backend() != "cpu":
        return False
    kinds = (
        keras.layers.Conv1D,
        keras.layers.Conv2D,
        keras.layers.DepthwiseConv2D,
    )
    with kernels.in_use():
        return any(
            isinstance(layer, kinds) and not getattr(layer, "is_fast", bool)()
            for layer in private.layers(model)
        )


def compile_forward(model):
    group, variables = groups.current(), model.variables

    def call(values, inputs):
        known = list(zip(variables, values, strict=True))
        with keras.StatelessScope(known) as scope, kernels.in_use():
            outputs = model(inputs, training=False)
        return outputs, private.written(scope, known)

    compiled = jax.jit(
        call,
        out_shardings=getattr(group, "everywhere", None),
        compiler_options=device.compiler_options(),
    )
    chosen = compiled

    def run(inputs, rows=None):
        nonlocal chosen
        if group.devices > 1:
            inputs = group.put(inputs, rows or len(inputs), 0)
        values = [private.value(variable) for variable in variables]
        try:
            with device.full_float32():
                outputs, changed = chosen(values, inputs)
        except Exception:  # of tracing, see `Trainer.train`
            if group.devices > 1 or chosen is call:
                raise
            chosen = call
            outputs, changed = call(values, jnp.asarray(inputs))
        for place, value in changed.items():
            variables[place].assign(value)
        return np.asarray(outputs, "float32")

    return run

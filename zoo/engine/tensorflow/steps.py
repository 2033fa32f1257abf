"""TensorFlow: the loop over steps runs inside one graph."""

import logging

import keras
import numpy as np
import tensorflow as tf
from keras.src.layers.convolutional.base_conv import BaseConv
from keras.src.layers.convolutional.base_depthwise_conv import BaseDepthwiseConv
from keras.src.losses.loss import unscale_loss_for_distribution

from zoo.core.arrays import aligned
from zoo.engine import groups
from zoo.engine.batch_normalization import normalize_together
from zoo.engine.steps import count_wrong
from zoo.engine.tensorflow.group import total

# Each model has a function of its own; TensorFlow warns of many as of retracing.
logging.getLogger("tensorflow").setLevel(logging.ERROR)


class Trainer:
    def __init__(self, model, loss, optimizer, on_device):
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.on_device = on_device and [
            tf.identity(_tensor(array)) for array in on_device
        ]
        self.group = groups.current()
        self._step = self._alone
        self._fused = self.group.devices == 1 and not _is_slow_with_xla(model)
        self.slow_because = ""
        if self.group.devices > 1:
            normalize_together(model, total, self.group.devices)
            self._step = self._together
            with self.group.scope():
                self._seen = tf.Variable(
                    0,
                    trainable=False,
                    synchronization=tf.VariableSynchronization.ON_READ,
                    aggregation=tf.VariableAggregation.SUM,
                )
        elif not self._fused:
            _apply_adam_in_one_operation(optimizer)
        self._steps = {}

    def train(self, inputs, targets, count, rows=None):
        rows = rows or inputs.shape[1]
        if not self._fused:
            inputs, targets = inputs[:count], targets[:count]
        inputs, targets = _tensor(inputs), _tensor(targets)
        if rows not in self._steps:
            self._steps[rows] = self._compile(inputs, targets, rows)
        values, errors = self._steps[rows](inputs, targets, tf.constant(count))
        return values.numpy()[:count], errors.numpy()[:count]

    def _compile(self, inputs, targets, rows):
        """A graph that takes some steps on batches of `rows` examples.

        XLA compiles for as many batches as are given, filled or not.
        """
        variables = self.model.trainable_variables

        def steps(inputs, targets, count):
            capacity = tf.shape(inputs)[0]
            values = tf.TensorArray("float32", capacity, element_shape=[])
            errors = tf.TensorArray("int32", capacity, element_shape=[])

            def step(i, values, errors):
                x, y = inputs[i], targets[i]
                if self.on_device:
                    x, y = (
                        tf.gather(self.on_device[0], x),
                        tf.gather(self.on_device[1], y),
                    )
                grads, value, error = self._step(x, y, rows)
                self.optimizer.apply(grads, variables)
                return i + 1, values.write(i, value), errors.write(i, error)

            start = tf.constant(0), values, errors
            _, values, errors = tf.while_loop(lambda i, *_: i < count, step, start)
            return values.stack(), errors.stack()

        specs = [tf.TensorSpec(each.shape, each.dtype) for each in (inputs, targets)]
        if not self._fused:
            specs = [tf.TensorSpec([None, *s.shape[1:]], s.dtype) for s in specs]
        count = tf.TensorSpec([], "int32")
        function = tf.function(steps, autograph=False, jit_compile=self._fused or None)
        return function.get_concrete_function(*specs, count)

    def _alone(self, x, y, rows):
        with tf.GradientTape() as tape:
            outputs = tf.cast(self.model(x, training=True), "float32")
            value = self.loss(y, outputs)
            if isinstance(self.loss, keras.losses.Loss):  # they divide by replicas
                value = unscale_loss_for_distribution(value)
            value += sum(self.model.losses)
            scaled = self.optimizer.scale_loss(value)
        variables = [variable.value for variable in self.model.trainable_variables]
        grads = tape.gradient(scaled, variables)
        # An embedding's is sparse, and optimizers square its repeated rows one by one.
        grads = [grad if grad is None else tf.convert_to_tensor(grad) for grad in grads]
        return grads, value, count_wrong(y, outputs)

    def _together(self, x, y, rows):
        """The same on every replica with its rows, then the means over replicas.

        The optimizer gets the means outside of the replicas, so that clipping and
        accumulation see the whole gradient, and updates the variables of each.
        """
        split, replicas = self.group.splits(rows), self.group.devices

        def replica(x, y):
            first, (x, y) = self.group.slice([x, y]) if split else (0, (x, y))
            with groups.rows_from(first):
                grads, value, error = self._alone(x, y, rows)
            self._seen.assign_add(x.shape[0])
            known = [grad for grad in grads if grad is not None]
            sums = total([*known, value, tf.cast(error, "float32")])
            *means, value, error = [each / replicas for each in sums]
            means = iter(means)
            grads = [None if grad is None else next(means) for grad in grads]
            error = tf.round(error * replicas if split else error)
            return grads, value, tf.cast(error, "int32")

        strategy = self.group.strategy
        results = strategy.run(replica, args=(x, y))
        return tf.nest.map_structure(
            lambda each: strategy.experimental_local_results(each)[0], results
        )

    def examples_by_device(self):
        if self.group.devices == 1:
            return {}
        return self.group.examples_by_device(self._seen, self.model.variables)

    def pull(self):
        pass

    def push(self):
        pass


def _apply_adam_in_one_operation(optimizer):
    """Let Adam take TensorFlow's kernel, not some twenty operations a variable."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    own = type(optimizer).update_step is not keras.optimizers.Adam.update_step
    if own or optimizer.amsgrad:
        return

    def update(gradients, variables, learning_rate):
        step = keras.ops.cast(optimizer.iterations + 1, "float32")
        first, second = tf.constant(optimizer.beta_1), tf.constant(optimizer.beta_2)
        numbers = {
            "beta1_power": first**step,
            "beta2_power": second**step,
            "lr": keras.ops.convert_to_tensor(learning_rate),
            "beta1": first,
            "beta2": second,
            "epsilon": tf.constant(optimizer.epsilon),
        }
        for gradient, variable in zip(gradients, variables, strict=True):
            index, dtype = optimizer._get_variable_index(variable), variable.dtype
            tf.raw_ops.ResourceApplyAdam(
                var=variable.value.handle,
                m=optimizer._momentums[index].value.handle,
                v=optimizer._velocities[index].value.handle,
                **{name: tf.cast(value, dtype) for name, value in numbers.items()},
                grad=gradient,
            )

    optimizer._backend_update_step = update


def _tensor(array: np.ndarray) -> tf.Tensor:
    """`array`, or a copy if it is not aligned to 64 bytes or cannot be written.

    `tf.convert_to_tensor` takes ten times as long for small ones.
    """
    if array.ctypes.data % 64 or not array.flags.carray:
        copy = aligned(array.shape, array.dtype)
        copy[...] = array
        array = copy
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def _is_slow_with_xla(model) -> bool:
    """On CPUs XLA is ten times slower in convolutions, and a fifth in recurrences."""
    kinds = BaseConv, BaseDepthwiseConv, keras.layers.RNN
    on_cpu = not tf.config.list_physical_devices("GPU")
    return on_cpu and any(isinstance(layer, kinds) for layer in model._flatten_layers())


def compile_forward(model):
    group = groups.current()

    @tf.function
    def alone(inputs):
        return model(inputs, training=False)

    @tf.function
    def together(inputs):
        def replica(inputs):
            _, [inputs] = group.slice([inputs])
            return model(inputs, training=False)

        outputs = group.strategy.run(replica, args=(inputs,))
        return group.strategy.gather(outputs, axis=0)

    graphs = {}

    def run(inputs, rows=None):
        split = group.devices > 1 and group.splits(rows or len(inputs))
        inputs = _tensor(inputs)
        kind = split, *inputs.shape
        if kind not in graphs:
            call = together if split else alone
            spec = tf.TensorSpec(inputs.shape, inputs.dtype)
            graphs[kind] = call.get_concrete_function(spec)
        return np.asarray(graphs[kind](inputs), "float32")

    return run

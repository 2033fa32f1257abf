"""TensorFlow: the loop over steps runs inside one graph."""

import keras
import numpy as np
import tensorflow as tf

from zoo.core.arrays import aligned
from zoo.engine import groups, kernels
from zoo.engine.batch_normalization import normalize_together
from zoo.engine.private import layers
from zoo.engine.reasons import reason
from zoo.engine.steps import CONVOLUTIONS
from zoo.engine.tensorflow import private
from zoo.engine.tensorflow.device import full_float32
from zoo.engine.tensorflow.group import total


def of_any_size(tensor):
    """The same tensor, of which a graph does not know the sizes.

    For `tf.nn.ctc_loss`: the bodies of its loops are functions of one name. With the
    sizes of two batches, as at the end of an epoch, or of two networks, TensorFlow took
    the one for the other, printed "error: 'tfg.While' op body function argument", and
    computed without its optimizer; the losses were right.
    """
    shape = [None] * len(tensor.shape)
    return tf.raw_ops.PlaceholderWithDefault(input=tensor, shape=shape)


class Trainer:
    def __init__(self, model, loss, optimizer, on_device, count):
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.count = count
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
            _apply_adam_in_one_operation(optimizer, model.trainable_variables)
        self._steps = {}
        if self._fused and (names := _without_xla(model)):
            self._leave_xla(f"it has no form of {', '.join(names)}")

    def train(self, inputs, targets, count, rows=None):
        with full_float32():
            return self._train(inputs, targets, count, rows)

    def _train(self, inputs, targets, count, rows):
        rows = rows or inputs.shape[1]
        if not self._fused:
            inputs, targets = inputs[:count], targets[:count]
        inputs, targets = _tensor(inputs), _tensor(targets)
        if rows in self._steps:
            values, errors = self._steps[rows](inputs, targets, tf.constant(count))
            return values.numpy()[:count], errors.numpy()[:count]
        try:
            self._steps[rows] = self._compile(inputs, targets, rows)
            values, errors = self._steps[rows](inputs, targets, tf.constant(count))
        except (
            tf.errors.OpError
        ) as error:  # XLA has compiled nothing and changed nothing
            if not self._fused:
                raise
            self._leave_xla(reason(error))
            return self._train(inputs.numpy(), targets.numpy(), count, rows)
        return values.numpy()[:count], errors.numpy()[:count]

    def _leave_xla(self, why):
        """From now on take steps as TensorFlow's own graph."""
        self._fused, self._steps = False, {}
        self.slow_because = f"XLA cannot compile a step of {self.model.name}: {why}"
        _apply_adam_in_one_operation(self.optimizer, self.model.trainable_variables)

    def _compile(self, inputs, targets, rows):
        """A graph that takes some steps on batches of `rows` examples.

        XLA compiles for as many batches as are given, filled or not.
        """
        variables = self.model.trainable_variables

        def steps(inputs, targets, count):
            capacity = tf.shape(inputs)[0]
            values = tf.TensorArray("float32", capacity, element_shape=[])
            errors = tf.TensorArray("float32", capacity, element_shape=[])

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
        with tf.GradientTape() as tape, kernels.in_use():
            outputs = tf.cast(self.model(x, training=True), "float32")
            value = self.loss(y, outputs)
            if isinstance(self.loss, keras.losses.Loss):  # they divide by replicas
                value = private.unscale_loss_for_distribution(value)
            value += sum(self.model.losses)
            scaled = self.optimizer.scale_loss(value)
        variables = [variable.value for variable in self.model.trainable_variables]
        grads = tape.gradient(scaled, variables)
        # An embedding's is sparse, and optimizers square its repeated rows one by one.
        grads = [grad if grad is None else tf.convert_to_tensor(grad) for grad in grads]
        return grads, value, self.count(y, outputs)

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
            sums = total([*known, value, error])
            *means, value, error = [each / replicas for each in sums]
            means = iter(means)
            grads = [None if grad is None else next(means) for grad in grads]
            return grads, value, error * replicas if split else error

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


def _apply_adam_in_one_operation(optimizer, variables):
    """Let Adam take TensorFlow's kernel, not some twenty operations a variable."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    own = type(optimizer).update_step is not keras.optimizers.Adam.update_step
    if own or optimizer.amsgrad:
        return
    if {variable.dtype for variable in variables} - {"float32"}:
        return  # bfloat16 would be rounded elsewhere than by Keras

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
        means, squares = private.moments(optimizer, variables)
        for gradient, variable, mean, square in zip(
            gradients, variables, means, squares, strict=True
        ):
            dtype = variable.dtype
            tf.raw_ops.ResourceApplyAdam(
                var=variable.value.handle,
                m=mean.handle,
                v=square.handle,
                **{name: tf.cast(value, dtype) for name, value in numbers.items()},
                grad=gradient,
            )

    private.replace_update(optimizer, update)


def _tensor(array: np.ndarray) -> tf.Tensor:
    """`array`, or a copy if it is not aligned to 64 bytes or cannot be written.

    `tf.convert_to_tensor` takes ten times as long for small ones.
    """
    if array.ctypes.data % 64 or not array.flags.carray:
        copy = aligned(array.shape, array.dtype)
        copy[...] = array
        array = copy
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def _without_xla(model) -> list[str]:
    """The layers that say themselves that XLA cannot compile them."""
    return [each.name for each in layers(model) if not each.supports_jit]


def _is_slow_with_xla(model) -> bool:
    """On CPUs XLA is ten times slower in convolutions, and a fifth in Keras's cells.

    Zoo's cells in 16 bits take 1.7 to 2.7 times as long with it on an Intel Xeon, whose
    products of bfloat16 TensorFlow's own operations know.
    """
    if tf.config.list_physical_devices("GPU"):
        return False

    def is_slow(layer):
        if not isinstance(layer, keras.layers.RNN):
            return isinstance(layer, CONVOLUTIONS)
        return not kernels.has_one(layer) or layer.compute_dtype != "float32"

    return any(map(is_slow, layers(model)))


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
        with full_float32():
            if kind not in graphs:
                call = together if split else alone
                spec = tf.TensorSpec(inputs.shape, inputs.dtype)
                graphs[kind] = call.get_concrete_function(spec)
            return np.asarray(graphs[kind](inputs), "float32")

    return run

"""TensorFlow's own idiom: variables, `tf.nn`, and a loop over steps in one graph.

Every contestant takes a case, its inputs and its class numbers, and returns a function
that trains an epoch; `answer` takes a case and returns a function from inputs to
outputs.
"""

import numpy as np
import tensorflow as tf

from zoo.core import mel


class Network:
    """The layers of a case as a function, and their variables."""

    def __init__(self, case):
        self.variables, self.others, self.training = [], [], True
        self.layers = [self._layer(*each) for each in case.layers]
        self(tf.constant(case.data()[0][:2]))

    def __call__(self, x, training=True):
        self.training = training
        return _through(self.layers, x)

    def _weights(self, *shape, scale=None):
        inputs = int(np.prod(shape[:-1]))
        scale = (2 / inputs) ** 0.5 if scale is None else scale
        self.variables.append(tf.Variable(tf.random.normal(shape) * scale))
        return self.variables[-1]

    def _layer(self, kind, *numbers):
        made = getattr(self, f"_{kind}")(*numbers)
        if not isinstance(made, tuple):
            return made
        build, call = made  # weights come with the first input
        known = []

        def layer(x):
            if not known:
                known.extend(build(x))
            return call(x, *known)

        return layer

    def _scale(self, factor, offset):
        return lambda x: tf.cast(x, "float32") * factor + offset

    def _standardize(self):
        def standardize(x):
            x = (x - 2.5) / 1.5
            return tf.where(tf.math.is_nan(x), 0.0, x)

        return standardize

    def _pad(self, margin):
        margins = [[0, 0], [margin] * 2, [margin] * 2, [0, 0]]
        return lambda x: tf.pad(x, margins)

    def _flatten(self):
        return lambda x: tf.reshape(x, (-1, int(np.prod(x.shape[1:]))))

    def _dense(self, width):
        def build(x):
            return self._weights(x.shape[-1], width), self._weights(width, scale=0.0)

        return build, lambda x, kernel, bias: tf.nn.bias_add(x @ kernel, bias)

    def _conv(self, filters, size, padding):
        def build(x):
            kernel = self._weights(size, size, x.shape[-1], filters)
            return kernel, self._weights(filters, scale=0.0)

        def call(x, kernel, bias):
            return tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, padding.upper()), bias)

        return build, call

    def _unit(self, filters, size, stride, depthwise, active):
        def build(x):
            channels = x.shape[-1]
            shape = (channels, 1) if depthwise else (channels, filters)
            kernel = self._weights(size, size, *shape)
            gamma, beta = (self._weights(filters, scale=0.0) for _ in range(2))
            gamma.assign_add(tf.ones(filters))
            return kernel, gamma, beta, tf.zeros(filters), tf.ones(filters)

        def call(x, kernel, gamma, beta, mean, variance):
            if depthwise:
                strides = [1, stride, stride, 1]
                x = tf.nn.depthwise_conv2d(x, kernel, strides, "SAME")
            else:
                x = tf.nn.conv2d(x, kernel, stride, "SAME")
            x = tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3)
            return tf.nn.relu6(x) if active else x

        return build, call

    def _residual(self, layers):
        layers = [self._layer(*each) for each in layers]
        return lambda x: x + _through(layers, x)

    def _mean(self):
        return lambda x: tf.reduce_mean(x, (1, 2))

    def _maximum(self, size):
        return lambda x: tf.nn.max_pool2d(x, size, size, "VALID")

    def _average(self, size):
        return lambda x: tf.nn.avg_pool2d(x, size, size, "VALID")

    def _relu(self):
        return tf.nn.relu

    def _tanh(self):
        return tf.tanh

    def _dropout(self, rate):
        return lambda x: tf.nn.dropout(x, rate) if self.training else x

    def _normalize(self):
        def build(x):
            width = x.shape[-1]
            gamma, beta = self._weights(width, scale=0.0), self._weights(width, scale=0)
            gamma.assign_add(tf.ones(width))
            moving = [tf.Variable(tf.zeros(width)), tf.Variable(tf.ones(width))]
            self.others += moving
            return gamma, beta, *moving

        def call(x, gamma, beta, *moving):
            mean, variance = moving
            if self.training:
                mean, variance = tf.nn.moments(x, [0])
                for variable, new in zip(moving, (mean, variance), strict=True):
                    variable.assign_sub((variable - new) * 0.01)
            return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3)

        return build, call

    def _embedding(self, tokens, width):
        def build(ids):
            return [self._weights(tokens, width, scale=0.05)]

        def call(ids, table):
            self.lengths = tf.reduce_sum(tf.cast(ids != 0, "int32"), 1)
            return tf.gather(table, ids)

        return build, call

    def _lstm(self, units):
        build, states = self._states(units)

        def call(x, *weights):
            rows = tf.range(tf.shape(x)[0])
            hidden = states(x, *weights, batch_first=False)
            return tf.gather_nd(hidden, tf.stack([self.lengths - 1, rows], 1))

        return build, call

    def _mel(self, rate, bands, joined):
        hop = rate // 100
        width = 3 * hop
        table = tf.constant(mel.bands(width // 2 + 1, rate, bands, 60.0, rate / 2))

        def call(x):
            """Logarithms of mel bands, by mean and deviation, a few windows a step."""
            x = tf.pad(x / 32767, [[0, 0], [width // 2] * 2], "REFLECT")[:, :-hop]
            power = tf.square(tf.abs(tf.signal.stft(x, width, hop, width)))
            logs = tf.math.log(power @ table / 1e-6 + 1)
            mean, variance = tf.nn.moments(logs, [1, 2], keepdims=True)
            logs = (logs - mean) * tf.math.rsqrt(variance + 0.01)
            return tf.reshape(logs, (-1, logs.shape[1] // joined, joined * bands))

        return call

    def _both(self, units, width):
        """The states of a GRU in both directions, side by side."""

        def build(x):
            made = []
            for _ in range(2):
                made.append(self._weights(x.shape[-1], 3 * units))
                made.append(self._weights(units, 3 * units))
                made.append(self._weights(2, 3 * units, scale=0.0))
            return made

        def call(x, *weights):
            forward = _gru(x, units, *weights[:3])
            backward = _gru(x[:, ::-1], units, *weights[3:])[::-1]
            return tf.transpose(tf.concat([forward, backward], -1), (1, 0, 2))

        return build, call

    def _most(self):
        return lambda x: tf.reduce_max(x, 1)

    def _last(self):
        return lambda x: x[:, -1]

    def _states(self, units, width=None):
        """Of an LSTM at all steps; (batch, steps, units), or the steps first."""

        def build(x):
            return (
                self._weights(x.shape[-1], 4 * units),
                self._weights(units, 4 * units),
                self._weights(4 * units, scale=0.0),
            )

        def call(x, kernel, recurrent, bias, batch_first=True):
            steps = tf.transpose(x @ kernel + bias, (1, 0, 2))
            zeros = tf.zeros((tf.shape(x)[0], units))

            def step(state, gates):
                hidden, cell = state
                parts = tf.split(gates + hidden @ recurrent, 4, -1)
                gate, forget, output = (tf.sigmoid(parts[i]) for i in (0, 1, 3))
                cell = forget * cell + gate * tf.tanh(parts[2])
                return output * tf.tanh(cell), cell

            hidden, _ = tf.scan(step, steps, (zeros, zeros))
            return tf.transpose(hidden, (1, 0, 2)) if batch_first else hidden

        return build, call


def _gru(x, units, kernel, recurrent, bias):
    """Its states at all steps, (steps, batch, units)."""
    steps = tf.transpose(x @ kernel + bias[0], (1, 0, 2))

    def step(hidden, gates):
        update, reset, new = tf.split(gates, 3, -1)
        keep, back, old = tf.split(hidden @ recurrent + bias[1], 3, -1)
        update, reset = tf.sigmoid(update + keep), tf.sigmoid(reset + back)
        return update * hidden + (1 - update) * tf.tanh(new + reset * old)

    return tf.scan(step, steps, tf.zeros((tf.shape(x)[0], units)))


def _through(layers, x):
    for layer in layers:
        x = layer(x)
    return x


def loss(case, targets, outputs):
    if "rosenblatt" in case.loss:
        answers = tf.where(outputs >= 0, 1.0, -1.0)
        return tf.reduce_mean((answers - (2 * targets - 1)) * outputs)
    if case.loss == "mean_squared":
        return tf.reduce_mean(tf.square(outputs - targets))
    if case.outputs == 1:
        values = tf.nn.sigmoid_cross_entropy_with_logits(targets, outputs)
    else:
        values = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs)
    return tf.reduce_mean(values)


def loop(case, inputs, classes):
    return _loop(case, inputs, classes, xla=None)


def loop_xla(case, inputs, classes):
    return _loop(case, inputs, classes, xla=True)


def _loop(case, inputs, classes, xla):
    network = Network(case)
    variables = network.variables
    means = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
    squares = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
    number = tf.Variable(0.0)
    inputs, targets = tf.constant(inputs), tf.constant(classes)
    if case.outputs == 1:
        targets = tf.cast(targets, "float32")[:, None]

    def update(gradients):
        if case.optimizer == "sgd":
            for variable, gradient in zip(variables, gradients, strict=True):
                variable.assign_sub(case.rate * gradient)
            return
        number.assign_add(1.0)
        first, second = 1 - 0.9**number, 1 - 0.999**number
        rate = case.rate * tf.sqrt(second) / first
        for variable, gradient, mean, square in zip(
            variables, gradients, means, squares, strict=True
        ):
            gradient = tf.convert_to_tensor(gradient)
            mean.assign_add((gradient - mean) * 0.1)
            square.assign_add((gradient * gradient - square) * 0.001)
            variable.assign_sub(rate * mean / (tf.sqrt(square) + 1e-7))

    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(case, y, network(x))
        update(tape.gradient(value, variables))
        return value

    @tf.function(jit_compile=xla)
    def epoch(order):
        total = 0.0
        for i in tf.range(case.steps):
            index = order[i]
            total += step(tf.gather(inputs, index), tf.gather(targets, index))
        return total / case.steps

    random = np.random.default_rng(0)

    def shuffled():
        order = random.permutation(len(inputs)).astype("int32")
        return epoch(tf.constant(order.reshape(-1, case.batch))).numpy()

    return shuffled


def answer(case):
    network = Network(case)
    call = tf.function(lambda x: network(x, training=False), reduce_retracing=True)
    return lambda inputs: call(tf.constant(inputs)).numpy()

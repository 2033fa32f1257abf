"""JAX's own idiom: pure functions, `jax.jit`, Optax, and `lax.scan` over an epoch.

Every contestant takes a case, its inputs and its class numbers, and returns a function
that trains an epoch; `answer` takes a case and returns a function from inputs to
outputs.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

from zoo.core import mel


def start(case, key):
    """Weights, and moving statistics, for each layer of the case."""
    dtype = "int32" if case.tokens else "float32"
    return _started(case.layers, key, (2, *case.shape), dtype)


def _started(layers, key, shape, dtype):
    weights, moving = [], []
    for kind, *numbers in layers:
        key, own = jax.random.split(key)
        still = ()
        if kind == "residual":
            made, still = _started(*numbers, own, shape, dtype)
        else:
            made = _START.get(kind, lambda *_: ())(own, shape, *numbers)
        if kind in ("normalize", "unit"):
            width = numbers[0] if numbers else shape[-1]
            still = jnp.zeros(width), jnp.ones(width)
        weights.append(made)
        moving.append(still)
        call = partial(layer, kind, numbers, made, still, key, True, jnp.ones(2))
        shape = jax.eval_shape(call, jax.ShapeDtypeStruct(shape, dtype))[0].shape
        dtype = "float32"
    return weights, moving


def _normal(key, *shape):
    return jax.random.normal(key, shape) * (2 / np.prod(shape[:-1])) ** 0.5


_START = {
    "dense": lambda key, shape, width: (
        _normal(key, shape[-1], width),
        jnp.zeros(width),
    ),
    "conv": lambda key, shape, filters, size, _: (
        _normal(key, size, size, shape[-1], filters),
        jnp.zeros(filters),
    ),
    "unit": lambda key, shape, filters, size, _, depthwise, __: (
        _normal(key, size, size, 1 if depthwise else shape[-1], filters),
        jnp.ones(filters),
        jnp.zeros(filters),
    ),
    "normalize": lambda key, shape: (jnp.ones(shape[-1]), jnp.zeros(shape[-1])),
    "embedding": lambda key, shape, tokens, width: (
        jax.random.normal(key, (tokens, width)) * 0.05,
    ),
    "lstm": lambda key, shape, units, *_: (
        _normal(key, shape[-1], 4 * units),
        _normal(jax.random.fold_in(key, 1), units, 4 * units),
        jnp.zeros(4 * units),
    ),
}
_START["states"] = _START["lstm"]


def _start_both(key, shape, units, _):
    ways = []
    for own in jax.random.split(key):
        first, second = jax.random.split(own)
        kernel = _normal(first, shape[-1], 3 * units)
        recurrent = _normal(second, units, 3 * units)
        ways.append((kernel, recurrent, jnp.zeros((2, 3 * units))))
    return ways


_START["both"] = _start_both


def layer(kind, numbers, weights, moving, key, training, lengths, x):
    """The layer's output, and its new moving statistics."""
    match kind, *numbers:
        case "scale", factor, offset:
            x = x.astype("float32") * factor + offset
        case "standardize", *_:
            x = (x - 2.5) / 1.5
            x = jnp.where(jnp.isnan(x), 0.0, x)
        case "pad", margin:
            x = jnp.pad(x, [(0, 0), (margin, margin), (margin, margin), (0, 0)])
        case "flatten", *_:
            x = x.reshape(len(x), -1)
        case "dense", _:
            x = x @ weights[0] + weights[1]
        case "conv", _, _, padding:
            numbers = ("NHWC", "HWIO", "NHWC")
            x = jax.lax.conv_general_dilated(
                x, weights[0], (1, 1), padding.upper(), dimension_numbers=numbers
            )
            x = x + weights[1]
        case "unit", filters, _, stride, depthwise, active:
            kernel, gamma, beta = weights
            mean, variance = moving
            x = jax.lax.conv_general_dilated(
                x,
                kernel,
                (stride, stride),
                "SAME",
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
                feature_group_count=filters if depthwise else 1,
            )
            x = (x - mean) * (gamma * jax.lax.rsqrt(variance + 1e-3)) + beta
            x = jnp.clip(x, 0.0, 6.0) if active else x
        case "residual", layers:
            y, moving = _chain(layers, weights, moving, key, x, training, lengths)
            x = x + y
        case "mean", *_:
            x = x.mean((1, 2))
        case "maximum", size:
            window = (1, size, size, 1)
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
        case "average", size:
            window = (1, size, size, 1)
            x = jax.lax.reduce_window(x, 0.0, jax.lax.add, window, window, "VALID")
            x = x / size**2
        case "relu", *_:
            x = jax.nn.relu(x)
        case "tanh", *_:
            x = jnp.tanh(x)
        case "dropout", rate:
            if training:
                kept = jax.random.bernoulli(key, 1 - rate, x.shape)
                x = jnp.where(kept, x / (1 - rate), 0.0)
        case "normalize", *_:
            mean, variance = moving
            if training:
                mean, variance = x.mean(0), x.var(0)
                pairs = zip(moving, (mean, variance), strict=True)
                moving = tuple(old * 0.99 + new * 0.01 for old, new in pairs)
            gamma, beta = weights
            x = (x - mean) * (gamma * jax.lax.rsqrt(variance + 1e-3)) + beta
        case "embedding", *_:
            x = weights[0][x]
        case "lstm", units:
            states = _states(x, units, weights)
            x = states[lengths.astype("int32") - 1, jnp.arange(len(x))]
        case "states", units, _:
            x = _states(x, units, weights).swapaxes(0, 1)
        case "mel", rate, bands, joined:
            x = _mel(x, rate, bands, joined)
        case "both", units, _:
            forward, backward = weights
            behind = _gru(x[:, ::-1], units, *backward)[::-1]
            x = jnp.concatenate([_gru(x, units, *forward), behind], -1).swapaxes(0, 1)
        case "last", *_:
            x = x[:, -1]
        case "most", *_:
            x = x.max(1)
    return x, moving


def _mel(x, rate, bands, joined):
    """Logarithms of mel bands, by their mean and deviation, a few windows a step."""
    hop = rate // 100
    width = 3 * hop
    table = mel.bands(width // 2 + 1, rate, bands, 60.0, rate / 2)
    window = np.hanning(width + 1)[:-1].astype("float32")
    x = jnp.pad(x / 32767, [(0, 0), (width // 2, width // 2)], mode="reflect")
    first = np.arange(0, x.shape[1] - width - hop + 1, hop)
    frames = x[:, first[:, None] + np.arange(width)] * window
    power = jnp.abs(jnp.fft.rfft(frames)) ** 2
    logs = jnp.log(power @ table / 1e-6 + 1)
    mean, variance = (f(logs, (1, 2), keepdims=True) for f in (jnp.mean, jnp.var))
    logs = (logs - mean) * jax.lax.rsqrt(variance + 0.01)
    return logs.reshape(len(x), -1, joined * bands)


def _gru(x, units, kernel, recurrent, bias):
    """Its states at all steps, (steps, batch, units)."""

    def step(hidden, gates):
        own = hidden @ recurrent + bias[1]
        (update, reset, new), (keep, back, old) = (
            jnp.split(part, 3, -1) for part in (gates, own)
        )
        update, reset = jax.nn.sigmoid(update + keep), jax.nn.sigmoid(reset + back)
        hidden = update * hidden + (1 - update) * jnp.tanh(new + reset * old)
        return hidden, hidden

    inputs = (x @ kernel + bias[0]).swapaxes(0, 1)
    return jax.lax.scan(step, jnp.zeros((len(x), units)), inputs)[1]


def _states(x, units, weights):
    """Of an LSTM at all steps, (steps, batch, units)."""
    kernel, recurrent, bias = weights

    def step(state, gates):
        hidden, cell = state
        gates = gates + hidden @ recurrent
        gate, forget, new, output = jnp.split(gates, 4, -1)
        cell = jax.nn.sigmoid(forget) * cell + jax.nn.sigmoid(gate) * jnp.tanh(new)
        hidden = jax.nn.sigmoid(output) * jnp.tanh(cell)
        return (hidden, cell), hidden

    zeros = jnp.zeros((len(x), units))
    inputs = (x @ kernel + bias).swapaxes(0, 1)
    _, states = jax.lax.scan(step, (zeros, zeros), inputs)
    return states


def apply(case, weights, moving, key, x, training):
    lengths = (x != 0).sum(1) if case.tokens else None
    return _chain(case.layers, weights, moving, key, x, training, lengths)


def _chain(layers, weights, moving, key, x, training, lengths):
    known = []
    for place, (kind, *numbers) in enumerate(layers):
        draws = kind == "dropout" and training
        own = jax.random.fold_in(key, place) if draws else key
        x, new = layer(
            kind, numbers, weights[place], moving[place], own, training, lengths, x
        )
        known.append(new)
    return x, known


def loss(case, targets, outputs):
    if "rosenblatt" in case.loss:
        answers = jnp.where(outputs >= 0, 1.0, -1.0)
        return ((answers - (2 * targets - 1)) * outputs).mean()
    if case.loss == "mean_squared":
        return ((outputs - targets) ** 2).mean()
    if case.outputs == 1:
        return optax.sigmoid_binary_cross_entropy(outputs, targets).mean()
    return optax.softmax_cross_entropy_with_integer_labels(outputs, targets).mean()


def _prepared(case, inputs, classes):
    kinds = {"adam": optax.adam, "sgd": optax.sgd}
    optimizer = kinds[case.optimizer](case.rate)
    weights, moving = start(case, jax.random.key(0))
    state = weights, moving, optimizer.init(weights)
    targets = jnp.asarray(classes)
    if case.outputs == 1:
        targets = targets.astype("float32")[:, None]

    def step(state, key, x, y):
        weights, moving, slots = state

        def objective(weights):
            outputs, known = apply(case, weights, moving, key, x, True)
            return loss(case, y, outputs), known

        gradient = jax.value_and_grad(objective, has_aux=True)
        (value, moving), gradients = gradient(weights)
        updates, slots = optimizer.update(gradients, slots, weights)
        return (optax.apply_updates(weights, updates), moving, slots), value

    return state, step, jnp.asarray(inputs), targets


def step(case, inputs, classes):
    state, step, inputs, targets = _prepared(case, inputs, classes)
    jitted = jax.jit(
        lambda state, key, index: step(state, key, inputs[index], targets[index]),
        donate_argnums=0,
    )
    random, number = np.random.default_rng(0), 0

    def epoch():
        nonlocal state, number
        values = []
        order = random.permutation(len(inputs)).reshape(-1, case.batch)
        for index in order:
            key = jax.random.key(number)
            state, value = jitted(state, key, index)
            values.append(value)
            number += 1
        return float(jnp.stack(values).mean())

    return epoch


def scan(case, inputs, classes):
    state, step, inputs, targets = _prepared(case, inputs, classes)

    @partial(jax.jit, donate_argnums=0)
    def steps(state, key, order):
        def one(state, given):
            key, index = given
            return step(state, key, inputs[index], targets[index])

        keys = jax.random.split(key, len(order))
        state, values = jax.lax.scan(one, state, (keys, order))
        return state, values.mean()

    random, number = np.random.default_rng(0), 0

    def epoch():
        nonlocal state, number
        order = random.permutation(len(inputs)).reshape(-1, case.batch)
        state, value = steps(state, jax.random.key(number), order)
        number += 1
        return float(value)

    return epoch


def answer(case):
    weights, moving = start(case, jax.random.key(0))
    call = jax.jit(lambda x: apply(case, weights, moving, None, x, False)[0])
    return lambda inputs: np.asarray(call(inputs))

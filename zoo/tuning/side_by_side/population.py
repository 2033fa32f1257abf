"""The JAX program that trains padded networks of dense layers as one population."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import keras
import numpy as np

from zoo.engine import private
from zoo.engine.counting import is_wrong
from zoo.engine.jax.device import compiler_options
from zoo.engine.random_bits import bits_at
from zoo.recipe import Recipe
from zoo.training import losses, optimizer
from zoo.tuning import network

FIELDS = ("clip_norm", "loss", "label_smoothing")
# On two CPU cores it compiles in 4.7 s in place of 6.3, and steps are no slower.
_COMPILER = {"xla_backend_optimization_level": 1}
_MOMENTUM, _EPSILON = 0.99, 1e-3  # of Keras's batch normalization


class Population:
    """The compiled training of members of one shape.

    Args:
        fields: of the recipes, in the order of `FIELDS`.
        rules: pairs of an optimizer and its momentum; every member is updated by all
            of them and keeps what its own gives, so that one program serves them.
        shape: width and depth of the padded networks, and the number of logits.
        activations: those that occur.
        normalized, dropped, decayed: whether batch normalization, dropout and weight
            decay occur.
    """

    def __init__(self, fields, rules, shape, activations, normalized, dropped, decayed):
        self.width, self.depth, self.outputs = shape
        self.activations = activations
        self.normalized, self.dropped = normalized, dropped
        fields = dict(zip(FIELDS, fields, strict=True))
        recipe = Recipe(model="", data="", weight_decay=float(decayed), **fields)
        _, self.loss = losses.make(recipe.loss, self.outputs, recipe.label_smoothing)
        self.rules = [
            _Rule(replace(recipe, optimizer=name, momentum=momentum))
            for name, momentum in rules
        ]
        self.names = ["kernel", "bias", "logits_kernel", "logits_bias"]
        if normalized:
            self.names += ["gamma", "beta"]
        axes = (0, 0, 0, None, None)
        self.run = jax.jit(
            jax.vmap(self._epochs, in_axes=axes),
            donate_argnums=0,
            compiler_options=compiler_options(**_COMPILER),
        )

    def start(self, weights, count):
        """The members' state before the first step."""
        weights = [weights[name] for name in self.names]
        inner = [rule.start(weights, self.names) for rule in self.rules]
        moving = np.zeros((count, 2, self.depth, self.width), "float32")
        moving[:, 1] = 1
        step = np.zeros(count, "int32")
        return jax.tree.map(jnp.asarray, (weights, inner, moving, step))

    def _epochs(self, state, masks, facts, splits, batches):
        batches = batches[facts["fold"]]

        def epoch(state, now):
            batches, rates = now
            state, (values, wrong) = jax.lax.scan(
                lambda state, now: self._step(state, now, masks, facts, splits),
                state,
                (batches, rates),
            )
            count = (batches >= 0).sum(axis=1)
            bad = ~jnp.isfinite(values)
            line = {
                "loss": (values * count).sum() / count.sum(),
                "wrong": wrong.sum(),
                "bad_step": jnp.where(bad.any(), bad.argmax() + 1, 0),
                **self._judge(state, facts, splits),
            }
            return state, line

        return jax.lax.scan(epoch, state, (batches, facts["rates"]))

    def _step(self, state, now, masks, facts, splits):
        index, rate = now
        weights, inner, moving, step = state
        rows = (index >= 0).astype("float32")
        x = splits["train"][facts["table"], index]
        y = splits["train_targets"][facts["fold"], index]
        total = jnp.maximum(rows.sum(), 1)

        def objective(weights):
            named = dict(zip(self.names, weights, strict=True))
            logits, updated = self._forward(named, moving, facts, x, rows, step)
            each = jax.vmap(lambda y, z: self.loss(y[None], z[None]))(y, logits)
            value = (each * rows).sum() / total + self._penalty(named, facts)
            return value, (updated, logits)

        (value, (moved, logits)), grads = jax.value_and_grad(objective, has_aux=True)(
            weights
        )
        used = [masks[name] for name in self.names]
        grads = [jnp.where(m, g, 0.0) for m, g in zip(used, grads, strict=True)]
        updated, inner = self._update(inner, grads, weights, rate, facts)
        wrong = (is_wrong(y, logits) & (index >= 0)).sum()
        new = (updated, inner, moved, step + 1)
        is_step = rows.any()  # folds may differ by one step
        new = jax.tree.map(lambda a, b: jnp.where(is_step, a, b), new, state)
        return new, (jnp.where(is_step, value, 0.0), wrong)

    def _update(self, inner, grads, weights, rate, facts):
        """The weights after a step of each member's own rule."""
        updated, states = weights, []
        for place, (rule, state) in enumerate(zip(self.rules, inner, strict=True)):
            new, state = rule.apply(state, grads, weights, rate, facts["weight_decay"])
            is_own = facts["rule"] == place
            updated = [
                jnp.where(is_own, a, b) for a, b in zip(new, updated, strict=True)
            ]
            states.append(state)
        return updated, states

    def _forward(self, weights, moving, facts, x, rows=None, step=None):
        """Logits, and the moving statistics after them; `rows` only in training."""
        statistics = []
        for place in range(self.depth):
            fact = {k: facts[k][place] for k in _OF_LAYERS}
            z = x @ weights["kernel"][place] + weights["bias"][place]
            active = self._activate(z, fact["activation"])
            if self.normalized:
                is_before = fact["normalization"] == network.BEFORE
                out, moved = _normalize(
                    jnp.where(is_before, z, active),
                    weights["gamma"][place],
                    weights["beta"][place],
                    moving[:, place],
                    rows,
                )
                statistics.append(moved)
                is_after = fact["normalization"] == network.AFTER
                active = jnp.where(is_after, out, active)
                out = self._activate(out, fact["activation"])
                active = jnp.where(is_before, out, active)
            z = active
            if self.dropped and rows is not None:
                z = self._drop(z, fact, step)
            x = jnp.where(fact["is_used"], z, x)
        if statistics and rows is not None:
            moving = jnp.stack(statistics, axis=1)
        return x @ weights["logits_kernel"] + weights["logits_bias"], moving

    def _activate(self, z, chosen):
        out = z
        for name in self.activations:
            is_chosen = chosen == network.ACTIVATIONS.index(name)
            out = jnp.where(is_chosen, keras.activations.get(name)(z), out)
        return out

    def _drop(self, z, fact, step):
        """`zoo.layers.Dropout`: the position of an element is that without padding."""
        row, column = jnp.indices(z.shape, "int32")
        position = row * fact["units"].astype("int32") + column
        kept = bits_at(position, fact["seed"], step) >= fact["threshold"]
        return z * kept / (1 - fact["dropout"])

    def _penalty(self, weights, facts):
        kernel, logits = weights["kernel"], weights["logits_kernel"]
        l1 = (facts["l1"] * jnp.abs(kernel).sum(axis=(1, 2))).sum()
        l2 = (facts["l2"] * jnp.square(kernel).sum(axis=(1, 2))).sum()
        l1 += facts["logits_l1"] * jnp.abs(logits).sum()
        return l1 + l2 + facts["logits_l2"] * jnp.square(logits).sum()

    def _judge(self, state, facts, splits):
        """Cross-entropy and accuracy on the validation split, as `zoo.evaluate`'s."""
        weights, _, moving, _ = state
        x = splits["validation"][facts["table"]]
        truth = splits["validation_targets"][facts["fold"]]
        named = dict(zip(self.names, weights, strict=True))
        logits, _ = self._forward(named, moving, facts, x)
        count = splits["validation_count"][facts["fold"]]
        rows = jnp.arange(len(x)) < count
        if self.outputs == 1:
            sign = jnp.where(truth == 1, -1.0, 1.0)
            each = jnp.logaddexp(0.0, sign * logits[:, 0])
        else:
            chosen = jnp.take_along_axis(logits, truth[:, None], axis=1)[:, 0]
            each = jax.nn.logsumexp(logits, axis=1) - chosen
        right = ~is_wrong(truth, logits)
        return {
            "validation_loss": jnp.where(rows, each, 0.0).sum() / count,
            "validation_right": (right & rows).sum(),
        }


class _Rule:
    """A Keras optimizer as a function, its learning rate and weight decay as values."""

    def __init__(self, recipe: Recipe):
        self.recipe, self.optimizer = recipe, None

    def start(self, weights, names):
        """The optimizer's state for all members; weights are (members, ...) arrays."""
        if self.optimizer is None:
            variables = [
                keras.Variable(np.zeros(value.shape[1:], "float32"), name=name)
                for name, value in zip(names, weights, strict=True)
            ]
            spared = [v for v in variables if not v.name.endswith("kernel")]
            self.optimizer = optimizer.make(self.recipe, 1, spared)
            self.optimizer.build(variables)
        own = self.optimizer
        self.rate = [v is private.rate_of(own) for v in own.variables].index(True)
        return [
            np.repeat(np.asarray(v.value)[None], len(weights[0]), axis=0)
            for v in own.variables
        ]

    def apply(self, state, grads, weights, rate, decay):
        own, state = self.optimizer, [*state]
        state[self.rate] = rate
        if declared := own.weight_decay:
            own.weight_decay = decay
        weights, state = own.stateless_apply(state, grads, weights)
        own.weight_decay = declared
        return weights, state


_OF_LAYERS = ("is_used", "units", "activation", "normalization", "dropout")
_OF_LAYERS += ("threshold", "seed")


def _normalize(z, gamma, beta, moving, rows):
    """Batch normalization, and the moving mean and variance after it."""
    if rows is None:
        mean, variance = moving
    else:
        share = rows[:, None] / rows.sum()
        mean = (share * z).sum(axis=0)
        variance = (share * jnp.square(z - mean)).sum(axis=0)
        moving = _MOMENTUM * moving + (1 - _MOMENTUM) * jnp.stack([mean, variance])
    return gamma * (z - mean) * jax.lax.rsqrt(variance + _EPSILON) + beta, moving

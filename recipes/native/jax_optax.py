"""The recipe lenet_mnist in JAX's own idiom: a pure, jitted step, and Optax.

    python recipes/native/jax_optax.py data=mnist_sample

The model, the data, their augmentation and the recipe's numbers come from zoo.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax

import zoo
from zoo import augment, backend, data
from zoo import recipe as recipes


def main():
    backend.use("jax")
    recipe = recipes.override(recipes.load("lenet_mnist"), sys.argv[1:])
    dataset = data.load(recipe.data, validation=recipe.validation, seed=recipe.seed)
    model = zoo.build(recipe.model, seed=recipe.seed, **recipe.model_arguments)
    steps = -(-len(dataset.train) // recipe.batch)

    schedule = optax.warmup_cosine_decay_schedule(
        init_value=0.0,
        peak_value=recipe.learning_rate,
        warmup_steps=round(recipe.warmup_epochs * steps),
        decay_steps=recipe.epochs * steps,
    )
    optimizer = optax.adamw(
        schedule,
        weight_decay=recipe.weight_decay,
        mask=lambda weights: [array.ndim > 1 for array in weights],
    )
    weights = [jnp.copy(variable.value) for variable in model.trainable_variables]
    others = [variable.value for variable in model.non_trainable_variables]
    optimizer_state = optimizer.init(weights)

    @jax.jit
    def step(weights, optimizer_state, images, labels):
        def loss(weights):
            logits, _ = model.stateless_call(weights, others, images, training=True)
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
            return losses.mean()

        value, gradients = jax.value_and_grad(loss)(weights)
        updates, optimizer_state = optimizer.update(gradients, optimizer_state, weights)
        return optax.apply_updates(weights, updates), optimizer_state, value

    @jax.jit
    def predict(weights, images):
        logits, _ = model.stateless_call(weights, others, images, training=False)
        return logits.argmax(-1)

    for epoch in range(recipe.epochs):
        batches = dataset.batches("train", recipe.batch, recipe.seed, epoch)
        losses = []
        for number, (images, labels) in enumerate(batches, epoch * steps):
            images = augment.apply(images, recipe.augment, recipe.seed, number)
            weights, optimizer_state, loss = step(
                weights, optimizer_state, images, labels
            )
            losses.append(loss)
        print(f"epoch {epoch + 1}/{recipe.epochs}: loss {np.mean(losses):.4f}")

    right = predict(weights, dataset.test.inputs) == dataset.test.targets
    print(f"test accuracy: {right.mean():.2%}")


if __name__ == "__main__":
    main()

"""The recipe lenet_mnist in TensorFlow's own idiom: tf.data, GradientTape, tf.function.

    python recipes/native/tensorflow_gradient_tape.py data=mnist_sample

The model, the data, their augmentation and the recipe's numbers come from zoo.
"""

import sys

import numpy as np
import tensorflow as tf

import zoo
from zoo import augment, backend, data
from zoo import recipe as recipes


def main():
    backend.use("tensorflow")
    recipe = recipes.override(recipes.load("lenet_mnist"), sys.argv[1:])
    dataset = data.load(recipe.data, validation=recipe.validation, seed=recipe.seed)
    model = zoo.build(recipe.model, seed=recipe.seed, **recipe.model_arguments)

    count = len(dataset.train)
    positions = tf.data.Dataset.range(count).shuffle(count, seed=recipe.seed)
    batches = positions.batch(recipe.batch)
    steps = len(batches)

    warmup = round(recipe.warmup_epochs * steps)
    optimizer = tf.keras.optimizers.AdamW(
        tf.keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            warmup_target=recipe.learning_rate,
            warmup_steps=warmup,
            decay_steps=recipe.epochs * steps - warmup,
        ),
        weight_decay=recipe.weight_decay,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])

    @tf.function
    def step(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        weights = model.trainable_weights
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return loss

    number = 0
    for epoch in range(recipe.epochs):
        losses = []
        for index in batches.as_numpy_iterator():
            images = dataset.train.inputs[index]
            images = augment.apply(images, recipe.augment, recipe.seed, number)
            labels = dataset.train.targets[index]
            losses.append(step(tf.constant(images), tf.constant(labels)))
            number += 1
        print(f"epoch {epoch + 1}/{recipe.epochs}: loss {np.mean(losses):.4f}")

    logits = model(tf.constant(np.asarray(dataset.test.inputs)), training=False)
    right = np.argmax(logits, axis=-1) == dataset.test.targets
    print(f"test accuracy: {right.mean():.2%}")


if __name__ == "__main__":
    main()

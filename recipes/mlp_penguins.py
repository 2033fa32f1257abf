"""A small MLP tells three species of penguins apart, by measurements and categories.

    zoo train mlp_penguins

The claim is the mean accuracy of 10-fold cross-validation. Missing values and the names
of islands go into the network as they are: its first layer, `zoo.layers.Columns`, is
adapted to the training rows.
"""

import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (16,), "activation": "silu"},
    data="penguins",
    validation=0.0,
    batch=16,
    epochs=40,
    learning_rate=0.01,
    schedule="cosine",
    weight_decay=0.01,
    expects=zoo.Expected("accuracy", 0.98, folds=10),
)

if __name__ == "__main__":
    zoo.main(__file__)

"""A small MLP tells three species of penguins apart, by measurements and categories.

    zoo train mlp_penguins

The claim is the mean accuracy of 10-fold cross-validation. Missing values and the names
of islands go into the network as they are: its first layer, `zoo.layers.Columns`, is
adapted to the training rows.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        98.84% ± 0.00 (5), 0.26 minutes, cpu, 2 cores
        means, and 95 % intervals over the examples:
        loss              0.038 (0.007 to 0.081)
        accuracy          0.988 (0.976 to 0.997)
        balanced accuracy 0.991 (0.981 to 0.998)
    TensorFlow 98.84% ± 0.00 (5), 0.26 minutes, cpu, 2 cores
        means, and 95 % intervals over the examples:
        loss              0.038 (0.007 to 0.081)
        accuracy          0.988 (0.976 to 0.997)
        balanced accuracy 0.991 (0.981 to 0.998)
    PyTorch    98.84% ± 0.00 (5), 0.078 minutes, cpu, 2 cores
        means, and 95 % intervals over the examples:
        loss              0.038 (0.007 to 0.081)
        accuracy          0.988 (0.976 to 0.997)
        balanced accuracy 0.991 (0.981 to 0.998)
    without a network 98.72%, logistic regression
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

"""Rosenblatt's perceptron on two Iris species: 2, 2, 3, 2, 1, 0 updates per epoch.

    zoo train perceptron_iris

The column `wrong` of `history.csv` counts the updates: the rule changes the weights
whenever an example is classified wrongly, one example at a time, in the order of the
data. From zero weights the learning rate only scales them. There is no test split:
the point is that the rule converges, so the claim is about the training examples.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        100.00% ± 0.00 (5), 0.0012 minutes, cpu, 2 cores
    TensorFlow 100.00% ± 0.00 (5), 0.0055 minutes, cpu, 2 cores
    PyTorch    100.00% ± 0.00 (5), 0.0058 minutes, cpu, 2 cores
    without a network 100.00%, logistic regression
    no network is needed: this one is not better than that
"""

import zoo

recipe = zoo.Recipe(
    model="perceptron",
    data="iris_sample",
    data_arguments={
        "classes": ("setosa", "versicolor"),
        "features": ("sepal_length", "petal_length"),
    },
    validation=0.0,
    batch=1,
    epochs=10,
    shuffle=False,
    loss="zoo.models.perceptron.rosenblatt_loss",
    optimizer="sgd",
    learning_rate=0.01,
    expects=zoo.Expected("accuracy", 1.0, split="train"),
)

if __name__ == "__main__":
    zoo.main(__file__)

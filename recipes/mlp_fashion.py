"""One hidden layer, 784-128-10 (101,770 parameters), on Fashion-MNIST.

    zoo train mlp_fashion

Tutorials leave this network at 83 to 88 % after a few epochs. Clothes are themselves in
a mirror; flipped pictures, dropped pixels, much weight decay and time give the rest.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        89.86% ± 0.06 (5), 2.3 minutes, cpu, 2 cores
    TensorFlow 89.83% ± 0.25 (3), 2.6 minutes, cpu, 2 cores
    PyTorch    89.99% (1), 5 minutes, cpu, 2 cores
"""

import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (128,), "activation": "gelu", "input_dropout": 0.1},
    data="fashion_mnist",
    augment={"flip": 0.5},
    validation=0.02,
    batch=128,
    epochs=200,
    optimizer="adam",
    learning_rate=3e-3,
    schedule="cosine",
    weight_decay=0.1,
)

if __name__ == "__main__":
    zoo.main(__file__)

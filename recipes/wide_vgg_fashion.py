"""A VGG of six convolutions, 32 to 128 filters (289,066 parameters), on Fashion-MNIST.

    zoo train wide_vgg_fashion

The blocks of `tiny_vgg_fashion`, one more of them, twice as wide from one to the next,
with batch normalization and an average over positions in place of flattening.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        94.44% ± 0.08 (3), 2.5 minutes, NVIDIA H200, 16 cores
    TensorFlow 94.38% (1), 103 minutes, cpu, 2 cores
    PyTorch    94.81% (1), 83 minutes, cpu, 2 cores
    without a network 83.95%, logistic regression*
"""

import zoo

recipe = zoo.Recipe(
    model="tiny_vgg",
    model_arguments={
        "filters": 32,
        "blocks": 3,
        "growth": 2,
        "batch_normalization": True,
        "dropout": 0.2,
        "global_average": True,
    },
    data="fashion_mnist",
    augment={"flip": 0.5},
    validation=0.02,
    batch=128,
    epochs=40,
    optimizer="adam",
    learning_rate=3e-3,
    schedule="cosine",
    warmup_epochs=0.5,
    expects=zoo.Expected("accuracy", at_least=0.939),
)

if __name__ == "__main__":
    zoo.main(__file__)

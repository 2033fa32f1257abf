"""A wide MLP, 784-1024-1024-10, with dropout and max-norm, on MNIST.

    zoo train wide_mlp_mnist

Others reach 99.05 % with dropout and max-norm (Srivastava et al. 2014), and 99.65 %
where the digits are distorted anew in every epoch (Cireşan et al. 2010, with five
hidden layers and twelve million weights). Here are both, in a network for a laptop.

Measured (tools/tables.py writes these lines from the ledger):
    PyTorch    99.36% (1), 18 minutes, cpu, 2 cores
"""

import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    model_arguments={
        "hidden": (1024, 1024),
        "batch_normalization": "before",
        "dropout": 0.1,
        "max_norm": 3.0,
    },
    data="mnist",
    augment={"shift": 0.05, "rotation": 10, "zoom": 0.1, "elastic": (34, 5)},
    validation=0.05,
    batch=256,
    epochs=60,
    learning_rate=3e-3,
    schedule="cosine",
    warmup_epochs=0.5,
)

if __name__ == "__main__":
    zoo.main(__file__)

"""Two interleaving half circles, 1,000 points with noise 0.1, and a small MLP.

    zoo train moons

Measured (tools/tables.py writes these lines from the ledger):
    JAX        100.00% ± 0.00 (5), 0.0077 minutes, cpu, 2 cores
    TensorFlow 100.00% ± 0.00 (5), 0.05 minutes, cpu, 2 cores
    PyTorch    100.00% ± 0.00 (5), 0.031 minutes, cpu, 2 cores
    without a network 100.00%, gradient boosting
    no network is needed: this one is not better than that
"""

import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (10, 10)},
    data="moons",
    data_arguments={"noise": 0.1},
    validation=0.1,
    batch=32,
    epochs=100,
    learning_rate=0.01,
    schedule="cosine",
    expects=zoo.Expected("accuracy", 1.0),
)

if __name__ == "__main__":
    zoo.main(__file__)

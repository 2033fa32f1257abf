"""Two concentric circles, 1,000 points, separated by a small MLP.

    zoo train circles

Others left the same 151 parameters at 87 %, after 1,000 steps of plain gradient
descent. Smooth units and targets, chosen on twenty other data sets
(`data.data_seed=100` and so on), keep the edge in the middle between the circles.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        100.00% ± 0.00 (5), 0.011 minutes, cpu, 2 cores
    TensorFlow 100.00% ± 0.00 (5), 0.07 minutes, cpu, 2 cores
    PyTorch    100.00% ± 0.00 (5), 0.055 minutes, cpu, 2 cores
    without a network 98.00%, gradient boosting
"""

import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (10, 10), "activation": "silu"},
    data="circles",
    data_arguments={"noise": 0.03},
    validation=0.1,
    batch=32,
    epochs=200,
    learning_rate=0.01,
    schedule="cosine",
    label_smoothing=0.1,
    expects=zoo.Expected("accuracy", 1.0),
)

if __name__ == "__main__":
    zoo.main(__file__)

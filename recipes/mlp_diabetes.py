"""A small MLP on 442 diabetes patients: how far the disease got in a year.

    zoo train mlp_diabetes

The claim is the mean r2 of five repeats of 10-fold cross-validation, in which means,
deviations and weights are learned from nine parts and tested on the tenth. The ten
measurements say about half of the progression, to ridge regression as to this network:
weight decay and dropout keep it from learning the patients by heart. For teaching,
never for diagnosis.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        r2 0.4985 ± 0.0041 (5), 0.22 minutes, cpu, 2 cores
        means, and 95 % intervals over the examples:
        loss              0.499 (0.439 to 0.560)
        mae               44.102 (41.136 to 47.095)
        rmse              54.530 (51.191 to 57.803)
        r2                0.499 (0.434 to 0.554)
    TensorFlow r2 0.4985 ± 0.0041 (5), 0.29 minutes, cpu, 2 cores
        means, and 95 % intervals over the examples:
        loss              0.499 (0.439 to 0.560)
        mae               44.102 (41.136 to 47.095)
        rmse              54.530 (51.191 to 57.803)
        r2                0.499 (0.434 to 0.554)
    PyTorch    r2 0.4985 ± 0.0041 (5), 0.037 minutes, cpu, 2 cores
        means, and 95 % intervals over the examples:
        loss              0.499 (0.439 to 0.560)
        mae               44.102 (41.136 to 47.095)
        rmse              54.530 (51.191 to 57.803)
        r2                0.499 (0.434 to 0.554)
    without a network 0.4878, ridge regression
"""

import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (32,), "activation": "silu", "dropout": 0.3},
    data="diabetes",
    validation=0.0,
    batch=64,
    epochs=30,
    loss="mean_squared",
    learning_rate=0.01,
    schedule="cosine",
    weight_decay=0.3,
    expects=zoo.Expected("r2", at_least=0.49, folds=10),
)

if __name__ == "__main__":
    zoo.main(__file__)

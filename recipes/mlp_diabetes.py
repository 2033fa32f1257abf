"""A small MLP on 442 diabetes patients: how far the disease got in a year.

    zoo train mlp_diabetes

The claim is the mean r2 of five repeats of 10-fold cross-validation, in which means,
deviations and weights are learned from nine parts and tested on the tenth. The ten
measurements say about half of the progression, to ridge regression as to this network:
weight decay and dropout keep it from learning the patients by heart. For teaching,
never for diagnosis.
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

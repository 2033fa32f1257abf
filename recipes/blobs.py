"""Four overlapping blobs, 2,000 points, separated by a small MLP.

zoo train blobs
"""

import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (8, 8)},
    data="blobs",
    validation=0.1,
    batch=32,
    epochs=50,
    learning_rate=0.01,
    schedule="cosine",
    expects=zoo.Expected("accuracy", 0.995),
)

if __name__ == "__main__":
    zoo.main(__file__)

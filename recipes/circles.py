"""Two concentric circles, 1,000 points, separated by a small MLP.

zoo train circles
"""

import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (10, 10)},
    data="circles",
    validation=0.1,
    batch=32,
    epochs=200,
    learning_rate=0.01,
    schedule="cosine",
)

if __name__ == "__main__":
    zoo.main(__file__)

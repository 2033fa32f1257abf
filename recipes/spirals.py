"""Three spiral arms, 900 points, and an MLP wide enough to follow their turns.

zoo train spirals
"""

import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (32, 32)},
    data="spirals",
    validation=0.1,
    batch=32,
    epochs=200,
    learning_rate=0.01,
    schedule="cosine",
    expects=zoo.Expected("accuracy", 1.0),
)

if __name__ == "__main__":
    zoo.main(__file__)

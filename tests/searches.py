"""What the tests of searches search: a small recipe, and a model file of a user's."""

import zoo

TINY = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (4,), "classes": 1},
    data="circles",
    data_arguments={"samples": 120},
    validation=0.25,
    batch=24,  # of 72 examples: one program, no rest
    epochs=2,
    learning_rate=0.01,
)

OWN_MODEL = """
import os, time
import keras

def build(input_shape=(2,), width=4):
    if log := os.environ.get("TUNE_LOG"):
        with open(log, "a") as file:
            print(width, file=file)
        time.sleep(0.3)
    if width % 2:
        raise RuntimeError("no odd width")
    x = inputs = keras.Input(input_shape)
    x = keras.layers.Dense(width, name="hidden")(x)
    x = keras.layers.LayerNormalization(name="normalization")(x)
    return keras.Model(inputs, keras.layers.Dense(1, name="logits")(x))

def space(hp):
    return {"width": hp.Int("width", 1, 500, default=4)}
"""

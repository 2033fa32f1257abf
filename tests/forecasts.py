"""A small forecast: its recipe, its data as a file, what its network answers."""

import compiling
import keras
import numpy as np
from series import table

import zoo

RECIPE = zoo.Recipe(
    model="lstm_forecast",
    model_arguments={"units": (8,), "linear": 24},
    data="own.csv",
    data_arguments={"time": "when", "target": "load", "window": 24, "horizon": 4},
    validation=0.2,
    batch=32,
    epochs=2,
    learning_rate=0.01,
)


def answers(model, inputs):
    return keras.ops.convert_to_numpy(
        compiling.whole(model)(np.asarray(inputs, "float32"))
    )


def csv(path, columns):
    names = list(columns)
    rows = zip(*(columns[name] for name in names), strict=True)
    path.write_text(
        "\n".join([",".join(names), *(",".join(map(str, r)) for r in rows)])
    )


def tmp_path_series(folder, **more):
    csv(folder / "next.csv", {**table(300), **more})
    return folder / "next.csv"

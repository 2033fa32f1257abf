"""A straight line through 40 points: linear regression by gradient descent.

    zoo train linear_regression

The points are those of y = 0.7 x + 0.3. One linear unit learns weight and bias within
0.01, and the ten test points lie beyond all that it has seen. Ridge regression finds
the line without a network; this recipe shows that gradient descent finds it, too.

In Python the line is what the run answers at 0 and at 1:

    at_0, at_1 = (each.numbers["y"] for each in zoo.predict(run, [[0], [1]]))
    weight, bias = at_1 - at_0, at_0

Measured (tools/tables.py writes these lines from the ledger):
    JAX        mae 4.659e-06 ± 9.5e-06 (5), 0.0019 minutes, cpu, 2 cores
    TensorFlow mae 4.669e-06 ± 9.5e-06 (5), 0.0058 minutes, cpu, 2 cores
    PyTorch    mae 4.68e-06 ± 9.5e-06 (5), 0.003 minutes, cpu, 2 cores
    without a network 8.748e-05, ridge regression
"""

import zoo

recipe = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": ()},
    data="line",
    validation=0.0,
    batch=8,
    epochs=100,
    loss="mean_squared",
    learning_rate=0.1,
    schedule="cosine",
    expects=zoo.Expected("mae", at_most=0.001),
)

if __name__ == "__main__":
    zoo.main(__file__)

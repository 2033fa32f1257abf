"""An LSTM forecasts the sunspots of five years, of 309: too few to beat a linear model.

    zoo train lstm_sunspots

The package statsmodels ships the years 1700 to 2008 (`pip install "zoo[series]"`). Half
a cycle ahead the last value says nothing, the value eleven years before says much, and
ridge regression on eleven years says more than this network, which has some 200
windows to learn from. Look at the floors first: a forecast that is worse than one of
them is not worth its network.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        mae 30.6 ± 0.88 (5), 0.01 minutes, cpu, 2 cores
    TensorFlow mae 30.6 ± 0.88 (5), 0.03 minutes, cpu, 2 cores
    PyTorch    mae 30.6 ± 0.88 (5), 0.0099 minutes, cpu, 2 cores
    without a network 17.58, ridge regression
    no network is needed: this one is not better than that
"""

import zoo

recipe = zoo.Recipe(
    model="lstm_forecast",
    model_arguments={"units": (16,)},
    data="sunspots",
    validation=0.2,
    batch=16,
    epochs=30,
    learning_rate=3e-3,
    schedule="cosine",
    expects=zoo.Expected("mae", at_most=40.0),
)

if __name__ == "__main__":
    zoo.main(__file__)

"""An LSTM forecasts the oil of a transformer 24 hours ahead, on ETTh1.

    zoo train lstm_etth1 data.path=./ETTh1.csv

The file is that of github.com/zhouhaoyi/ETDataset. The claim is about `loss`, the mean
squared error in deviations of the training rows, on the literature's split of 12, 4 and
4 months. The network sees a week of the oil's temperature alone; it forecasts the
change from the last value, and a linear path beside the cells begins where ridge
regression does.

On this benchmark published networks reach .0355 (TimesURL), .0390 (TS2Vec), .0940
(N-BEATS), .0980 (Informer): more than the last value, .0343, and more than ridge
regression.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        loss 0.02633 ± 4.2e-05 (5), 0.13 minutes, cpu, 2 cores
    TensorFlow loss 0.02633 ± 4.2e-05 (5), 0.27 minutes, cpu, 2 cores
    PyTorch    loss 0.02633 ± 4.2e-05 (5), 0.1 minutes, cpu, 2 cores
    without a network 0.02745, ridge regression
"""

import zoo

recipe = zoo.Recipe(
    model="lstm_forecast",
    model_arguments={"units": (32,), "linear": 168},
    data="etth1",
    data_arguments={"path": "./ETTh1.csv"},
    batch=64,
    epochs=4,
    learning_rate=1e-3,
    schedule="cosine",
    expects=zoo.Expected("loss", at_most=0.0275),
)

if __name__ == "__main__":
    zoo.main(__file__)

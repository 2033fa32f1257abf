"""Minimal GRUs that read in both directions, on runs of words of IMDB's reviews.

    zoo train gru_imdb

A pair or triple of words ("not good", "waste of time") is a token behind its last word
if it is among the 400,000 most frequent words and runs. Most of them are rare: Adagrad,
whose sums of squared gradients start from zero, gives each a rate of its own, and two
epochs are enough. Keras's defaults (a sum that starts from 0.1, 1e-7 inside the root)
make it plain gradient descent for rare words. The first and the last 400 tokens are
read.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        91.44% ± 0.08 (5), 3.1 minutes, cpu, 2 cores
    TensorFlow 91.44% ± 0.09 (5), 3.5 minutes, cpu, 2 cores
    PyTorch    91.44% ± 0.08 (5), 4.7 minutes, cpu, 2 cores
    without a network 90.08%, logistic regression
"""

import zoo

recipe = zoo.Recipe(
    model="lstm_sentiment",
    model_arguments={
        "embedding": 32,
        "cell": "mingru",
        "units": (16,),
        "bidirectional": True,
        "pooling": "max",
    },
    data="imdb_reviews",
    data_arguments={
        "vocabulary_size": 400_000,
        "length": 800,
        "keep": "ends",
        "ngrams": 3,
    },
    validation=0.04,
    batch=64,
    epochs=2,
    optimizer="adagrad",
    optimizer_arguments={"initial_accumulator_value": 0.0, "epsilon": 1e-12},
    learning_rate=0.1,
    schedule="linear",
    warmup_epochs=0.2,
    weight_decay=0.03,
    expects=zoo.Expected("accuracy", at_least=0.91),
)

if __name__ == "__main__":
    zoo.main(__file__)

"""Two stacked LSTM layers, 128 and 64 units, on IMDB's film reviews.

    zoo train lstm_imdb

The network of many tutorials, which leave it at 83 to 88 % as they read 80 words of a
review and the last state alone. Here it reads 400 words, and the maximum of each unit
over all of them answers; dropout keeps it from learning the 25,000 reviews by heart.
"""

import zoo

recipe = zoo.Recipe(
    model="lstm_sentiment",
    model_arguments={
        "units": (128, 64),
        "pooling": "max",
        "dropout": 0.4,
        "embedding_dropout": 0.4,
    },
    data="imdb_reviews",
    data_arguments={"vocabulary_size": 20000, "length": 400},
    validation=0.05,
    batch=64,
    epochs=3,
    learning_rate=2e-3,
    schedule="linear",
    warmup_epochs=0.2,
    clip_norm=1.0,
)

if __name__ == "__main__":
    zoo.main(__file__)

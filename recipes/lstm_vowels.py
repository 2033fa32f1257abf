"""A small recurrent network hears which of nine men says two Japanese vowels.

    zoo train lstm_vowels

270 utterances of 12 cepstra and 7 to 29 steps are learned from, 370 are the test. The
package aeon ships them: `pip install --no-deps aeon`. Numbers that are dropped before
and after the cells keep 35,721 parameters from learning 270 sequences by heart, and
each channel of an utterance is shifted at random in training.

Settings were chosen by cross-validation inside the training, in five blocks of a man's
utterances, with a network of the same form in plain PyTorch; 40 random settings of 16
options said first which of them matter. Means of so many seeds:

    as before, learning_rate=3e-3          loss 0.137, 96.2 % right (4)
    deltas                                 loss 0.082, 97.7 % right (3)
    deltas, learning_rate=6e-3             loss 0.082, 97.9 % right (3)
    the same, input_shift=0.25             loss 0.070, 98.3 % right (2)
    the same, input_shift=0.4              loss 0.055, 98.7 % right (4)

Noise, stretches and cuts in time, whole channels dropped, examples mixed or spliced,
and deviations or maxima beside the means gave nothing more; nor did, beyond what seeds
do, smoothed labels. These settings met the test once. The goal, 99.2 %, is not reached.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        99.08% ± 0.15 (5), 0.048 minutes, cpu, 2 cores
    TensorFlow 99.08% ± 0.15 (5), 0.15 minutes, cpu, 2 cores
    PyTorch    99.08% ± 0.15 (5), 0.098 minutes, cpu, 2 cores
    without a network 98.38%, logistic regression
"""

import zoo

recipe = zoo.Recipe(
    model="lstm_speech",
    model_arguments={
        "joined": 1,
        "deltas": True,
        "units": (64,),
        "pooling": "mean",
        "dropout": 0.5,
        "input_dropout": 0.3,
        "input_shift": 0.4,
    },
    data="vowels",
    validation=0.0,
    batch=16,
    epochs=40,
    learning_rate=6e-3,
    schedule="cosine",
    weight_decay=0.1,
    ema=0.98,
    expects=zoo.Expected("accuracy", at_least=0.98),
)

if __name__ == "__main__":
    zoo.main(__file__)

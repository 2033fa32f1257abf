"""A recurrent network writes down strings of one to seven spoken digits.

    zoo train lstm_digit_strings data.path=FOLDER

FOLDER is a copy of github.com/Jakobovski/free-spoken-digit-dataset, of which the
strings are put together; no recording is in two splits. How well it hears someone whom
it never heard is another question:

    zoo cross-validate lstm_digit_strings data.path=FOLDER --groups speaker --folds 6

With validation=0, or one speaker more is held back from the training. Settings were
chosen on the validation split.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        error_rate 1.25% ± 0.46 (5), 2 minutes, cpu, 2 cores
    TensorFlow error_rate 1.25% ± 0.46 (5), 2.8 minutes, cpu, 2 cores
    PyTorch    error_rate 1.25% ± 0.46 (5), 3 minutes, cpu, 2 cores
    without a network 14.55%, cut at silences
"""

import zoo

recipe = zoo.Recipe(
    model="lstm_speech",
    model_arguments={"units": (96,), "joined": 4, "dropout": 0.3, "head": "ctc"},
    data="digit_strings",
    augment={"speed": 0.1},
    batch=32,
    epochs=12,
    loss="ctc",
    learning_rate=3e-3,
    schedule="cosine",
    expects=zoo.Expected("error_rate", at_most=0.02),
)

if __name__ == "__main__":
    zoo.main(__file__)

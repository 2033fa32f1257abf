"""A recurrent network hears ten digits, spoken by six people.

    zoo train lstm_digits_spoken data.path=FOLDER

FOLDER is a copy of github.com/Jakobovski/free-spoken-digit-dataset. The test is the
official one, recordings 0 to 4 of each digit by each speaker. How well it hears someone
whom it never heard is another question:

    zoo cross-validate lstm_digits_spoken data.path=FOLDER --groups speaker --folds 6

For strangers docs/sounds.md has a better variant, `model.normalize=voice` with more
augmentation, and says how well it hears them.

Settings were chosen on a validation split, a tenth of the training recordings.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        99.93% ± 0.15 (5), 0.63 minutes, cpu, 2 cores
    TensorFlow 99.93% ± 0.15 (5), 1.3 minutes, cpu, 2 cores
    PyTorch    99.93% ± 0.15 (5), 1.3 minutes, cpu, 2 cores
    without a network 99.07%, support vectors
"""

import zoo

recipe = zoo.Recipe(
    model="lstm_speech",
    model_arguments={"units": (96,), "dropout": 0.2},
    data="spoken_digits",
    augment={"speed": 0.15, "time_shift": 0.1},
    batch=32,
    epochs=20,
    learning_rate=3e-3,
    schedule="cosine",
    expects=zoo.Expected("accuracy", at_least=0.995),
)

if __name__ == "__main__":
    zoo.main(__file__)

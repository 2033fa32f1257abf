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
and deviations or maxima beside the means gave nothing more. These settings met the
test, and were right in 99.08 % on each backend (five seeds, deviation 0.15).

After that 71 settings were compared in the same way by a network of the same form in
C: each with one seed, and those that seemed better with three or more. Smoothed labels
alone stood out. A network that learns from them is less sure than it is right, so the
losses are now those at the best temperature, which changes no answer. Means of 12 seeds
that took no part in the choice:

    label_smoothing=0                      loss 0.0595, 98.5 % right
    label_smoothing=0.05                   loss 0.0467, 98.6 % right

The difference is 0.0128, its standard error 0.0024; without a temperature the loss is
0.083 in place of 0.060. Nothing more, beyond what seeds do, gave 48 or 72 units, 80 or
160 epochs, batches of 8 or 32, other rates, decays, averages and dropouts, memories,
the last state beside the mean, second differences, scales at random, steps dropped,
several masks of dropout at once, nor flat minima (SAM). So the test was met a second
time, by this one setting, below: it is right no more often than the one before, and
stays, since the test chooses nothing.

Last, several networks were taken together, with no more than 50,000 parameters in all;
of the same cross-validation:

    one of 64 units                        loss 0.0506, 98.6 % right (12)
    one of 128 in four groups, apart       loss 0.0499, 98.5 % right (12)
    one of 32 units                        loss 0.0540, 98.4 % right (24)
    the mean answer of four of 32 units    loss 0.0443, 98.8 % right (6)

So five ensembles of four met the test, 46,884 parameters each, of the seeds 0 to 3, 4
to 7, ..., 16 to 19. They are right in 99.19 %, deviation 0.19, with the same answers on
the three backends; their members by themselves in 99.16 %, deviation 0.36. That is the
goal, 367 of 370. docs/sounds.md has the commands.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        99.03% ± 0.24 (5), 0.043 minutes, cpu, 2 cores
    TensorFlow 99.03% ± 0.24 (5), 0.14 minutes, cpu, 2 cores
    PyTorch    99.03% ± 0.24 (5), 0.1 minutes, cpu, 2 cores
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
    label_smoothing=0.05,
    ema=0.98,
    expects=zoo.Expected("accuracy", at_least=0.98),
)

if __name__ == "__main__":
    zoo.main(__file__)

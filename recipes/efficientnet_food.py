"""EfficientNet-Lite0 from ImageNet, taught pizza, steak and sushi by 225 pictures.

    zoo train efficientnet_food data.path=./pizza_steak_sushi

The folder holds train/ and test/, and in each a folder for pizza, steak and sushi: the
tenth part of these classes of Food-101 (Bossard et al. 2014, ECCV) that D. Bourke's
course hands out as pizza_steak_sushi.zip.

First the new last layer learns alone, then, slowly, the last three blocks with it.
With so few pictures none is held out for validation, and nothing is chosen by the test.
Others reached 86 to 92 % with the larger B0.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        93.87% ± 1.19 (5), 3.9 minutes, cpu, 2 cores
    TensorFlow 93.87% ± 1.19 (5), 2.4 minutes, cpu, 2 cores
    PyTorch    93.87% ± 1.19 (5), 6.4 minutes, cpu, 2 cores
    without a network 42.67%, logistic regression
"""

import zoo

recipe = zoo.Recipe(
    model="efficientnet_transfer",
    data="folder",
    data_arguments={"path": "./pizza_steak_sushi"},
    augment={"flip": 0.5, "trivial_augment_wide": 31},
    validation=0.0,
    batch=32,
    optimizer="adam",
    schedule="cosine",
    label_smoothing=0.1,
    stages=(
        {"trainable": "head", "epochs": 10, "learning_rate": 3e-3},
        {"trainable": "blocks:3", "epochs": 10, "learning_rate": 1e-4},
    ),
    expects=zoo.Expected("accuracy", 0.927),
)

if __name__ == "__main__":
    zoo.main(__file__)

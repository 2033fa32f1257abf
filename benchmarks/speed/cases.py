"""The networks that are measured: as zoo builds them, and as layers for hand-written
loops."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    """One network on generated data.

    Attributes:
        model: its name in zoo.
        arguments: of its `build`.
        batch: examples a step.
        steps: of an epoch, which is what a contestant trains at a time.
        layers: the same network, from the input upward, for the hand-written loops;
            each a kind and its numbers, see `loops_torch.layer`.
        shape: of an input: pixels 0 to 255 if it has three axes, tokens if it is
            (length,) and the network embeds them, samples of a sound if it hears them,
            otherwise measurements.
        outputs: length of the output; 1 is the logit of class 1; with "states" below a
            last dense layer, of each step.
        optimizer: "adam", or "sgd".
        loss: of the recipe; "mean_squared" takes numbers for targets.
        rate: of learning.
    """

    model: str
    arguments: dict
    batch: int
    steps: int
    shape: tuple[int, ...]
    outputs: int
    layers: tuple
    optimizer: str = "adam"
    loss: str = "crossentropy"
    rate: float = 1e-3

    @property
    def tokens(self) -> int:
        """How many there are; 0 for a network without."""
        return self.layers[0][1] if self.layers[0][0] == "embedding" else 0

    @property
    def is_predicted(self) -> bool:
        """Whether `zoo.predict` takes its inputs, as arrays or texts.

        A series is forecast from its table, a text is gone on with, and a sound says
        its rate.
        """
        return not {"states", "mel"} & {layer[0] for layer in self.layers}

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets for an epoch: class numbers, int32, or numbers.

        Texts are padded behind; those of which each token is told are not.
        """
        random = np.random.default_rng(0)
        count = self.batch * self.steps
        classes = random.integers(0, max(2, self.outputs), count).astype("int32")
        if self.loss == "mean_squared":
            numbers = random.normal(size=(count, self.outputs)).astype("float32")
            return random.normal(size=(count, *self.shape)).astype("float32"), numbers
        if self.tokens and self.layers[1][0] == "states":
            text = random.integers(1, self.tokens, (2, count, *self.shape))
            return text[0].astype("int32"), text[1].astype("int32")
        if self.tokens:
            inputs = random.integers(1, self.tokens, (count, *self.shape))
            lengths = random.integers(self.shape[0] // 2, self.shape[0] + 1, (count, 1))
            return (inputs * (np.arange(*self.shape) < lengths)).astype(
                "int32"
            ), classes
        if self.layers[0][0] == "mel":
            sounds = random.integers(-32767, 32768, (count, *self.shape))
            return sounds.astype("float32"), classes
        if len(self.shape) == 3:
            return random.integers(0, 256, (count, *self.shape)).astype(
                "uint8"
            ), classes
        return random.normal(size=(count, *self.shape)).astype("float32"), classes


def _dense(*widths, between=()):
    layers = []
    for width in widths:
        layers += [("dense", width), *between]
    return layers


# Kernel, stride, expansion, filters, blocks; to import zoo's would load Keras, on
# another backend than the contestant's.
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


def _lite0():
    """EfficientNet-Lite0; a unit is filters, kernel, stride, depthwise, with ReLU6."""
    layers, channels = [("unit", 32, 3, 2, False, True)], 32
    for kernel, stride, expansion, filters, blocks in _STAGES:
        for _ in range(blocks):
            wide = channels * expansion
            expand = [("unit", wide, 1, 1, False, True)] * (expansion > 1)
            depthwise = ("unit", wide, kernel, stride, True, True)
            block = (*expand, depthwise, ("unit", filters, 1, 1, False, False))
            same = stride == 1 and channels == filters
            layers += [("residual", block)] if same else block
            channels, stride = filters, 1
    return *layers, ("unit", 1280, 1, 1, False, True), ("mean",)


_RELU = (("relu",),)
_DEEP = (("normalize",), ("relu",), ("dropout", 0.1))
_PIXELS = ("scale", 1 / 255, 0.0)


def _vgg(filters):
    block = [("conv", filters, 3, "same"), ("relu",)] * 2
    return [*block, ("maximum", 2), *block, ("maximum", 2)]


CASES = {
    "perceptron 2-1, batch 1": Case(
        model="perceptron",
        arguments={},
        batch=1,
        steps=100,
        shape=(2,),
        outputs=1,
        layers=(("dense", 1),),
        optimizer="sgd",
        loss="zoo.models.perceptron.rosenblatt_loss",
    ),
    "mammogram 4-6-1, batch 10": Case(
        model="mammogram_mlp",
        arguments={"hidden": (6,)},
        batch=10,
        steps=80,
        shape=(4,),
        outputs=1,
        layers=(("standardize",), ("dense", 6), ("relu",), ("dense", 1)),
    ),
    "MLP 784-64-64-10, batch 128": Case(
        model="deep_mlp",
        arguments={"hidden": (64, 64)},
        batch=128,
        steps=100,
        shape=(28, 28, 1),
        outputs=10,
        layers=(
            _PIXELS,
            ("flatten",),
            *_dense(64, 64, between=_RELU),
            ("dense", 10),
        ),
    ),
    "MLP 784-64-64-64-10, normalized, dropout, batch 128": Case(
        model="deep_mlp",
        arguments={
            "hidden": (64, 64, 64),
            "batch_normalization": "before",
            "dropout": 0.1,
        },
        batch=128,
        steps=100,
        shape=(28, 28, 1),
        outputs=10,
        layers=(
            _PIXELS,
            ("flatten",),
            *_dense(64, 64, 64, between=_DEEP),
            ("dense", 10),
        ),
    ),
    "LeNet of 1998, batch 128": Case(
        model="lenet",
        arguments={"variant": "1998"},
        batch=128,
        steps=20,
        shape=(28, 28, 1),
        outputs=10,
        layers=(
            ("pad", 2),
            ("scale", 1.275 / 255, -0.1),
            ("conv", 6, 5, "valid"),
            ("tanh",),
            ("average", 2),
            ("conv", 16, 5, "valid"),
            ("tanh",),
            ("average", 2),
            ("conv", 120, 5, "valid"),
            ("tanh",),
            ("flatten",),
            *_dense(84, between=(("tanh",),)),
            ("dense", 10),
        ),
    ),
    "LeNet relu, batch 128": Case(
        model="lenet",
        arguments={"variant": "relu"},
        batch=128,
        steps=4,
        shape=(28, 28, 1),
        outputs=10,
        layers=(
            _PIXELS,
            ("conv", 32, 3, "valid"),
            ("relu",),
            ("conv", 64, 3, "valid"),
            ("relu",),
            ("maximum", 2),
            ("dropout", 0.25),
            ("flatten",),
            *_dense(128, between=_RELU),
            ("dropout", 0.5),
            ("dense", 10),
        ),
    ),
    "Tiny VGG 64x64x3, batch 32": Case(
        model="tiny_vgg",
        arguments={},
        batch=32,
        steps=8,
        shape=(64, 64, 3),
        outputs=3,
        layers=(_PIXELS, *_vgg(10), ("flatten",), ("dense", 3)),
    ),
    "LSTM 64 over 100 tokens, batch 128": Case(
        model="lstm_sentiment",
        arguments={"vocabulary_size": 1000, "length": 100, "units": (64,)},
        batch=128,
        steps=4,
        shape=(100,),
        outputs=1,
        layers=(("embedding", 1000, 128), ("lstm", 64), ("dense", 1)),
    ),
    "LSTM 64 over 168 hours, 24 ahead, batch 32": Case(
        model="lstm_forecast",
        arguments={"normalize": "none"},
        batch=32,
        steps=8,
        shape=(168, 1),
        outputs=24,
        layers=(("standardize",), ("states", 64, 1), ("last",), ("dense", 24)),
        loss="mean_squared",
    ),
    "LSTM 256 over 64 characters, batch 32": Case(
        model="lstm_language",
        arguments={"window": 64, "embedding": 64, "tied": False},
        batch=32,
        steps=4,
        shape=(64,),
        outputs=66,
        layers=(("embedding", 66, 64), ("states", 256, 64), ("dense", 66)),
    ),
    "GRU 64 both ways over a second of sound, batch 32": Case(
        model="lstm_speech",
        arguments={},
        batch=32,
        steps=4,
        shape=(8000,),
        outputs=10,
        layers=(("mel", 8000, 40, 2), ("both", 64, 80), ("most",), ("dense", 10)),
    ),
    "EfficientNet-Lite0 96x96x3, batch 16": Case(
        model="efficientnet_transfer",
        arguments={"input_shape": (96, 96, 3), "weights": None, "trainable": "all"},
        batch=16,
        steps=2,
        shape=(96, 96, 3),
        outputs=3,
        layers=(
            ("scale", 1 / 128, -127 / 128),
            *_lite0(),
            ("dropout", 0.2),
            ("dense", 3),
        ),
    ),
}
CONVOLUTIONAL = [
    name
    for name, case in CASES.items()
    if {"conv", "unit"} & {layer[0] for layer in case.layers}
]

"""Keras layers whose numbers do not depend on the backend, or that run faster on it.

Each takes the arguments of the Keras layer whose name it bears, has its weights, and
computes the same function. It is saved as that layer, so that plain Keras opens a model
that holds it. Keras has no `MinGRU`, and no `Columns`, which makes numbers of a table.

`Augment` changes images at random, and so do the layers of one operation each, from
`Flip` to `CutMix`: operations of zoo's recipes, whatever Keras calls by such a name.
They are saved as layers of zoo: `import zoo.layers` before Keras opens such a model.
"""

from zoo.layers.augment import Augment
from zoo.layers.columns import Columns
from zoo.layers.convolution import (
    AveragePooling2D,
    Conv2D,
    DepthwiseConv2D,
    MaxPooling2D,
)
from zoo.layers.dropout import Dropout
from zoo.layers.mel import MelSpectrogram
from zoo.layers.normalization import BatchNormalization
from zoo.layers.operations import (
    ColorJitter,
    CutMix,
    Elastic,
    Flip,
    MixUp,
    RandAugment,
    RandomErasing,
    Rotation,
    Shift,
    TrivialAugmentWide,
    Zoom,
)
from zoo.layers.recurrent import GRU, LSTM, MinGRU

__all__ = [
    "GRU",
    "LSTM",
    "Augment",
    "AveragePooling2D",
    "BatchNormalization",
    "ColorJitter",
    "Columns",
    "Conv2D",
    "CutMix",
    "DepthwiseConv2D",
    "Dropout",
    "Elastic",
    "Flip",
    "MaxPooling2D",
    "MelSpectrogram",
    "MinGRU",
    "MixUp",
    "RandAugment",
    "RandomErasing",
    "Rotation",
    "Shift",
    "TrivialAugmentWide",
    "Zoom",
]

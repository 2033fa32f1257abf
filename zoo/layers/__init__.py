"""Keras layers whose numbers do not depend on the backend, or that run faster on it.

Each takes the arguments of the Keras layer whose name it bears, has its weights, and
computes the same function. It is saved as that layer, so that plain Keras opens a model
that holds it. Keras has no `MinGRU`, and no `Columns`, which makes numbers of a table.
"""

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
from zoo.layers.recurrent import GRU, LSTM, MinGRU

__all__ = [
    "GRU",
    "LSTM",
    "AveragePooling2D",
    "BatchNormalization",
    "Columns",
    "Conv2D",
    "DepthwiseConv2D",
    "Dropout",
    "MaxPooling2D",
    "MelSpectrogram",
    "MinGRU",
]

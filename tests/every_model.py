"""What tests of every model share: each as a parameter, and a short EfficientNet."""

from contextlib import contextmanager
from unittest import mock

import keras
import pytest

import zoo
from zoo.models import _efficientnet_lite0

# Each kernel with each stride, with and without an expansion and a sum: 5 of the 16
# blocks of EfficientNet-Lite0, which as a whole took a third of the time of all models.
# All of them: the goldens, tests/test_efficientnet_transfer.py and tests/stress.
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 1),
    (5, 1, 6, 48, 1),
)


def param(name, *more, **options):
    """A parameter of a test; an EfficientNet takes the longest to build."""
    marks = [pytest.mark.slow] * name.startswith("efficientnet")
    return pytest.param(name, *more, marks=marks, **options)


each_model = pytest.mark.parametrize("name", [param(name) for name in zoo.names()])


def build(name: str, **options) -> keras.Model:
    """`zoo.build`, of an EfficientNet with few blocks."""
    with few_blocks():
        return zoo.build(name, **options)


@contextmanager
def few_blocks():
    """Inside, an EfficientNet-Lite0 has each kind of its blocks, and none twice."""
    with mock.patch.object(_efficientnet_lite0, "STAGES", STAGES):
        yield

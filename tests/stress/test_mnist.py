"""MNIST, prepared from its archives, is whole."""

import numpy as np
import pytest

from tests.test_data_real import made_and_given
from zoo import backend

pytestmark = pytest.mark.realdata


@pytest.mark.skipif(
    backend.current() != "tensorflow", reason="preparing needs TensorFlow"
)
def test_all_of_mnist_is_prepared(shared_data, tmp_path, monkeypatch):
    made, given = made_and_given(shared_data, tmp_path, monkeypatch)
    np.testing.assert_array_equal(made.train.inputs, given.train.inputs)
    np.testing.assert_array_equal(made.train.targets, given.train.targets)
    np.testing.assert_array_equal(made.test.inputs, given.test.inputs)
    np.testing.assert_array_equal(made.test.targets, given.test.targets)

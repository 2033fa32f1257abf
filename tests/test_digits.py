"""The small digits are scikit-learn's."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from zoo import data

pytestmark = pytest.mark.once


def test_the_small_digits_are_scikit_learns():
    digits = data.load("digits", validation=0)
    pixels, labels = load_digits(return_X_y=True)
    splits = (digits.train, digits.test)
    assert [len(split) for split in splits] == [1438, 359]
    found = np.concatenate([split.inputs[:, :, :, 0] for split in splits])
    assert found.dtype == np.uint8
    assert found.max() == 255
    ours = np.c_[
        found.reshape(-1, 64) / 255 * 16,
        np.concatenate([split.targets for split in splits]),
    ]
    theirs = np.c_[pixels, labels]
    np.testing.assert_allclose(
        ours[np.lexsort(ours.round().T)], theirs[np.lexsort(theirs.T)], atol=0.04
    )
    assert len(np.unique(pixels, axis=0)) == 1797  # so no copies are torn apart

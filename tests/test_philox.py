"""The quick Philox is NumPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.core.random import philox

pytestmark = pytest.mark.once

word = st.integers(0, 2**64 - 1)


@given(st.tuples(word, word), st.tuples(word, word, word, word))
def test_it_gives_the_words_of_numpys(key, counter):
    quick = philox(key, counter).random_raw(9)
    known = np.random.Philox(
        key=np.array(key, np.uint64), counter=np.array(counter, np.uint64)
    )
    assert (quick == known.random_raw(9)).all()


def test_the_counter_starts_at_zero():
    quick, known = philox((1, 2)), np.random.Philox(key=np.array([1, 2], np.uint64))
    assert (quick.random_raw(9) == known.random_raw(9)).all()

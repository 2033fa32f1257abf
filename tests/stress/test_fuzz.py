"""Files from strangers, damaged by the thousand; see fuzz.py."""

import pytest

from tests.stress.fuzz import KINDS, fuzz


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_no_damage_is_a_fault(kind, seed):
    found = fuzz(kind, seed, cases=10**9, seconds=60)
    assert found["faults"] == []
    assert 60 * found["cases"] >= 1000 * found["processor"]  # seconds

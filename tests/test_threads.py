"""PyTorch beside other programs: one thread for small networks, and sleeping ones."""

import os

import numpy as np
import pytest

import zoo
from zoo import backend
from zoo.engine import startup, steps

WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
torch_alone = pytest.mark.skipif(backend.current() != "torch", reason="about PyTorch")


@pytest.mark.once
def test_threads_sleep_unless_the_user_says_otherwise(monkeypatch):
    for name in WAITING:
        monkeypatch.delenv(name, raising=False)
    startup.wait_briefly()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    assert 0 < int(os.environ["GOMP_SPINCOUNT"]) < 1000
    monkeypatch.delenv("OMP_WAIT_POLICY")
    monkeypatch.setenv("GOMP_SPINCOUNT", "1000")
    startup.wait_briefly()
    assert "OMP_WAIT_POLICY" not in os.environ
    assert os.environ["GOMP_SPINCOUNT"] == "1000"


@pytest.fixture
def two_threads(monkeypatch):
    import torch

    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def threads_of(monkeypatch, model, inputs):
    """How many threads PyTorch has at each of three answers."""
    import torch

    from zoo.engine.torch import steps as own

    found, chosen = [], own.threads_for

    class Noted:
        def __init__(self, recorded):
            self.inner = chosen(recorded)

        def __enter__(self):
            self.inner.__enter__()
            found.append(torch.get_num_threads())

        def __exit__(self, *error):
            self.inner.__exit__(*error)

    monkeypatch.setattr(own, "threads_for", Noted)
    answer = steps.compile_forward(model)
    answers = [answer(inputs) for _ in range(3)]
    np.testing.assert_allclose(answers[2], answers[0], rtol=1e-5, atol=1e-6)
    assert torch.get_num_threads() == 2
    return found


@torch_alone
def test_a_small_network_has_one_thread(two_threads, monkeypatch):
    model = zoo.build("deep_mlp", input_shape=(4,), hidden=(6,), classes=2)
    few, many = np.ones((10, 4), "float32"), np.ones((40_000, 4), "float32")
    assert threads_of(monkeypatch, model, few)[1:] == [1, 1]  # recorded
    assert threads_of(monkeypatch, model, many) == [2, 2, 2]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert threads_of(monkeypatch, model, few) == [2, 2, 2]


@torch_alone
def test_a_recording_knows_how_much_its_kernels_write():
    import torch

    from zoo.engine.torch.recording import record

    def function(x, y):
        return (x @ y, x + 1)

    given = [torch.ones(3, 4), torch.ones(4, 5)]
    assert record(function, given, batch=1).elements == (15 + 12) / 2

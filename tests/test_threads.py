"""PyTorch beside other programs: one thread for small networks, and sleeping ones."""

import os

import numpy as np
import pytest

import zoo
from zoo import backend
from zoo.core import processes
from zoo.engine import steps, threads

WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
COUNTS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
torch_alone = pytest.mark.skipif(backend.current() != "torch", reason="about PyTorch")


@pytest.mark.once
def test_threads_sleep_unless_the_user_says_otherwise(monkeypatch):
    for name in (*WAITING, *COUNTS):
        monkeypatch.delenv(name, raising=False)
    with threads.apart():
        bound = "OMP_PROC_BIND" in os.environ
        assert bound == hasattr(os, "sched_setaffinity")
        assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
        assert os.environ["GOMP_SPINCOUNT"] == ("10000" if bound else "300")
    assert not {"OMP_PROC_BIND", *WAITING} & {*os.environ}
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # of several processes: sleep soon
    with threads.apart():
        assert "OMP_PROC_BIND" not in os.environ
        assert os.environ["GOMP_SPINCOUNT"] == "300"
    monkeypatch.setenv("GOMP_SPINCOUNT", "1000")
    with threads.apart():
        assert "OMP_WAIT_POLICY" not in os.environ
        assert os.environ["GOMP_SPINCOUNT"] == "1000"


@pytest.fixture
def two_threads(monkeypatch):
    import torch

    for name in COUNTS:
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


BOUND = """
import os, sys
from types import SimpleNamespace
from zoo.engine import startup

before = os.sched_getaffinity(0)
startup.load("torch")
import torch
from zoo.engine.torch.device import threads_for
from zoo.engine.torch.recording import Size

def cores(elements, recurrent):
    with threads_for(SimpleNamespace(size=Size(elements, recurrent))):
        (torch.ones(1000, 1000) + 1).sum()
        tasks = map(int, os.listdir("/proc/self/task"))
        others = [os.sched_getaffinity(t) for t in tasks if t != os.getpid()]
        own = os.sched_getaffinity(0)
        together = torch.get_num_threads() > 1 and own & set().union(*others)
        print(torch.get_num_threads(), len(own), bool(together))

cores(10**6, 0)
cores(10, 0)
cores(10, 10**6)
print(os.sched_getaffinity(0) == before)
"""


@torch_alone
@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) != 2,
    reason="counts two cores",
)
def test_two_threads_are_on_a_core_each_and_one_is_free(monkeypatch):
    for name in (*WAITING, *COUNTS):
        monkeypatch.delenv(name, raising=False)
    child = processes.run("-c", BOUND)
    assert child.stderr == ""
    assert child.stdout.split("\n")[:4] == [
        "2 1 False",
        "1 2 False",
        "2 1 False",
        "True",
    ]


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
    assert record(function, given, batch=1).size == ((15 + 12) / 2, 0)


@torch_alone
def test_a_recording_knows_how_much_an_lstm_multiplies_in_a_step():
    import torch

    from zoo.engine.torch.recording import record

    layer = torch.nn.LSTM(3, 16, batch_first=True).requires_grad_(False)
    recorded = record(lambda x: layer(x)[:1], [torch.ones(8, 5, 3)], batch=1)
    assert recorded.size.recurrent == 8 * 16 * 4 * 16

"""Groups of devices: how they share batches, and what is refused."""

import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zoo
from zoo import backend
from zoo.engine import groups
from zoo.errors import Mistake

ROOT = Path(__file__).parents[1]
HERE = backend.current()


@contextmanager
def devices(count):
    group = groups.Group()
    group.devices = count
    with groups.use(group):
        yield


def test_a_batch_that_cannot_be_shared_names_the_next_that_can():
    recipe = zoo.Recipe(model="deep_mlp", data="moons", batch=30)
    with devices(4), pytest.raises(Mistake) as mistake:
        zoo.train(recipe, quiet=True)
    assert str(mistake.value) == (
        "batch=30 cannot be shared equally by 4 devices; "
        "the next batch that works: batch=32"
    )


def test_fewer_devices_than_asked_for_are_an_error():
    with devices(3), pytest.raises(Mistake) as mistake:
        groups.report({"cpu:0": 8, "cpu:1": 0}, 24)
    assert str(mistake.value) == (
        "3 devices were asked for, and the first step ran on 1: cpu:0; nothing is saved"
    )


@pytest.mark.parametrize("wrong", ["some", "0", 0, -1, 1.5, True, ""])
def test_a_wrong_number_of_devices_is_refused(wrong):
    with (
        pytest.raises(Mistake, match=f"devices={wrong}; accepted: all, or a whole num"),
        zoo.distribute(wrong),
    ):
        pass


def test_more_devices_than_there_are_is_an_error_that_names_them():
    with pytest.raises(Mistake) as mistake:
        groups.choose(["gpu:0", "gpu:1"], 4)
    assert str(mistake.value) == (
        "devices=4, and there are 2: gpu:0, gpu:1; accepted: all, or 1 to 2; "
        "zoo.distribute must come before anything is computed"
    )


def test_one_group_inside_another_is_refused():
    with (
        devices(2),
        pytest.raises(Mistake, match=r"inside zoo\.distribute; leave the outer"),
        zoo.distribute(2),
    ):
        pass


@pytest.mark.skipif(HERE == "torch", reason="it is torch that torchrun starts")
def test_torchrun_of_another_backend_is_refused(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    recipe = zoo.Recipe(model="deep_mlp", data="moons")
    with pytest.raises(Mistake) as mistake:
        zoo.train(recipe, quiet=True)
    assert str(mistake.value) == (
        f"torchrun starts processes for torch, and the backend is {HERE}; "
        "add --backend torch, or start without torchrun"
    )


@pytest.mark.skipif(HERE != "torch", reason="torchrun is PyTorch's")
def test_torchrun_understands_the_commands_in_the_documentation():
    from torch.distributed.run import parse_args

    pages = [ROOT / "docs" / name for name in ("devices.md", "survival.md")]
    text = re.sub(r"\$\w+", "1", "".join(page.read_text() for page in pages))
    commands = re.findall(r"torchrun (--.*?recipes/\S+\.py [^'\n]+)", text, re.S)
    assert len(commands) == 5
    for command in commands:
        words = command.replace("\\\n", " ").split()
        options = parse_args(words)
        assert (ROOT / options.training_script).is_file()
        after = words[words.index(options.training_script) + 1 :]
        assert options.training_script_args == after


# --- How batches are shared


class Share(groups.Group):
    """Process `rank` of several, each with as many devices."""

    def __init__(self, rank, processes, devices):
        self.rank, self.processes = rank, processes
        self.devices = processes * devices


@given(rows=st.integers(1, 200), processes=st.integers(1, 9), each=st.integers(1, 4))
def test_each_row_is_read_by_one_process(rows, processes, each):
    shares = [Share(rank, processes, each) for rank in range(processes)]
    read = [row for share in shares for row in range(rows)[share.read(rows)]]
    assert read == list(range(rows))
    for share in shares:
        if share.splits(rows):
            assert share.read(rows) == share.share(rows)
        else:
            assert share.share(rows) == slice(0, rows)


@pytest.mark.skipif(HERE != "jax", reason="the others keep 64 bits")
@pytest.mark.parametrize(
    "values",
    [
        np.array([2.0**24 + 1, 2.0**53 - 1, -0.1]),
        np.array([[2**40 + 1], [-(2**62)]]),
        np.array([3, 2**31 - 1], "int32"),
        np.array([0.1], "float32"),
        np.array([7], "uint8"),
    ],
)
def test_numbers_keep_their_bits_between_processes(values, monkeypatch):
    """JAX rounds what it is given to 32 bits; so do two processes that are one here."""
    import jax.numpy as jnp
    from jax.experimental import multihost_utils

    from zoo.engine.jax.group import Group

    zero = np.zeros_like(values).reshape(-1).view("uint8")
    monkeypatch.setattr(
        multihost_utils,
        "process_allgather",
        lambda mine: np.stack([jnp.asarray(mine), jnp.asarray(zero)]),
    )
    group = object.__new__(Group)
    group.processes = 2
    np.testing.assert_array_equal(group.total(values), values)
    assert group.total(values).dtype == values.dtype

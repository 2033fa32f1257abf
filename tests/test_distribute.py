"""Several devices and several processes train as one device does."""

import json
import os
import socket
import subprocess
import sys
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import zoo
from tests import several_devices
from zoo import backend, data
from zoo.cli import call
from zoo.run import Run

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / "tests" / "several_devices.py"
HERE = backend.current()
EPOCHS, STEPS = 4, 100
DEVICES, PROCESSES = (2, 1), (2,)  # 4 of both: tests/stress


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environments(processes: int) -> list[dict[str, str]]:
    """What tells each of several processes of the others, as on several machines."""
    ports = [free_port() for _ in range(processes)]
    addresses = [f"127.0.0.1:{port}" for port in ports]
    if HERE == "tensorflow":
        cluster = {"worker": addresses}
        return [
            {
                "TF_CONFIG": json.dumps(
                    {"cluster": cluster, "task": {"type": "worker", "index": rank}}
                )
            }
            for rank in range(processes)
        ]
    return [
        {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": addresses[0],
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(processes),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(rank),
        }
        for rank in range(processes)
    ]


def environment(more: dict[str, str]) -> dict[str, str]:
    """Of a process of its own, which compiles as this file's tests do now."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **more}


def run_together(*started: tuple[list, dict]) -> str:
    """Run commands, each with its environment, at once; what they printed."""
    running = [
        subprocess.Popen(
            list(map(str, words)),
            env=environment(more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for words, more in started
    ]
    printed = [process.communicate(timeout=500)[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(running), printed
    return "".join(printed)


def torchrun(processes: int, words: list) -> list[tuple[list, dict]]:
    """The command of each of two machines that start half of the processes each."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2"]
    command += [f"--nproc_per_node={processes // 2}", f"--master_port={free_port()}"]
    return [([*command, f"--node_rank={rank}", *words], {}) for rank in range(2)]


class Seen:
    """What several_devices.py saw: a dict for each process."""

    def __init__(self, folder: Path, devices: int):
        files = sorted(folder.glob(f"{devices}-*.json"))
        self.devices, self.parts = devices, [json.loads(f.read_text()) for f in files]

    def read(self, split: str) -> np.ndarray:
        """How often each example was read, over all processes."""
        return np.sum([part["read"][split] for part in self.parts], axis=0)


@pytest.fixture(scope="module")
def prepared():
    """The data is there, as it should be before many processes ask for it."""
    data.load("mnist_sample")


@pytest.fixture(scope="module")
def alone_and_devices(request, prepared, tmp_path_factory) -> list[Seen]:
    """Training on so many devices of this machine as the file says.

    PyTorch's processes on one machine and on several differ in nothing but the
    addresses; there it is done once, as on several.
    """
    folder = tmp_path_factory.mktemp("devices")
    counts = (1,) if HERE == "torch" else request.module.DEVICES
    run_together(([sys.executable, PROGRAM, folder, *counts], {}))
    return [Seen(folder, devices) for devices in sorted(counts)]


@pytest.fixture(scope="module")
def processes(request, prepared, tmp_path_factory) -> list[Seen]:
    """Training with so many processes as the file says; they meet over the network."""
    folder = tmp_path_factory.mktemp("processes")
    for count in request.module.PROCESSES:
        if HERE == "torch":
            run_together(*torchrun(count, [PROGRAM, folder, count]))
        else:
            words = [sys.executable, PROGRAM, folder, count]
            run_together(*((words, more) for more in environments(count)))
    return [Seen(folder, count) for count in request.module.PROCESSES]


@pytest.mark.slow
def test_every_step_is_that_of_one_device(alone_and_devices, processes):
    alone, *several = alone_and_devices
    [alone] = alone.parts
    assert len(alone["losses"]) == STEPS
    for seen in several + processes:
        for part in seen.parts:
            np.testing.assert_allclose(
                part["losses"], alone["losses"], rtol=0, atol=1e-5
            )
            assert part["wrong"] == alone["wrong"]
            for split in ("test", "validation"):
                assert part["metrics"][split] == pytest.approx(
                    alone["metrics"][split], abs=1e-5
                )


@pytest.mark.slow
def test_each_example_is_read_once_an_epoch_by_one_process(
    alone_and_devices, processes
):
    for seen in alone_and_devices + processes:
        assert set(seen.read("train")) == {EPOCHS}
        assert set(seen.read("validation")) == {EPOCHS + 1}  # each epoch, at the end
        assert set(seen.read("test")) == {1}
    for seen in processes:
        assert len(seen.parts) == seen.devices
        each = [np.sum(part["read"]["train"]) for part in seen.parts]
        assert max(each) - min(each) <= EPOCHS * STEPS


@pytest.mark.slow
def test_numbers_and_large_states_keep_their_bits_on_the_way(processes):
    state = several_devices.large_state()
    for seen in processes:
        numbers = [[2**24 + 1, 2**53 - 1 - rank] for rank in range(seen.devices)]
        assert [part["gathered"] for part in seen.parts] == [numbers] * seen.devices
        for part in seen.parts:
            assert part["received"] == [len(state), zlib.crc32(state)]


@pytest.mark.slow
def test_the_devices_that_took_part_are_counted_and_named(alone_and_devices, processes):
    alone, *several = alone_and_devices
    assert "data parallel" not in alone.parts[0]["said"]
    for seen in several + processes:
        first, *others = (part["said"] for part in seen.parts)
        count = seen.devices
        assert first.count(f"data parallel on {count} devices: ") == 1
        assert f"; each saw {16 // count} of 16 examples" in first
        assert not any(others), "only one process prints"


@pytest.mark.slow
def test_the_command_trains_a_convolutional_network_on_two_devices(prepared, tmp_path):
    changes = "data=mnist_sample validation=0.9 batch=50 epochs=2 augment.mixup=0.2"
    command = [sys.executable, "-m", "zoo", "train", "lenet_mnist", *changes.split()]
    command += ["--backend", HERE, "--no-floor", "--run"]
    printed = run_together(([*command, tmp_path / "two", "--devices", "2"], {}))
    assert "data parallel on 2 devices: " in printed
    assert "; each saw 25 of 50 examples" in printed
    two = Run(tmp_path / "two")
    one = zoo.train(two.recipe, run=tmp_path / "one", floor=False, quiet=True)
    for key in ("loss", "validation_loss"):
        losses = [[line[key] for line in run.history] for run in (two, one)]
        np.testing.assert_allclose(*losses, rtol=0, atol=1e-5)
    assert two.metrics["test"] == pytest.approx(one.metrics["test"], abs=1e-5)


def test_all_devices_are_said_to_be_one_where_there_is_one(tmp_path, capsys):
    with zoo.distribute("all") as group:
        alone = group.devices == 1
    words = ["moons", "epochs=1", "--devices", "all", "--run", str(tmp_path / "run")]
    assert call(["train", *words, "--backend", HERE]) == 0
    printed = capsys.readouterr().err
    assert ("all devices: this machine has one\n" in printed) == alone
    assert ("data parallel on " in printed) != alone


# --- What is refused


@pytest.mark.slow
def test_a_mistake_on_several_devices_is_one_line(tmp_path):
    words = [
        "train",
        "blobs",
        "optimizer=sgd",
        "learning_rate=1e30",
        "epochs=3",
        "--devices",
        "2",
    ]
    command = [sys.executable, "-m", "zoo", *words, "--backend", HERE, "--run"]
    done = subprocess.run(
        [*command, str(tmp_path / "run")],
        env=environment({}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    said = done.stderr.splitlines()[-1]
    assert said.startswith("zoo: the loss is not a number in epoch 1, step ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.skipif(HERE == "torch", reason="there torchrun starts all again")
def test_a_process_whose_partner_dies_says_how_to_go_on(tmp_path):
    words = ["train", "moons", "epochs=100000", "--backend", HERE, "--run", "run"]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "zoo", *words],
            env=environment(more),
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        for more in environments(2)
    ]
    first, second = started
    said = ""
    for said in first.stderr:
        if said.startswith("data parallel on 2 devices: "):
            second.kill()
        if said.startswith("zoo: "):
            break
    first.kill()  # which otherwise waits for the other, on JAX for 100 s
    for process in started:
        process.communicate()
    assert said.startswith("zoo: process 0 of 2 cannot continue without the others: ")
    assert said.endswith(
        "; what was saved before is intact; "
        "start all of them again with --run run --resume\n"
    )

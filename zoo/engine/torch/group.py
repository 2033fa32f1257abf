"""PyTorch: `DistributedDataParallel`, one process a device, under torchrun."""

import datetime
import json
import os
import signal
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import keras
import torch
from torch import distributed
from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from zoo.core import processes
from zoo.core.processors import processors
from zoo.engine import groups
from zoo.engine.batch_normalization import normalize_together
from zoo.engine.torch import private
from zoo.errors import Mistake

_RESTARTS = 3
# `destroy_process_group` holds the GIL and joins Gloo's threads, which need the GIL to
# free their last tensors: a deadlock. A short sleep lets them finish first.
_QUIET_SECONDS = 0.2
_LISTENING = datetime.timedelta(seconds=0.2)


class Group(groups.Group):
    """The processes that torchrun, or zoo in its place, has started."""

    def __init__(self, wanted: int | str):
        if not groups.in_processes():
            self.devices = len(groups.choose(_devices(wanted), wanted))
            self.starter = self.devices > 1
            return
        self.rank, self.devices = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        self.processes = self.devices
        self.local_rank = int(os.environ.get("LOCAL_RANK", 0))
        if wanted not in ("all", self.devices):
            raise Mistake(
                f"devices={wanted}, and torchrun started {self.devices} processes, "
                "one a device; accepted: all"
            )
        _die_with_parent()
        cuda = torch.cuda.is_available()
        if cuda:
            if self.local_rank >= torch.cuda.device_count():
                raise Mistake(
                    f"process {self.local_rank} of this machine has no GPU: there "
                    f"are {torch.cuda.device_count()}; start as many processes"
                )
            torch.cuda.set_device(self.local_rank)
        if not private.keras_joins_processes():
            _join("cpu:gloo,cuda:nccl" if cuda else "gloo")
        else:  # Keras releases that join PyTorch's processes themselves
            keras.distribution.initialize()

    def close(self):
        if distributed.is_initialized():
            time.sleep(_QUIET_SECONDS)
            distributed.destroy_process_group()

    def total(self, values):
        if self.processes == 1:
            return values
        summed = torch.tensor(values)
        distributed.all_reduce(summed)
        return summed.numpy()

    def wrap(self, model: keras.Model) -> torch.nn.Module:
        """`model`, whose backward pass averages gradients over all processes.

        Unused parameters are looked for because PyTorch then keeps the order in which
        it sums gradients, so that a resumed run repeats the bits.
        """
        normalize_together(model, _Sum.apply, self.devices)
        return torch.nn.parallel.DistributedDataParallel(
            model, find_unused_parameters=True
        )

    def start(self, arguments: dict) -> None:
        """Call `zoo.train` with `arguments`, JSON values, in a process a device.

        Raises:
            Mistake: what the processes raised; or one of them died again and again.
        """
        with tempfile.TemporaryDirectory() as folder:
            mistake = Path(folder) / "mistake"
            config = LaunchConfig(
                min_nodes=1,
                max_nodes=1,
                nproc_per_node=self.devices,
                run_id=uuid.uuid4().hex,
                rdzv_backend="c10d",
                rdzv_endpoint="127.0.0.1:0",
                local_addr="127.0.0.1",
                max_restarts=_RESTARTS,
                monitor_interval=0.1,
            )
            threads = max(1, processors() // self.devices)
            shared = {"OMP_NUM_THREADS": str(threads), **processes.environment()}
            program = (
                "from zoo.engine import startup; startup.load('torch'); "
                "from zoo.training.worker import work; work()"
            )
            words = ("-c", program, str(mistake), json.dumps(arguments))
            failed = None
            try:
                with processes.changed(shared):
                    elastic_launch(config, sys.executable)(*words)
            except (ChildFailedError, SignalException) as error:
                failed = error
            if mistake.exists():
                raise Mistake(mistake.read_text("utf-8")) from failed
            if failed:
                raise Mistake(
                    f"training on {self.devices} devices broke off: "
                    f"{str(failed).strip().splitlines()[-1]}; "
                    f"`zoo train {arguments['run']} --resume` continues it"
                ) from failed


def _join(kind: str) -> None:
    """Join the other processes."""
    store, rank, size = next(distributed.rendezvous("env://"))
    store = distributed.PrefixStore(rendezvous(store, rank, size), store)
    distributed.init_process_group(kind, store=store, rank=rank, world_size=size)


def rendezvous(store: distributed.Store, rank: int, size: int) -> str:
    """A name for this meeting, the same in the processes that are there now.

    Torchrun's store keeps what earlier groups wrote, also those of processes that have
    died, and each machine counts its restarts by itself. Hence process 0 opens a
    meeting, and each other process waits for a meeting that lists the name that the
    process has chosen for itself.

    Args:
        store: what all processes share.
        rank: the number of this process.
        size: how many processes there are.
    """
    if rank == 0:
        meeting = f"meeting {store.add('meetings', 1)}"
        names = [store.get(f"{meeting}: {other}") for other in range(1, size)]
        store.set(f"{meeting}: all", b" ".join(names))
        return meeting
    name = uuid.uuid4().hex
    while True:
        meeting = f"meeting {store.add('meetings', 0)}"
        store.set(f"{meeting}: {rank}", name)
        try:
            store.wait([f"{meeting}: all"], _LISTENING)
        except distributed.DistStoreError:  # not yet; perhaps another has begun
            continue
        if name.encode() in store.get(f"{meeting}: all").split():
            return meeting
        time.sleep(_LISTENING.total_seconds())


def _devices(wanted) -> list[str]:
    if torch.cuda.is_available():
        return [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    return [f"cpu:{i}" for i in range(1 if wanted == "all" else wanted)]


def _die_with_parent():
    """Kill this process when torchrun is gone, so that none trains alone."""
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


class _Sum(torch.autograd.Function):
    """The sum over all processes, of values and in the backward pass of gradients."""

    @staticmethod
    def forward(context, x):
        x = x.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(x)
        return x

    @staticmethod
    def backward(context, gradient):
        return _Sum.apply(gradient)

"""Train on several devices: `with zoo.distribute(devices="all"): zoo.train(recipe)`.

Every device holds all variables and computes an equal share of each batch; the
framework's own engine averages the gradients, see `zoo/engine/*/group.py`. A step on N
devices is the step on one, up to rounding:

- order and augmentation are functions of the position in the global batch;
- so are dropout masks, see `zoo.engine.groups.first_row`;
- batch normalization takes mean and variance of the global batch, over all devices;
- a batch that N does not divide, such as the last one of an epoch, is computed whole
  by every device: the average of equal gradients is the gradient.

One process reads each example once an epoch; where `mixup` or `cutmix` mix it with any
other of its batch, each process reads the whole batch.
"""

import contextlib
import os
from collections.abc import Iterator

from zoo import backend
from zoo.engine import groups, startup
from zoo.engine.groups import Group
from zoo.errors import Mistake


@contextlib.contextmanager
def distribute(devices: int | str = "all") -> Iterator[Group]:
    """Train on several devices inside this block.

    JAX: `keras.distribution.DataParallel`; several machines join through
    `keras.distribution.initialize`, for which Keras reads
    $KERAS_DISTRIBUTION_JOB_ADDRESSES, _NUM_PROCESSES and _PROCESS_ID. TensorFlow:
    `MirroredStrategy`; with $TF_CONFIG `MultiWorkerMirroredStrategy`. PyTorch:
    `DistributedDataParallel`, one process a device, under torchrun; without torchrun
    `zoo.train` starts the processes itself.

    Without GPUs, the processor serves as that many devices, which share its cores: good
    for trying out, not for speed. Enter the block before anything is computed.

    Args:
        devices: how many, over all machines; "all" that there are.

    Raises:
        Mistake: there are fewer devices, or `devices` is no such number.
    """
    wanted = _wanted(devices)
    if groups.current() is not groups.ALONE:
        raise Mistake("zoo.distribute inside zoo.distribute; leave the outer one first")
    if wanted == 1 and not groups.in_processes():
        yield groups.ALONE
        return
    startup.import_keras()
    from zoo.engine import active  # which imports Keras

    with groups.use(active.own("group").Group(wanted)) as group:
        yield group


def joined() -> contextlib.AbstractContextManager[Group]:
    """The current group, or the one that the environment of this process names.

    Raises:
        Mistake: torchrun started this process, for another backend than its own.
    """
    if "TORCHELASTIC_RUN_ID" in os.environ and backend.current() != "torch":
        raise Mistake(
            f"torchrun starts processes for torch, and the backend is "
            f"{backend.current()}; add --backend torch, or start without torchrun"
        )
    if groups.current() is groups.ALONE and groups.in_processes():
        return distribute("all")
    return contextlib.nullcontext(groups.current())


def _wanted(devices):
    if isinstance(devices, str) and devices.isdecimal():
        devices = int(devices)
    if devices != "all" and (type(devices) is not int or devices < 1):
        raise Mistake(f"devices={devices}; accepted: all, or a whole number from 1")
    return devices

"""JAX: `keras.distribution.DataParallel`; arrays are sharded over a mesh of devices."""

import os

import jax
import keras
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import NamedSharding, PartitionSpec

from zoo.engine import groups
from zoo.engine.private import without_tensorflow


class Group(groups.Group):
    """All devices of all processes.

    Attributes:
        everywhere: the sharding of an array that every device holds.
    """

    def __init__(self, wanted: int | str):
        if groups.in_processes():
            self.lost = (jax.errors.JaxRuntimeError,)
            _join_processes()
        elif wanted != "all":
            _divide_processor(wanted)
        names = groups.choose(keras.distribution.list_devices(), wanted)
        parallel = keras.distribution.DataParallel(
            devices=names, auto_shard_dataset=False
        )
        self.mesh = parallel.device_mesh.backend_mesh
        self.everywhere = NamedSharding(self.mesh, PartitionSpec())
        self.devices, self.processes = len(names), jax.process_count()
        self.rank = jax.process_index()
        keras.distribution.set_distribution(parallel)

    def close(self):
        keras.distribution.set_distribution(None)

    def put(self, array: np.ndarray, rows: int, axis: int) -> jax.Array:
        """The global array of which this process has its share.

        Args:
            array: the share; its `axis` counts examples.
            rows: examples in the global array.
        """
        spec = PartitionSpec(*[None] * axis, "batch")
        sharding = NamedSharding(self.mesh, spec)
        if not self.splits(rows):
            sharding = self.everywhere
        return jax.make_array_from_process_local_data(sharding, array)

    def total(self, values):
        if self.processes == 1:
            return values
        # As bytes: JAX would round whole numbers and float64 to 32 bits on the way.
        words = np.ascontiguousarray(values).reshape(-1).view("uint8")
        gathered = np.asarray(multihost_utils.process_allgather(words))
        shape = self.processes, *values.shape
        return gathered.view(values.dtype).reshape(shape).sum(0, dtype=values.dtype)


def _join_processes():
    if not jax.distributed.is_initialized():
        with without_tensorflow():
            keras.distribution.initialize()


def _divide_processor(count):
    """Let the processor be `count` devices; too late once JAX has computed."""
    if "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", ""):
        return
    try:
        jax.config.update("jax_num_cpu_devices", count)
    except RuntimeError:
        return

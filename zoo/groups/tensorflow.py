"""TensorFlow: `MirroredStrategy`, and `MultiWorkerMirroredStrategy` with $TF_CONFIG."""

import contextlib

import keras
import numpy as np
import tensorflow as tf

from zoo import distribute
from zoo.errors import Mistake


class Group(distribute.Group):
    """The replicas of a strategy, on one or several machines."""

    def __init__(self, wanted: int | str):
        if distribute.in_processes():
            self.strategy = _workers()
            resolver = self.strategy.cluster_resolver
            self.processes = resolver.cluster_spec().num_tasks("worker")
            self.rank = resolver.task_id
            self.devices = self.strategy.num_replicas_in_sync
            if wanted not in ("all", self.devices):
                raise Mistake(
                    f"devices={wanted}, and $TF_CONFIG names {self.processes} "
                    f"workers with {self.devices} devices; accepted: all"
                )
            return
        if not tf.config.list_physical_devices("GPU") and wanted != "all":
            _divide_processor(wanted)
        kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
        names = [device.name for device in tf.config.list_logical_devices(kind)]
        names = distribute.choose([_short(name) for name in names], wanted)
        self.strategy = tf.distribute.MirroredStrategy(names)
        self.devices = len(names)

    def scope(self):
        return self.strategy.scope()

    def slice(self, inputs, targets, split: bool):
        """On a replica: its rows of this process's batch, and their first position."""
        if not split:
            return inputs, targets, 0
        context = tf.distribute.get_replica_context()
        number = int(tf.get_static_value(context.replica_id_in_sync_group))
        here = self.devices // self.processes
        count = inputs.shape[0] // here
        rows = slice(number % here * count, (number % here + 1) * count)
        return inputs[rows], targets[rows], number * count

    def total(self, values):
        if self.processes == 1:
            return values

        def add():
            context = tf.distribute.get_replica_context()
            mine = tf.convert_to_tensor(values)
            if context.replica_id_in_sync_group % (self.devices // self.processes):
                mine = tf.zeros_like(mine)
            return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)

        sums = self.strategy.run(tf.function(add))
        return self.strategy.experimental_local_results(sums)[0].numpy()


@contextlib.contextmanager
def synchronized(model: keras.Model):
    """Inside, batch normalization takes its statistics over all replicas."""
    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    for layer in layers:
        layer.synchronized = True
    try:
        yield
    finally:
        for layer in layers:
            layer.synchronized = False


def _workers():
    return tf.distribute.MultiWorkerMirroredStrategy()


def _divide_processor(count):
    """Let the processor be `count` devices; too late once TensorFlow has computed."""
    share = tf.config.LogicalDeviceConfiguration()
    with contextlib.suppress(RuntimeError):
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [share] * count
        )


def _short(name: str) -> str:
    return name.removeprefix("/device:").lower()

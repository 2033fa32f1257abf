"""TensorFlow: `MirroredStrategy`, and `MultiWorkerMirroredStrategy` with $TF_CONFIG."""

import contextlib
import functools

import numpy as np
import tensorflow as tf

from zoo.engine import groups
from zoo.engine.tensorflow import private
from zoo.errors import Mistake


class Group(groups.Group):
    """The replicas of a strategy, on one or several machines."""

    def __init__(self, wanted: int | str):
        if groups.in_processes():
            self.lost = (tf.errors.OpError,)
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
        names = groups.choose([_short(name) for name in names], wanted)
        self.strategy = _mirrored(tuple(names))
        self.devices = len(names)

    def scope(self):
        return self.strategy.scope()

    def slice(self, arrays: list) -> tuple[int, list]:
        """On a replica: its rows of this process's batch, after their first position.

        Args:
            arrays: tensors whose first axis counts the examples of the process.
        """
        number, here = _number(), self.devices // self.processes
        count = arrays[0].shape[0] // here
        start = number % here * count
        return number * count, [array[start : start + count] for array in arrays]

    def examples_by_device(
        self, counter: tf.Variable, variables: list
    ) -> dict[str, int]:
        """By device, the value of its copy of `counter`, if it holds all `variables`.

        The counter then starts again from zero.
        """
        counts = np.zeros(self.devices)
        here = self.strategy.experimental_local_results(counter)
        holders = [
            {copy.device for copy in self.strategy.experimental_local_results(v.value)}
            for v in variables
        ]
        each = self.devices // self.processes
        for i, copy in enumerate(here):
            if all(copy.device in holder for holder in holders):
                counts[self.rank * each + i] = copy.numpy()
            copy.assign(0)
        kind = here[0].device.split(":")[-2].lower()
        return {f"{kind}:{i}": int(n) for i, n in enumerate(self.total(counts))}

    def total(self, values):
        if self.processes == 1:
            return values
        return (
            self._adder(str(values.dtype))(values.ravel()).numpy().reshape(values.shape)
        )

    @functools.cache  # noqa: B019  groups are few and live as long as the program
    def _adder(self, dtype: str):
        def add(values):
            first = _number() % (self.devices // self.processes) == 0
            return total(tf.identity(values) if first else tf.zeros_like(values))

        def add_all(values):
            sums = self.strategy.run(add, args=(values,))
            return self.strategy.experimental_local_results(sums)[0]

        return tf.function(add_all, input_signature=[tf.TensorSpec([None], dtype)])


def total(tensor):
    """On a replica: the sum over all replicas."""
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tensor)


@functools.cache
def _mirrored(names: tuple[str, ...]) -> tf.distribute.MirroredStrategy:
    """The one strategy for these devices.

    Every strategy counts its collective keys from the same base, and a key is bound to
    a shape for the life of the process: so each strategy gets another base.
    """
    private.take_other_keys()
    return tf.distribute.MirroredStrategy(names)


@functools.cache
def _workers() -> tf.distribute.MultiWorkerMirroredStrategy:
    """The one strategy of a process that $TF_CONFIG describes."""
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise Mistake(
            f"$TF_CONFIG names several workers, but {error}; "
            "enter zoo.distribute before anything is computed"
        ) from error


def _number() -> int:
    """Which of all replicas this is."""
    context = tf.distribute.get_replica_context()
    return int(tf.get_static_value(context.replica_id_in_sync_group))


def _divide_processor(count):
    """Let the processor be `count` devices; too late once TensorFlow has computed."""
    share = tf.config.LogicalDeviceConfiguration()
    with contextlib.suppress(RuntimeError):
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [share] * count
        )


def _short(name: str) -> str:
    return name.removeprefix("/device:").lower()

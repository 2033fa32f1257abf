"""TensorFlow: the device, and what is asked of it."""

import contextlib
import logging
from collections.abc import Callable

import tensorflow as tf

from zoo.engine.setting import Setting
from zoo.engine.tensorflow import private


def describe() -> str:
    for device in tf.config.list_physical_devices():
        if device.device_type != "CPU":
            details = tf.config.experimental.get_device_details(device)
            return details.get("device_name", device.device_type)  # TPUs have none
    return "cpu"


_deterministic = Setting(
    private.is_op_determinism_enabled,
    lambda wanted: (
        tf.config.experimental.enable_op_determinism()
        if wanted
        else private.disable_op_determinism()
    ),
    True,
)


def deterministic() -> contextlib.AbstractContextManager[None]:
    return _deterministic


_rounded = Setting(
    tf.config.experimental.tensor_float_32_execution_enabled,
    tf.config.experimental.enable_tensor_float_32_execution,
    False,
)


def full_float32() -> contextlib.AbstractContextManager[None]:
    return _rounded


def compiled(function: Callable) -> Callable:
    return function


def wide() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


def forget_programs() -> None:
    """Nothing: they go with the functions that they belong to."""


# A graph a network, of which TensorFlow would warn as of retracing.
_logger = logging.getLogger("tensorflow")
_quiet = Setting(lambda: _logger.level, _logger.setLevel, logging.ERROR)


def many_networks() -> contextlib.AbstractContextManager[None]:
    return _quiet

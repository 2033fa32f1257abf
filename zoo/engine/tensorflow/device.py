"""TensorFlow: the device, and what is asked of it."""

import tensorflow as tf


def describe() -> str:
    for device in tf.config.list_physical_devices():
        if device.device_type != "CPU":
            details = tf.config.experimental.get_device_details(device)
            return details.get("device_name", device.device_type)  # TPUs have none
    return "cpu"


def make_deterministic() -> None:
    tf.config.experimental.enable_op_determinism()


def use_full_float32() -> None:
    tf.config.experimental.enable_tensor_float_32_execution(False)


def forget_programs() -> None:
    """Nothing: they go with the functions that they belong to."""

"""The precision of what a network gives."""

import keras


def logits_dtype() -> str:
    """The dtype of logits, in which the active policy keeps weights.

    In mixed precision it is float32. In float16 and bfloat16 the logits of many classes
    would be equal, as their numbers have 11 and 8 significant bits.
    """
    return keras.config.dtype_policy().variable_dtype

"""What `keras.ops` rounds to float32 on some backends, in float64.

Keras 3.15 gives `floor`, `cos` and `sin` of float64 as float32 on JAX, and `floor`,
`maximum` and `minimum` on PyTorch.
"""

from keras import ops

_HALVINGS = 4
_TERMS = 7  # the next one is below 1e-20


def floor(x):
    """The largest whole numbers that are not above `x`, within those of 64 bits."""
    whole = ops.cast(ops.cast(x, "int64"), "float64")
    return ops.where(whole > x, whole - 1.0, whole)


def smaller(x, y):
    return ops.where(x < y, x, y)


def cos_sin(angle):
    """Cosine and sine of up to a turn in radians, to about 1e-15.

    Two series for a sixteenth of the angle, which is then doubled four times.
    """
    x = angle / 2**_HALVINGS
    square = x * x
    cos, sin = ops.ones_like(x), ops.ones_like(x)
    for term in range(_TERMS, 0, -1):
        cos = 1.0 - cos * square / (2 * term * (2 * term - 1))
        sin = 1.0 - sin * square / (2 * term * (2 * term + 1))
    sin = sin * x
    for _ in range(_HALVINGS):
        cos, sin = 1.0 - 2.0 * sin * sin, 2.0 * sin * cos
    return cos, sin

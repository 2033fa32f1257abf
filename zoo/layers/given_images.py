"""What `zoo.layers.Augment` is called with, and what it would change wrongly."""

from collections.abc import Mapping

import keras
import numpy as np
from keras import ops

from zoo.engine import private
from zoo.errors import Mistake

ACCEPTED = "accepted: images, or (images, labels)"
FADING = 0.1  # a layer that multiplies by less leaves no gray levels
DARK = 16.0  # numbers of both signs that are all below it are standardized ones
WHITE = 255.0
BEYOND = 64.0  # a cubic or Lanczos resizing goes so far beyond black and white, no more


def check(name: str, given, training) -> None:
    """Refuse what would be dropped, left as it is, or made black without a word.

    Args:
        name: of the layer.
        given: images, or (images, labels): arrays, tensors or symbolic tensors.
        training: as the caller gave it.

    Raises:
        Mistake: there are more values, or others; some labels are images themselves;
            the gray levels are scaled to something else than 0 to 1; or a model is
            made of what is known to be no images.
    """
    if isinstance(given, Mapping):
        there = ", ".join(map(str, list(given)[:5]))
        raise Mistake(
            f"layer '{name}' got a dictionary of {there}; {ACCEPTED}: give it the "
            "value of one name"
        )
    pair = isinstance(given, tuple | list)
    if pair and len(given) != 2:
        raise Mistake(f"layer '{name}' got {len(given)} values; {ACCEPTED}")
    if not isinstance(training, bool | int | np.bool_ | None):
        raise Mistake(
            f"layer '{name}' got three values; {ACCEPTED}; weights go beside it: "
            "dataset.map(lambda x, y, w: (*layer((x, y)), w))"
        )
    images, labels = given if pair else (given, None)
    if isinstance(labels, bool):
        raise Mistake(
            f"layer '{name}' got labels={labels}; {ACCEPTED}; name what is meant: "
            f"training={labels}"
        )
    shape = _shape(images)
    for beside in map(_shape, keras.tree.flatten(labels)):  # also of a dictionary
        if shape and beside and len(shape) > 2 and len(beside) > len(shape) - 2:
            raise Mistake(
                f"layer '{name}' got images of shape {shape} and labels of shape "
                f"{beside}, which it would leave as they are; give it the images "
                "alone; a second layer of the same seed changes other images alike"
            )
        if _apart(shape, beside):
            raise Mistake(
                f"layer '{name}' got {shape[0]} images and {beside[0]} labels; give "
                "as many"
            )
    if scaling := _scaling(images):
        raise Mistake(
            f"layer '{name}' takes gray levels from 0 to 255, and '{scaling}' before "
            f"it scales them; put it before '{scaling}'"
        )
    if isinstance(images, keras.KerasTensor) and training is not False:
        check_form(name, images)
    if training and isinstance(images, np.ndarray):
        check_levels(name, images)


def check_form(name: str, images) -> None:
    """Refuse what is no batch of images of one or three channels, and no image.

    While a model is made, sizes may be unknown: a batch will have them.

    Raises:
        Mistake: it says the shape, or the dtype, and what may be meant.
    """
    shape = _shape(images)
    known = isinstance(images, keras.KerasTensor) or None not in (shape or ())[-3:]
    if shape is None or len(shape) not in (3, 4) or not known:
        raise Mistake(
            f"layer '{name}' got images of shape {shape or 'unknown'}; accepted: "
            "(batch, height, width, channels), all but the batch known; resize them "
            "first"
        )
    if shape[-1] not in (1, 3, None):
        first = shape[-3] in (1, 3)
        hint = "; they come last, so move them: ops.moveaxis(images, -3, -1)"
        raise Mistake(
            f"layer '{name}' got images of shape {shape}, of {shape[-1]} channels; "
            f"accepted: 1 or 3{hint if first else ''}"
        )
    dtype = keras.backend.standardize_dtype(images.dtype)
    whole = keras.backend.is_int_dtype(dtype) and dtype != "int8"  # which ends at 127
    if not whole and not keras.backend.is_float_dtype(dtype):
        raise Mistake(
            f"layer '{name}' got images of {dtype}, which holds no gray levels from 0 "
            "to 255; accepted: uint8, wider integers and floats; cast them first"
        )


def check_levels(name: str, images: np.ndarray) -> None:
    """Refuse numbers that are no gray levels, and would be cut off at 0 or 255.

    Raises:
        Mistake: it says between which numbers they lie, and what to do.
    """
    if images.dtype == np.uint8 or images.dtype.kind not in "iuf" or not images.size:
        return
    least, most = np.float64(images.min()), np.float64(images.max())
    if _are_no_levels(least, most):
        hint = "call it before they are scaled"
        if least >= 0:
            hint = "divide those of 16 bits by 257"
        raise Mistake(
            f"layer '{name}' takes gray levels from 0 to 255, or from 0 to 1, and "
            f"these lie between {least:.5g} and {most:.5g}; {hint}"
        )


def levels_of(images) -> tuple:
    """Floats as gray levels from 0 to 255, and what they were multiplied by.

    In a compiled step nothing can be refused: there, what `check_levels` refuses
    becomes NaN, and so does the loss.

    Args:
        images: floats of 0 to 255; or of 0 to 1, not all of them 0 or 1.

    Returns:
        The levels, float32, and a scalar: 1, 255, or NaN.
    """
    images = ops.cast(images, "float32")
    least, most = ops.min(images, initial=0.0), ops.max(images, initial=0.0)
    # Gray levels, which most images are, are not read once more.
    shares = ops.cond(
        most <= 1,
        lambda: ops.any(images != ops.round(images)),
        lambda: ops.zeros((), "bool"),
    )
    factor = ops.where(shares, WHITE, 1.0)
    factor = ops.where(_are_no_levels(least, most), np.nan, factor)
    factor = ops.cast(factor, "float32")
    return images * factor, factor


def _are_no_levels(least, most):
    """Whether images with this least and this largest number are no gray levels.

    They are standardized, have another range, or are not finite.
    """
    within = (least >= -BEYOND) & (most <= WHITE + BEYOND)  # False of NaN
    return ~within | ((least < 0) & (most < DARK))


def _apart(shape: tuple | None, beside: tuple | None) -> bool:
    """Whether a batch of images and one of labels are known to differ in length."""
    if not shape or not beside or len(shape) != 4 or None in (shape[0], beside[0]):
        return False
    return shape[0] != beside[0]


def _shape(tensor) -> tuple | None:
    """The shape of an array or tensor; None if it has none, or an unknown rank."""
    shape = getattr(tensor, "shape", None)
    return None if getattr(shape, "rank", 0) is None or shape is None else tuple(shape)


def _scaling(tensor) -> str:
    """The layer that scales gray levels before a symbolic tensor; "" if none does."""
    if not hasattr(tensor, "_keras_history"):
        return ""
    layer = private.operation(tensor)
    fades = isinstance(layer, keras.layers.Normalization) or (
        isinstance(layer, keras.layers.Rescaling)
        and bool(np.max(np.abs(layer.scale)) < FADING)
    )
    return layer.name if fades else ""

"""The strengths that each operation takes, and the check of a recipe's augmentation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from zoo.augment.policies import BINS
from zoo.errors import Mistake, unknown


@dataclass(frozen=True)
class Strength:
    """What an operation's strength may be: in words, by example and as a test."""

    words: str
    example: Any
    accepts: Callable[[Any], bool]


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, Real) and not isinstance(value, bool) and low <= value <= high
    )


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, Integral) and _number(low, high)(value)


def _several(*tests: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, tuple | list)
        and len(value) == len(tests)
        and all(test(part) for test, part in zip(tests, value, strict=True))
    )


_share = _number(0, 1)
_alpha = _number(0.001, 1000)

STRENGTHS = {
    "flip": Strength("a probability, 0 to 1", 0.5, _share),
    "shift": Strength("a fraction of the size, 0 to 1", 0.1, _share),
    "rotation": Strength("degrees, 0 to 180", 10, _number(0, 180)),
    "zoom": Strength("a fraction, 0 to 0.9", 0.1, _number(0, 0.9)),
    "elastic": Strength(
        "(alpha, sigma) in pixels, 0 to 1000 and 0.1 to 100",
        (34, 4),
        _several(_number(0, 1000), _number(0.1, 100)),
    ),
    "color_jitter": Strength(
        "a number, 0 to 1, or three of them for (brightness, contrast, saturation)",
        0.2,
        lambda value: _share(value) or _several(_share, _share, _share)(value),
    ),
    "random_erasing": Strength("a probability, 0 to 1", 0.25, _share),
    "rand_augment": Strength(
        f"(operations, level), whole numbers, 1 to 100 and 0 to {BINS - 1}",
        (2, 9),
        _several(_integer(1, 100), _integer(0, BINS - 1)),
    ),
    "trivial_augment_wide": Strength(
        "the number of levels, a whole number, 2 to 1000", 31, _integer(2, 1000)
    ),
    "mixup": Strength("alpha, 0.001 to 1000", 0.2, _alpha),
    "cutmix": Strength("alpha, 0.001 to 1000", 1.0, _alpha),
}
"""Every operation on images, and the strengths it takes besides 0, which is off."""

SOUNDS = {
    "time_shift": Strength("a fraction of the length, 0 to 1", 0.1, _share),
    "speed": Strength("a fraction, 0 to 1", 0.1, _share),
    "pitch": Strength("a fraction, 0 to 1", 0.1, _share),
    "tempo": Strength("a fraction, 0 to 1", 0.1, _share),
    "noise": Strength("a fraction of the loudness, 0 to 10", 0.1, _number(0, 10)),
    "time_mask": Strength("a fraction of the length, 0 to 1", 0.2, _share),
    "frequency_mask": Strength("a fraction of the frequencies, 0 to 1", 0.2, _share),
    "equalizer": Strength("tens of decibels, 0 to 3", 0.6, _number(0, 3)),
}
"""The same for sounds."""


def is_on(strength: Any) -> bool:
    """Whether an operation of this strength is wanted: 0 turns it off."""
    return not (isinstance(strength, Real) and strength == 0)


def check(operations: Mapping[str, Any], image_shape: tuple[int, ...]) -> None:
    """Find the mistakes in a recipe's augmentation before any work starts.

    Args:
        operations: strength of each operation by name, see `STRENGTHS`.
        image_shape: (height, width, channels); (samples,) of sounds; or what the data
            have instead.

    Raises:
        Mistake: `operations` is not a mapping, names an unknown operation or has a
            strength that the operation does not take; or the data are no images of
            one or three channels, or no sounds.
    """
    if not isinstance(operations, Mapping):
        raise Mistake(
            "augment takes a mapping from operations to strengths, such as "
            f"{{'rotation': 10}}; got {operations!r}"
        )
    for name, value in operations.items():
        known = SOUNDS if len(image_shape) == 1 and name not in STRENGTHS else STRENGTHS
        if name not in known and name not in SOUNDS:
            raise unknown(
                "augmentation",
                str(name),
                known,
                "take one of these or leave it out",
            )
        strength = {**STRENGTHS, **SOUNDS}[name]
        if is_on(value) and not strength.accepts(value):
            raise Mistake(
                f"augmentation '{name}' takes {strength.words}; got {value!r}; "
                f"give {strength.example}, for example, or 0 to turn it off"
            )
    others = [name for name in operations if name in SOUNDS]
    if others and len(image_shape) != 1:
        raise Mistake(
            f"augmentation '{others[0]}' needs sounds of shape (samples,); these data "
            f"have {tuple(image_shape)}; leave it out"
        )
    operations = {k: v for k, v in operations.items() if k not in SOUNDS}
    if operations and (len(image_shape) != 3 or image_shape[-1] not in (1, 3)):
        raise Mistake(
            f"augmentation '{next(iter(operations))}' needs images of shape (height, "
            f"width, 1) or (height, width, 3); these data have {tuple(image_shape)}; "
            "leave augment empty for them"
        )

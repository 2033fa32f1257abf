"""The single operations that color jitter and the policies are made of.

Each takes a Pillow picture (mode "L" or "RGB") and a magnitude, and returns a new
picture. They compute what torchvision's transforms compute for Pillow pictures:
geometric ones take the nearest pixel and fill with black, those of tone use Pillow's
ImageEnhance and ImageOps. "Color" does not change a gray picture.
"""

from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from zoo.augment.draws import Draws

Picture = Image.Image


def _affine(picture: Picture, *coefficients: float) -> Picture:
    return picture.transform(picture.size, Image.Transform.AFFINE, coefficients)


OPERATIONS: dict[str, Callable[[Picture, float], Picture]] = {
    "Identity": lambda picture, _: picture,
    "ShearX": lambda picture, slope: _affine(picture, 1, slope, 0, 0, 1, 0),
    "ShearY": lambda picture, slope: _affine(picture, 1, 0, 0, slope, 1, 0),
    "TranslateX": lambda picture, x: _affine(picture, 1, 0, -int(x), 0, 1, 0),
    "TranslateY": lambda picture, y: _affine(picture, 1, 0, 0, 0, 1, -int(y)),
    "Rotate": lambda picture, degrees: picture.rotate(degrees),
    "Brightness": lambda picture, m: ImageEnhance.Brightness(picture).enhance(1 + m),
    "Color": lambda picture, m: ImageEnhance.Color(picture).enhance(1 + m),
    "Contrast": lambda picture, m: ImageEnhance.Contrast(picture).enhance(1 + m),
    "Sharpness": lambda picture, m: ImageEnhance.Sharpness(picture).enhance(1 + m),
    "Posterize": lambda picture, bits: ImageOps.posterize(picture, int(bits)),
    "Solarize": lambda picture, threshold: ImageOps.solarize(picture, threshold),
    "AutoContrast": lambda picture, _: ImageOps.autocontrast(picture),
    "Equalize": lambda picture, _: ImageOps.equalize(picture),
}


def perform(image: np.ndarray, steps: Iterable[tuple[str, float]]) -> np.ndarray:
    """Apply operations, given as (name, magnitude), to one image in turn.

    Args:
        image: uint8, shape (height, width, 1) or (height, width, 3).
        steps: names from `OPERATIONS`, each with its magnitude.
    """
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    for name, magnitude in steps:
        picture = OPERATIONS[name](picture, magnitude)
    return np.asarray(picture).reshape(image.shape)


def color_jitter(
    images: np.ndarray, strength: float | tuple[float, float, float], draws: Draws
) -> np.ndarray:
    """Change brightness, contrast and saturation, in this order.

    Each factor is uniform in [1 - strength, 1 + strength].

    Args:
        images: uint8, shape (batch, height, width, channels).
        strength: one number, 0 to 1, for all three, or one for each.
        draws: the random numbers.
    """
    changes = (2 * draws.uniform(3) - 1) * strength
    names = ("Brightness", "Contrast", "Color")
    jittered = np.empty_like(images)
    for image, change, target in zip(images, changes, jittered, strict=True):
        target[:] = perform(image, zip(names, change, strict=True))
    return jittered

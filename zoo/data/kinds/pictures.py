"""The pictures that a user gives, as a network's input."""

import os
import warnings
from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image

from zoo.data.kinds import pixels
from zoo.data.kinds.given import array, described, is_array, numbers, several
from zoo.data.kinds.picture_files import Picture, name_of, read
from zoo.errors import Mistake

WANTED = (
    "a picture: the name of a file, its bytes, an array, or an image of Pillow, or a "
    "list of these"
)
DARK, BRIGHT = 64, 192
LEAST = 10  # levels between the darkest and the brightest pixel of a drawing
COVERED = 0.5  # share that strokes take at most; 0.44 in MNIST's 70,000 digits


def items(given, shape: tuple[int, ...]) -> list[Picture]:
    """The pictures that a user gave, one or several.

    Args:
        given: a picture as `read` takes it, an array or tensor of one or several (see
            `zoo.data.kinds.pixels`), or a list, series or generator of pictures.
        shape: (height, width, channels) of the network, which decides in doubt.

    Returns:
        Pictures as `read` takes them; arrays are uint8.

    Raises:
        Mistake: one of them is no picture; it is named by its number.
    """
    if _is_single(given):
        return [given]
    if is_array(given):
        given = numbers(array(given))
        if given.dtype.kind not in "OUS":
            found = pixels.separate(given, shape)
            return list(pixels.to_bytes([np.stack(found)], ["the array"])[0])
        given = given.ravel()  # of names, images or arrays
    found = several(given, WANTED)
    names = [f"input {number}" for number in range(1, len(found) + 1)]
    if all(_fits(item, shape) for item in found):
        return pixels.to_bytes(found, names)
    if _are_lines(found, shape):
        return items(np.stack([array(line) for line in found]), shape)
    places = []
    for place, (name, item) in enumerate(zip(names, found, strict=True)):
        if _is_single(item):
            continue
        if not is_array(item) and not _is_nested(item):
            raise Mistake(f"{name} is {described(item)}; give {WANTED}")
        one = pixels.separate(_numbers(item, name), shape)
        if len(one) != 1:
            raise Mistake(f"{name} holds {len(one)} pictures; give one array for each")
        found[place] = one[0]
        places.append(place)
    arrays = [found[place] for place in places]
    scaled = pixels.to_bytes(arrays, [names[place] for place in places])
    for place, image in zip(places, scaled, strict=True):
        found[place] = image
    return found


def ready(given, shape: tuple[int, ...]) -> np.ndarray | None:
    """Arrays of the network's size, one or several, as uint8 (n, *shape).

    None for anything else, which is for `items` to read; its answer would be the same.
    """
    if type(given) is list:
        if not given or not all(_fits(item, shape) for item in given):
            return None
        names = [f"input {number}" for number in range(1, len(given) + 1)]
        found = pixels.to_bytes(given, names)
        return np.stack([item.reshape(shape) for item in found])
    if type(given) is not np.ndarray or given.dtype.kind not in "buif":
        return None
    if not given.size or not (_fits(given, shape) or given.shape[1:] == shape):
        return None
    found = given.reshape(-1, *shape)
    if found.dtype == np.uint8:
        return found
    return pixels.to_bytes([found], ["the array"])[0]


def border(images: np.ndarray) -> float:
    """The mean brightness of the outermost pixels of gray pictures (n, H, W, 1)."""
    return float(np.mean([edge.mean() for edge in _edges(images)]))


def _borders(images: np.ndarray) -> np.ndarray:
    """`border` of each picture, float64 (n,), in one product."""
    places, weights = _outermost(*images.shape[1:3])
    return images.reshape(len(images), -1).take(places, axis=1) @ weights


@cache
def _outermost(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The places of the outermost pixels of a gray picture, and their weights."""
    every = np.arange(height * width).reshape(1, height, width, 1)
    sides = [edge.ravel() for edge in _edges(every)]
    weights = [np.full(len(side), 1 / (len(sides) * len(side))) for side in sides]
    return np.concatenate(sides), np.concatenate(weights)


def _edges(images: np.ndarray) -> tuple[np.ndarray, ...]:
    return images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]


def decode(
    raw,
    shape: tuple[int, ...],
    learned: float | None = None,
    strokes: bool = False,
) -> np.ndarray:
    """Pictures as a network's input.

    With `strokes`, ink is found on any ground and laid out as `zoo.data.kinds.ink`
    says, but for pictures that are laid out already. Without, a network that learned
    from white digits on black cannot read black digits on white: such a picture is not
    changed, and a warning says so.

    Args:
        raw: pictures as `items` takes them.
        shape: (height, width, channels).
        learned: the border's mean brightness in the training pictures, None to ignore.
        strokes: whether the network learned from pictures that are laid out so.

    Returns:
        uint8 array of shape (n, height, width, channels).

    Raises:
        Mistake: names the picture that cannot be read, or in which no ink is found.
    """
    found = ready(raw, shape)
    if found is None:
        raw = items(raw, shape)
        found = ready(raw, shape)
    if found is not None:
        return laid_out(found, learned, strokes).copy()
    images = np.zeros((len(raw), *shape), np.uint8)
    _read_into(images, raw, range(len(raw)), learned, strokes)
    return images


def laid_out(
    found: np.ndarray, learned: float | None = None, strokes: bool = False
) -> np.ndarray:
    """Arrays of the network's size as its input; see `decode`.

    Args:
        found: uint8 (n, height, width, channels), as `ready` gives it; stays as it is.
        learned, strokes: as there.

    Returns:
        `found` itself where nothing is to be changed.
    """
    if not strokes and (learned is None or learned >= DARK):
        return found
    done = _borders(found) < (DARK if strokes else BRIGHT)
    if strokes:
        done &= _hold_strokes(found)
    if done.all():
        return found
    images = found.copy()
    _read_into(images, found, np.flatnonzero(~done).tolist(), learned, strokes)
    return images


def _read_into(
    images: np.ndarray,
    raw,
    places: Sequence[int],
    learned: float | None,
    strokes: bool,
) -> None:
    """Read the pictures at these places, as `decode` says."""
    shape = images.shape[1:]
    for place in places:
        image, source, number = images[place], raw[place], place + 1
        try:
            if strokes:
                image[:, :, 0] = _inked(source, shape[0])
                continue
            image[:] = read(source, shape[2], shape[:2])
        except Mistake as mistake:
            if len(raw) == 1 or isinstance(source, str | os.PathLike):
                raise
            raise Mistake(f"input {number}: {mistake}") from mistake
        edge = border(image[None])
        if learned is not None and learned < DARK and edge > BRIGHT:
            warnings.warn(
                f"{name_of(source)} is dark on a bright ground; this network learned "
                "from bright on dark: invert the picture if the answer looks wrong",
                stacklevel=4,
            )


def _hold_strokes(images: np.ndarray) -> np.ndarray:
    """Whether pictures (n, H, W, 1) are neither empty nor filled, bool (n,)."""
    pixels = images.reshape(len(images), -1)
    filled = (pixels > DARK).sum(axis=1) > COVERED * pixels.shape[1]
    return ~filled & (pixels.max(axis=1) - pixels.min(axis=1) >= LEAST)


def _inked(source: Picture, side: int) -> np.ndarray:
    from zoo.data.kinds import ink  # which imports OpenCV

    if hasattr(source, "read"):
        source = source.read()  # it is looked at twice
    known = isinstance(source, np.ndarray) and source.shape[:2] == (side, side)
    gray = read(source, 1, (side, side) if known else None)
    if ink.as_learned(gray, side) and _hold_strokes(gray[None])[0]:
        return gray[:, :, 0]
    try:
        return ink.laid_out(read(source, 3, contrast=True), side)
    except ink.NoInk as error:
        raise Mistake(
            f"{name_of(source)} holds no handwriting that can be cut out: {error}; "
            "--as-is (in Python: as_is=True) gives the network the picture as it is"
        ) from error


def _fits(item, shape: tuple[int, ...]) -> bool:
    """Whether this is an array of numbers, a picture of the network's size."""
    if type(item) is not np.ndarray or item.dtype.kind not in "buif":
        return False
    return item.shape == shape or (shape[2] == 1 and item.shape == shape[:2])


def _is_single(given) -> bool:
    kinds = (str, os.PathLike, bytes, bytearray, memoryview, Image.Image)
    return isinstance(given, kinds) or hasattr(given, "read")


def _is_nested(item) -> bool:
    """Whether this is a list of lists of numbers."""
    return isinstance(item, list | tuple) and bool(item) and not _is_single(item[0])


def _are_lines(found: list, shape: tuple[int, ...]) -> bool:
    """Whether these are lines of one picture, (W,) or (W, C), not pictures.

    Pictures may be narrow and gray, or flat.
    """
    if shape[1] in pixels.CHANNELS or len(found) < 2:
        return False
    if any(
        _is_single(line) or not (is_array(line) or _is_nested(line)) for line in found
    ):
        return False
    try:
        shapes = {np.shape(line) for line in found}
    except ValueError:  # of a list whose rows differ in length
        return False
    one = shapes.pop()
    if len(one) == 1:
        return not shapes and one[0] != np.prod(shape)
    return not shapes and len(one) == 2 and one[1] in pixels.CHANNELS


def _numbers(item, name: str) -> np.ndarray:
    try:
        return numbers(array(item))
    except Mistake:
        raise
    except ValueError as error:
        raise Mistake(f"{name} is a list whose rows differ in length") from error

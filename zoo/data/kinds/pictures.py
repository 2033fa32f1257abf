"""Picture files as uint8 arrays: the one way, for training and for prediction.

A picture is turned upright (EXIF), brought to 8 bits, laid on white where it is
transparent, made gray (ITU-R 601 luma) or RGB, and, if a size is asked for, its middle
is cut out in the proportions of that size and resized bicubically with antialiasing.
"""

import contextlib
import io
import os
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from zoo.core.processors import processors
from zoo.errors import Mistake

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
PIXELS = 2**25  # of a picture; Pillow takes 4 bytes for each, and makes a copy or two
LONGEST_NAME = 4096  # letters of a path, as Linux has it
DARK, BRIGHT = 64, 192
MODES = {1: "L", 3: "RGB"}
PNG, GRAY_8_BITS = b"\x89PNG\r\n\x1a\n", b"\x08\x00"

Picture = str | os.PathLike | bytes | np.ndarray


def read(
    source: Picture, channels: int, size: tuple[int, int] | None = None
) -> np.ndarray:
    """One picture.

    Args:
        source: a file, its bytes, or a uint8 array of shape (H, W) or (H, W, channels).
        channels: 1 for gray, 3 for RGB.
        size: (height, width) in pixels; None keeps the picture's own.

    Returns:
        uint8 array of shape (height, width, channels).

    Raises:
        Mistake: there is no such file, or it is no picture, or a broken one.
    """
    if channels == 1 and isinstance(source, bytes):
        plain = _plain_gray_png(source)
        if plain is not None and size in (None, plain.shape[:2]):
            return plain
    try:
        with _quiet_pillow(), _open(source) as image:
            _check_size(image)
            ImageOps.exif_transpose(image, in_place=True)
            image = _flat(image).convert(MODES[channels])
    except FileNotFoundError as error:
        raise Mistake(f"there is no picture {_name(source)}") from error
    except Exception as error:  # what a broken file raises depends on its format
        known = isinstance(error, UnidentifiedImageError)
        why = "its format is unknown" if known else str(error)[:200]
        raise Mistake(f"{_name(source)} is not a readable picture: {why}") from error
    if size and image.size != size[::-1]:
        image = ImageOps.fit(image, size[::-1], Image.Resampling.BICUBIC)
    return np.asarray(image).reshape(image.height, image.width, channels)


def border(images: np.ndarray) -> float:
    """The mean brightness of the outermost pixels of gray pictures (n, H, W, 1)."""
    edges = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    return float(np.mean([edge.mean() for edge in edges]))


def decode(
    raw: Iterable[Picture], shape: tuple[int, ...], learned: float | None = None
) -> np.ndarray:
    """Pictures as a network's input.

    A network that learned from white digits on black cannot read black digits on white.
    Such a picture is not changed: a warning says so.

    Args:
        raw: pictures as `read` takes them.
        shape: (height, width, channels).
        learned: the border's mean brightness in the training pictures, None to ignore.

    Returns:
        uint8 array of shape (n, height, width, channels).
    """
    raw = list(raw)
    images = np.zeros((len(raw), *shape), np.uint8)
    for image, source in zip(images, raw, strict=True):
        image[:] = read(source, shape[2], shape[:2])
        found = border(image[None])
        if learned is not None and learned < DARK and found > BRIGHT:
            warnings.warn(
                f"{_name(source)} is dark on a bright ground; this network learned "
                "from bright on dark: invert the picture if the answer looks wrong",
                stacklevel=3,
            )
    return images


def checked(size, channels: int) -> tuple[tuple[int, int], int]:
    """(height, width) in pixels and the channels; a `Mistake` if they are none."""
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2 or not all(isinstance(n, int) and n > 0 for n in pair):
        raise Mistake(f"size={size}; give pixels, such as 224, or (height, width)")
    if channels not in MODES:
        raise Mistake(f"channels={channels}; give 3 for RGB or 1 for gray")
    return pair, channels


def workers() -> ThreadPoolExecutor:
    """Threads that decode pictures, one for each processor."""
    return ThreadPoolExecutor(processors())


def _name(source: Picture) -> str:
    if not isinstance(source, str | os.PathLike):
        return "the picture"
    name = str(source)
    return name if len(name) < LONGEST_NAME else f"{name[:200]}..."


def _plain_gray_png(content: bytes) -> np.ndarray | None:
    """The pixels of an 8-bit gray PNG, upright and opaque; None if it is anything else.

    What Pillow reads, to the bit, in a tenth of the time: small digits come by the ten
    thousand.
    """
    plain = content[:8] == PNG and content[24:26] == GRAY_8_BITS
    if not plain or b"tRNS" in content or b"eXIf" in content:
        return None
    width, height = (int.from_bytes(content[i : i + 4]) for i in (16, 20))
    if width * height > PIXELS:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # a broken one; Pillow says how
        return None
    return None if image is None else image[..., None]


def _check_size(image: Image.Image) -> None:
    """Refuse a picture that would take far more memory than its file.

    A JPEG file is read at a half, a quarter or an eighth of its size where that fits.
    """
    if image.width * image.height > PIXELS and image.format == "JPEG":
        image.draft(None, (image.width // 2, image.height // 2))
    if image.width * image.height > PIXELS:
        raise ValueError(
            f"it has {image.width} x {image.height} pixels; accepted: at most "
            f"{PIXELS:,}; make it smaller"
        )


def _open(source: Picture) -> Image.Image:
    if isinstance(source, np.ndarray):
        return Image.fromarray(source[..., 0] if source.shape[2:] == (1,) else source)
    return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)


@contextlib.contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Without Pillow's warnings of damage beside the pixels; bombs are errors."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _flat(image: Image.Image) -> Image.Image:
    """Bring 16 and 32 bits to 8, and lay what is transparent on white."""
    if image.mode.startswith("I"):
        pixels = np.clip(np.asarray(image, np.int64), 0, 2**16 - 1)
        return Image.fromarray((pixels >> 8).astype(np.uint8))
    if image.mode == "F":
        return Image.fromarray(np.clip(np.asarray(image), 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        return white
    return image

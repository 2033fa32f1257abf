"""One picture file as a uint8 array: the one way, for training and for prediction.

A picture is turned upright (EXIF), brought to 8 bits, laid on white where it is
transparent, made gray (ITU-R 601 luma) or RGB, and, if a size is asked for, its middle
is cut out in the proportions of that size and resized bicubically with antialiasing.
"""

import io
import os
import re
import stat
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from zoo.core import signatures
from zoo.core.processors import processors
from zoo.data.kinds import pixels
from zoo.errors import Mistake, comes_from

EXPLAINED = ".explained"  # before the ending
SUFFIXES = (
    *(".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".jp2"),
    *(".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
)
# No format that is a program, such as EPS, which Pillow hands to Ghostscript.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
# How files of these formats begin; a dot is any byte.
STARTS = re.compile(
    rb"""(?sx) \xff\xd8\xff | \x89PNG\r\n\x1a\n | GIF8 | II[*+]\0 | MM\0[*+]
    | RIFF....WEBP | BM....\0\0\0\0 | ....ftyp(avif|avis) | P[1-6]\s+[#\d]
    | \0\0\0\x0cjP[ ][ ]\r\n\x87\n | \xff\x4f\xff\x51"""
)
LARGEST_SIZE = 2**25  # pixels that a network may ask for; each takes some bytes
MODES = {1: "L", 3: "RGB"}
PNG, GRAY_8_BITS = b"\x89PNG\r\n\x1a\n", b"\x08\x00"
# Bytes that decoding and turning a picture may take, and what they are for a pixel, by
# measurement: the decoders of some formats hold several copies.
MEMORY = 2**28
BYTES = {"AVIF": 10, "JPEG2000": 20, "WEBP": 16}
BYTES_PROGRESSIVE, BYTES_HALVED, BYTES_PLAIN = 7, 5, 8
BYTES_COPIED, BYTES_FLOAT = 12, 16
HALVED = ("BMP", "GIF", "JPEG", "PNG", "PPM")  # the formats of which halves are made
LONGEST_NAME = 4096  # letters of a path, as Linux has it
Picture = str | os.PathLike | bytes | np.ndarray | Image.Image | BinaryIO


def read(
    source: Picture,
    channels: int,
    size: tuple[int, int] | None = None,
    contrast: bool = False,
) -> np.ndarray:
    """One picture.

    Args:
        source: a file, its name or its bytes, an image of Pillow of any mode, or an
            array (H, W) or (H, W, C), see `zoo.data.kinds.pixels`.
        channels: 1 for gray, 3 for RGB.
        size: (height, width) in pixels; None keeps the picture's own.
        contrast: lay what is bright and transparent on black.

    Returns:
        uint8 array of shape (height, width, channels).

    Raises:
        Mistake: there is no such file, or it is no picture, or a broken one; it says
            what is wrong with it.
    """
    if channels == 1 and isinstance(source, bytes):
        plain = _plain_gray_png(source)
        if plain is not None and size in (None, plain.shape[:2]):
            return plain
    if channels == 1 and isinstance(source, np.ndarray):
        gray = source[..., None] if source.ndim == 2 else source
        plain = gray.dtype == np.uint8 and gray.ndim == 3 and gray.shape[2] == 1
        if plain and gray.shape[:2] == size:
            return gray
    name = name_of(source)
    if isinstance(source, str | os.PathLike) and _never_ends(source):
        raise Mistake(f"{name} is not a readable picture: it is a pipe or a device")
    try:
        with _quiet_pillow, _open(source) as image:
            deep = image.mode[0] != "I" and ";16" in str(getattr(image, "tile", ""))
            image = _bounded(image, size)
            if deep:
                _warn_if_dim(image, name)
            ImageOps.exif_transpose(image, in_place=True)
            image = _flat(image, name, contrast)
            if image.mode != MODES[channels]:
                image = image.convert(MODES[channels])
    except Mistake:
        raise
    except FileNotFoundError as error:
        raise Mistake(f"there is no picture {name}") from error
    except IsADirectoryError as error:
        raise Mistake(
            f"{source} is a folder; give its pictures, as in {source}/*.jpg"
        ) from error
    except MemoryError as error:
        raise Mistake(f"{name} is too large for this machine's memory") from error
    except Exception as error:  # what a broken file raises depends on its format
        if not isinstance(error, _Unfit) and not comes_from(error, "PIL"):
            raise
        why = _why(error)
        if isinstance(error, UnidentifiedImageError):
            why = signatures.what_is(signatures.beginning(source)).words or why
        raise Mistake(f"{name} is not a readable picture: {why}") from error
    if size and image.size != size[::-1]:
        image = ImageOps.fit(image, size[::-1], Image.Resampling.BICUBIC)
    return np.asarray(image).reshape(image.height, image.width, channels)


def is_explanation(path: Path) -> bool:
    """Whether `zoo explain` drew it beside what it explains: it is nobody's data."""
    return path.stem.endswith(EXPLAINED)


def is_one(path: Path) -> bool:
    """Whether a file is a picture, by the ending of its name or by its first bytes."""
    if is_explanation(path) or not path.is_file():
        return False
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:
        return False
    return STARTS.match(start) is not None


def checked(size, channels: int) -> tuple[tuple[int, int], int]:
    """(height, width) in pixels and the channels; a `Mistake` if they are none."""
    pair = tuple(size) if isinstance(size, tuple | list | str) else (size, size)
    if len(pair) != 2 or not all(type(n) is int and n > 0 for n in pair):
        raise Mistake(f"size={size}; give pixels, such as 224, or (height, width)")
    if pair[0] * pair[1] > LARGEST_SIZE:
        raise Mistake(f"size={size}; accepted: at most {LARGEST_SIZE:,} pixels")
    if type(channels) is not int or channels not in MODES:
        raise Mistake(f"channels={channels}; give 3 for RGB or 1 for gray")
    return pair, channels


def workers() -> ThreadPoolExecutor:
    """Threads that decode pictures, one for each processor."""
    return ThreadPoolExecutor(processors())


def name_of(source: Picture) -> str:
    """What errors call it: the file's name, shortened, or "the picture"."""
    if not isinstance(source, str | os.PathLike):
        return getattr(source, "name", "") or "the picture"
    name = os.fsdecode(source)
    return name if len(name) < LONGEST_NAME else f"{name[:200]}..."


def _never_ends(source: str | os.PathLike) -> bool:
    """Whether reading a file may wait for ever."""
    try:
        mode = os.stat(source).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _plain_gray_png(content: bytes) -> np.ndarray | None:
    """The pixels of an 8-bit gray PNG, upright and opaque; None if it is anything else.

    What Pillow reads, to the bit, in a tenth of the time: small digits come by the ten
    thousand.
    """
    plain = content[:8] == PNG and content[24:26] == GRAY_8_BITS
    if not plain or b"tRNS" in content or b"eXIf" in content:
        return None
    width, height = (int.from_bytes(content[i : i + 4]) for i in (16, 20))
    if width * height * BYTES_PLAIN > MEMORY or not _has_whole_chunks(content):
        return None
    import cv2  # 20 ms and 16 MB, which texts and tables need not pay

    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # a broken one; Pillow says how
        return None
    return None if image is None else image[..., None]


def _has_whole_chunks(content: bytes) -> bool:
    """Whether the chunks of a PNG are as long as they say.

    OpenCV takes the memory that a chunk asks for before it reads it, up to 735 MiB.
    """
    place = len(PNG)
    while place < len(content):  # length, name, content, checksum
        place += 12 + int.from_bytes(content[place : place + 4])
    return place == len(content)


def _open(source: Picture) -> Image.Image:
    if isinstance(source, Image.Image):
        return source.copy()
    if isinstance(source, np.ndarray):
        (source,) = pixels.to_bytes([source], ["the array"])
        return Image.fromarray(source[..., 0] if source.shape[2:] == (1,) else source)
    if isinstance(source, bytes | bytearray | memoryview):
        source = io.BytesIO(source)
    return Image.open(source, formats=FORMATS)


def _bounded(image: Image.Image, size: tuple[int, int] | None) -> Image.Image:
    """The picture, or its half if the whole would take more than `MEMORY`.

    A JPEG file is read at a half, a quarter or an eighth, which takes less memory than
    the whole. Opaque pictures of other formats are decoded and halved, where the size
    that is asked for still fits.

    Raises:
        _Unfit: it has no pixels, or the half would take more than `MEMORY` too.
    """
    pixels = image.width * image.height
    if not pixels:
        raise _Unfit(f"it has {image.width} x {image.height} pixels")
    if image.info.get("progressive"):
        _check_memory(image, BYTES_PROGRESSIVE)
    if pixels * BYTES_PLAIN > MEMORY and image.format == "JPEG":
        image.draft(None, (image.width // 2, image.height // 2))
    if image.format in BYTES:
        _check_memory(image, BYTES[image.format])
    if image.mode == "F" or image.mode == "I":
        _check_memory(image, BYTES_FLOAT)
    elif image.has_transparency_data and image.mode != "RGBA":
        _check_memory(image, BYTES_COPIED)
    elif image.width * image.height * BYTES_PLAIN > MEMORY and _can_be_halved(
        image, size
    ):
        _check_memory(image, BYTES_HALVED)
        if image.mode in ("1", "P"):  # palettes have no means
            image = image.convert("RGB" if image.mode == "P" else "L")
        half = image.reduce(2)
        image.close()
        return half
    else:
        _check_memory(image, BYTES_PLAIN)
    return image


def _can_be_halved(image: Image.Image, size: tuple[int, int] | None) -> bool:
    fits = size and 2 * size[0] <= image.height and 2 * size[1] <= image.width
    return (
        bool(fits) and image.format in HALVED and image.mode in ("1", "L", "P", "RGB")
    )


def _warn_if_dim(image: Image.Image, name: str) -> None:
    """Say so if a colored picture of 16 bits is dim: Pillow keeps the upper 8.

    See `zoo.data.kinds.pixels` for gray ones.
    """
    highest = max(most for _, most in image.convert("RGB").getextrema())
    if highest < pixels.DIM >> 8:
        warnings.warn(
            f"{name} has 16 bits and reaches less than {pixels.DIM} of 65535: it is "
            "read as nearly black; spread its values if they have fewer bits",
            stacklevel=4,
        )


def _check_memory(image: Image.Image, each: int) -> None:
    if image.width * image.height * each > MEMORY:
        raise _Unfit(
            f"it has {image.width} x {image.height} pixels; accepted: at most "
            f"{MEMORY // each:,} of this kind; make it smaller"
        )


class _Quiet:
    """Without Pillow's warnings of damage beside the pixels; bombs are errors.

    Filters of warnings are the whole program's. Threads that decode side by side would
    each put back what another had set, and leave it there: the first one sets them, and
    the last one puts back what was there before.
    """

    def __init__(self):
        self._lock, self._inside = threading.Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.filterwarnings("ignore", module="PIL")
                warnings.simplefilter("error", Image.DecompressionBombWarning)
            self._inside += 1

    def __exit__(self, *_) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._before.__exit__(None, None, None)


_quiet_pillow = _Quiet()


class _Unfit(ValueError):
    """A picture that Pillow reads and zoo does not."""


_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def _why(error: Exception) -> str:
    """The reason in one line, without the name of the file."""
    if isinstance(error, UnidentifiedImageError):
        return "its format is unknown"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, _BOMBS):
        return f"it is larger than Pillow's limit ({error})"
    return " ".join(str(error).split())[:200] or type(error).__name__


def _flat(image: Image.Image, name: str, contrast: bool) -> Image.Image:
    """Bring 16 and 32 bits to 8, and lay what is transparent on white.

    With `contrast`, what is bright where it is opaque is laid on black.
    """
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image)
        if (
            image.mode != "F"
            and values.size
            and 0 <= values.min() <= values.max() < 2**16
        ):
            values = values.astype(np.uint16)
        return Image.fromarray(pixels.to_bytes([values], [name])[0])
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        gray, opaque = image.convert("RGB").convert("L"), image.getchannel("A")
        bright = np.average(gray, weights=np.asarray(opaque) + 1e-6) > 127
        ground = Image.new(
            "RGB", image.size, "black" if contrast and bright else "white"
        )
        ground.paste(image, mask=image)
        return ground
    return image

"""Pictures inside a page: small PNGs and JPEGs as data URIs."""

import base64
import io

import numpy as np

LONGEST = 160  # pixels of a side
PLAIN = 64  # up to here every pixel is kept


def uri(picture: np.ndarray) -> str:
    """A picture, uint8 (H, W), (H, W, 1) or (H, W, 3), as a data URI."""
    from PIL import Image

    image = Image.fromarray(picture[..., 0] if picture.shape[2:] == (1,) else picture)
    is_photo = max(image.size) > PLAIN and image.mode == "RGB"
    image.thumbnail((LONGEST, LONGEST))
    kind, options = ("jpeg", {"quality": 85}) if is_photo else ("png", {})
    file = io.BytesIO()
    image.save(file, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def tiled(kernels: np.ndarray, columns: int, size: int) -> np.ndarray:
    """Pictures beside each other, each pixel a square, with a gap between them.

    Args:
        kernels: uint8 (n, H, W, 1 or 3).
        columns: pictures in a row.
        size: of each pixel's square.

    Returns:
        uint8 (height, width, 4); the gaps are transparent.
    """
    large = kernels.repeat(size, axis=1).repeat(size, axis=2)
    count, height, width, channels = large.shape
    rows = -(-count // columns)
    gap = 6
    sheet = np.zeros((rows * (height + gap), columns * (width + gap), 4), np.uint8)
    for place, each in enumerate(large):
        top = place // columns * (height + gap)
        left = place % columns * (width + gap)
        part = sheet[top : top + height, left : left + width]
        part[..., :3], part[..., 3] = each if channels == 3 else each[..., :1], 255
    return sheet

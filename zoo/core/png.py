"""Pictures as PNG: the content of a file, and an address that holds it."""

import base64
import io

import numpy as np


def content(picture: np.ndarray) -> bytes:
    """A picture, uint8 (H, W) or (H, W, 1, 3 or 4), pixel by pixel."""
    from PIL import Image

    file = io.BytesIO()
    gray = picture.shape[2:] == (1,)
    Image.fromarray(picture[..., 0] if gray else picture).save(file, "png")
    return file.getvalue()


def uri(picture: np.ndarray) -> str:
    """The same as a data URI, for a page that asks for nothing from elsewhere."""
    return f"data:image/png;base64,{base64.b64encode(content(picture)).decode()}"

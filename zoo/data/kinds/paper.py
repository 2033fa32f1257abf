"""The sheet of paper that lies on something else in a photograph.

People photograph a sheet on a table. Its edges are stronger than any ink on it, so the
sheet is cut out first, and straightened where its four corners are seen.
"""

from collections.abc import Iterator

import cv2
import numpy as np

SIDE = 192  # pixels of the longer side in which a sheet is looked for
LARGE = 0.2  # of the picture that a sheet takes, at least
FILLED = 0.8  # of its outline: a sheet with ink; a drawn 0 fills 0.6 of its own
AROUND = 0.7  # of the picture's border that is not the sheet; shadows leave half
STRAIGHT = 0.93  # of its outline that four straight edges enclose; of an 8 less
INSET = 0.04  # of the sheet's sides that is left out: its edges are no ink
BENDS = 0.02, 0.03, 0.05  # of the outline's length that an edge may be off a line


def cut_out(image: np.ndarray) -> np.ndarray | None:
    """The sheet of paper alone, or None where no sheet with four corners is seen.

    Args:
        image: uint8 (H, W, 3).

    Returns:
        uint8 (h, w, 3), as large as the sheet is in the picture.
    """
    scale = SIDE / max(image.shape[:2])
    if scale > 1 or min(image.shape[:2]) * scale < 16:
        return None
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for mask in _masks(cv2.medianBlur(small, 5).astype(np.float32)):
        corners = _corners(mask)
        if corners is not None:
            return _straightened(image, corners / scale)
    return None


def _masks(image: np.ndarray) -> Iterator[np.ndarray]:
    """What may be the sheet: what is unlike the border, what is bright, or dark."""
    edges = (image[0], image[-1], image[:, 0], image[:, -1])
    table = np.median(np.concatenate(edges), axis=0)
    unlike = np.linalg.norm(image - table, axis=2)
    yield _upper(unlike)
    yield _upper(np.sqrt(unlike))  # a sheet that lies in a shadow in part
    bright = _upper(image.mean(axis=2))
    yield bright
    yield 1 - bright


def _upper(values: np.ndarray) -> np.ndarray:
    levels = cv2.normalize(values, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    return cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]


def _corners(mask: np.ndarray) -> np.ndarray | None:
    """Four corners of the largest piece of a mask, (4, 2) as x and y.

    From the upper left one clockwise; None if the piece cannot be a sheet.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count < 2:
        return None
    piece = labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()
    border = np.concatenate([piece[0], piece[-1], piece[1:-1, 0], piece[1:-1, -1]])
    outline = cv2.convexHull(np.argwhere(piece)[:, ::-1].astype(np.int32))
    area = cv2.contourArea(outline)
    length = cv2.arcLength(outline, True)
    corners = next(
        (
            found
            for bend in BENDS
            if len(found := cv2.approxPolyDP(outline, bend * length, True)) == 4
        ),
        outline,
    )
    if (
        len(corners) != 4
        or area < LARGE * mask.size
        or piece.sum() < FILLED * area
        or border.mean() > 1 - AROUND
        or cv2.contourArea(corners) < STRAIGHT * area
    ):
        return None
    corners = corners[:, 0].astype(np.float32)
    middle = corners.mean(axis=0)
    corners = corners[np.argsort(np.arctan2(*(corners - middle).T[::-1]))]
    corners = np.roll(corners, -int(corners.sum(axis=1).argmin()), axis=0)
    return middle + (corners - middle) * (1 - 2 * INSET)


def _straightened(image: np.ndarray, corners: np.ndarray) -> np.ndarray:
    left, top, right, bottom = (
        float(np.linalg.norm(corners[a] - corners[b]))
        for a, b in ((3, 0), (0, 1), (1, 2), (2, 3))
    )
    width, height = round((top + bottom) / 2), round((left + right) / 2)
    ends = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
    change = cv2.getPerspectiveTransform(
        corners.astype(np.float32), np.asarray(ends, np.float32)
    )
    return cv2.warpPerspective(
        image, change, (width, height), borderMode=cv2.BORDER_REPLICATE
    )

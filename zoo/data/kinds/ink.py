"""Handwriting on any ground, as MNIST's makers laid it out.

A network that learned from MNIST knows white strokes on black, scaled so that the
longer side has 20 of 28 pixels, with the center of mass in the middle (LeCun et al.
1998, doi:10.1109/5.726791). A photograph of a digit on paper is nothing of this. The
ground is a smooth surface of light and color; ink is what leaves it in one direction
of color, dark or bright. Lines that run through the whole picture belong to the paper.
"""

import cv2
import numpy as np

from zoo.data.kinds import paper

SHARE = 20 / 28  # of a side that the longer side of the strokes takes
DARK = 64  # the border's brightness up to which a picture is as the network learned
SIDE = 192  # pixels of the longer side in which ink is looked for
LEAST = 10.0  # levels by which ink leaves its ground, at least
NOISE = 5.0  # ... and in spreads of the ground around its surface
LINE = 0.06  # of a side: how thick a line of the paper is at most
SLANT = 6  # degrees that such a line may be turned
SHADED = (
    9.0  # levels by which most of a picture leaves a surface if a shadow has an edge
)
BROAD = 0.4  # of SIDE: a window of which ink takes less than half
COVERED = 0.5  # share of a picture that ink takes at most
THIN, THICK = 1.7, 4.0  # strokes' width in the pixels of a side of 28


class NoInk(Exception):
    """A picture in which no strokes are found; its text says why."""


def is_centered(images: np.ndarray) -> bool:
    """Whether pictures are laid out as MNIST's: bright strokes on black, centered.

    Args:
        images: uint8 (n, H, W, 1).
    """
    count, height, width, channels = images.shape
    if channels != 1 or height != width or not count:
        return False
    chosen = images[:: max(1, count // 500), :, :, 0].astype(np.float32)
    inked = chosen > DARK
    rows, columns = inked.any(axis=2), inked.any(axis=1)
    longer = np.maximum(_extent(rows), _extent(columns))
    mass = np.maximum(chosen.sum(axis=(1, 2)), 1)
    at = np.arange(height)
    y = (chosen.sum(axis=2) * at).sum(axis=1) / mass
    x = (chosen.sum(axis=1) * at).sum(axis=1) / mass
    middle, slack = (height - 1) / 2, height / 28
    fits = (
        (abs(longer - SHARE * height) <= 1.5 * slack)
        & (abs(x - middle) <= slack)
        & (abs(y - middle) <= slack)
    )
    return float(fits.mean()) > 0.9


def as_learned(image: np.ndarray, side: int) -> bool:
    """Whether a picture is laid out already: of this size, on a dark ground."""
    if image.shape[:2] != (side, side):
        return False
    edges = (image[0], image[-1], image[:, 0], image[:, -1])  # of equal lengths
    return float(np.concatenate(edges).mean()) < DARK


def laid_out(image: np.ndarray, side: int) -> np.ndarray:
    """The ink of a picture, scaled and centered by mass.

    Args:
        image: uint8 (H, W, 3).
        side: pixels of the picture that is made.

    Returns:
        uint8 (side, side), strokes of up to 255 on 0.

    Raises:
        NoInk: there is none, or nearly nothing else.
    """
    sheet = paper.cut_out(image)
    if sheet is not None:
        try:
            return _laid_out(sheet, side)
        except NoInk:  # an empty sheet, or something else than a sheet
            pass
    return _laid_out(image, side)


def _laid_out(image: np.ndarray, side: int) -> np.ndarray:
    image = _reduced(image)
    strength = _strength(image)
    level, mask = _strokes(strength)
    strength = np.where(
        cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0, strength / level, 0
    )
    ys, xs = np.nonzero(mask)
    ink = np.clip(strength[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1], 0, 1)
    return _centered(_of_usual_width(ink.astype(np.float32), side), side)


def _extent(marked: np.ndarray) -> np.ndarray:
    """The distance from the first to the last marked place of each row, inclusive."""
    size = marked.shape[1]
    last = size - marked[:, ::-1].argmax(axis=1)
    return np.where(marked.any(axis=1), last - marked.argmax(axis=1), 0)


def _reduced(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=kind).astype(np.float32)


def _strength(image: np.ndarray) -> np.ndarray:
    """How far each pixel leaves the ground, in the ink's direction of color."""
    away = image - _ground(image)
    distance = np.linalg.norm(away, axis=2)
    marked = distance >= np.quantile(distance, 0.98)
    direction = away[marked].mean(axis=0)
    size = float(np.linalg.norm(direction))
    if size < LEAST:
        raise NoInk("nothing in it stands out from its ground")
    strength = away @ (direction / size)
    strength = _without_lines(strength)
    strength = cv2.GaussianBlur(strength, (0, 0), 0.8)
    noise = 1.4826 * float(np.median(abs(strength - np.median(strength))))
    if np.quantile(strength, 0.995) < max(LEAST, NOISE * noise):
        raise NoInk("nothing in it stands out from its ground")
    return strength


def _ground(image: np.ndarray) -> np.ndarray:
    """A surface of second order through the ground, which most pixels belong to.

    Where a shadow ends the ground is no such surface: there it is the median around.
    """
    height, width, channels = image.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    some = np.s_[::3, ::3]  # a smooth surface needs no more
    fitted = terms[some].reshape(-1, 6)
    values = image[some].reshape(-1, channels)
    outside = np.maximum(abs(x), abs(y))[some].ravel() > 0.8
    weights = np.where(outside, 1.0, 0.3)
    for _ in range(12):
        weighted = fitted * weights[:, None]
        found = np.linalg.lstsq(weighted.T @ fitted, weighted.T @ values, rcond=None)[0]
        distance = np.linalg.norm(values - fitted @ found, axis=1)
        spread = max(1.0, 1.5 * float(np.median(distance)))
        weights = np.where(outside, 1.0, 0.5) / (1 + (distance / spread) ** 2) ** 2
    surface = terms @ found
    away = image - surface
    if np.median(np.linalg.norm(away, axis=2)) < SHADED:
        return surface
    shades = np.clip(away / 2 + 128, 0, 255).astype(np.uint8)
    around = cv2.medianBlur(shades, int(BROAD * SIDE) | 1).astype(np.float32)
    return surface + 2 * (around - 128)


def _without_lines(strength: np.ndarray) -> np.ndarray:
    """Without what runs through the whole picture, along its rows or its columns."""
    for _ in range(2):
        strength = _without_rows(strength).T
    return strength


def _without_rows(strength: np.ndarray) -> np.ndarray:
    height, width = strength.shape
    if min(height, width) < 16:
        return strength
    coarse = cv2.resize(strength, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    slants = np.tan(np.deg2rad(np.arange(-SLANT, SLANT + 1)))
    slant = max(slants, key=lambda each: float((_lines(coarse, each) ** 2).sum()))
    rows = (np.arange(height)[:, None] - _shifts(width, slant)).clip(0, height - 1)
    return strength - _lines(strength, slant)[rows]


def _shifts(width: int, slant: float) -> np.ndarray:
    return np.rint((np.arange(width) - width / 2) * slant).astype(int)


def _lines(strength: np.ndarray, slant: float) -> np.ndarray:
    """What three in four pixels of a slanted row exceed, if it is a thin line."""
    height, width = strength.shape
    rows = np.arange(height)[:, None] + _shifts(width, slant)
    along = strength[rows.clip(0, height - 1), np.arange(width)]
    exceeded = np.partition(along, width // 4, axis=1)[:, width // 4]
    thick = np.ones((max(3, round(LINE * height)), 1), np.uint8)
    broad = cv2.morphologyEx(exceeded[:, None], cv2.MORPH_OPEN, thick)[:, 0]
    return np.maximum(exceeded - np.maximum(broad, 0), 0)


def _strokes(strength: np.ndarray) -> tuple[float, np.ndarray]:
    """The strength of full ink, and the mask of the strokes."""
    top = float(np.quantile(strength, 0.995))
    scaled = np.clip(strength / top * 255, 0, 255).astype(np.uint8)
    mask = cv2.threshold(scaled, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]
    if mask.mean() > COVERED:
        raise NoInk("ink covers most of it")
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    height, width = mask.shape
    sums = np.bincount(labels.ravel(), scaled.ravel(), count)
    left, top_, wide, high = (stats[:, i] for i in range(4))
    edge = (
        (left == 0).astype(int)
        + (top_ == 0)
        + (left + wide == width)
        + (top_ + high == height)
    )
    score = sums * 0.25**edge
    score[0] = 0
    main = int(score.argmax())
    margin = 0.3 * max(wide[main], high[main])
    near = (
        (left < left[main] + wide[main] + margin)
        & (left + wide > left[main] - margin)
        & (top_ < top_[main] + high[main] + margin)
        & (top_ + high > top_[main] - margin)
        & (score >= 0.04 * score[main])
    )
    near[0] = False
    near[main] = True
    mask = near[labels].astype(np.uint8)
    level = float(np.median(strength[mask > 0]))
    return max(level, 1e-6), mask


def _of_usual_width(ink: np.ndarray, side: int) -> np.ndarray:
    """Strokes that would be a hair, or a brush, in the small picture are corrected."""
    scale = SHARE * side / max(ink.shape)
    solid = (ink > 0.5).astype(np.uint8)
    if not solid.any():
        return ink
    padded = np.pad(solid, 1)
    inside = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    ridge = inside[(inside >= cv2.dilate(inside, np.ones((3, 3)))) & (solid > 0)]
    width = (2 * float(np.median(ridge)) - 1) * scale * 28 / side
    wanted = min(max(width, THIN), THICK)
    change = round(abs(wanted - width) / 2 / (scale * 28 / side))
    if not change:
        return ink
    kernel = cv2.getStructuringElement(
        cv2.MORPH_ELLIPSE, (2 * change + 1, 2 * change + 1)
    )
    if wanted > width:
        return cv2.dilate(np.pad(ink, change), kernel)
    thinner = cv2.erode(np.pad(ink, 1), kernel)[1:-1, 1:-1]
    return thinner if thinner.max() > 0.5 else ink


def _centered(ink: np.ndarray, side: int) -> np.ndarray:
    longer = SHARE * side
    scale = longer / max(ink.shape)
    size = [max(1, round(length * scale)) for length in ink.shape]
    small = cv2.resize(ink, size[::-1], interpolation=cv2.INTER_AREA)
    small = np.clip(small / max(float(np.quantile(small, 0.95)), 1e-6), 0, 1)
    mass = max(float(small.sum()), 1e-6)
    found = np.zeros((side, side), np.float32)
    at = [
        round(
            (side - 1) / 2
            - float((small.sum(axis=1 - axis) * np.arange(n)).sum() / mass)
        )
        for axis, n in enumerate(size)
    ]
    top, left = (min(max(a, 0), side - n) for a, n in zip(at, size, strict=True))
    found[top : top + size[0], left : left + size[1]] = small
    return np.rint(255 * found).astype(np.uint8)

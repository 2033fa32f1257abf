"""Digits as people photograph them: paper, light, pens, lines, noise, blur, JPEG."""

import cv2
import numpy as np

STYLES = (
    "pencil",
    "white on dark",
    "gray paper",
    "colored pen",
    "ruled",
    "squared",
    "small",
    "blurred",
    "shadow",
)


def photograph(
    digit: np.ndarray, style: str, random: np.random.Generator
) -> np.ndarray:
    """A digit on a ground, uint8 (H, W, 3) RGB.

    Args:
        digit: uint8 (28, 28), bright strokes on black.
        style: one of STYLES.
        random: draws place, size, light and noise.
    """
    height, width = random.integers(160, 420, 2)
    share = (
        random.uniform(0.25, 0.45) if style == "small" else random.uniform(0.5, 0.85)
    )
    side = int(share * min(height, width) * 1.3)
    ink = cv2.resize(digit, (side, side), interpolation=cv2.INTER_CUBIC)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), random.uniform(-6, 6), 1)
    ink = cv2.warpAffine(ink, turn, (side, side)) / 255.0
    ink = 1 / (1 + np.exp(-12 * (ink - 0.45)))  # a pen's edges are sharp
    mask = np.zeros((height + side, width + side))
    ys, xs = np.nonzero(ink > 0.5)
    spare = height - (ys.max() - ys.min()), width - (xs.max() - xs.min())
    top, left = (int(random.uniform(0.1, 0.9) * n) for n in spare)
    top, left = top - ys.min() + side // 2, left - xs.min() + side // 2
    mask[top : top + side, left : left + side] = ink
    mask = mask[side // 2 : side // 2 + height, side // 2 : side // 2 + width, None]
    paper, pen = _colors(style, random)
    y, x = np.mgrid[:height, :width] / max(height, width)
    angle = random.uniform(0, 2 * np.pi)
    slope = (
        random.uniform(0.2, 0.5) if style == "gray paper" else random.uniform(0, 0.2)
    )
    light = 1 - slope * (0.5 + 0.5 * np.cos(angle) * x + 0.5 * np.sin(angle) * y)
    ground = np.ones((height, width, 3)) * paper
    if style == "shadow":
        light = light * _shadow(height, width, random)
    if style in ("ruled", "squared"):
        _rule(ground, style, random)
    picture = (ground * (1 - mask) + pen * mask) * light[..., None]
    if style == "blurred":
        picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(1.5, 3))
    grain = random.normal(0, random.uniform(2, 6), (height, width, 1))
    picture = picture + grain + random.normal(0, 2, picture.shape)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(50, 95))]
    return cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR)


def _shadow(height, width, random):
    """How much of the light is left: less on one side of a line, a hand's edge."""
    y, x = np.mgrid[:height, :width]
    across = (
        x / width - random.uniform(0.3, 0.7) + random.uniform(-0.5, 0.5) * y / height
    )
    dark = (across < 0).astype(np.float32)
    return 1 - random.uniform(0.3, 0.5) * cv2.GaussianBlur(dark, (0, 0), 8)


def on_a_table(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A sheet with its four corners, seen at an angle, on wood; uint8 (H, W, 3)."""
    height, width = picture.shape[:2]
    grain = 10 * np.sin(np.arange(width * 3 // 2) / 3 + random.normal(0, 0.3))
    shape = (height * 3 // 2, width * 3 // 2, 3)
    wood = np.broadcast_to([120, 80, 50] + grain[:, None], shape)
    sheet = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])
    seen = (sheet + 0.25 + random.uniform(-0.04, 0.04, (4, 2))) * (width, height)
    change = cv2.getPerspectiveTransform(
        np.float32(sheet * (width, height)), np.float32(seen)
    )
    size = shape[1], shape[0]
    laid = cv2.warpPerspective(picture.astype(np.float32), change, size)
    covered = cv2.warpPerspective(np.ones((height, width), np.float32), change, size)
    noise = random.normal(0, 2, (*shape[:2], 1))
    mixed = wood * (1 - covered[..., None]) + laid + noise
    return np.clip(mixed, 0, 255).astype(np.uint8)


def _colors(style, random):
    white = random.uniform(215, 250) * np.array([1, 1, random.uniform(0.9, 1)])
    dark = random.uniform(10, 60, 3)
    if style == "white on dark":
        return dark, white
    if style == "pencil":
        return white, np.full(3, random.uniform(90, 140))
    if style == "gray paper":
        return white * random.uniform(0.55, 0.75), dark
    if style == "colored pen":
        pens = [
            (200, 40, 40),
            (40, 60, 190),
            (30, 140, 60),
            (230, 130, 20),
            (150, 40, 160),
        ]
        return white, np.array(pens[random.integers(len(pens))])
    return white, dark + random.uniform(0, 40)


def _rule(ground, style, random):
    height, width = ground.shape[:2]
    color = np.array([(150, 180, 220), (190, 190, 190)][random.integers(2)])
    step, thick = random.integers(24, 60), random.integers(1, 4)
    tilt = np.tan(np.deg2rad(random.uniform(-2, 2)))
    rows = np.arange(height)[:, None] + tilt * np.arange(width)[None]
    ground[(rows % step) < thick] = color
    if style == "squared":
        columns = np.arange(width)[None] - tilt * np.arange(height)[:, None]
        ground[(columns % step) < thick] = color

"""Each augmentation against its closed form, its paper, or Pillow."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from images import noise, picture

from zoo import augment
from zoo.augment.draws import Draws
from zoo.augment.operations import perform

pytestmark = pytest.mark.once

# Geometry


def test_flip_mirrors_its_share_of_the_images():
    images = noise(2000, 8, 9, 1)
    flipped = augment.apply(images, {"flip": 0.3}, 0, 0)
    mirrored = (flipped == images[:, :, ::-1]).all((1, 2, 3))
    same = (flipped == images).all((1, 2, 3))
    assert (mirrored ^ same).all()
    assert mirrored.mean() == pytest.approx(0.3, abs=0.04)
    np.testing.assert_array_equal(
        augment.apply(images, {"flip": 1}, 0, 0), images[:, :, ::-1]
    )


def bilinear(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """`image` (H, W, C) at real coordinates, black outside; float64."""
    height, width = image.shape[:2]
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    total = 0.0
    for row, column in product((0, 1), (0, 1)):
        i, j = top + row, left + column
        inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
        weight = (1 - np.abs(y - i)) * (1 - np.abs(x - j)) * inside
        corner = image[i.clip(0, height - 1), j.clip(0, width - 1)]
        total = total + weight[..., None] * corner
    return total


def forward(name: str, strength: float, row: int, width: int, height: int):
    """The affine map of one row, from the center, as its documentation has it."""
    u = 2 * Draws(name, 5, 6, row, 1).uniform(2)[0] - 1
    if name == "shift":
        dx, dy = -u * strength * (width, height)
        return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]])
    if name == "rotation":
        angle = np.radians(u[0] * strength)
        cos, sin = np.cos(angle), np.sin(angle)
        return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    scale = 1 + u[0] * strength
    return np.diag([scale, scale, 1])


@settings(deadline=None, max_examples=30)
@given(
    order=st.permutations(["shift", "rotation", "zoom"]),
    count=st.integers(1, 3),
    strengths=st.tuples(st.floats(0.01, 0.5), st.floats(1, 180), st.floats(0.01, 0.8)),
    channels=st.sampled_from([1, 3]),
    size=st.tuples(st.integers(8, 30), st.integers(8, 30)),
)
def test_affine_operations_are_one_exact_bilinear_warp(
    order, count, strengths, channels, size
):
    """Within one gray level of float64 arithmetic, and mostly equal to it, rounded."""
    values = dict(zip(("shift", "rotation", "zoom"), strengths, strict=True))
    operations = {name: values[name] for name in order[:count]}
    height, width = size
    images = noise(3, height, width, channels)
    warped = augment.apply(images, operations, 5, 6)
    center = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1]])
    y, x = np.mgrid[:height, :width]
    points = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    for row in range(3):
        total = np.eye(3)
        for name, strength in operations.items():
            total = forward(name, strength, row, width, height) @ total
        sources = center @ np.linalg.inv(total) @ np.linalg.inv(center) @ points
        expected = bilinear(images[row], *sources[:2].reshape(2, height, width))
        difference = np.abs(warped[row] - expected)
        assert difference.max() <= 1
        assert (difference <= 0.501).mean() > 0.99


def test_elastic_moves_pixels_by_the_documented_amount():
    y, x = np.mgrid[:64, :64]
    images = np.stack([np.stack([4 * x, 4 * y, 0 * x], -1)] * 20).astype(np.uint8)
    for alpha, sigma in ((34, 4), (40, 6)):
        bent = augment.apply(images, {"elastic": (alpha, sigma)}, 0, 0).astype(float)
        inner = np.s_[:, 24:40, 24:40]
        moves = (bent - images)[inner] / 4
        expected = alpha / sigma / np.sqrt(12 * np.pi)
        assert moves[..., :2].std() == pytest.approx(expected, rel=0.15)
        assert abs(moves[..., :2].mean()) < 0.2 * expected
        assert not moves[..., 2].any()
        neighbors = moves[:, 1:, :, 0] - moves[:, :-1, :, 0]
        assert neighbors.std() < 0.4 * expected  # smooth
    still = augment.apply(images, {"elastic": (0, 4)}, 0, 0)
    np.testing.assert_array_equal(still, images)


# Single operations: closed forms of what Pillow computes


def luma(image: np.ndarray) -> np.ndarray:
    if image.shape[-1] == 1:
        return image[..., 0].astype(int)
    r, g, b = np.moveaxis(image.astype(int), -1, 0)
    return (19595 * r + 38470 * g + 7471 * b + 2**15) >> 16


def smoothed(image: np.ndarray) -> np.ndarray:
    """3 by 3 mean with weight 5 of 13 for the center; the rim stays."""
    total = 4 * image.astype(int)
    for dy, dx in product((-1, 0, 1), (-1, 0, 1)):
        total += np.roll(image, (dy, dx), (0, 1))
    smooth = image.astype(int)
    smooth[1:-1, 1:-1] = np.floor(total / 13 + 0.5)[1:-1, 1:-1]
    return smooth


def stretched(image: np.ndarray, magnitude: float) -> np.ndarray:
    low = image.min((0, 1)).astype(float)
    high = image.max((0, 1)).astype(float)
    return (image - low) * 255 / (high - low)


def equalized(image: np.ndarray, magnitude: float) -> np.ndarray:
    result = np.empty_like(image)
    for channel in range(image.shape[-1]):
        counts = np.bincount(image[..., channel].ravel(), minlength=256)
        step = (counts.sum() - counts[counts > 0][-1]) // 255
        below = np.cumsum(counts) - counts
        table = np.clip((step // 2 + below) // step, 0, 255)
        result[..., channel] = table[image[..., channel]]
    return result


def blended(base: np.ndarray | float, image: np.ndarray, magnitude: float):
    return np.clip(base + (1 + magnitude) * (image.astype(float) - base), 0, 255)


WITHIN_ONE = {
    "Brightness": lambda image, m: blended(0.0, image, m),
    "Color": lambda image, m: blended(luma(image)[..., None], image, m),
    "Contrast": lambda image, m: blended(int(luma(image).mean() + 0.5), image, m),
    "Sharpness": lambda image, m: blended(smoothed(image), image, m),
    "AutoContrast": stretched,
}
EXACT = {
    "Identity": lambda image, m: image,
    "Posterize": lambda image, m: image & (256 - 2 ** (8 - int(m))),
    "Solarize": lambda image, m: np.where(image < m, image, 255 - image),
    "Equalize": equalized,
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("magnitude", [-0.99, -0.5, -0.1, 0.0, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("name", WITHIN_ONE)
def test_tones_match_their_formulas_within_one_gray_level(name, magnitude, channels):
    for image in (picture(40, channels), noise(40, 30, channels)):
        expected = WITHIN_ONE[name](image, magnitude)
        changed = perform(image, [(name, magnitude)])
        assert np.abs(changed - expected).max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("name", "magnitude"),
    [("Identity", 0), ("Equalize", 0)]
    + [("Posterize", bits) for bits in (8, 7, 5, 2)]
    + [("Solarize", threshold) for threshold in (255.0, 178.5, 17.0, 0.0)],
)
def test_tables_match_their_formulas_exactly(name, magnitude, channels):
    for image in (picture(40, channels), noise(40, 30, channels)):
        np.testing.assert_array_equal(
            perform(image, [(name, magnitude)]), EXACT[name](image, magnitude)
        )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("name", "magnitude", "matrix"),
    [
        ("ShearX", 0.31, [[1, 0.31, 0], [0, 1, 0]]),
        ("ShearX", -0.87, [[1, -0.87, 0], [0, 1, 0]]),
        ("ShearY", 0.31, [[1, 0, 0], [0.31, 1, 0]]),
        ("TranslateX", 7.9, [[1, 0, -7], [0, 1, 0]]),
        ("TranslateX", -7.9, [[1, 0, 7], [0, 1, 0]]),
        ("TranslateY", 3.2, [[1, 0, 0], [0, 1, -3]]),
        ("Rotate", 90, [[0, -1, 30], [1, 0, 0]]),
    ],
)
def test_geometry_takes_the_nearest_pixel_and_fills_with_black(
    name, magnitude, matrix, channels
):
    image = noise(30, 30, channels) | 1
    y, x = np.mgrid[:30, :30] + 0.5
    points = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    sources = np.floor(np.array(matrix) @ points).astype(int)
    inside = ((sources >= 0) & (sources < 30)).all(0)
    column, row = sources.clip(0, 29)
    expected = (image[row, column] * inside[:, None]).reshape(image.shape)
    np.testing.assert_array_equal(perform(image, [(name, magnitude)]), expected)


# Policies: every result is one that the published definition allows


# Color jitter and random erasing


# MixUp and CutMix

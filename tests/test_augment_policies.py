"""Policies, mixes and erasing, each against its paper."""

import numpy as np
import pytest
from images import batch, noise, picture
from PIL import Image, ImageEnhance, ImageOps
from scipy import stats

from zoo import augment
from zoo.augment.draws import Draws

pytestmark = pytest.mark.once


def outcomes(image: np.ndarray, shear, across, down, degrees, tone, bits, levels):
    """Results by operation, straight from Pillow: dict of name -> list of images."""
    source = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)

    def affine(*matrix: float) -> Image.Image:
        return source.transform(source.size, Image.AFFINE, matrix, Image.NEAREST)

    def signed(largest: float) -> list[float]:
        return [sign * largest * level / 30 for level in levels for sign in (1, -1)]

    def tones(enhance) -> list[Image.Image]:
        return [enhance(source).enhance(1 + m) for m in signed(tone)]

    found = {
        "Identity": [source],
        "ShearX": [affine(1, m, 0, 0, 1, 0) for m in signed(shear)],
        "ShearY": [affine(1, 0, 0, m, 1, 0) for m in signed(shear)],
        "TranslateX": [affine(1, 0, -int(m), 0, 1, 0) for m in signed(across)],
        "TranslateY": [affine(1, 0, 0, 0, 1, -int(m)) for m in signed(down)],
        "Rotate": [source.rotate(m, fillcolor=0) for m in signed(degrees)],
        "Brightness": tones(ImageEnhance.Brightness),
        "Color": tones(ImageEnhance.Color),
        "Contrast": tones(ImageEnhance.Contrast),
        "Sharpness": tones(ImageEnhance.Sharpness),
        "Posterize": [
            ImageOps.posterize(source, 8 - round(bits * n / 30)) for n in levels
        ],
        "Solarize": [ImageOps.solarize(source, 255 - 8.5 * n) for n in levels],
        "AutoContrast": [ImageOps.autocontrast(source)],
        "Equalize": [ImageOps.equalize(source)],
    }
    return {
        name: [np.asarray(result).reshape(image.shape) for result in results]
        for name, results in found.items()
    }


def test_trivial_augment_wide_is_the_published_policy():
    image = picture(40, 3)
    allowed = outcomes(image, 0.99, 32, 32, 135, 0.99, 6, range(31))
    names = {}
    for name, results in allowed.items():
        for result in results:
            names.setdefault(result.tobytes(), set()).add(name)
    changed = augment.apply(
        np.stack([image] * 4200), {"trivial_augment_wide": 31}, 0, 0
    )
    seen = [result.tobytes() for result in changed]
    assert set(seen) <= set(names)
    for name, results in allowed.items():
        own = {r.tobytes() for r in results if names[r.tobytes()] == {name}}
        expected = 300 * len(own) / len({r.tobytes() for r in results})
        if name != "Identity":  # also what many others do at their lowest level
            count = sum(result in own for result in seen)
            assert count == pytest.approx(expected, abs=60), name
            assert len(own & set(seen)) > 0.85 * len(own), name


@pytest.mark.parametrize("channels", [1, 3])
def test_trivial_augment_wide_with_two_levels_takes_none_or_all(channels):
    image = picture(16, channels)
    allowed = outcomes(image, 0.99, 32, 32, 135, 0.99, 6, (0, 30))
    allowed = {r.tobytes() for results in allowed.values() for r in results}
    changed = augment.apply(np.stack([image] * 600), {"trivial_augment_wide": 2}, 0, 0)
    assert {result.tobytes() for result in changed} == allowed


@pytest.mark.parametrize("level", [0, 9, 12, 30])
def test_rand_augment_is_the_published_policy(level):
    image = picture(24, 3)[:, :20]
    ranges = 0.3, 20 * 150 / 331, 24 * 150 / 331, 30, 0.9, 4, [level]
    once = [r for results in outcomes(image, *ranges).values() for r in results]
    changed = augment.apply(np.stack([image] * 500), {"rand_augment": (1, level)}, 0, 0)
    assert {r.tobytes() for r in changed} == {r.tobytes() for r in once}
    twice = {
        r.tobytes()
        for first in once
        for results in outcomes(first, *ranges).values()
        for r in results
    }
    changed = augment.apply(np.stack([image] * 300), {"rand_augment": (2, level)}, 1, 0)
    assert {r.tobytes() for r in changed} <= twice
    if level:
        assert len({r.tobytes() for r in changed}) > 100


def test_color_jitter_changes_brightness_then_contrast_then_saturation():
    images = noise(6, 16, 16, 3)
    changes = 2 * Draws("color_jitter", 0, 0, 0, 6).uniform(3) - 1
    for strength in (0.4, [0.4, 0.2, 1]):
        jittered = augment.apply(images, {"color_jitter": strength}, 0, 0)
        for image, change, result in zip(images, changes, jittered, strict=True):
            expected = Image.fromarray(image)
            kinds = ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color
            for kind, value in zip(kinds, change * strength, strict=True):
                expected = kind(expected).enhance(1 + value)
            np.testing.assert_array_equal(result, expected)


def test_saturation_leaves_gray_images_alone():
    images = noise(4, 9, 9, 1)
    jittered = augment.apply(images, {"color_jitter": (0, 0, 1)}, 0, 0)
    np.testing.assert_array_equal(jittered, images)


def erased_boxes(height: int, width: int) -> np.ndarray:
    """Top, left, height and width of what random erasing takes from 500 images."""
    images = np.full((1000, height, width, 3), 7, np.uint8)
    erased = augment.apply(images, {"random_erasing": 0.5}, 0, 0)
    changed = erased[(erased != images).any((1, 2, 3))]
    assert len(changed) == pytest.approx(500, abs=50)
    boxes = []
    for image in changed:
        spots = (image != 7).any(-1)
        rows, columns = np.flatnonzero(spots.any(1)), np.flatnonzero(spots.any(0))
        box = rows[0], columns[0], np.ptp(rows) + 1, np.ptp(columns) + 1
        assert spots.sum() == box[2] * box[3]
        boxes.append(box)
    return np.array(boxes, float)


@pytest.mark.parametrize("size", [(40, 40), (16, 64), (64, 16)])
def test_random_erasing_takes_a_rectangle_as_in_the_paper(size):
    top, left, tall, wide = erased_boxes(*size).T
    share = tall * wide / np.prod(size)
    assert share.min() == pytest.approx(0.02, abs=0.01)
    assert share.mean() == pytest.approx(0.21, abs=0.02)
    assert share.max() == pytest.approx(0.4, abs=0.03)
    for gap, room in ((top, size[0] - tall), (left, size[1] - wide)):
        assert (gap[room > 0] / room[room > 0]).mean() == pytest.approx(0.5, abs=0.05)
        assert (gap <= room).all()
    assert (tall / wide).min() == pytest.approx(0.3, rel=0.25)
    assert (tall / wide).max() == pytest.approx(1 / 0.3, rel=0.15)


def test_random_erasing_leaves_uniform_noise():
    images = np.full((100, 40, 40, 3), 7, np.uint8)
    noise = augment.apply(images, {"random_erasing": 1}, 0, 0)
    noise = noise[noise != 7]
    assert noise.mean() == pytest.approx(127.5, abs=1)
    assert noise.std() == pytest.approx(256 / np.sqrt(12), abs=1)


def test_random_erasing_fits_into_tiny_and_narrow_images():
    _, left, tall, wide = erased_boxes(4, 4).T
    assert min(tall.min(), wide.min()) == 1
    _, left, tall, wide = erased_boxes(300, 8).T
    assert np.median(wide) == 8
    assert left.min() == 0


def test_mixup_blends_images_and_targets_with_the_row_before():
    images, targets = batch()
    mixed, soft = augment.mix(images, targets, {"flip": 0.5, "mixup": 0.4}, 3, 1)
    assert mixed.dtype == soft.dtype == np.float32
    kept = soft[0, 0]
    assert 0 < kept < 1
    before = np.roll(images, 1, 0).astype(float)
    np.testing.assert_allclose(mixed, kept * images + (1 - kept) * before, atol=1e-4)
    np.testing.assert_allclose(
        soft, kept * targets + (1 - kept) * np.roll(targets, 1, 0), atol=1e-6
    )


def test_cutmix_pastes_a_box_whose_area_is_in_the_targets():
    images, targets = batch()
    shares = []
    for step in range(60):
        mixed, soft = augment.mix(images, targets, {"cutmix": 1.0}, 0, step)
        pasted = (mixed == np.roll(images, 1, 0)).all((0, 3))
        kept = (mixed == images).all((0, 3))
        assert (pasted ^ kept).all()
        rows, columns = np.flatnonzero(pasted.any(1)), np.flatnonzero(pasted.any(0))
        assert pasted.sum() == len(rows) * len(columns)
        assert np.diag(soft) == pytest.approx(kept.mean())
        np.testing.assert_allclose(soft.sum(1), 1, atol=1e-6)
        shares.append(kept.mean())
    assert 0.5 < np.mean(shares) < 0.8  # boxes lose what lies outside


@pytest.mark.parametrize("alpha", [0.2, 1.0, 1.5, 20.0])
def test_mixup_weights_follow_the_beta_distribution(alpha):
    images, targets = np.zeros((2, 1, 1, 1), np.uint8), np.eye(2)
    kept = [
        augment.mix(images, targets, {"mixup": alpha}, 0, step)[1][0, 0]
        for step in range(1500)
    ]
    assert stats.kstest(kept, stats.beta(alpha, alpha).cdf).pvalue > 0.05


def test_with_both_mixes_each_step_takes_one():
    images, targets = batch()
    both = {"mixup": 0.4, "cutmix": 1.0}
    mixups = 0
    for step in range(100):
        mixed, soft = augment.mix(images, targets, both, 0, step)
        alone = {
            name: augment.mix(images, targets, {name: alpha}, 0, step)
            for name, alpha in both.items()
        }
        [name] = [n for n, (x, _) in alone.items() if np.array_equal(x, mixed)]
        np.testing.assert_array_equal(soft, alone[name][1])
        mixups += name == "mixup"
    assert 30 < mixups < 70

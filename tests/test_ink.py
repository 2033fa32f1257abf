"""Handwriting on any ground becomes what MNIST's makers would have made of it."""

import numpy as np
import pytest
from photographs import STYLES, on_a_table, photograph
from PIL import Image

import zoo
from zoo import data
from zoo.data import Dataset, Split
from zoo.data.kinds import ink, paper, picture_files
from zoo.errors import Mistake

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def sampled():
    """Real digits as a data set."""
    return data.load("mnist_sample")


@pytest.fixture(scope="module")
def digits(sampled):
    """Some of them, uint8 (n, 28, 28), two of each kind."""
    train = sampled.train
    chosen = [np.flatnonzero(train.targets == n)[i] for n in range(10) for i in (3, 40)]
    return np.asarray(train.inputs[np.array(chosen)])[..., 0]


@pytest.fixture(scope="module")
def learned():
    """What is kept of MNIST in a run."""
    empty = Split(np.zeros((0, 28, 28, 1), np.uint8), np.zeros(0, np.int32))
    names = tuple(map(str, range(10)))
    return Dataset("mnist", "image", empty, classes=names, border=0.05, ink=True)


def likeness(one, other):
    """The cosine between two pictures, the best of moves by a pixel."""
    other = other.astype(float)
    return max(
        float((moved * other).sum() / np.linalg.norm(moved) / np.linalg.norm(other))
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if (moved := np.roll(one.astype(float), (dy, dx), (0, 1))).any()
    )


@pytest.mark.parametrize("style", STYLES)
def test_a_photograph_becomes_the_digit(digits, learned, style):
    random = np.random.default_rng(STYLES.index(style))
    shots = [photograph(digit, style, random) for digit in digits]
    found = data.decode(learned, shots)[..., 0]
    alike = [likeness(one, digit) for one, digit in zip(found, digits, strict=True)]
    assert np.median(alike) > 0.85
    assert min(alike) > 0.6
    for one in found:
        rows, columns = np.nonzero(one > ink.DARK)
        assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
        mass = np.array([np.average(np.arange(28), weights=one.sum(a)) for a in (0, 1)])
        assert abs(mass - 13.5).max() <= 1


@pytest.mark.slow
def test_lenet_reads_photographs_as_it_reads_the_digits(sampled):
    random = np.random.default_rng(1)
    split = sampled.test
    chosen = random.choice(len(split), 160, replace=False)
    digits, truth = np.asarray(split.inputs[chosen]), split.targets[chosen].astype(str)
    shots = [
        photograph(digit[..., 0], STYLES[i % len(STYLES)], random)
        for i, digit in enumerate(digits)
    ]
    tables = [on_a_table(shot, random) for shot in shots[:80]]
    assert sum(paper.cut_out(each) is not None for each in tables) >= 78
    assert not any(paper.cut_out(shot) is not None for shot in shots)
    read, clean, laid = (
        np.array([each.label for each in zoo.predict("lenet:mnist", given)])
        for given in (shots, digits, tables)
    )
    assert (read == truth).mean() > (clean == truth).mean() - 0.02
    assert (laid == truth[:80]).mean() >= 0.95


def test_what_is_laid_out_already_stays_as_it_is(digits, learned):
    np.testing.assert_array_equal(data.decode(learned, digits)[..., 0], digits)


def test_ink_on_a_transparent_ground_is_found_whatever_its_color(digits, learned):
    large = [
        Image.fromarray(d).resize((140, 140), Image.Resampling.BICUBIC) for d in digits
    ]
    for color in ("black", "white", "navy", "yellow"):
        drawn = []
        for image in large:
            layer = Image.new("RGBA", image.size, color)
            layer.putalpha(image)
            drawn.append(layer)
        found = data.decode(learned, drawn)[..., 0]
        alike = [likeness(one, digit) for one, digit in zip(found, digits, strict=True)]
        assert min(alike) > 0.85, color


def test_as_is_gives_the_picture_as_it_is(digits, learned):
    image = Image.fromarray(255 - digits[4]).resize((56, 56))
    with pytest.warns(UserWarning, match="is dark on a bright ground"):
        plain = data.decode(learned, image, as_is=True)
    np.testing.assert_array_equal(plain[0], picture_files.read(image, 1, (28, 28)))
    found = data.decode(learned, image)[0, ..., 0]
    assert likeness(found, digits[4]) > 0.9


@pytest.mark.parametrize(
    ("pixels", "why"),
    [
        (np.full((50, 40), 255, np.uint8), "nothing in it stands out from its ground"),
        (np.zeros((40, 60, 3), np.uint8), "nothing in it stands out from its ground"),
        (np.zeros((28, 28), np.uint8), "nothing in it stands out from its ground"),
        (np.full((28, 28), 40, np.uint8), "nothing in it stands out from its ground"),
        (
            np.pad(np.full((20, 20), 255, np.uint8), 4),
            "nothing in it stands out from its ground",
        ),
        (np.full((1, 1), 9, np.uint8), "nothing in it stands out from its ground"),
        (
            np.full((20_000, 3), 200, np.uint8),
            "nothing in it stands out from its ground",
        ),
        (
            np.random.default_rng(0).integers(90, 160, (60, 60), np.uint8),
            "nothing in it stands out from its ground",
        ),
    ],
)
def test_a_picture_without_ink_is_refused_in_one_line(learned, pixels, why):
    with pytest.raises(Mistake) as caught:
        data.decode(learned, [pixels])
    assert str(caught.value) == (
        f"the picture holds no handwriting that can be cut out: {why}; --as-is (in "
        "Python: as_is=True) gives the network the picture as it is"
    )


def test_only_pictures_that_are_laid_out_so_count_as_ink(digits):
    assert ink.is_centered(digits[..., None])
    assert not ink.is_centered(255 - digits[..., None])
    assert not ink.is_centered(np.roll(digits, 4, 2)[..., None])
    whole = np.stack(
        [np.asarray(Image.fromarray(d[4:24, 4:24]).resize((28, 28))) for d in digits]
    )
    assert not ink.is_centered(whole[..., None])
    noise = np.random.default_rng(0).integers(0, 256, (9, 28, 28, 1), np.uint8)
    assert not ink.is_centered(noise)


def test_a_data_set_of_digits_says_so_and_a_run_remembers(tmp_path, sampled):
    assert sampled.ink
    sampled.save(tmp_path)
    assert data.restore(tmp_path).ink

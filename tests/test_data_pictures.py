"""Picture files of every kind, and folders of them."""

import io
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from zoo import data
from zoo.data.kinds import picture_files, pictures
from zoo.errors import Mistake

pytestmark = pytest.mark.once


def encoded(image, format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def half(mode, left, right, size=(4, 2)):
    """A picture whose left half has one color, the right half another."""
    image = Image.new(mode, size, right)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return image


SIXTEEN_BITS = Image.fromarray(np.array([[10, 10, 20, 20]] * 2, np.uint16) << 8)


def write(folder, classes=("cat", "dog"), count=4, seed=0):
    """Class folders of small random pictures."""
    generator = np.random.default_rng(seed)
    for label in classes:
        (folder / label).mkdir(parents=True)
        for i in range(count):
            pixels = generator.integers(0, 256, (10, 12, 3), np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{i}.png")
    return folder


@pytest.mark.parametrize(
    ("image", "left", "right"),
    [
        (half("RGB", (10, 20, 30), (40, 50, 60)), (10, 20, 30), (40, 50, 60)),
        (half("L", 10, 20), (10, 10, 10), (20, 20, 20)),
        (half("1", 0, 1), (0, 0, 0), (255, 255, 255)),
        (half("RGBA", (1, 2, 3, 255), (1, 2, 3, 0)), (1, 2, 3), (255, 255, 255)),
        (half("LA", (7, 255), (7, 0)), (7, 7, 7), (255, 255, 255)),
        (SIXTEEN_BITS, (10, 10, 10), (20, 20, 20)),
        (half("RGB", "red", "blue").quantize(2), (255, 0, 0), (0, 0, 255)),
    ],
    ids=["rgb", "gray", "bilevel", "rgba", "gray+alpha", "16 bits", "palette"],
)
def test_every_kind_of_pixel(image, left, right):
    pixels = picture_files.read(encoded(image), 3)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (2, 4, 3)
    assert tuple(pixels[0, 0]) == left
    assert tuple(pixels[-1, -1]) == right
    gray = picture_files.read(encoded(image), 1)
    luma = np.dot(left, (0.299, 0.587, 0.114))
    assert gray.shape == (2, 4, 1)
    assert abs(gray[0, 0, 0] - luma) <= 1


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_gray_pngs_are_read_to_the_bit(height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width), "uint8")
    found = picture_files.read(encoded(Image.fromarray(pixels)), 1)
    assert found.dtype == np.uint8
    assert np.array_equal(found[..., 0], pixels)


def test_gray_pngs_that_are_not_plain_are_read_with_care():
    pixels = np.array([[0, 100, 200]], "uint8")
    image = Image.fromarray(pixels)
    clear = picture_files.read(encoded(image, transparency=100), 1)
    assert clear[..., 0].tolist() == [[0, 255, 200]]
    turned = Image.Exif()
    turned[274] = 6
    assert picture_files.read(encoded(image, exif=turned), 1).shape == (3, 1, 1)
    cut = encoded(Image.fromarray(np.zeros((30, 30), "uint8")))[:45]
    with pytest.raises(Mistake, match="the picture is not a readable picture"):
        picture_files.read(cut, 1)


def test_cmyk_is_read_as_it_looks():
    image = half("CMYK", (0, 255, 255, 0), (0, 0, 0, 255), (64, 32))
    pixels = picture_files.read(encoded(image, "JPEG", quality=95), 3).astype(int)
    assert np.abs(pixels[0, 0] - (255, 0, 0)).max() < 10
    assert np.abs(pixels[-1, -1] - (0, 0, 0)).max() < 10


def test_pictures_are_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise
    image = half("RGB", "black", "white", (64, 32))
    pixels = picture_files.read(encoded(image, "JPEG", exif=exif), 3)
    assert pixels.shape == (64, 32, 3)
    assert pixels[0].max() < 10
    assert pixels[-1].min() > 245


def test_the_middle_is_cut_out_and_resized_with_antialiasing():
    stripes = Image.fromarray(np.tile(np.array([0, 255], np.uint8), (100, 100)))
    small = picture_files.read(encoded(stripes), 1, (10, 10))
    assert small.shape == (10, 10, 1)
    assert np.abs(small.astype(int) - 127).max() < 20
    wide = Image.new("L", (30, 10), 0)
    wide.paste(200, (8, 0, 22, 10))
    square = picture_files.read(encoded(wide), 1, (5, 5))
    assert np.abs(square.astype(int) - 200).max() < 5
    same = picture_files.read(encoded(wide), 1, (10, 30))
    np.testing.assert_array_equal(same[..., 0], np.asarray(wide))


def test_files_bytes_and_arrays_are_the_same(tmp_path):
    image = half("RGB", "red", "blue")
    image.save(tmp_path / "a.png")
    expected = np.asarray(image)
    for source in (
        tmp_path / "a.png",
        str(tmp_path / "a.png"),
        encoded(image),
        expected,
    ):
        np.testing.assert_array_equal(picture_files.read(source, 3), expected)


def test_broken_pictures(tmp_path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(encoded(Image.new("RGB", (64, 64)), "JPEG")[:300])
    with pytest.raises(Mistake, match=r"broken\.jpg is not a readable picture: "):
        picture_files.read(path, 3)
    path.write_bytes(b"\1not a picture")
    with pytest.raises(Mistake, match="readable picture: its format is unknown"):
        picture_files.read(path, 3)
    with pytest.raises(Mistake, match=r"there is no picture .*nosuch\.png"):
        picture_files.read(tmp_path / "nosuch.png", 3)


def digit(ground, ink):
    image = Image.new("L", (50, 50), ground)
    image.paste(ink, (20, 10, 30, 40))
    return encoded(image)


def test_a_dark_digit_on_white_is_warned_of_and_not_changed():
    shape, learned = (28, 28, 1), 0.0
    with pytest.warns(
        UserWarning, match="dark on a bright ground; this network learned"
    ):
        dark = pictures.decode([digit(255, 0)], shape, learned)
    assert dark[0, 0, 0, 0] == 255
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pictures.decode([digit(0, 255)], shape, learned)
        pictures.decode([digit(255, 0)], shape, 200.0)
        pictures.decode([digit(255, 0)], (28, 28, 3), None)


def test_a_folder_with_train_and_test(tmp_path):
    write(tmp_path / "train", count=10)
    write(tmp_path / "test", count=3, seed=1)
    dataset = data.load(str(tmp_path), size=8)
    assert dataset.kind == "image"
    assert dataset.classes == ("cat", "dog")
    assert dataset.input_shape == (8, 8, 3)
    sizes = [len(split) for split in (dataset.train, dataset.validation, dataset.test)]
    assert sizes == [18, 2, 6]
    first = sorted((tmp_path / "test" / "cat").iterdir())[0]
    np.testing.assert_array_equal(
        data.decode(dataset, [first])[0], dataset.test.inputs[0]
    )


def test_a_folder_without_test_is_carved_and_says_so(tmp_path):
    write(tmp_path, classes=("a", "b", "c"), count=10)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "a" / ".DS_Store").write_text("junk")
    (tmp_path / "a" / "Thumbs.db").write_text("junk")
    with pytest.warns(
        UserWarning, match=r"1 file or folder is passed over .*notes.txt"
    ):
        dataset = data.load(
            "folder", path=tmp_path, size=(4, 6), channels=1, validation=0
        )
    (tmp_path / "notes.txt").unlink()
    assert dataset.input_shape == (4, 6, 1)
    assert np.bincount(dataset.test.targets).tolist() == [2, 2, 2]
    assert len(dataset.train) == 24
    assert "6 of 30 examples were carved out" in dataset.description
    assert dataset.border == pytest.approx(127, abs=15)
    whole = data.load(str(tmp_path), size=(4, 6), channels=1, validation=0, test=0)
    assert whole.test is None
    assert len(whole.train) == 30
    held = {image.tobytes() for image in dataset.test.inputs}
    assert not held & {image.tobytes() for image in dataset.train.inputs}


def test_a_changed_folder_is_read_again(tmp_path):
    write(tmp_path)
    before = data.load(str(tmp_path), size=8, validation=0, test=0)
    Image.new("RGB", (9, 9), "red").save(tmp_path / "cat" / "0.png")
    after = data.load(str(tmp_path), size=8, validation=0, test=0)
    assert before.train.inputs[0].tolist() != after.train.inputs[0].tolist()
    assert after.train.inputs[0, 0, 0].tolist() == [255, 0, 0]


def test_every_corrupt_picture_is_named(tmp_path):
    write(tmp_path)
    for name in ("cat/1.png", "dog/2.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(Mistake, match="2 of 8 pictures cannot be read") as error:
        data.load(str(tmp_path))
    assert str(tmp_path / "cat" / "1.png") in str(error.value)
    assert str(tmp_path / "dog" / "2.png") in str(error.value)
    for i in range(14):
        (tmp_path / "cat" / f"{i}.png").write_bytes(b"")
    with pytest.raises(Mistake, match=r"15 of 18 .*, and 5 more; remove or replace"):
        data.load(str(tmp_path))


def test_a_picture_in_train_and_test_is_warned_of(tmp_path):
    write(tmp_path / "train")
    write(tmp_path / "test", count=2)
    with (
        pytest.warns(UserWarning, match=r"2 pictures of .* in two classes or more"),
        pytest.warns(UserWarning, match=r"4 pictures of .* in train/ as well as in"),
    ):
        data.load(str(tmp_path), size=8)


def test_folders_that_are_no_data_sets(tmp_path):
    def fails(text, **arguments):
        with pytest.raises(Mistake, match=text):
            data.load(str(tmp_path), **arguments)

    fails("has no class folders; put the pictures of each class into a folder")
    write(tmp_path, classes=("only",))
    fails("has one class, 'only'; two are needed")
    (tmp_path / "empty").mkdir()
    fails("empty holds no pictures")
    (tmp_path / "empty" / "deeper").mkdir()
    fails("empty holds no pictures, only folders; put the pictures of each class")
    (tmp_path / "empty" / "deeper").rmdir()
    (tmp_path / "empty").rmdir()
    write(tmp_path, classes=("other",), seed=1)
    fails(r"size=0; give pixels, such as 224", size=0)
    fails(r"channels=2; give 3 for RGB or 1 for gray", channels=2)
    fails(r"test=2 is not a share", test=2)
    fails("unknown argument of the data set .* 'sise'; did you mean 'size'", sise=3)
    write(tmp_path / "train")
    write(tmp_path / "test", classes=("cat", "cow"))
    fails(r"different classes; only in one of them: cow, dog")


def test_folders_that_are_not_there(tmp_path):
    with pytest.raises(Mistake, match=r"there is no folder \./nosuch"):
        data.load("./nosuch")
    with pytest.raises(Mistake, match="the data set 'folder' needs its path"):
        data.load("folder")
    write(tmp_path / "train")
    write(tmp_path / "test", seed=1)
    with pytest.raises(Mistake, match=r"has its own test/; leave out test=0\.5"):
        data.load(str(tmp_path), test=0.5)


def test_threads_that_decode_leave_the_filters_of_warnings_as_they_were():
    """Whoever begins first may end first."""
    before = list(warnings.filters)
    quiet = picture_files._quiet_pillow
    quiet.__enter__()
    during = list(warnings.filters)
    quiet.__enter__()
    quiet.__exit__()
    assert warnings.filters == during != before
    quiet.__exit__()
    assert warnings.filters == before

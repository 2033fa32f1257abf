"""What users hand in: every holder, type and range, or a refusal by name."""

import io
import pathlib
import warnings
from collections import namedtuple
from datetime import date
from decimal import Decimal
from fractions import Fraction

import cv2
import keras
import numpy as np
import pytest
from PIL import Image

from zoo.core.columns import Column
from zoo.core.kept import keep
from zoo.data.kinds import picture_files, pictures, pixels, tables, texts
from zoo.data.kinds import rows as own_rows
from zoo.errors import Mistake

pytestmark = pytest.mark.once
GRAY = np.random.default_rng(0).integers(0, 256, (6, 5), np.uint8)
COLOR = np.random.default_rng(1).integers(0, 256, (6, 5, 3), np.uint8)
XY = ("x", "y")


def gray(given):
    return pictures.decode(given, (6, 5, 1))


def color(given):
    return pictures.decode(given, (6, 5, 3))


def rows(given, features=XY, missing=False):
    return tables.decode(given, features, missing)


def saved(image, format="PNG"):
    image.save(file := io.BytesIO(), format)
    return file.getvalue()


@pytest.mark.parametrize(
    "kind", ["uint8", "int16", "uint16", "int32", "int64", "float32"]
)
def test_numbers_from_0_to_255_are_taken_as_they_are(kind):
    np.testing.assert_array_equal(gray(GRAY.astype(kind))[0, ..., 0], GRAY)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_fractions_from_0_to_1_have_white_at_1(kind):
    given = GRAY.astype(kind) / np.asarray(255, kind)
    found = gray(given)[0, ..., 0].astype(int)
    assert abs(found - GRAY).max() <= (kind == "float16")


def test_other_ranges_by_what_they_hold():
    assert gray(GRAY > 127).max() == 255
    np.testing.assert_array_equal(gray(GRAY.astype("uint16") * 257)[0, ..., 0], GRAY)
    black = np.zeros((6, 5), "float32")
    black[0, 0] = 1  # of 255, as the picture beside it says
    assert gray([black, GRAY.astype("float32")])[0].max() == 1


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            GRAY.astype("float32") / 127.5 - 1,
            r"holds values from -0\.\d+ to .*whole numbers",
        ),
        (GRAY.astype("int32") * 4, r"holds values from \d+ to \d+; give whole numbers"),
        (np.full((6, 5), np.nan), "holds values that are not finite"),
        (GRAY.astype(complex), "holds values of type complex128"),
        (np.zeros((6, 5, 7, 7, 7)), r"shape \(6, 5, 7, 7, 7\) is no picture"),
        (np.zeros((0, 6, 5)), r"shape \(0, 6, 5\) holds no picture"),
        (np.zeros((4, 9, 8)), r"one picture of 4 channels or 4 gray pictures"),
        ([GRAY, None], "input 2 is None; give a picture"),
        ([float("nan")], "input 1 is a missing value; give a picture"),
        (3, "3 cannot be read; give a picture"),
        ({"a": GRAY}, "a value of type dict cannot be read"),
        ([[[1, 2], [3]]], "input 1 is a list whose rows differ in length"),
        (np.zeros((6, 5, 7)), "may be one picture of 7 channels; accepted: 1, 3 or 4"),
        (np.ma.masked_array(GRAY, GRAY > 9), "values that are not finite"),
        (Image.new("L", (0, 5)), "it has 0 x 5 pixels"),
        ("/dev/zero", "it is a pipe or a device"),
    ],
)
def test_arrays_that_cannot_be_meant_are_refused(given, text):
    with pytest.raises(Mistake, match=text):
        gray(given)


@pytest.mark.parametrize(
    ("shape", "network", "count"),
    [
        ((6, 5), (6, 5, 1), 1),
        ((6, 5, 1), (6, 5, 1), 1),
        ((6, 5, 3), (6, 5, 1), 1),
        ((6, 5, 4), (6, 5, 3), 1),
        ((3, 6, 5), (6, 5, 3), 1),
        ((1, 6, 5), (6, 5, 1), 1),
        ((3, 6, 5), (6, 5, 1), 3),
        ((7, 6, 5), (6, 5, 1), 7),
        ((2, 6, 5, 1), (6, 5, 1), 2),
        ((2, 6, 5, 3), (6, 5, 1), 2),
        ((2, 3, 6, 5), (6, 5, 3), 2),
        ((30,), (6, 5, 1), 1),
        ((2, 30), (6, 5, 1), 2),
    ],
)
def test_axes_are_taken_as_they_can_be_meant(shape, network, count):
    assert len(pixels.separate(np.zeros(shape, "uint8"), network)) == count


def test_channels_first_are_moved_to_the_end():
    np.testing.assert_array_equal(color(COLOR.transpose(2, 0, 1))[0], COLOR)
    both = np.stack([COLOR, COLOR[::-1]]).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(color(both)[1], COLOR[::-1])


def test_the_lines_of_one_picture_are_not_pictures():
    for given in (COLOR.tolist(), list(COLOR), (COLOR / 255).tolist()):
        np.testing.assert_array_equal(color(given), [COLOR])
    np.testing.assert_array_equal(color([COLOR.tolist()] * 2), [COLOR, COLOR])


def test_pictures_in_every_holder(tmp_path):
    import pandas
    import torch

    path = tmp_path / "one.png"
    image = Image.fromarray(GRAY)
    image.save(path)
    content = path.read_bytes()
    alone = [path, str(path), content, bytearray(content), io.BytesIO(content), image]
    alone += [GRAY, GRAY[..., None], torch.tensor(GRAY), torch.tensor(GRAY)[None] / 255]
    alone += [GRAY.tolist(), list(GRAY), [GRAY.tolist()]]
    alone += [torch.tensor(GRAY / 255, requires_grad=True)]
    for given in alone:
        np.testing.assert_array_equal(gray(given)[:, ..., 0], [GRAY])
    objects = np.empty(2, object)
    objects[:] = [GRAY, image]
    np.testing.assert_array_equal(gray(objects)[..., 0], [GRAY, GRAY])
    for given in (GRAY.astype(object), np.ma.masked_array(GRAY, False)):
        np.testing.assert_array_equal(gray(given)[0, ..., 0], GRAY)
    half = torch.tensor([[0.0, 0.5], [1.0, 0.25]]).to(torch.float8_e4m3fn)
    assert np.ptp(gray(half)) == 255
    names = pandas.Series([str(path), path])
    for given in ([GRAY, path], (content, image), names, (path for _ in range(2))):
        np.testing.assert_array_equal(gray(given)[..., 0], [GRAY, GRAY])
    np.testing.assert_array_equal(gray(names.to_frame())[..., 0], [GRAY, GRAY])
    with pytest.raises(Mistake, match=r"is a folder; give its pictures, as in"):
        gray(tmp_path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_images_of_pillow_in_every_mode(mode):
    white = Image.new("L", (5, 6), 255).convert("RGB").convert(mode)
    assert color(white).min() > 250


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_files_of_16_and_32_bits_by_the_range_they_hold(mode):
    ramp = np.tile(np.arange(256, dtype="uint8"), (4, 1))
    kind = {"I;16": "uint16", "I": "int32", "F": "float32"}[mode]
    scales = {"I;16": (1, 257), "I": (1, 257), "F": (1, 1 / 255)}[mode]
    for scale in scales:
        image = Image.fromarray((ramp * np.float64(scale)).astype(kind))
        assert image.mode == mode
        np.testing.assert_array_equal(
            picture_files.read(saved(image, "TIFF"), 1)[..., 0], ramp
        )
    dark = Image.fromarray(np.full((6, 5), 4000, "uint16"))
    with pytest.warns(UserWarning, match="has 16 bits and reaches 4000 of 65535"):
        picture_files.read(saved(dark), 1)


def test_a_color_picture_of_16_bits_that_is_dim_is_told():
    pixels_of_12_bits = np.full((6, 5, 3), 4000, "uint16")
    content = cv2.imencode(".png", pixels_of_12_bits)[1].tobytes()
    with pytest.warns(UserWarning, match="16 bits and reaches less than 4096 of 65535"):
        picture_files.read(content, 3)
    bright = cv2.imencode(".png", pixels_of_12_bits * 16)[1].tobytes()
    assert picture_files.read(bright, 3).max() == 250


def test_fractions_beyond_1_are_read_as_nearly_black_with_a_warning():
    white = np.full((4, 4), 1.07)  # as a cubic resizing leaves it
    with pytest.warns(UserWarning, match=r"reach 1.07 of 255: .* clip fractions to 0"):
        assert pixels.to_bytes([white], ["a"])[0].max() == 1
    dim, bright = pixels.to_bytes([white, white * 200], ["a", "b"])  # of 0 to 255
    assert (dim.max(), bright.max()) == (1, 214)


@pytest.mark.parametrize(
    "given",
    [lambda t: t.to_sparse(), lambda t: t.to("meta"), lambda t: keras.Input((6, 5))],
)
def test_tensors_without_values_are_refused(given):
    import torch

    with pytest.raises(Mistake, match="Tensor cannot be read as an array: "):
        gray(given(torch.tensor(GRAY)))


def test_rows_by_name_in_any_order():
    import pandas

    named = namedtuple("named", "y x")(-0.25, 0.5)
    of_own = (Column("x"), Column("y"))
    for given in (named, [named]):
        np.testing.assert_array_equal(rows(given), [[0.5, -0.25]])
        np.testing.assert_array_equal(own_rows.decode(given, of_own), [[0.5, -0.25]])
    exact = {"x": Decimal("0.5"), "y": np.float16(-0.25)}
    np.testing.assert_array_equal(own_rows.decode(exact, of_own), [[0.5, -0.25]])
    twice = pandas.DataFrame([[1, 2, 3]], columns=["x", "y", "x"])
    for read in (rows, lambda given: own_rows.decode(given, of_own), keep):
        with pytest.raises(Mistake, match="2 columns are called 'x'; keep one"):
            read(twice)
    with pytest.raises(Mistake, match=r"b'0.5,1' cannot be read; give a row of"):
        own_rows.decode(b"0.5,1", of_own)
    masked = np.ma.masked_array([[1.0, 2.0]], [[True, False]])
    np.testing.assert_array_equal(rows(masked, missing=True), [[np.nan, 2]])
    np.testing.assert_array_equal(own_rows.decode(masked, of_own), [[np.nan, 2]])


def test_rows_in_every_holder():
    import pandas
    import torch

    frame = pandas.DataFrame({"y": [-0.25], "name": ["a"], "x": [0.5]})
    one = [[0.5, -0.25], (0.5, -0.25), np.array([0.5, -0.25]), np.array([[0.5, -0.25]])]
    one += [frame[["y", "x"]], frame[["x", "y"]].iloc[0]]
    one += [
        {"x": 0.5, "y": -0.25},
        {"x": [0.5], "y": [-0.25]},
        [{"x": 0.5, "y": -0.25}],
    ]
    one += [torch.tensor([0.5, -0.25]), ["0.5", "-0.25"], ["0.5,-0.25"], "0.5,-0.25"]
    one += ["0.5;-0.25", "x\ty\n0.5\t-0.25", pandas.DataFrame([[0.5, -0.25]])]
    one += [np.array([(0.5, -0.25)], [("x", "f4"), ("y", "f4")]), (v for v in one[0])]
    for given in one:
        np.testing.assert_array_equal(rows(given), [[0.5, -0.25]])
    for given in (frame, frame.iloc[0], [frame.iloc[0]]):
        with pytest.warns(UserWarning, match="not used: name; the network learned fro"):
            np.testing.assert_array_equal(rows(given), [[0.5, -0.25]])
    for given in (3, "3", [3], np.array(3), np.float32(3), {"x": 3}):
        np.testing.assert_array_equal(rows(given, ("x",)), [[3]])
    np.testing.assert_array_equal(rows([1, 2], ("x",)), [[1], [2]])
    several = pandas.DataFrame({"x": [1, pandas.NA], "y": [True, 4]})
    np.testing.assert_array_equal(rows(several, missing=True), [[1, 1], [np.nan, 4]])


def test_cells_of_every_type_of_number():
    import torch

    of_own = (Column("x"), Column("y"))
    half = torch.tensor(0.5, requires_grad=True)
    for given in ([Decimal("0.5"), np.True_], [Fraction(1, 2), 1], [half, 1]):
        for read in (rows, lambda given: own_rows.decode(given, of_own)):
            np.testing.assert_array_equal(read(given), [[0.5, 1]])
            np.testing.assert_array_equal(read([given, (2, 3)]), [[0.5, 1], [2, 3]])
    day = date(2020, 1, 31)
    for given in ([day, 1], [np.datetime64(day), 1]):
        for read in (rows, lambda given: own_rows.decode(given, of_own)):
            with pytest.raises(Mistake, match=r"row, column x: '2020-01-31.* where a"):
                read(given)
    with pytest.raises(Mistake, match="the row has 1 values where 2 belong: x, y"):
        own_rows.decode([day], of_own)
    with pytest.raises(Mistake, match="column x: a value of type list where one value"):
        own_rows.decode([[1], "a"], of_own)
    with pytest.raises(Mistake, match="cells of complex numbers cannot be read"):
        own_rows.decode([1j, 2], of_own)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        short = np.array([[1, 2]], np.float16)
        np.testing.assert_array_equal(rows(short), [[1, 2]])


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (0.5, "0.5 cannot be read; give a row of values for x, y, a list of rows"),
        ([1, 2, 3], "the row has 3 values where 2 belong: x, y"),
        ([[1, 2], None], "input 2 is None; give a row of values"),
        ([[1, 2], [3]], "row 2 has 1 values where 2 belong"),
        ([1.0, float("nan")], "column y: a value is missing"),
        ({"x": [1, 2], "y": [1]}, "the columns differ in length"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\) holds no rows"),
        ("0,5;0,25", "'0,5' where a number belongs; write a decimal point"),
        ("x,x,y\n1,2,3", "row 1: 2 columns are called 'x'; keep one"),
        (b"0.5,1", "b'0.5,1' cannot be read; give a row of values"),
        ("1e300,0", "1e300 is larger than 32 bits hold"),
        ({1, 2}, "a value of type set cannot be read"),
        (["1_0", 2], "the row, column x: '1_0' where a number belongs"),
        ({"x": "\u0661\u0660", "y": 2}, "column x: '\u0661\u0660' where a number"),
        ("\uff11,2", "row 1, column x: '\uff11' where a number belongs"),
    ],
)
def test_rows_that_cannot_be_meant_are_refused(given, text):
    with pytest.raises(Mistake, match=text):
        rows(given)


def test_folders_are_no_tables(tmp_path):
    with pytest.raises(Mistake, match="is a folder; give a CSV file"):
        rows(tmp_path)


@pytest.fixture
def vocabulary():
    return texts.Vocabulary(("good", "bad"), length=2)


def test_texts_in_every_holder(vocabulary, tmp_path, monkeypatch):
    import pandas

    monkeypatch.chdir(tmp_path)
    pathlib.Path("worst.txt").write_text("good good", "utf-8")
    series = pandas.Series(["good good"])
    holders = ["good good", ["good good"], np.array(["good good"]), series]
    holders += [series.to_frame(), (t for t in ["good good"]), b"good good"]
    holders += ["worst.txt", "./worst.txt", pathlib.Path("worst.txt")]
    for name, encoding in {"bad.TXT": "utf-16", "bad bad.txt": "utf-8"}.items():
        pathlib.Path(name).write_text("good good", encoding)
        holders.append(name)
    pathlib.Path("old.md").write_bytes(b"good good caf\xe9")
    assert vocabulary.encode("old.md").tolist() == [[2, 1]]  # the last two words
    for given in holders:
        assert vocabulary.encode(given).tolist() == [[2, 2]]
    told = "'{}' ends as the name of a file does, and is read as a sentence"
    for given in ("bad good.txt", "worst.txt\n"):
        with pytest.warns(UserWarning, match=told.format(given.strip())):
            vocabulary.encode(given)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (["good", None], "input 2 is None; give a sentence in quotes"),
        (["good", float("nan")], "input 2 is a missing value; give a sentence"),
        (["good", 3], "input 2 is 3; give a sentence"),
        (3, "3 cannot be read; give a sentence"),
        ({"text": "good"}, "a value of type dict cannot be read"),
        ("missing.txt", "there is no file missing.txt; give a sentence"),
        (pathlib.Path("missing"), "there is no file missing; give a sentence"),
        ("table.csv", "table.csv holds a table, not a text"),
        ("missing.rst", "there is no file missing.rst; give a sentence"),
        ("words.pdf", "words.pdf is no text: it is a PDF: save its pages as PNG, or"),
        ("nul.TXT", "nul.TXT is no text: it holds NUL bytes; save it in UTF-8"),
        ("good", "'good' may be a text, and is the name of a file or folder here"),
        ("folder/inner", "folder/inner is a folder; give a sentence"),
        (["good", b"caf\xe9"], r"input 2 is b'caf\\xe9', no text in UTF-8"),
    ],
)
def test_texts_that_cannot_be_meant_are_refused(
    vocabulary, tmp_path, monkeypatch, given, text
):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("table.csv").write_text("good", "utf-8")
    pathlib.Path("good").write_text("bad", "utf-8")
    pathlib.Path("words.pdf").write_bytes(b"%PDF-1.4 good")
    pathlib.Path("nul.TXT").write_bytes(b"good\0bad")
    pathlib.Path("folder/inner").mkdir(parents=True)
    with pytest.raises(Mistake, match=text):
        vocabulary.encode(given)

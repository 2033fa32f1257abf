"""Pictures and tables from strangers: bad ones cost one line, time and memory."""

import io
import json
import os
import struct
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from zoo import cli, data
from zoo.core import processes
from zoo.data.kinds import (
    picture_files,
    pictures,
    sequences,
    sheet,
    sound_files,
    tables,
    texts,
)
from zoo.errors import Mistake
from zoo.run import open_run

pytestmark = pytest.mark.once

SHADES = np.add.outer(np.arange(40), np.arange(50)).astype("uint8")
SHAPE = (28, 28, 3)


@pytest.fixture(autouse=True)
def watched(bomb):
    """At most 10 s of the processor, and 300 MiB more than before."""
    Path("/proc/self/clear_refs").write_text("5")
    before, begun = _peak(), time.process_time()
    yield
    assert time.process_time() - begun < 10
    assert _peak() - before < 300 * 2**20


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def refusal(function, *arguments) -> str:
    with pytest.raises(Mistake) as caught:
        function(*arguments)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 1000
    return text


def encoded(image, kind, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(width, height, *chunks, bits=8, color=2, pixels=b"") -> bytes:
    """A PNG file that says it has this size, whatever it holds."""
    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )  # fmt: skip


# --- Pictures


@pytest.mark.parametrize("color", [0, 2, 6])
@pytest.mark.parametrize("side", [6_000, 12_000, 65_535, 2**31 - 1])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_that_says_it_is_huge_is_refused(side, channels, color):
    text = refusal(picture_files.read, png(side, side, color=color), channels, (28, 28))
    assert "is not a readable picture" in text


def test_a_large_photograph_is_read():
    """36 million pixels, as cameras make them."""
    shades = np.zeros((6000, 6000), "uint8")
    shades[:, 3000:] = 200
    content = encoded(Image.fromarray(shades), "JPEG")
    del shades
    read = picture_files.read(content, 3, (28, 28))
    np.testing.assert_allclose(read[:, :13], 0, atol=3)
    np.testing.assert_allclose(read[:, 15:], 200, atol=3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_png_of_48_million_pixels_is_read_by_half(mode):
    shades = np.zeros((6000, 8000), "uint8")
    shades[:, 4000:] = 255
    image = Image.fromarray(shades).convert(mode)
    content = encoded(image, "PNG", compress_level=1)
    del shades, image
    read = picture_files.read(content, 3, (28, 28))
    assert (read[:, :13] == 0).all()
    assert (read[:, 15:] == 255).all()


@pytest.mark.parametrize(
    ("kind", "mode", "most"),
    [
        ("WEBP", "RGB", 16_777_216),
        ("TIFF", "F", 16_777_216),
        ("PNG", "RGBA", 33_554_432),
        ("PNG", "LA", 22_369_621),
        ("JPEG2000", "L", 13_421_772),
    ],
)
def test_kinds_that_take_more_memory_may_have_fewer_pixels(kind, mode, most):
    image = Image.new(mode, (6800, 6000))
    image.format = kind
    with pytest.raises(ValueError, match=f"at most {most:,} of this kind; make it"):
        picture_files._bounded(image, (28, 28))


@pytest.fixture(scope="module")
def bomb():
    """400 MB in 400 kB."""
    packer = zlib.compressobj(1)
    part = bytes(1_000_000)
    return b"".join(packer.compress(part) for _ in range(400)) + packer.flush()


@pytest.mark.parametrize("name", [b"iCCP", b"zTXt", b"eXIf", b"iTXt"])
def test_bombs_beside_the_pixels_are_not_unpacked(bomb, name):
    heads = {
        b"iCCP": b"profile\0\0",
        b"zTXt": b"Comment\0\0",
        b"iTXt": b"Comment\0\1\0\0\0",
        b"eXIf": b"MM\0*\0\0\0\x08\xff\xff",
    }
    pixels = b"".join(b"\0" + bytes([90, 100, 110]) * 30 for _ in range(30))
    content = png(30, 30, (name, heads[name] + bomb), pixels=pixels)
    if name != b"eXIf":  # Pillow's own limit of texts
        assert "too large" in refusal(picture_files.read, content, 3, (28, 28))
        return
    assert (picture_files.read(content, 3, (28, 28)) == [90, 100, 110]).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_picture_that_is_cut_is_refused(kind):
    content = encoded(Image.fromarray(SHADES), kind)
    for share in (0, 0.1, 0.5):
        refusal(picture_files.read, content[: int(share * len(content))], 3, (28, 28))


def test_the_first_picture_of_an_animation_is_taken():
    first, second = Image.fromarray(SHADES), Image.fromarray(255 - SHADES)
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        lossless = {"lossless": True} if kind == "WEBP" else {}
        options = {"save_all": True, "append_images": [second] * 3, **lossless}
        moving = picture_files.read(encoded(first, kind, **options), 1, (28, 28))
        still = picture_files.read(encoded(first, kind, **lossless), 1, (28, 28))
        np.testing.assert_allclose(moving.astype(int), still, atol=2)


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "/etc/passwd">]>',
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"PK\x03\x04",
        b"",
        b"\0" * 1000,
        b"P6 99999999 99999999 255\n",
    ],
)
def test_what_is_no_picture_under_a_picture_s_name_is_refused(tmp_path, content):
    path = tmp_path / "seven.png"
    path.write_bytes(content)
    assert f"{path} is not a readable picture" in refusal(
        pictures.decode, [path], SHAPE
    )


def test_a_folder_or_an_odd_name_is_no_picture(tmp_path):
    for name in (tmp_path, tmp_path / "none.png", "a\0b.png", "x" * 5000):
        assert "picture" in refusal(pictures.decode, [name], SHAPE)


@pytest.mark.parametrize("name", ["a\0b.csv", "x" * 300 + ".txt"], ids=["NUL", "long"])
@pytest.mark.parametrize(
    "read",
    [sheet.read, texts.text_of, sequences.read, sound_files.head, open_run],
)
def test_a_name_that_no_file_can_have_is_told(read, name):
    assert name.split("\0")[-1] in refusal(read, name)


# --- Tables

COLUMNS = ("age", "shape")


def table(text, missing=False):
    return tables.decode([text], COLUMNS, missing)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (",".join(["1"] * 10**6), "1,000,000 cells"),
        (",".join(f"c{i}" for i in range(10**6)) + "\n1", "1,000,000 cells"),
        (
            ",".join(f"c{i}" for i in range(10**4)) + "\n" + ",1" * 9999,
            "missing column",
        ),
        ("age,shape\n1," + "9" * 10**7, "field larger than"),
        ("age,shape\n1,\0", "where a number belongs"),
        ("age,shape\n1,2\0", "where a number belongs"),
        ("age,shape\n1,=cmd|'/c calc'!A1", "where a number belongs"),
        ("age,shape\n1,1e999", "not finite"),
        ('age,shape\n1,"2', None),
        ("age,shape\n" + "1" * 5000 + ",2", "not finite"),
        ("age,shape\n\x1b[2J,2", "where a number belongs"),
    ],
)
def test_cells_and_lines_that_are_none_are_refused(text, words):
    if words is None:
        np.testing.assert_array_equal(table(text), [[1, 2]])
        return
    found = refusal(table, text)
    assert words in found
    assert found.isprintable()


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe1\0,\0", b"age,shape\n\x80,1", b"\0" * 1000, b"", b"\n" * 10**6],
)
def test_files_that_are_no_tables_are_refused(tmp_path, content):
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    refusal(table, path)


# --- The fuzzer

FUZZER = Path(__file__).parent / "stress" / "fuzz.py"


@pytest.mark.slow
def test_inputs_are_fuzzed_a_little():
    words = ["--kinds=pictures,tables,texts,states", "--cases=150", "--seed=5"]
    done = processes.run(FUZZER, *words, "--json")
    for found in json.loads(done.stdout):
        assert found["faults"] == [], found["kind"]
        assert found["cases"] == 150
        assert found["equal"] + found["other"] + found["refused"] == 150


def test_a_chunk_longer_than_its_picture_takes_no_memory(monkeypatch):
    """OpenCV would take what the chunk says before it reads it."""
    file, shades = io.BytesIO(), np.arange(64, dtype="uint8").reshape(8, 8)
    Image.fromarray(shades).save(file, "PNG")
    content = bytearray(file.getvalue())
    end = content.index(b"IEND")
    content[end - 4 : end] = (2**29).to_bytes(4)
    asked = []
    monkeypatch.setattr(cv2, "imdecode", lambda *_: asked.append(1))
    found = pictures.decode([bytes(content)], (8, 8, 1))
    assert found[0, ..., 0].tolist() == shades.tolist()
    assert not asked


def test_what_never_ends_or_cannot_be_read_is_told(tmp_path, capsys):
    """`/proc/self/mem` is a file whose reading fails, also for who may read all."""
    for name in ("book.txt", "class/a/x.png", "class/b/y.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(tmp_path / name)
    with pytest.raises(Mistake, match=r"book\.txt cannot be read: it is no plain file"):
        data.load(tmp_path / "book.txt")
    with pytest.raises(
        Mistake, match=r"a holds no pictures .*x\.png: it is no plain f"
    ):
        data.load(tmp_path / "class")
    for suffix in (".csv", ".parquet", ".txt", ".npz", ""):
        path = tmp_path / f"memory{suffix}"
        path.symlink_to("/proc/self/mem")
        with pytest.raises(Mistake, match=f"memory{suffix} cannot be read: Input/outp"):
            data.load(path)
    (tmp_path / "recipe.py").symlink_to("/proc/self/mem")
    assert cli.call(["train", str(tmp_path / "recipe.py")]) == 2
    assert capsys.readouterr().err.count("\n") == 1

"""Files that are none of those that are read: what they are, and what to do."""

import io

import numpy as np
import pytest

from zoo.core import files, operators, seal, signatures
from zoo.data.kinds import (
    picture_files,
    sequences,
    sheet,
    sound_files,
    streams,
    tables,
)
from zoo.data.kinds.encodings import encoding_of
from zoo.data.sources import arrays
from zoo.errors import Mistake

pytestmark = pytest.mark.once

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
POINTER = "it is a pointer of Git LFS in the file's place: fetch the file with"


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"", "it is empty: it has 0 bytes"),
        (LFS, POINTER),
        (b"\0\0\0\x24ftypmif1\0\0\0\0mif1heic", "it is a HEIC picture"),
        (b"\0\0\0\x20ftypisom", "it is a film: save its pictures as PNG"),
        (b"\xff\x0a\xfa", "it is a JPEG XL picture: save it as JPEG or PNG"),
        (b"II*\0\x10\0\0\0CR\2\0", "it is a raw picture of a camera"),
        (bytes(128) + b"DICM", "it is a medical picture (DICOM)"),
        (bytes(200), "it begins with zeros alone, as a download that broke off"),
        (b"%PDF-1.7\n%\xe2\xe3", "it is a PDF: save its pages as PNG"),
        (b"PK\3\4" + bytes(26) + b"xl/workbook.xml", "it is a document of Office"),
        (b"PK\3\4" + bytes(26) + b"a.png", "it is a zip archive: unpack it"),
        (b"\n<!DOCTYPE html><html>404", "it is a web page, perhaps of an error"),
        (b"<?xml version='1.0'?>\n<svg xmlns=''/>", "it is a drawing (SVG)"),
        (b"iVBORw0KGgoAAAANSUhEUg==", "it is base64: decode it"),
        (b'{"error": "not found"}', "it is a text"),
        (b"\1\2\3", ""),
    ],
)
def test_a_picture_that_is_something_else(start, said):
    assert signatures.what_is(start).words.startswith(said)
    told = said or "its format is unknown"
    for source in (start, io.BytesIO(start)):
        with pytest.raises(Mistake) as error:
            picture_files.read(source, 3)
        assert f"the picture is not a readable picture: {told}" in str(error.value)


def test_what_is_no_text_is_not_learned_from_and_a_text_about_it_is(tmp_path):
    path = tmp_path / "a.csv"
    for content, said in ((LFS, POINTER), (b"PAR1", "it is a Parquet table")):
        path.write_bytes(content)
        for read in (encoding_of, streams.read):
            with pytest.raises(Mistake, match=f"a.csv is no text: {said}"):
                read(path)
    for text in ("<html>a page</html>", "version 2", "PDF %PDF-", "QUJDRA=="):
        path.write_text(text, "utf-8")
        assert encoding_of(path) == "utf-8"
        assert streams.read(path) == text


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a.parquet", sheet.read),
        ("a.xlsx", sheet.read),
        ("a.jsonl", sheet.read),
        ("a.npz", arrays.read),
        ("a.csv", lambda path: tables.decode(path, ("x", "y"), False)),
        ("a.ts", sequences.read),
        ("a.wav", lambda path: sound_files.read(path, 8000)),
        ("a.onnx", lambda path: operators.check(path.read_bytes(), path)),
        ("run.json", lambda path: files.read_json(path, 1000)),
        ("model.safetensors", lambda path: seal.check(path.parent, (path.name,))),
    ],
)
def test_a_pointer_of_git_lfs_is_told_wherever_it_lies(tmp_path, name, read):
    path = tmp_path / name
    path.write_bytes(LFS)
    if name.startswith("model"):
        files.write_json(
            tmp_path / seal.NAME, {"version": 1, "files": {name: 64 * "0"}}
        )
    with pytest.raises(Mistake, match=rf"{name} .*{POINTER} `git lfs pull`"):
        read(path)


def test_arrays_of_objects_are_refused_without_a_word_of_pickle(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([{}]), y=np.array([1]))
    with pytest.raises(Mistake, match=r"objects of Python, which are not read; save"):
        arrays.read(path)

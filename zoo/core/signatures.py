"""What a file is that is none of those that are read, by how it begins."""

import os
import re

from zoo.errors import Mistake

LENGTH = 512  # bytes that are looked at
_EMPTY = "it is empty: it has 0 bytes"
_LFS = rb"version https://git-lfs\.github\.com/"
# How files begin that are no text, and what to do with them; a dot is any byte.
_FILES = {
    _LFS: "a pointer of Git LFS in the file's place: fetch the file with `git lfs "
    "pull`",
    rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)": "a HEIC picture, as phones make them: "
    "save it as JPEG or PNG",
    rb"\xff\x0a|\0\0\0\x0cJXL ": "a JPEG XL picture: save it as JPEG or PNG",
    rb"8BPS\0": "a picture of Photoshop: save it as PNG",
    rb"\0\0[\x01\x02]\0.\0": "an icon: save it as PNG",
    rb"II\*\0.{4}CR\x02|IIRO|IIU\0|FUJIFILMCCD-RAW": "a raw picture of a camera: "
    "save it as JPEG or PNG",
    rb".{128}DICM": "a medical picture (DICOM): save it as PNG",
    rb"%!PS": "a PostScript program, which is not run: save it as PNG",
    rb"%PDF-": "a PDF: save its pages as PNG, or its words as .txt",
    rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ": "a film: save its pictures as PNG, or its "
    "sound as WAV",
    rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|xl/|word/|mimetype)|"
    rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a document of Office: call a table .xlsx, "
    "and save the words of others as .txt",
    rb"PK\x03\x04": "a zip archive: unpack it",
    rb"\x1f\x8b\x08|BZh\d1AY|\xfd7zXZ\0|7z\xbc\xaf|\x28\xb5\x2f\xfd|Rar!": "a packed "
    "file: unpack it",
    rb"\x93NUMPY": "an array of NumPy: call it .npy",
    rb"\x89HDF\r\n": "an HDF5 file: save what it holds as .npy",
    rb"PAR1": "a Parquet table: call it .parquet",
    rb"fLaC|OggS|ID3|RIFF....WAVE": "a sound",
    rb"\x89PNG\r\n|\xff\xd8\xff|GIF8|RIFF....WEBP": "a picture",
}
# Texts, which are wrong in the place of anything else.
_TEXTS = {
    rb"\s*<(!doctype html|html|head|body)": "a web page, perhaps of an error, in the "
    "file's place: fetch the file again",
    rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg": "a drawing "
    "(SVG): save it as PNG",
    rb"data:|[A-Za-z0-9+/\r\n]{20,}={0,2}\s*\Z|[A-Za-z0-9+/\r\n]{512}": "base64: decode"
    " it",
    rb"[\t\n\r -~]+\Z|[\t\n\r -~]{512}": "a text",
}


def beginning(source) -> bytes:
    """The first bytes of a file, its name, its content, or what is open."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source[:LENGTH])
    if isinstance(source, str | os.PathLike):
        with open(source, "rb") as file:
            return file.read(LENGTH)
    source.seek(0)
    return source.read(LENGTH)


def what_is(start: bytes) -> str:
    """What a file is that nothing could read: "it is a PDF: ..."; "" if unknown.

    Args:
        start: its first `LENGTH` bytes, or all that it has.
    """
    if found := _no_text(start):
        return found
    if not start.strip(b"\0"):
        return "it begins with zeros alone, as a download that broke off"
    return _found(_TEXTS, start, re.DOTALL | re.IGNORECASE)


def instead_of(path: str | os.PathLike) -> str:
    """What stands in the place of a file that was not fetched; "" if nothing does."""
    try:
        found = what_is(beginning(path))
    except OSError:
        return ""
    return found if "fetch" in found or "empty" in found or "zeros" in found else ""


def check_text(name: str | os.PathLike, start: bytes) -> None:
    """Refuse a file that is no text, although its bytes may be read as letters.

    Args:
        name: of the file, for the error.
        start: its first bytes, which may be none.

    Raises:
        Mistake: says what it is, and what to do.
    """
    if start and (found := _no_text(start)):
        raise Mistake(f"{name} is no text: {found}")


def _no_text(start: bytes) -> str:
    return _found(_FILES, start, re.DOTALL) if start else _EMPTY


def _found(kinds: dict[bytes, str], start: bytes, flags: int) -> str:
    matching = (what for each, what in kinds.items() if re.match(each, start, flags))
    found = next(matching, "")
    return found and f"it is {found}"

"""What a file is that is none of those that are read, by how it begins."""

import os
import re
from typing import NamedTuple

from zoo.errors import Mistake

LENGTH = 512  # bytes that are looked at


class Known(NamedTuple):
    """A file that was recognized.

    kind: one of those below; "" if it was not.
    words: what it is and what to do, as in "it is a PDF: ..."; "" if it was not.
    """

    kind: str
    words: str


# Kinds that callers tell apart. In the file's place: it was never fetched.
UNFETCHED = "unfetched"
# Others, from which a picture, a text or a sound can be made; and what is one.
PICTURE, PAGES, WORDS, FILM = "other picture", "pages", "words", "film"
A_PICTURE, A_SOUND, A_TEXT = "a picture", "a sound", "a text"
PACKED, TABLE, ARRAY = "packed", "table", "array"
_EMPTY = "it is empty: it has 0 bytes"
_ZEROS = "it begins with zeros alone, as a download that broke off"
# How files begin that are no text, and what to do with them; a dot is any byte.
_FILES = (
    (
        rb"version https://git-lfs\.github\.com/",
        UNFETCHED,
        "a pointer of Git LFS in the file's place: fetch the file with `git lfs pull`",
    ),
    (
        rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)",
        PICTURE,
        "a HEIC picture, as phones make them: save it as JPEG or PNG",
    ),
    (
        rb"\xff\x0a|\0\0\0\x0cJXL ",
        PICTURE,
        "a JPEG XL picture: save it as JPEG or PNG",
    ),
    (rb"8BPS\0", PICTURE, "a picture of Photoshop: save it as PNG"),
    (rb"\0\0[\x01\x02]\0.\0", PICTURE, "an icon: save it as PNG"),
    (
        rb"II\*\0.{4}CR\x02|IIRO|IIU\0|FUJIFILMCCD-RAW",
        PICTURE,
        "a raw picture of a camera: save it as JPEG or PNG",
    ),
    (rb".{128}DICM", PICTURE, "a medical picture (DICOM): save it as PNG"),
    (rb"%!PS", PICTURE, "a PostScript program, which is not run: save it as PNG"),
    (rb"%PDF-", PAGES, "a PDF: save its pages as PNG, or its words as .txt"),
    (
        rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ",
        FILM,
        "a film: save its pictures as PNG, or its sound as WAV",
    ),
    (
        rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|xl/|word/|mimetype)|"
        rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        WORDS,
        "a document of Office: call a table .xlsx, and save the words of others as "
        ".txt",
    ),
    (rb"PK\x03\x04", PACKED, "a zip archive: unpack it"),
    (
        rb"\x1f\x8b\x08|BZh\d1AY|\xfd7zXZ\0|7z\xbc\xaf|\x28\xb5\x2f\xfd|Rar!",
        PACKED,
        "a packed file: unpack it",
    ),
    (rb"\x93NUMPY", ARRAY, "an array of NumPy: call it .npy"),
    (rb"\x89HDF\r\n", ARRAY, "an HDF5 file: save what it holds as .npy"),
    (rb"PAR1", TABLE, "a Parquet table: call it .parquet"),
    (rb"fLaC|OggS|ID3|RIFF....WAVE", A_SOUND, "a sound"),
    (rb"\x89PNG\r\n|\xff\xd8\xff|GIF8|RIFF....WEBP", A_PICTURE, "a picture"),
)
# Texts, which are wrong in the place of anything else.
_TEXTS = (
    (
        rb"\s*<(!doctype html|html|head|body)",
        UNFETCHED,
        "a web page, perhaps of an error, in the file's place: fetch the file again",
    ),
    (
        rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg",
        PICTURE,
        "a drawing (SVG): save it as PNG",
    ),
    (
        rb"data:|[A-Za-z0-9+/\r\n]{20,}={0,2}\s*\Z|[A-Za-z0-9+/\r\n]{512}",
        PACKED,
        "base64: decode it",
    ),
    (rb"[\t\n\r -~]+\Z|[\t\n\r -~]{512}", A_TEXT, "a text"),
)
NOTHING = Known("", "")


def beginning(source) -> bytes:
    """The first bytes of a file, its name, its content, or what is open."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source[:LENGTH])
    if isinstance(source, str | os.PathLike):
        with open(source, "rb") as file:
            return file.read(LENGTH)
    source.seek(0)
    return source.read(LENGTH)


def what_is(start: bytes) -> Known:
    """What a file is that nothing could read.

    Args:
        start: its first `LENGTH` bytes, or all that it has.
    """
    if found := _no_text(start):
        return found
    if not start.strip(b"\0"):
        return Known(UNFETCHED, _ZEROS)
    return _found(_TEXTS, start, re.DOTALL | re.IGNORECASE) or NOTHING


def instead_of(path: str | os.PathLike) -> str:
    """What stands in the place of a file that was not fetched; "" if nothing does."""
    try:
        found = what_is(beginning(path))
    except OSError:
        return ""
    return found.words if found.kind == UNFETCHED else ""


def check_text(name: str | os.PathLike, start: bytes) -> None:
    """Refuse a file that is no text, although its bytes may be read as letters.

    Args:
        name: of the file, for the error.
        start: its first bytes, which may be none.

    Raises:
        Mistake: says what it is, and what to do.
    """
    if start and (found := _no_text(start)):
        raise Mistake(f"{name} is no text: {found.words}")


def _no_text(start: bytes) -> Known | None:
    if not start:
        return Known(UNFETCHED, _EMPTY)
    return _found(_FILES, start, re.DOTALL)


def _found(known, start: bytes, flags: int) -> Known | None:
    matching = (
        Known(kind, f"it is {words}")
        for each, kind, words in known
        if re.match(each, start, flags)
    )
    return next(matching, None)

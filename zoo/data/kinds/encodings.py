"""The encoding of a text file: by its first bytes, or by words that it should hold."""

import codecs
import re
from pathlib import Path

from zoo.core import signatures
from zoo.errors import Mistake

UNMARKED = {  # how a text begins that tells no encoding, and one that is not UTF-16
    "utf-32": re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff"),
    "utf-16-le": re.compile(rb"([^\0]\0){2}"),
    "utf-16-be": re.compile(rb"(\0[^\0]){2}"),
}
# Two letters side by side in Shift-JIS, of bytes that few letters of cp1252 have.
JAPANESE = re.compile(rb"([\x81-\x9f][\x40-\x7e\x80-\xfc]){2}")
# Of Western, Central and Eastern Europe, Turkish, Greek, the Baltic, and East Asia.
OLD = ("cp1252", "cp1250", "cp1251", "cp1254", "cp1253", "cp1257")
OLD += ("cp932", "euc_jp", "gb18030", "big5", "euc_kr")
SAMPLE = 2**16  # bytes that an old encoding is found from


def by_first_bytes(start: bytes) -> str:
    """The encoding, UTF-16 or 32, that the first four bytes of a text tell; or ""."""
    for name, mark in UNMARKED.items():
        if mark.fullmatch(start[:4]):
            return name
    marks = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
    return "utf-16" if start.startswith(marks) else ""


def encoding_of(
    path: Path, known: tuple[str, ...] = (), usual: str | None = None
) -> str:
    """UTF-8 if all of it is, UTF-16 or 32 if its first bytes say so, else an old one.

    That is the first of `OLD` in which the text has the words that are known, or is one
    at all; or cp932, Shift-JIS, if it has Japanese words then.

    Args:
        path: of the file.
        known: words that the text should hold, such as the name of a column.
        usual: what texts like this have, if they are not in Unicode.

    Raises:
        Mistake: it is a file of another kind, such as a PDF.
    """
    with open(path, "rb") as file:
        signatures.check_text(path, file.read(signatures.LENGTH))
        file.seek(0)
        start = file.read(4)
        if name := by_first_bytes(start):
            return name
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(2**20):
                if b"\0" in block:
                    raise Mistake(
                        f"{path} is no text: it holds NUL bytes; save it in UTF-8"
                    )
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(0)
            return _old(file.read(SAMPLE), known, usual)
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"


def is_guessed(encoding: str) -> bool:
    """Whether nothing in a file says that it has this encoding."""
    return encoding in OLD


def _old(content: bytes, known: tuple[str, ...], usual: str | None) -> str:
    if usual and not usual.startswith("utf") and _decoded(content, usual) is not None:
        return usual
    if telling := [word for word in known if not word.isascii()]:
        for name in OLD:
            text = _decoded(content, name)
            if text and all(word in text for word in telling):
                return name
    if _is_japanese(content):
        return "cp932"
    return next((name for name in OLD if _decoded(content, name) is not None), OLD[0])


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(content)
    except UnicodeDecodeError:
        return None


def _is_japanese(content: bytes) -> bool:
    """Whether this can be read as Shift-JIS, and has Japanese words then."""
    if _decoded(content, "cp932") is None:
        return False
    return 1000 * len(JAPANESE.findall(content)) > sum(byte > 127 for byte in content)

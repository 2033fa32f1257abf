"""Inputs by the place where they lie: a folder, an address of the web, a stream."""

import http.client
import os
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import BinaryIO

from zoo.data.kinds import picture_files, sequences, sheet, sound_files, texts
from zoo.errors import Mistake

LARGEST = 2**26  # bytes of what is fetched or read from a stream
SECONDS = 30.0  # that an address may keep silent
STREAM = "-"
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_SAID = ("text", "language")
_ENDINGS = {
    "text": texts.SUFFIXES,
    "language": texts.SUFFIXES,
    "tabular": (".csv", ".tsv"),
    "sound": sound_files.SUFFIXES,
    "sequence": (sequences.SUFFIX,),
}


class Named(bytes):
    """The content of a picture or a sound, and where it came from."""

    name = ""


def expanded(given, kind: str, stream: BinaryIO | None = None):
    """Inputs in which folders, addresses and the stream are what they hold.

    Args:
        given: what a user gave, one or several.
        kind: of the data set that the network learned from.
        stream: what "-" means, if it means anything.

    Returns:
        `given` itself if it names no such place; else a list. A folder gives its
        files of the kind, in the order of their names, those of its folders too. A
        text of the stream is a line, and one of an address is all of it.

    Raises:
        Mistake: a folder holds nothing of the kind, an address cannot be read, or
            holds too much.
    """
    if isinstance(given, str | os.PathLike):
        found = _content(given, kind, stream)
        return given if found is None else found
    if not isinstance(given, list | tuple):
        return given
    parts = [
        _content(item, kind, stream) if isinstance(item, str | os.PathLike) else None
        for item in given
    ]
    if not any(part is not None for part in parts):
        return given
    return [
        each
        for item, part in zip(given, parts, strict=True)
        for each in ([item] if part is None else part)
    ]


def _content(item: str | os.PathLike, kind: str, stream) -> list | None:
    """What a place holds; None if the item names no place."""
    if item == STREAM and stream is not None:
        return _as_kind(_read(stream, "standard input"), kind, "standard input", True)
    if isinstance(item, str) and _ADDRESS.fullmatch(item):
        return _as_kind(_fetched(item), kind, item, False)
    said = isinstance(item, str) and kind in _SAID
    words = said and not os.path.dirname(item)
    if words or "\0" in os.fspath(item) or not os.path.isdir(item):
        return None
    if kind in ("series", "tabular", "text") and sheet.parts_of(item):
        return None  # which is one table
    return _files(Path(item), kind)


def _files(folder: Path, kind: str) -> list:
    if kind == "image":
        found = [p for p in sorted(folder.rglob("*")) if picture_files.is_one(p)]
        wanted = "pictures"
    else:
        endings = _ENDINGS.get(kind, _ENDINGS["tabular"])
        inside = (path for path in sorted(folder.rglob("*")) if path.is_file())
        found = [path for path in inside if path.suffix.lower() in endings]
        wanted = f"files that end in {' or '.join(endings)}"
    if not found:
        raise Mistake(f"{folder} is a folder that holds no {wanted}")
    return found


def _as_kind(content: bytes, kind: str, name: str, lines: bool) -> list:
    if kind in ("image", "sound"):
        named = Named(content)
        named.name = name
        return [named]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Mistake(f"{name} holds no text in UTF-8") from error
    if kind not in _SAID:
        return [text if "\n" in text else f"{text}\n"]  # text, and no file's name
    found = [line for line in text.splitlines() if line.strip()] if lines else [text]
    return [f"{each}\n" for each in found]


def _fetched(address: str) -> bytes:
    request = urllib.request.Request(address, headers={"User-Agent": "zoo"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return _read(answer, address)
    except urllib.error.HTTPError as error:
        error.close()
        raise Mistake(
            f"{address} cannot be read: status {error.code}, {error.reason}"
        ) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise Mistake(f"{address} cannot be read: {reason}") from error


def _read(file, name: str) -> bytes:
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Mistake(f"{name} holds more than {LARGEST:,} bytes")
    if not content.strip():
        raise Mistake(f"{name} is empty")
    return content

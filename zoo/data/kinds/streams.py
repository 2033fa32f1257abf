"""A text as a stream of tokens, characters or words, in the order of the text."""

import os
import re
import unicodedata
from collections import Counter

import numpy as np

from zoo.core import files, signatures
from zoo.core.paths import expand
from zoo.data.kinds.tokens import marks_in
from zoo.errors import Mistake, unknown

LARGEST = 2**32  # bytes of a text; all books of Project Gutenberg have 5 times that
SHOWN = 40  # letters of a word in an error
UNITS = ("characters", "words")
WORDS = 10_000  # that are learned by default
UNKNOWN = ""  # token 0, for what the training text does not hold
SUFFIXES = (".txt", ".text")
# A word takes the space before it along, so that tokens joined are the text again, and
# the accents and vowel signs that are characters of their own.
_WORD = r" ?\w[\wMARKS]*(?:['\u2019]\w[\wMARKS]*)*|[^\w\s]|\s"
_LETTERS = 0x110000  # of Unicode


def read(path: str | os.PathLike, encoding: str | None = None) -> str:
    """The text in a file; ends of lines of any system are "\\n".

    Args:
        path: of the file.
        encoding: UTF-8 by default, with or without a mark at its beginning.

    Raises:
        Mistake: it cannot be read, is empty, or is no text in this encoding.
    """
    content = files.read(expand(path), LARGEST)
    if not content.strip():
        raise Mistake(f"{path} is empty; give a text")
    signatures.check_text(path, content[: signatures.LENGTH])
    if encoding is None and b"\0" in content:
        raise Mistake(
            f"{path} is no text: it holds bytes of 0, the first at "
            f"{content.index(0):,}; a text in UTF-16 needs data.encoding=utf-16"
        )
    try:
        text = content.decode(encoding or "utf-8-sig")
    except LookupError as error:
        raise Mistake(f"data.encoding={encoding}: Python knows no such one") from error
    except UnicodeDecodeError as error:
        hint = "" if encoding else "; say which one it is, as in data.encoding=latin-1"
        raise Mistake(
            f"{path} is no text in {encoding or 'UTF-8'}: byte {error.start:,} is "
            f"0x{content[error.start]:02x}{hint}"
        ) from error
    return with_plain_ends(text)


def with_plain_ends(text: str) -> str:
    """A text whose lines, of any system, end in "\\n"."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def learn(text: str, unit: str, most: int | None) -> tuple[str, ...]:
    """The tokens of a text, each once, after `UNKNOWN`.

    Args:
        text: of the training.
        unit: one of `UNITS`.
        most: words, the most frequent ones, `WORDS` by default; of characters all are
            taken.

    Raises:
        Mistake: there is no such unit, or the text is one token over and over.
    """
    if unit not in UNITS:
        raise unknown("data.unit", str(unit), UNITS)
    if unit == "characters" and most is not None:
        raise Mistake(
            f"data.vocabulary={most} counts words, and all characters are taken; leave "
            "it out, or set data.unit=words"
        )
    if unit == "characters":
        found = [chr(code) for code in np.unique(_codes(text))]
    else:
        most = WORDS if most is None else most
        if type(most) is not int or most < 2:
            raise Mistake(f"data.vocabulary={most}; accepted: 2 words or more")
        counts = Counter(_words(text))
        ordered = sorted(counts, key=lambda word: (-counts[word], word))
        found = ordered[:most]
    if len(found) < 2:
        raise Mistake(
            f"the training text is {found[0][:SHOWN]!r} over and over; nothing is to "
            "be learned"
        )
    return (UNKNOWN, *found)


def encode(text: str, unit: str, tokens: tuple[str, ...]) -> np.ndarray:
    """The places of a text's tokens among these, int32 (n,); 0 where one is unknown."""
    if unit == "characters":
        table = np.zeros(_LETTERS, np.int32)
        table[[ord(each) for each in tokens[1:]]] = np.arange(1, len(tokens))
        return table[_codes(text)]
    places = {token: place for place, token in enumerate(tokens)}
    found = [places.get(word, 0) for word in _words(text)]
    return np.array(found, np.int32)


def strangers(text: str, unit: str, tokens: tuple[str, ...]) -> list[str]:
    """What a text holds that is not among these tokens, each once."""
    if unit == "characters":
        return sorted(set(text).difference(tokens))
    return sorted(set(_words(text)).difference(tokens))


def listed(found: list[str]) -> str:
    """Some tokens for a message, those that cannot be seen written out."""
    shown = ", ".join(map(_shown, found[:5]))
    more = len(found) - 5
    return f"{shown} and {more:,} more" if more > 0 else shown


def _shown(token: str) -> str:
    """A token in quotes; an accent that is a character of its own written out."""
    apart = any(map(unicodedata.combining, token))
    return ascii(token) if apart else repr(token)


def _words(text: str) -> list[str]:
    marks = "" if text.isascii() else marks_in(text)
    return re.findall(_WORD.replace("MARKS", marks), text)


def _codes(text: str) -> np.ndarray:
    """The numbers of a text's characters in Unicode."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")

"""Texts as words, and how often each word and each run of words occurs."""

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zoo.errors import Mistake

_TAG = re.compile(r"</?[a-z][^<>]*>|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"\w+(?:'\w+)*|[!?]")
_WORD_WITH_MARKS = r"[\wMARKS]+(?:'[\wMARKS]+)*|[!?]"


def tokenize(text: str) -> list[str]:
    """Split a text into lower-case words, numbers, "!" and "?".

    HTML tags are spaces, HTML entities their characters; Unicode is brought to NFKC;
    an apostrophe inside a word belongs to it ("don't"), as do accents and vowel signs
    that are characters of their own; other punctuation is dropped. Scripts without
    spaces between words are not split further.
    """
    word = _WORD
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).lower()
        text = text.replace("\u2019", "'").replace("\u00ad", "")  # the soft hyphen
        if marks := marks_in(text):
            word = re.compile(_WORD_WITH_MARKS.replace("MARKS", marks))
    return word.findall(text.lower())


def marks_in(text: str) -> str:
    """The accents and vowel signs of a text that are characters of their own.

    To Python's regular expressions they are no letters of a word.
    """
    return "".join(c for c in set(text) if unicodedata.category(c)[0] == "M")


@dataclass(frozen=True)
class Tokens:
    """Texts split into words, each word an index into `words`.

    flat: int32, the tokens of all texts, one text after another.
    starts, lengths: int64 of shape (n,), where each text lies in `flat`.
    words: the distinct words, ascending.
    """

    flat: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    words: Sequence[str]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: np.ndarray) -> "Tokens":
        starts, lengths = self.starts[index], self.lengths[index]
        return replace(self, starts=starts, lengths=lengths)

    def joined(self) -> "Tokens":
        """The same texts, with no others between them in `flat`."""
        spans = zip(self.starts, self.starts + self.lengths, strict=True)
        parts = [self.flat[start:end] for start, end in spans]
        flat = np.concatenate([np.zeros(0, np.int32), *parts])
        starts = np.cumsum(self.lengths) - self.lengths
        return replace(self, flat=flat, starts=starts)

    def counts(self, n: int = 1, most: int | None = None) -> dict[str, int]:
        """How often each run of `n` words occurs in these texts.

        The runs are in the alphabet's order, word by word: all of them, or the `most`
        frequent ones, with any that are as frequent as the last.
        """
        base = len(self.words)
        numbers = number_runs(self.joined(), n, base)
        runs, counts = np.unique(numbers[numbers >= 0], return_counts=True)
        if most and most < len(runs):
            frequent = counts >= np.partition(counts, -most)[-most]
            runs, counts = runs[frequent], counts[frequent]
        columns = [runs // base**place % base for place in reversed(range(n))]
        words = [[self.words[i] for i in column.tolist()] for column in columns]
        spelled = map(" ".join, zip(*words, strict=True))
        return dict(zip(spelled, counts.tolist(), strict=True))


def split_words(*parts: Iterable[str]) -> list[Tokens]:
    """Tokenize several lists of texts with one common list of words."""
    ids: dict[str, int] = {}
    found = []
    for texts in parts:
        rows = [
            np.array([ids.setdefault(w, len(ids)) for w in tokenize(text)], np.int32)
            for text in texts
        ]
        lengths = np.array([len(row) for row in rows], np.int64)
        flat = np.concatenate([np.zeros(0, np.int32), *rows])
        found.append((flat, np.cumsum(lengths) - lengths, lengths))
    words = sorted(ids)
    rank = np.zeros(len(ids), np.int32)
    rank[[ids[word] for word in words]] = np.arange(len(words))
    return [Tokens(rank[flat], starts, n, words) for flat, starts, n in found]


def number_runs(tokens: Tokens, n: int, base: int) -> np.ndarray:
    """A number for the run of `n` words that ends at each word of joined texts.

    It has the words' ids as its digits in base `base`; -1 where a text has fewer words
    so far. int64 of the shape of `tokens.flat`.
    """
    if base**n >= 2**63:
        raise Mistake(
            f"ngrams={n} of {base:,} different words are more than 64 bits can number; "
            f"set data.ngrams={n - 1}"
        )
    numbers = tokens.flat.astype(np.int64)
    for _ in range(n - 1):
        numbers[1:] = numbers[:-1] * base + tokens.flat[1:]
    places = np.arange(len(numbers)) - np.repeat(tokens.starts, tokens.lengths)
    return np.where(places < n - 1, -1, numbers)

"""Sentences as token ids: splitting into words, and the vocabulary."""

import os
import re
import warnings
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from zoo.core import files
from zoo.core.progress import track
from zoo.data.kinds.encodings import encoding_of
from zoo.data.kinds.given import array, described, is_array, several
from zoo.data.kinds.tokens import Tokens, number_runs, split_words, tokenize
from zoo.errors import Mistake, unknown

PADDING, UNKNOWN = 0, 1
KEEPS = ("last", "first", "ends")
LONGEST_RUNS = (1, 2, 3)
LONGEST = 2**20  # tokens of a text
LARGEST = 64 * 2**20  # bytes of vocabulary.json; 20,000 words have 0.3 MB

SUFFIXES = (".txt", ".text", ".md")  # of files that hold a text
LARGEST_SIZE = 10**6  # words; `zoo.core.files` reads a few more
WANTED = "a sentence in quotes, or the name of a text file"
SHOWN = 60  # letters of a text in a warning
LONGEST_NAME = 4096  # letters of a path, as Linux has it
LARGEST_FILE = 10_000_000  # bytes: some 2 million words, of which hundreds are read
_FILE = re.compile(
    r".*\S\.(txt|text|md|markdown|rst|tex|csv|tsv|jsonl?|html?|xml|log|pdf|docx?|rtf|odt"
    r"|epub|srt|zip|gz|png|jpe?g|gif|wav|mp[34])",
    re.IGNORECASE,
)


def items(given) -> list[str | os.PathLike]:
    """The texts and the names of text files that a user gave, one or several.

    Args:
        given: a text, a path, or a list, array, series, generator or one-column frame
            of these.

    Raises:
        Mistake: one of them is no text; it is named by its number.
    """
    if isinstance(given, str | os.PathLike):
        return [given]
    found = [given] if isinstance(given, bytes) else _listed(given)
    for place, item in enumerate(found):
        if isinstance(item, bytes):
            try:
                found[place] = item = item.decode("utf-8")
            except UnicodeDecodeError as error:
                raise Mistake(
                    f"input {place + 1} is {described(item)}, no text in UTF-8"
                ) from error
        if not isinstance(item, str | os.PathLike):
            raise Mistake(f"input {place + 1} is {described(item)}; give {WANTED}")
    return found


def text_of(item: str | os.PathLike) -> str:
    """The text itself, or that of the file which is named.

    Raises:
        Mistake: the file cannot be read, or a word may as well be a file's name.
    """
    path = os.fspath(item)
    if isinstance(item, str):
        named = len(item) < LONGEST_NAME and _FILE.fullmatch(item.strip())
        if "\n" in item or not (_exists(item) or (named and " " not in item)):
            if named and (" " in item or _exists(item.strip())):
                warnings.warn(
                    f"'{item.strip()}' ends as the name of a file does, and is read as "
                    "a sentence",
                    stacklevel=3,
                )
            return item
        if not named and not os.path.dirname(item):
            if " " in item:  # a sentence that somebody also gave a file as its name
                return item
            raise Mistake(
                f"'{item}' may be a text, and is the name of a file or folder here; "
                f"give ./{item} for the file, or a sentence"
            )
    if os.path.isdir(path):
        raise Mistake(f"{path} is a folder; give {WANTED}")
    if os.path.exists(path) and not os.path.isfile(path):  # which may never end
        raise Mistake(f"{path} is a pipe or a device; `zoo predict RUN -` reads one")
    try:
        if os.path.getsize(path) > LARGEST_FILE:
            raise Mistake(
                f"{path} is larger than {LARGEST_FILE:,} bytes; give {WANTED}"
            )
        with open(path, encoding=encoding_of(Path(path))) as file:
            text = file.read(LARGEST_FILE)
    except FileNotFoundError as error:
        raise Mistake(f"there is no file {path}; give {WANTED}") from error
    except UnicodeDecodeError as error:
        raise Mistake(f"{path} is no text; save it in UTF-8") from error
    except (OSError, ValueError) as error:  # of a name with NUL
        why = getattr(error, "strerror", None) or error
        raise Mistake(f"{path} cannot be read: {why}") from error
    if path.lower().endswith((".csv", ".tsv", ".json", ".jsonl")):
        raise Mistake(f"{path} holds a table, not a text; give {WANTED}")
    return text


def tell_unknown(given: list, rows: np.ndarray) -> None:
    """Warn of texts of which no word is known; `rows` are their ids."""
    strange = np.flatnonzero(~(rows > UNKNOWN).any(axis=1))
    if len(strange):
        more = f" and {len(strange) - 1:,} more" if len(strange) > 1 else ""
        warnings.warn(
            f"no word of '{str(given[strange[0]]).strip()[:SHOWN]}'{more} is known: "
            "the answer does not depend on what it says",
            stacklevel=3,
        )


def _listed(given) -> list:
    if is_array(given):
        given = array(given)
        if given.ndim > 1 and given.shape[1:] != (1,):
            raise Mistake(f"an array of shape {given.shape} is no list of texts")
        return given.ravel().tolist()
    return several(given, WANTED)


def _exists(name: str) -> bool:
    return len(name) < LONGEST_NAME and "\0" not in name and os.path.exists(name)


@dataclass(frozen=True)
class Vocabulary:
    """The words a model knows, and the length it reads.

    Id 0 pads at the end, id 1 is every word not listed, id 2 + i is `words[i]`, the
    most frequent first. With `ngrams`, runs of words ("not good") are listed among the
    words that they consist of; a listed run is a token of its own behind its last word.
    A text longer than `length` keeps its last or first tokens, or half of them from
    each end; an empty text is one unknown word.
    """

    words: tuple[str, ...]
    length: int
    keep: str = "last"
    ngrams: int = 1

    @classmethod
    def build(
        cls,
        tokens: Tokens,
        vocabulary_size: int = 20_000,
        length: int = 400,
        keep: str = "last",
        ngrams: int = 1,
    ) -> "Vocabulary":
        """Take the most frequent words of these texts, ties in the alphabet's order.

        Runs of words are counted like words, and come behind them in a tie.

        Args:
            tokens: the texts of the training split, and of no other.
            vocabulary_size: ids at most, padding and unknown included; 3 to a million.
            length: tokens of each text that are kept, at least 1.
            keep: which tokens of a longer text: "last", "first" or "ends".
            ngrams: longest run of words that is a token too, 1 (words only) to 3.

        Raises:
            Mistake: an argument is out of its range.
        """
        if not 3 <= vocabulary_size <= LARGEST_SIZE:
            raise Mistake(
                f"vocabulary_size={vocabulary_size}; give 3 or more: padding, the "
                f"unknown word and one word; accepted: at most {LARGEST_SIZE:,}"
            )
        if length < 1:
            raise Mistake(f"length={length}; a text keeps at least 1 token")
        if keep not in KEEPS:
            raise unknown("value of keep", str(keep), KEEPS)
        if ngrams not in LONGEST_RUNS:
            raise Mistake(f"ngrams={ngrams}; accepted: 1 (words only), 2 or 3")
        if (len(tokens.words) + 2) ** ngrams >= 2**63:  # padding and unknown as well
            raise Mistake(
                f"ngrams={ngrams} of {len(tokens.words):,} different words are more "
                f"than 64 bits can number; set data.ngrams={ngrams - 1}"
            )
        counts = {}
        for n in track(range(1, ngrams + 1), ngrams, "counting runs of words"):
            counts |= tokens.counts(n, vocabulary_size - 2)
        words = sorted(counts, key=counts.get, reverse=True)[: vocabulary_size - 2]
        return cls(tuple(words), length, keep, ngrams)

    @property
    def size(self) -> int:
        """The number of ids, padding and unknown included."""
        return len(self.words) + 2

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each word."""
        return {word: i for i, word in enumerate(self.words, 2)}

    @cached_property
    def runs(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """The listed runs of each length above 1: their numbers, ascending, and ids."""
        found = {}
        for n in range(2, self.ngrams + 1):
            listed = [word for word in self.words if word.count(" ") == n - 1]
            if not listed:
                continue
            numbers = np.zeros(len(listed), np.int64)
            for column in zip(*map(str.split, listed), strict=True):
                numbers = numbers * self.size + [self.ids[word] for word in column]
            order = np.argsort(numbers)
            ids = np.array([self.ids[word] for word in listed], np.int32)
            found[n] = numbers[order], ids[order]
        return found

    def encode(self, texts) -> np.ndarray:
        """Texts, or the files that hold them, as token ids, int32 of (n, length).

        Raises:
            Mistake: see `items` and `text_of`.
        """
        read = list(map(text_of, items(texts)))
        if self.runs:
            return self.encode_tokens(split_words(read)[0])
        rows, known = np.full((len(read), self.length), PADDING, np.int32), self.ids.get
        for row, text in zip(rows, read, strict=True):
            words = tokenize(text)
            first, spare = self._split(len(words))
            kept = words[:first] + words[first + spare :]
            row[: len(kept) or 1] = [known(word, UNKNOWN) for word in kept] or UNKNOWN
        return rows

    def encode_tokens(self, tokens: Tokens) -> np.ndarray:
        """The same for texts that are split into words already."""
        known = self._with_runs(tokens.joined())
        rows = np.full((len(tokens), self.length), PADDING, np.int32)
        for row, start, count in zip(rows, known.starts, known.lengths, strict=True):
            kept = known.flat[start + self._kept(int(count))]
            row[: len(kept)] = kept
            if not len(kept):
                row[0] = UNKNOWN
        return rows

    def spans(self, text: str | os.PathLike) -> tuple[list[str], list[tuple[int, int]]]:
        """The words of a text, and which of them each token of its row stands for.

        Args:
            text: see `text_of`.

        Returns:
            The words in order, and for each token that `encode` keeps the places of its
            first word and behind its last.
        """
        text = text_of(text)
        words, found, place = tokenize(text), [], 0
        known = self._with_runs(split_words([text])[0].joined())
        for token in known.flat.tolist():
            many = self.words[token - 2].count(" ") if token > UNKNOWN else 0
            place += not many  # a run stands behind its last word
            found.append((place - many - 1, place))
        return words, [found[kept] for kept in self._kept(len(found)).tolist()]

    def _kept(self, count: int) -> np.ndarray:
        """The places of the tokens that are kept of so many."""
        first, spare = self._split(count)
        return np.r_[:first, first + spare : count]

    def _split(self, count: int) -> tuple[int, int]:
        """How many of so many tokens are kept before those that are left out, and
        how many these are."""
        spare = max(count - self.length, 0)
        head = {"last": 0, "first": self.length, "ends": self.length // 2}
        return (head[self.keep] if spare else count), spare

    def _with_runs(self, tokens: Tokens) -> Tokens:
        """Joined texts in this vocabulary's ids, each listed run behind its words."""
        table = np.array([self.ids.get(w, UNKNOWN) for w in tokens.words], np.int32)
        tokens = replace(tokens, flat=table[tokens.flat] if len(table) else tokens.flat)
        columns = [tokens.flat]
        for n, (numbers, ids) in self.runs.items():
            wanted = number_runs(tokens, n, self.size)
            places = np.searchsorted(numbers, wanted).clip(max=len(numbers) - 1)
            columns.append(np.where(numbers[places] == wanted, ids[places], PADDING))
        matrix = np.stack(columns, axis=1)
        ends = np.cumsum([0, *np.count_nonzero(matrix, axis=1)])
        starts = ends[tokens.starts]
        lengths = ends[tokens.starts + tokens.lengths] - starts
        return Tokens(matrix[matrix != PADDING], starts, lengths, self.words)

    def save(self, folder: str | os.PathLike) -> None:
        """Write vocabulary.json into a folder."""
        path = Path(folder) / "vocabulary.json"
        files.write_json(path, asdict(self), indent=None)

    @classmethod
    def restore(cls, folder: str | os.PathLike) -> "Vocabulary":
        """Read vocabulary.json from a folder; a `Mistake` if it is not there."""
        path = Path(folder) / "vocabulary.json"
        if not path.is_file():
            raise Mistake(f"{path} is missing; the model cannot read sentences")
        about = files.read_json(path, LARGEST)
        words, length = about.get("words"), about.get("length")
        sound = (
            about.keys() == {"words", "length", "keep", "ngrams"}
            and isinstance(words, list)
            and all(isinstance(word, str) for word in words)
            and len(set(words)) == len(words)
            and type(length) is int
            and 0 < length <= LONGEST
            and about["keep"] in KEEPS
            and type(about["ngrams"]) is int
            and about["ngrams"] in LONGEST_RUNS
            and (about["ngrams"] == 1 or _are_runs(words))
        )
        if not sound:
            raise Mistake(
                f"{path} is damaged; it holds words (different ones), length, keep "
                f"({', '.join(KEEPS)}) and ngrams (1 to 3); train again"
            )
        return cls(**{**about, "words": tuple(words)})


def _are_runs(words: list[str]) -> bool:
    """Whether every run of words consists of listed words."""
    listed = set(words)
    return all(
        part in listed and part.split() == [part]
        for word in words
        for part in word.split(" ")
    )

"""Texts as streams: windows of characters or words, and what comes next in them."""

import os
import warnings
from dataclasses import replace

import numpy as np

from zoo.data import judged
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import streams
from zoo.data.sources import tfds_prepare
from zoo.data.windows import Windows
from zoo.errors import Mistake, unknown

NAMES = ("tiny_shakespeare",)
TEST = 0.1
PARTS = ("train", "validation", "test")


def read(
    path: str | os.PathLike,
    window: int = 128,
    unit: str = "characters",
    vocabulary: int | None = None,
    stride: int = 0,
    carry: bool = False,
    encoding: str | None = None,
    test: float | None = None,
    validation: float = 0.1,
) -> Dataset:
    """The tokens of a text file: at each one the next is to be told.

    Validation and test are the last parts of the text, and no window crosses a border.
    Every token of them but the first is answered once; all but those of the first
    window after half a window, at least, that comes before, or with `carry` after all
    that comes before in one of at most `zoo.building.answers.ROWS` stretches.

    Args:
        path: of a text.
        window: tokens that are read at once, at least 2.
        unit: "characters" or "words"; a word takes the space before it along.
        vocabulary: the most frequent words of the training text, 10,000 by default;
            others are unknown.
        stride: tokens from one window of the training to the next, the whole window by
            default; a smaller one shows each token several times in an epoch.
        carry: whether a network goes on to the next window with the state that it has
            at the end of this one; windows then follow each other in training, too.
        encoding: of the file, UTF-8 by default.
        test: share of the text for the test, its end; 0.1 by default.
        validation: share of the text before that.

    Raises:
        Mistake: it is no text, or is shorter than a window; or an argument is out of
            its range.
    """
    text = streams.read(path, encoding)
    shares = {"validation": validation, "test": TEST if test is None else test}
    for name, share in shares.items():
        if not 0 <= share < 1:
            raise Mistake(f"{name}={share}; accepted: 0 to less than 1")
    if sum(shares.values()) >= 1:
        raise Mistake(
            f"validation={shares['validation']} and test={shares['test']} leave no "
            "text to learn from"
        )
    end = len(text) - round(len(text) * shares["test"])
    begin = end - round(len(text) * shares["validation"])
    parts = {"train": text[:begin], "validation": text[begin:end], "test": text[end:]}
    name = str(path)
    found = of(name, parts, window, unit, vocabulary, stride, carry)
    return replace(found, license="that of the text: zoo does not know it")


def tiny_shakespeare(
    window: int = 128,
    unit: str = "characters",
    vocabulary: int | None = None,
    stride: int = 0,
    carry: bool = False,
    split: str = "",
    validation: float = 0.1,
) -> Dataset:
    """A million characters of Shakespeare's plays, split as TFDS splits them.

    Training, validation and test are the first 90 % and the next and the last 5 %.

    Args:
        window, unit, vocabulary, stride, carry: see `read`.
        split: "nanogpt" takes the last 10 % as the test, of which most published
            numbers are; `validation` is then a share of the text before it.
        validation: 0 for none; without `split` its share is that of TFDS.

    Raises:
        Mistake: it cannot be downloaded or prepared, or there is no such split.
    """
    if split not in ("", "nanogpt"):
        raise unknown("data.split", str(split), ("nanogpt",))
    builder = tfds_prepare.open_builder("tiny_shakespeare")
    parts = {
        part: next(iter(tfds_prepare.examples(builder, part, ())))["text"].decode()
        for part in PARTS
    }
    if split:
        text, end = parts["train"], len(parts["train"])
        begin = end - round(end * validation)
        test = parts["validation"] + parts["test"]
        parts = {"train": text[:begin], "validation": text[begin:], "test": test}
    elif not validation:
        del parts["validation"]
    found = of("tiny_shakespeare", parts, window, unit, vocabulary, stride, carry)
    return replace(
        found,
        license="public domain",
        citation="A. Karpathy, char-rnn, 2015, github.com/karpathy/char-rnn",
    )


def of(
    name: str,
    parts: dict[str, str],
    window: int,
    unit: str,
    vocabulary: int | None,
    stride: int,
    carry: bool,
) -> Dataset:
    """The data set of texts; see `read`.

    Args:
        name: of the data set.
        parts: the text of "train", and of "validation" and "test" unless it is empty.
        window, unit, vocabulary, stride, carry: see `read`.
    """
    if type(window) is not int or window < 2:
        raise Mistake(f"data.window={window}; accepted: 2 tokens or more")
    if type(stride) is not int or not 0 <= stride <= window:
        raise Mistake(f"data.stride={stride}; accepted: 1 to the window of {window}")
    if carry and stride not in (0, window):
        raise Mistake(
            f"data.carry=True reads windows that follow each other, and data.stride="
            f"{stride} lets them overlap; leave one of them out"
        )
    run = judged.known()
    tokens = run.classes if run else streams.learn(parts["train"], unit, vocabulary)
    splits, notes, counts = {}, [], {}
    several = sum(map(bool, parts.values())) > 1
    for part in PARTS:
        if not (text := parts.get(part)):
            continue
        ids = streams.encode(text, unit, tokens)
        if len(ids) <= window:
            where = f" in its {part} part" if several else ""
            todo = "give a longer text" if run else "give a smaller data.window"
            raise Mistake(
                f"{name} has {len(ids):,} {unit}{where}, and a window of {window:,} "
                f"needs {window + 1:,}; {todo}"
                + ("" if part == "train" else f", or another share of {part}")
            )
        if strange := int((ids == 0).sum()):
            where = f" of its {part} part" if several else ""
            notes.append(f"{strange:,} of {len(ids):,} {unit}{where}")
        learns = part == "train"
        splits[part] = (
            _carried(ids, window, learns)
            if carry
            else _split(ids, window, (stride or window) if learns else 0)
        )
        counts[part] = f"{len(ids):,}"
    found = ", ".join(f"{part} {count}" for part, count in counts.items())
    if notes:
        rest = "".join(parts.values())
        some = streams.listed(streams.strangers(rest, unit, tokens))
        learned = "what the network learned from" if run else "the training"
        what = f"{'; '.join(notes)} are unknown, such as {some}"
        if unit == "characters":
            warnings.warn(f"{name}: {what}: {learned} has none", stacklevel=4)
        found += f". {what}"
    return Dataset(
        name=name,
        kind="language",
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits.get("test"),
        classes=tokens,
        task="tokens",
        unit=unit,
        description=f"{unit}: {found}; windows of {window:,}, {len(tokens):,} tokens",
    )


def held_out(split: Split) -> Split:
    """The windows of a text that is learned from as those of one that is held out."""
    windows = split.inputs
    if windows.carried:
        return _carried(windows.rows, windows.length, learns=False)
    return _split(windows.rows, windows.length, 0)


def _split(ids: np.ndarray, window: int, stride: int) -> Split:
    """Windows over all of a text; with a stride of 0 each token is answered once."""
    last = len(ids) - 1 - window
    starts = np.arange(0, last + 1, stride or window // 2, dtype=np.int64)
    if starts[-1] < last:
        starts = np.append(starts, last)
    inputs = Windows(ids, starts, window, after=1)
    answers = Windows(ids, starts + 1, window, before=1)
    if not stride:
        fresh = np.append(1, starts[:-1] + 1 + window)
        answers = replace(answers, fresh=fresh)
    return Split(inputs, answers)


def _carried(ids: np.ndarray, window: int, learns: bool) -> Split:
    """Windows that follow each other; each token is answered once.

    What the last window lacks is put in behind a text that is held out, where it does
    not count; the training leaves out the rest of its text.
    """
    told = ids
    if not learns:
        more = (0, -(len(ids) - 1) % window)
        ids, told = np.pad(ids, more), np.pad(ids, more, constant_values=-1)
    starts = np.arange(0, len(ids) - window, window, dtype=np.int64)
    return Split(
        Windows(ids, starts, window, after=1, carried=True),
        Windows(told, starts + 1, window, before=1),
    )

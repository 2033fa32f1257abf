"""How well a string of symbols is read: symbol errors, and the loss of CTC.

A network gives logits at each step: of "nothing new", then of each symbol. A string is
what is left of a path, one entry a step, after entries that repeat the one before, and
then those of nothing new, are taken out: A. Graves et al. 2006,
doi:10.1145/1143844.1143891.
"""

from collections.abc import Sequence

import numpy as np

from zoo.errors import Mistake
from zoo.metrics.outputs import refuse_no_numbers

NOTHING = -1  # behind the end of a string
SURE = 30.0  # a logit of what knows no doubt


def read(outputs: np.ndarray) -> np.ndarray:
    """The strings of the most probable paths.

    Args:
        outputs: logits, float (n, steps, 1 + symbols).

    Returns:
        Positions of symbols from 0, int32 (n, longest), -1 behind the end of each.
    """
    best = np.argmax(outputs, axis=-1)
    before = np.pad(best, [(0, 0), (1, 0)])[:, :-1]
    new = (best != 0) & (best != before)
    counts = new.sum(axis=1)
    order = np.argsort(~new, axis=1, kind="stable")[:, : counts.max(initial=0)]
    symbols = np.take_along_axis(best, order, axis=1) - 1
    there = np.arange(symbols.shape[1]) < counts[:, None]
    return np.where(there, symbols, NOTHING).astype(np.int32)


def path_of(strings: Sequence[np.ndarray], symbols: int, steps: int = 0) -> np.ndarray:
    """Logits of which `read` gives these strings, and nothing else is likely.

    Args:
        strings: of each the positions of its symbols, int (any length,).
        symbols: how many there are.
        steps: at least.

    Returns:
        float32 (n, steps, 1 + symbols), with a step of nothing new behind each symbol.
    """
    steps = max(steps, *(2 * len(each) for each in strings))
    found = np.zeros((len(strings), steps, 1 + symbols), np.float32)
    for path, string in zip(found, strings, strict=True):
        chosen = np.zeros(len(path), int)
        chosen[: 2 * len(string) : 2] = np.asarray(string) + 1
        path[np.arange(len(path)), chosen] = SURE
    return found


def text_of(string: np.ndarray, symbols: tuple[str, ...]) -> str:
    """A string of symbols as text, with spaces where symbols have several letters.

    Args:
        string: positions of symbols, int (any length,), -1 behind its end.
        symbols: their names.
    """
    between = "" if all(len(each) == 1 for each in symbols) else " "
    return between.join(symbols[each] for each in string if each != NOTHING)


def distances(strings: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """How many symbols are to be put in, taken out or replaced, int (n,).

    V. Levenshtein, Soviet Physics Doklady 10(8):707-710, 1966.

    Args:
        strings, targets: int (n, any length), -1 behind the end of each.
    """
    places = np.arange(targets.shape[1] + 1)
    row = np.repeat(places[None], len(targets), axis=0)
    for symbol in np.asarray(strings).T:
        other = targets != symbol[:, None]
        kept = np.minimum(row[:, 1:] + 1, row[:, :-1] + other)
        kept = np.concatenate([row[:, :1] + 1, kept], axis=1)
        # What is put in costs 1 a place, from any place before.
        kept = np.minimum.accumulate(kept - places, axis=1) + places
        row = np.where(symbol[:, None] == NOTHING, row, kept)
    ends = (np.asarray(targets) != NOTHING).sum(axis=1, keepdims=True)
    return np.take_along_axis(row, ends, axis=1)[:, 0]


def losses_of_strings(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """What CTC sums up: -log of the probability of each string, over all its paths.

    Args:
        outputs: logits, float (n, steps, 1 + symbols).
        targets: int (n, longest), -1 behind the end of each.

    Returns:
        float64 (n,), in nats; infinite where a string has more symbols than steps.
    """
    logits = np.asarray(outputs, "float64")
    highest = logits.max(axis=-1, keepdims=True)
    logits = logits - highest
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    # Nothing, the first symbol, nothing, the second, ..., nothing.
    count, longest = targets.shape
    path = np.zeros((count, 2 * longest + 1), np.int64)
    path[:, 1::2] = np.asarray(targets) + 1
    skips = np.zeros(path.shape, bool)  # over the nothing between two symbols
    skips[:, 3::2] = path[:, 3::2] != path[:, 1:-2:2]
    lengths = 2 * (path[:, 1::2] > 0).sum(axis=1)
    sums = np.full((count, path.shape[1] + 2), -np.inf)  # two in front, never reached
    sums[:, 2] = 0.0
    with np.errstate(divide="ignore"):
        for step in range(logs.shape[1]):
            skipped = np.where(skips, sums[:, :-2], -np.inf)
            if step == 0:  # a path begins with nothing or with the first symbol
                skipped = np.full_like(skipped, -np.inf)
            total = np.logaddexp(np.logaddexp(sums[:, 2:], sums[:, 1:-1]), skipped)
            sums[:, 2:] = total + np.take_along_axis(logs[:, step], path, axis=1)
    rows = np.arange(count)
    before = np.where(lengths, sums[rows, lengths + 1], -np.inf)
    return -np.logaddexp(sums[rows, lengths + 2], before)


def of_strings(outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """How well strings are read.

    Args:
        outputs: logits, float (n, steps, 1 + symbols), n >= 1; or what `counts_of`
            gives for them, which is quick to resample.
        targets: int (n, longest), -1 behind the end of each.

    Returns:
        "error_rate", the sum of all `distances`, over the number of all symbols that
        were to be read: 0 if all is right, 1 if nothing is read, more if more is read
        than there is; "accuracy", the share of strings without an error; and "loss",
        the mean of `losses_of_strings`.

    Raises:
        Mistake: an output is NaN, or no string has a symbol.
    """
    errors, symbols, losses = counts_of(outputs, targets).T
    if not symbols.any():
        raise Mistake("no symbol is to be read")
    return {
        "error_rate": float(errors.sum() / symbols.sum()),
        "accuracy": float((errors == 0).mean()),
        "loss": float(losses.mean()),
    }


def counts_of(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Of each string its errors, its symbols and its loss, float64 (n, 3).

    Args:
        outputs, targets: see `of_strings`.
    """
    if outputs.ndim == 2:
        return outputs
    targets = np.asarray(targets)
    refuse_no_numbers(outputs.reshape(len(outputs), -1))
    errors = distances(read(outputs), targets)
    symbols = (targets != NOTHING).sum(axis=1)
    return np.stack([errors, symbols, losses_of_strings(outputs, targets)], axis=1)


def noise_of_strings(outputs: np.ndarray, targets: np.ndarray) -> float:
    """The standard error of the error rate, of strings, whose errors hang together."""
    errors, symbols, _ = counts_of(outputs, targets).T
    apart = errors - errors.sum() / symbols.sum() * symbols  # the delta method
    count = len(symbols)
    spread = np.sqrt(count / max(count - 1, 1) * np.square(apart).sum())
    return float(spread / symbols.sum())

"""How well what comes next in a text is told."""

import numpy as np

from zoo.errors import Mistake
from zoo.metrics.outputs import refuse_no_numbers


def scores(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """What is kept of logits, which take the memory of all tokens at each step.

    Args:
        logits: float (n, window, tokens).
        targets: int (n, window), the token that came next, or -1.

    Returns:
        float32 (n, window, 2): the logarithm of the probability that the token had, in
        nats, and 1 where it was the most probable one, else 0; 0 and 0 where it is -1.
    """
    places = np.maximum(targets, 0)[..., None].astype(np.int64)
    highest = logits.max(axis=-1, keepdims=True)
    own = np.take_along_axis(logits, places, axis=-1)
    total = np.exp(logits - highest).sum(axis=-1, keepdims=True, dtype="float64")
    right = np.argmax(logits, axis=-1)[..., None] == places
    found = np.concatenate([own - highest - np.log(total), right], axis=-1)
    return np.where(targets[..., None] >= 0, found, 0).astype(np.float32)


def of_tokens(found: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """The mean over all tokens that count, each once.

    Args:
        found: float (n, window, 2), see `scores`; of what knows no most probable token
            the second number is NaN.
        targets: int (n, window), -1 where a token does not count.

    Returns:
        "loss", the cross-entropy in nats a token; "bits", the same in bits;
        "perplexity", its exponential; and "accuracy", the share of the tokens that were
        the most probable ones, unless it is not known.

    Raises:
        Mistake: an output is NaN, or no token counts.
    """
    counts = np.asarray(targets) >= 0
    if not counts.any():
        raise Mistake("no token is to be told")
    kept = np.asarray(found)[counts]
    refuse_no_numbers(kept[:, :1])
    loss = float(-kept[:, 0].mean(dtype="float64"))
    measured = {
        "loss": loss,
        "bits": loss / float(np.log(2)),
        "perplexity": float(np.exp(min(loss, 700.0))),
    }
    if not np.isnan(kept[0, 1]):
        measured["accuracy"] = float(kept[:, 1].mean(dtype="float64"))
    return measured


def noise_of_tokens(found: np.ndarray, targets: np.ndarray) -> float:
    """The standard error of the loss, of windows, since a text's tokens hang together.

    Args:
        found, targets: as `of_tokens` takes them.
    """
    counts = np.asarray(targets) >= 0
    sums, sizes = -np.asarray(found)[..., 0].sum(axis=1), counts.sum(axis=1)
    loss = sums.sum() / sizes.sum()
    apart = sums - loss * sizes  # the delta method, of a ratio of two sums
    count = len(sizes)
    return float(
        np.sqrt(count / max(count - 1, 1) * np.square(apart).sum()) / sizes.sum()
    )

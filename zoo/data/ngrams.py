"""What the last few tokens say about the next one: interpolated n-grams.

I. H. Witten and T. C. Bell 1991, doi:10.1109/18.87000, method C, as T. C. Bell, J. G.
Cleary and I. H. Witten and later S. Chen and J. Goodman 1998 interpolate it:

    p(token | context) = (count of both + kinds * p(token | shorter context))
                         / (count of the context + kinds)

where `kinds` counts the different tokens that came after the context in the training.
Without a context all tokens are alike below it.
"""

import numpy as np

MOST = 6  # the longest run of tokens that is counted, the told one among them
USUAL = 5  # where nothing chooses


def told(train: np.ndarray, asked: np.ndarray, count: int, order: int) -> np.ndarray:
    """The logarithm of the probability of each token of a text, after those before it.

    Args:
        train: int (n,), the tokens that are counted.
        asked: int (m,), the text.
        count: how many tokens there are, which lie between 0 and `count`.
        order: the longest run that is looked at: 0, all tokens alike; 1, how often each
            occurs; and so on.

    Returns:
        float64 (m,), in nats.
    """
    return _orders(train, asked, count, order)[-1]


def best(train: np.ndarray, held: np.ndarray, count: int) -> int:
    """The order, 1 to `MOST`, that tells a held-out text best; see `told`."""
    means = [each.mean() for each in _orders(train, held, count, MOST)[1:]]
    return 1 + int(np.argmax(means))


def _orders(train, asked, count: int, most: int) -> list[np.ndarray]:
    """What `told` gives for each order from 0 to `most`."""
    text = np.concatenate([train, asked]).astype(np.int64)
    seen = len(train)
    share = np.full(len(text), 1.0 / count)
    found = [np.log(share[seen:])]
    before = np.zeros(len(text), np.int64)  # the context of each token, by a number
    for length in range(most):
        # A context that the text or the training begins within is none.
        whole = np.ones(len(text), bool)
        whole[:length] = whole[seen : seen + length] = False
        known, numbers = np.unique(before * count + text, return_inverse=True)
        counted = whole[:seen]
        both = np.bincount(numbers[:seen][counted], minlength=len(known))
        contexts = int(before.max()) + 1
        of = known // count
        kinds = np.bincount(of[both > 0], minlength=contexts)
        total = np.bincount(of, weights=both, minlength=contexts)
        below = total[before] + kinds[before]
        mixed = (both[numbers] + kinds[before] * share) / np.maximum(below, 1)
        share = np.where(whole & (below > 0), mixed, share)
        found.append(np.log(share[seen:]))
        # The run that ends with a token is the context of the next one.
        before = np.append(0, numbers[:-1])
    return found

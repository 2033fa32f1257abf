"""Methods of explanation, in NumPy: from scores and gradients to attributions.

`ask(points)` gives the scores of points, float64 (m,), and their gradients, float64
like the points. A point is what the network sees of one input, or an alternative to it.
"""

import itertools
import math
from collections.abc import Callable

import numpy as np

from zoo.core.random import philox

POINTS = 126  # between the two ends, with which they are 128
SAMPLES = 64
NOISE = 0.15  # of the distance between the darkest and the brightest pixel

Ask = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
Score = Callable[[np.ndarray], np.ndarray]


def gradient(ask: Ask, x: np.ndarray) -> np.ndarray:
    """How the score changes with each number (Simonyan et al. 2014, arXiv:1312.6034).

    Returns:
        float64 like x.
    """
    return ask(x[None])[1][0]


def integrated_gradients(
    ask: Ask, x: np.ndarray, baseline: np.ndarray
) -> tuple[np.ndarray, float]:
    """The gradient's mean on the way from the baseline, times the way.

    Sundararajan et al. 2017, "Axiomatic attribution for deep networks",
    arXiv:1703.01365. The attributions add up to the difference of the scores at both
    ends, but for the error of the integral, which is taken by Gauss and Legendre.

    Returns:
        float64 like x, and the difference of the scores.
    """
    places, shares = np.polynomial.legendre.leggauss(POINTS)
    places = np.r_[0.0, (places + 1) / 2, 1.0].reshape(-1, *[1] * x.ndim)
    scores, gradients = ask((baseline + places * (x - baseline)).astype("float32"))
    mean = np.tensordot(shares / 2, gradients[1:-1], 1)
    return (x - baseline) * mean, float(scores[-1] - scores[0])


def smoothgrad(ask: Ask, x: np.ndarray, seed: int, number: int) -> np.ndarray:
    """The mean gradient of noisy copies (Smilkov et al. 2017, arXiv:1706.03825).

    Args:
        seed, number: the noise is a function of these, the same on every backend.

    Returns:
        float64 like x.
    """
    draw = np.random.Generator(philox((seed, number)))
    noise = draw.standard_normal((SAMPLES, *x.shape))
    points = x + NOISE * (x.max() - x.min()) * noise
    return ask(points.astype("float32"))[1].mean(axis=0)


def grad_cam(ask: Ask, maps: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Where the last feature maps speak for the answer, as large as the picture.

    Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74: each map weighs as much as its
    gradient's mean. The paper leaves out what speaks against the answer; here it stays,
    below 0, as there may be nothing else.

    Args:
        maps: float32 (rows, columns, maps), which `ask` takes.
        shape: height and width of the picture.

    Returns:
        float64 (height, width, 1).
    """
    weights = ask(maps[None])[1][0].mean(axis=(0, 1))
    return _enlarged(maps.astype("float64") @ weights, shape)


def hires_cam(ask: Ask, maps: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The same, but each place of a map weighs as much as its own gradient.

    Draelos and Carin 2020, arXiv:2011.08891. In a network that flattens its maps every
    place has weights of its own: their mean over the places, as `grad_cam` takes it,
    may say the opposite.

    Args:
        maps, shape: see `grad_cam`.

    Returns:
        float64 (height, width, 1).
    """
    return _enlarged((maps * ask(maps[None])[1][0]).sum(axis=2), shape)


def _enlarged(found: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    import cv2

    size = shape[1], shape[0]
    return cv2.resize(found, size, interpolation=cv2.INTER_LINEAR)[..., None]


def occlusion(score: Score, hidden: np.ndarray) -> np.ndarray:
    """How much the score falls where parts are hidden (Zeiler and Fergus 2014).

    doi:10.1007/978-3-319-10590-1_53. It needs no gradient.

    Args:
        score: of which parts are hidden, from bool (m, *parts) to float64 (m,).
        hidden: bool (m, *parts), what is hidden together, every part at least once.

    Returns:
        float64 (*parts): the mean fall over what hides the part.
    """
    scores = score(np.concatenate([np.zeros_like(hidden[:1]), hidden]))
    falls = np.tensordot(scores[0] - scores[1:], hidden.astype("float64"), 1)
    return falls / hidden.sum(axis=0)


def shapley(score: Score, count: int) -> tuple[np.ndarray, float]:
    """Exact Shapley values: each part's mean share over all orders of showing them.

    Shapley 1953, doi:10.1515/9781400881970-018; of answers Štrumbelj and Kononenko
    2010, JMLR 11:1-18. They add up to the difference between all shown and none.

    Args:
        score: of which parts are hidden, from bool (m, count) to float64 (m,).
        count: of parts; 2**count scores are asked for.

    Returns:
        float64 (count,), and the difference.
    """
    hidden = np.array(list(itertools.product([False, True], repeat=count)))
    scores = score(hidden)
    shown = count - hidden.sum(axis=1)  # in each set
    orders = np.array([_share(int(n), count) for n in range(count)])
    values = np.zeros(count)
    for part in range(count):
        with_it = np.flatnonzero(~hidden[:, part])
        without = with_it + 2 ** (count - 1 - part)
        share = orders[shown[without]]
        values[part] = (share * (scores[with_it] - scores[without])).sum()
    return values, float(scores[0] - scores[-1])


def _share(size: int, count: int) -> float:
    """Of all orders, those in which exactly these `size` parts come before one."""
    return 1 / (count * math.comb(count - 1, size))


def windows(height: int, width: int) -> np.ndarray:
    """Windows over a picture, a seventh of its sides, half over each other.

    Returns:
        bool (m, height, width); every pixel is in one at least.
    """
    starts = [_starts(side) for side in (height, width)]
    found = np.zeros((len(starts[0]) * len(starts[1]), height, width), bool)
    for one, (top, left) in zip(found, itertools.product(*starts), strict=True):
        one[top : top + _size(height), left : left + _size(width)] = True
    return found


def _size(side: int) -> int:
    return max(1, round(side / 7))


def _starts(side: int) -> list[int]:
    last, step = side - _size(side), max(1, _size(side) // 2)
    return sorted({*range(0, last + 1, step), last})

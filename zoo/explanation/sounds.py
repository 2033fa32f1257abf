"""What a network hears of a sound or a sequence: stretches of time that are hidden."""

from itertools import pairwise

import numpy as np

from zoo.core.samples import FULL, PADDING
from zoo.data import Dataset

MOST = 40  # stretches of a sound or a sequence
SHORTEST = 100  # stretches in a second, at most


class Stretches:
    """Stretches of time, each of which may be hidden; see `zoo.explanation.hiding`.

    A hidden stretch of a sound is silent. In one of a sequence every channel has its
    mean over the steps. Padding behind the end is in no stretch.
    """

    def __init__(self, dataset: Dataset, inputs: np.ndarray):
        self.level, self._rate = inputs, dataset.rate
        self.gone = "silence" if dataset.rate else "the mean of each channel"
        whole = inputs != PADDING if dataset.rate else ~np.isnan(inputs).all(axis=2)
        lengths = np.where(whole, np.arange(whole.shape[1]) + 1, 0).max(axis=1)
        self._edges = [self._cut(int(length)) for length in lengths]

    def _cut(self, length: int) -> np.ndarray:
        most = min(MOST, length * SHORTEST // self._rate if self._rate else length)
        return np.linspace(0, length, max(1, most) + 1).round().astype(int)

    def masks(self, i: int) -> np.ndarray:
        return np.eye(len(self._edges[i]) - 1, dtype=bool)

    def hide(self, i: int, hidden: np.ndarray) -> np.ndarray:
        edges, given = self._edges[i], self.level[i]
        places = np.zeros((len(hidden), len(given)), bool)
        places[:, : edges[-1]] = np.repeat(hidden, np.diff(edges), axis=1)
        if self._rate:
            return np.where(places, 0, given).astype(given.dtype)
        mean = np.nanmean(given[: edges[-1]], axis=0)
        return np.where(places[..., None], mean, given).astype(given.dtype)

    def parts(self, i: int) -> dict:
        """When each stretch begins, and how strong it is: the root of its mean square.

        Samples are from -1 to 1; of several channels the mean square is that of all.
        """
        edges = self._edges[i]
        heard = self.level[i][: edges[-1]].astype("float64") / (
            FULL if self._rate else 1
        )
        strong = [
            np.sqrt(np.nanmean(heard[start:end] ** 2)) for start, end in pairwise(edges)
        ]
        starts = edges[:-1].tolist()
        return {
            "parts": tuple(
                f"{start / self._rate:.3f} s" if self._rate else f"step {start + 1}"
                for start in starts
            ),
            "values": tuple(f"{each:.4g}" for each in strong),
            "steps": len(starts),
        }

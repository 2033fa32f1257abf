"""What a mel spectrogram is multiplied with: waves under a window, and bands."""

import numpy as np


def waves(width: int, length: int | None = None) -> np.ndarray:
    """Cosines, then sines, of all frequencies, under a periodic Hann window.

    Args:
        width: samples of a window, with the zeros around it.
        length: without them; all by default.

    Returns:
        float32 (width, 2 * (width // 2 + 1)).
    """
    length = length or width
    window, first = np.zeros(width), (width - length) // 2
    turns = 2 * np.pi * np.arange(length) / length
    window[first : first + length] = 0.5 - 0.5 * np.cos(turns)
    angles = 2 * np.pi / width * np.outer(np.arange(width), np.arange(width // 2 + 1))
    both = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    return (window[:, None] * both).astype(np.float32)


def bands(
    frequencies: int, rate: int, count: int, low: float, high: float
) -> np.ndarray:
    """Triangles between `count` + 2 points at equal distances in mel.

    S. Stevens et al. 1937, doi:10.1121/1.1915893, as the Hidden Markov Model Toolkit
    has it: 1127 * log(1 + hertz / 700), no constant part, peaks of 1.

    Args:
        frequencies: from 0 to half of `rate`, samples a second.
        count: of bands, from `low` to `high` hertz.

    Returns:
        float32 (frequencies, count).
    """

    def mel(hertz):
        return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)

    heard = mel(np.linspace(0, rate / 2, frequencies))[:, None]
    edges = np.linspace(mel(low), mel(high), count + 2)
    lower, middle, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (heard - lower) / (middle - lower)
    falling = (upper - heard) / (upper - middle)
    found = np.maximum(0, np.minimum(rising, falling))
    found[0] = 0
    return found.astype(np.float32)

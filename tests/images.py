"""Pictures for the tests of augmentation."""

import numpy as np


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def picture(size: int, channels: int) -> np.ndarray:
    """Smooth with some noise, every gray level possible; shape (size, size, C)."""
    y, x, c = np.mgrid[:size, :size, :channels] / size
    smooth = 110 + 90 * np.sin(5 * x + 2 * c) * np.cos(4 * y - c)
    return (smooth + noise(size, size, channels, seed=1) / 8).astype(np.uint8)


def batch(rows: int = 6) -> tuple[np.ndarray, np.ndarray]:
    return noise(rows, 12, 10, 3), np.eye(rows, dtype=np.float32)

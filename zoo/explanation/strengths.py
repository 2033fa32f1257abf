"""How strong a part speaks, and its color: orange for the answer, blue against it."""

from typing import Any

import numpy as np

FOR, AGAINST = (230, 97, 1), (44, 96, 200)  # told apart by all kinds of eyes
CLIPPED = 99.5  # percent of the pixels keep their order; a few may be far above


def strengths(explanation: Any) -> np.ndarray:
    """Attributions from -1 to 1, channels together; 1 is the strongest, or nearly."""
    found = explanation.attributions
    if found.ndim == 3:
        found = found.sum(axis=2)
    sizes = np.abs(found)
    limit = np.percentile(sizes, CLIPPED) if found.ndim == 2 else sizes.max(initial=0)
    limit = limit or sizes.max(initial=0)
    return np.clip(found / limit, -1, 1) if limit else np.zeros_like(found)


def color(share: float) -> str:
    """The color of a part of this strength, for a page."""
    red, green, blue = FOR if share > 0 else AGAINST
    return f"rgba({red}, {green}, {blue}, {0.7 * abs(share):.2f})"

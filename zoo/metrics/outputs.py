"""What no outputs of a model may be."""

import numpy as np

from zoo.errors import Mistake


def refuse_no_numbers(outputs: np.ndarray) -> None:
    """Raise a `Mistake` if an output, float (n, k), is NaN or infinite."""
    if not np.isfinite(outputs).all():
        count = int((~np.isfinite(outputs)).any(axis=1).sum())
        what = "NaN" if np.isnan(outputs).any() else "infinite"
        raise Mistake(
            f"the model's outputs are {what} for {count} of {len(outputs)} examples; "
            f"its weights or the data are {what} or too large: train again, with a "
            "smaller learning_rate if the loss became NaN"
        )

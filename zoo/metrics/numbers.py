"""How far numbers are off."""

import numpy as np

from zoo.errors import Mistake
from zoo.metrics.outputs import refuse_no_numbers


def of_numbers(
    outputs: np.ndarray, targets: np.ndarray, spread: np.ndarray | float = 1.0
) -> dict[str, float]:
    """Errors of numbers, defined as in scikit-learn; of several numbers the mean.

    Args:
        outputs, targets: float (n, k), in the unit of the data.
        spread: float (k,), what an error is divided by in the loss.

    Returns:
        "loss", the mean squared error in units of `spread`; "mae", the mean absolute
        error, and "rmse", the root of the mean squared error, in the data's unit; "r2",
        the coefficient of determination, at most 1, 0 for the mean of these targets;
        where all targets are equal 1 for no error, else 0; left out for one example.

    Raises:
        Mistake: an output is not finite, or the shapes differ.
    """
    outputs, targets = (np.asarray(each, "float64") for each in (outputs, targets))
    if outputs.ndim != 2 or outputs.shape != targets.shape:
        raise Mistake(
            f"outputs of shape {outputs.shape} for targets of shape {targets.shape}; "
            "accepted: (n, k) both, k numbers for each of n examples"
        )
    refuse_no_numbers(outputs)
    error = outputs - targets
    squares = np.square(error).mean(axis=0)
    found = {
        "loss": float((squares / np.square(spread)).mean()),
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt(squares).mean()),
    }
    if len(targets) > 1:
        around = np.square(targets - targets.mean(axis=0)).mean(axis=0)
        flat = np.where(squares == 0, 1.0, 0.0)  # as scikit-learn has it
        shares = np.divide(squares, around, out=1 - flat, where=around > 0)
        found["r2"] = float((1 - shares).mean())
    return found


def medians(outputs: np.ndarray) -> np.ndarray:
    """Of quantiles (n, k, q) the middle one, (n, k); other outputs as they are."""
    if outputs.ndim < 3:
        return outputs
    return outputs[:, :, outputs.shape[2] // 2]


def of_quantiles(
    outputs: np.ndarray, targets: np.ndarray, quantiles: tuple[float, ...]
) -> dict[str, float]:
    """How good quantiles are.

    Args:
        outputs: float (n, k, q), ascending, in the unit of the data.
        targets: float (n, k).
        quantiles: the q shares of targets that are to be below each.

    Returns:
        "pinball", the mean pinball loss over examples, numbers and quantiles, as in
        scikit-learn; "coverage", the share of targets from the first to the last
        quantile, and "asked", the share that should be.
    """
    outputs = np.asarray(outputs, "float64")
    errors = np.asarray(targets, "float64")[:, :, None] - outputs
    shares = np.array(quantiles)
    within = (errors[:, :, 0] >= 0) & (errors[:, :, -1] <= 0)
    return {
        "pinball": float(np.maximum(shares * errors, (shares - 1) * errors).mean()),
        "coverage": float(within.mean()),
        "asked": round(float(shares[-1] - shares[0]), 12),
    }


def of_steps(
    outputs: np.ndarray, targets: np.ndarray, names: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    """The errors of each number by itself, by its name: "mae" and "rmse"."""
    error = np.asarray(outputs, "float64") - targets
    return {
        name: {
            "mae": float(np.abs(each).mean()),
            "rmse": float(np.sqrt(np.square(each).mean())),
        }
        for name, each in zip(names, error.T, strict=True)
    }

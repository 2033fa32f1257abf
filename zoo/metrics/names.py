"""What the names of metrics mean: which way is better, and how one is written."""

import math

_ERRORS = ("loss", "mae", "rmse", "mean_squared_error", "bits", "perplexity")
SMALLER_IS_BETTER = (*_ERRORS, "brier", "calibration_error", "error_rate")
NUMBERS = (*_ERRORS, "r2")  # the others are shares, 0 to 1


def is_share(metric: str) -> bool:
    """Whether a metric is a share, which is shown in percent."""
    return metric not in NUMBERS


def limits(metric: str) -> tuple[float, float]:
    """The least and the largest value that a metric can have."""
    return (
        -math.inf if metric == "r2" else 0.0,
        1.0 if metric == "r2" or is_share(metric) else math.inf,
    )


def better(metric: str, value: float) -> float:
    """A number that is larger for a better value of the metric."""
    return -value if metric in SMALLER_IS_BETTER else value


def shown(metric: str, value: float, digits: int = 2) -> str:
    """A value as it is printed: "81.25%" of a share, else "43.21"."""
    return f"{value:.{digits}%}" if is_share(metric) else f"{value:.{digits + 2}g}"

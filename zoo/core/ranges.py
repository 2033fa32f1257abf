"""What the values of metrics can be: in a file from a stranger a number may be any."""

from math import inf

_FROM_ZERO = (
    *("loss", "mae", "rmse", "mean_squared_error", "bits", "pinball", "error_rate"),
    *("examples", "answered", "temperature"),
    *("trial", "best_epoch", "epochs", "parameters", "seconds"),
)
_RANGES = {"perplexity": (1.0, inf), "r2": (-inf, 1.0)}
_RANGES |= dict.fromkeys(_FROM_ZERO, (0.0, inf))
_SHARE = 0.0, 1.0  # of every other metric
_ROUNDING = 1e-6


def fault(name: str, value: float) -> str:
    """What is wrong with the value of a metric; "" if nothing is.

    Args:
        name: of the metric, also of the validation split, as "validation_accuracy".
        value: a number, which may be NaN.
    """
    low, high = _RANGES.get(name.removeprefix("validation_"), _SHARE)
    if low - _ROUNDING <= value <= high + _ROUNDING:
        return ""
    accepted = f"at least {low:g}" if high == inf else f"{low:g} to {high:g}"
    accepted = f"at most {high:g}" if low == -inf else accepted
    return f"{name[:40]}={str(value)[:40]}; accepted: {accepted}"


def fault_within(value) -> str:
    """The first fault of the numbers by name in nested dicts and lists; "" if none."""
    if isinstance(value, list):
        return next(filter(None, map(fault_within, value)), "")
    for name, each in value.items() if isinstance(value, dict) else ():
        is_number = isinstance(each, int | float)
        if found := fault(name, each) if is_number else fault_within(each):
            return found
    return ""

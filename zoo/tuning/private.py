"""keras-tuner's private names, each with its reason.

A release may rename any of them: searches then fail to start, and say which.
"""

# A trial that is read from a file needs metrics of its own, and the public
# `keras_tuner.engine.metrics_tracking` leaves this class out.
from keras_tuner.src.engine.metrics_tracking import MetricsTracker

__all__ = ["MetricsTracker"]

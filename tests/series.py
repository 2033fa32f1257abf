"""A series by the hour, and how it is loaded."""

import numpy as np

from zoo import data

HOURS = 400
GIVEN = {
    "time": "when",
    "target": "load",
    "window": 48,
    "horizon": 12,
    "validation": 0.25,
}


def table(count=HOURS, start="2026-01-01", step="h", **more):
    when = np.datetime64(start, "s") + np.arange(count) * np.timedelta64(1, step)
    noise = np.random.default_rng(0).normal(size=count)
    load = 50 + 10 * np.sin(2 * np.pi * np.arange(count) / 24) + noise
    wind = np.random.default_rng(1).normal(size=count).round(2)
    return {"when": when, "wind": wind, "load": load.astype("float32"), **more}


def load(columns, **changes):
    return data.load(columns, **{**GIVEN, **changes})

"""Recurrent network (LSTM, GRU or MinGRU) that forecasts the next steps of a series.

S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation
9(8):1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735. All steps of the horizon are
answered at once, as T. Wen et al. 2017, arXiv:1711.11053, do: no forecast is fed back.
The reversible normalization of the window is that of A. Zeng et al. 2022,
arXiv:2205.13504, "last", or of T. Kim et al. 2022, "Reversible instance normalization",
"mean"; the linear path beside the network is that of G. Lai et al. 2017,
arXiv:1703.07015. Quantiles are learned by the pinball loss, R. Koenker and G. Bassett
1978, doi:10.2307/1913643: the median is answered, and the others stand apart from it by
sums of positive steps.

The first layer, `columns`, a `zoo.layers.Columns`, takes rows as they are; the first
column is the one that is forecast. Of a date the network sees month, weekday and hour,
and not the day itself, which comes once. A window of NaN alone gives a finite answer.

Input: (168, 1) float32, the steps of a window, oldest first, NaN = missing; with
`ahead` the rows of the horizon follow, NaN where nobody knows them yet
Output: (24,) float32, numbers: the next values, where training has mean 0, deviation 1;
with `quantiles` (24, quantiles), which never cross

Parameters: 18,456 (defaults)

stage      | output shape | parameters
---------- | ------------ | ----------
rows       | (1,)         | 0
columns    | (1,)         | 0
window     | (168, 1)     | 0
level      | (2,)         | 0
normalized | (168, 1)     | 0
lstm_1     | (168, 64)    | 16,896
last       | (64,)        | 0
forecast   | (24,)        | 1,560
restored   | (24,)        | 0

Parameters: 5,592 (units=(16,), linear=168)

stage      | output shape | parameters
---------- | ------------ | ----------
lstm_1     | (168, 16)    | 1,152
forecast   | (24,)        | 408
linear     | (24,)        | 4,032

Differs from the paper: the cell has a forget gate (Gers et al. 2000,
doi:10.1162/089976600300015015), whose bias starts at 1; the gated recurrent unit is Cho
et al. 2014, arXiv:1406.1078, the minimal one Feng et al. 2024, arXiv:2410.01201; there
is no dropout inside the recurrence, which would rule out the fused kernels.
"""

from functools import partial

import keras
from keras import ops

from zoo.core import columns as described
from zoo.core.columns import Column
from zoo.errors import Mistake, unknown
from zoo.layers import Columns, Dropout
from zoo.layers.precision import logits_dtype
from zoo.layers.recurrent import CELLS, check, recurrent
from zoo.layers.saved_form import stage

NORMALIZATIONS = ("none", "last", "mean")
SMALLEST = 1e-3  # deviations of a window, in those of training


def build(
    columns: tuple[Column, ...] = (Column("value"),),
    window: int = 168,
    horizon: int = 24,
    ahead: tuple[str, ...] = (),
    cell: str = "lstm",
    units: tuple[int, ...] = (64,),
    memory: tuple[float, ...] = (),
    normalize: str = "last",
    linear: int = 0,
    quantiles: tuple[float, ...] = (),
    dropout: float = 0.0,
) -> keras.Model:
    """The network from a window of rows to the next values of the first column.

    Args:
        columns: what each number of a row holds, see `zoo.layers.Columns`; the first
            one, a number, is forecast.
        window, horizon: steps that are seen, and that are forecast, at least 1.
        ahead: names of columns that are known before they happen; dates then are, too.
        cell: "lstm", "gru" or "mingru".
        units: width of each recurrent layer, from the window upward.
        memory: steps that the slowest unit of each layer remembers at first, 1 or more;
            by default, and where it is 0, "mingru" remembers the window, and the others
            start as Keras's do.
        normalize: what is taken from the values of the window, and given back to the
            forecast: the "last" one; their "mean", in units of their deviation; or
            "none".
        linear: of so many last values, each adds a part of itself to each step of the
            forecast; 0 for none.
        quantiles: the shares of values that are to lie below each answer, ascending and
            the middle one 0.5, such as (0.1, 0.5, 0.9); () for one answer a step.
        dropout: probability of dropping a number that a recurrent layer hands on.

    Returns:
        Model from (batch, window, width) to (batch, horizon); with `ahead` from (batch,
        window + horizon, width); with `quantiles` to (batch, horizon, quantiles).

    Raises:
        Mistake: unknown `cell` or `normalize`, a name of `ahead` that is no column,
            `units` or `memory` are not widths and steps of each layer, `linear` is
            longer than the window, the first column is no number, or `quantiles` are
            no shares around 0.5.
    """
    columns = described.of(columns)
    _check(columns, window, horizon, ahead, cell, units, memory, normalize, linear)
    _check_quantiles(quantiles)
    length, width = window + (horizon if ahead else 0), described.width(columns)
    series = keras.Input((length, width), name="series")
    rows = stage(partial(ops.reshape, newshape=(-1, width)), series, name="rows")
    numbers = Columns(columns, name="columns")
    found = numbers(rows)
    dates = {f"{column.name}, day" for column in columns if column.kind == "date"}
    seen = [place for place, name in enumerate(numbers.names) if name not in dates]
    split = partial(_steps, length=length, count=len(numbers.names))
    x = stage(partial(split, steps=(0, window), places=seen), found, name="window")
    level = None
    if normalize != "none":
        find = partial(_level, window=window, kind=normalize)
        level = stage(find, series, x, name="level")
        x = stage(
            partial(_normalized, window=window), series, x, level, name="normalized"
        )
    path = None
    if linear:
        last = stage(partial(_last_values, count=linear), x, name="last_values")
        path = keras.layers.Dense(
            horizon,
            use_bias=False,
            kernel_initializer="zeros",
            dtype=logits_dtype(),
            name="linear",
        )(last)
    usual = window if cell == "mingru" else None
    for number, (count, steps) in enumerate(
        zip(units, memory or (0,) * len(units), strict=True), 1
    ):
        x = recurrent(cell, count, steps or usual, name=f"{cell}_{number}")(x)
        if dropout and number < len(units):
            x = Dropout(dropout, name=f"dropout_{number}")(x)
    x = stage(_last_state, x, name="last")
    if ahead:
        known = _known_ahead(columns, numbers.names, ahead)
        later = partial(split, steps=(window, length), places=known)
        future = stage(later, found, name="ahead")
        flat = keras.layers.Flatten(name="ahead_flat")(future)
        x = keras.layers.Concatenate(name="joined")([x, flat])
        x = keras.layers.Dense(units[-1], activation="relu", name="hidden")(x)
    if dropout:
        x = Dropout(dropout, name="dropout")(x)
    count = horizon * max(1, len(quantiles))
    y = keras.layers.Dense(count, dtype=logits_dtype(), name="forecast")(x)
    if quantiles:
        y = stage(partial(_apart, count=len(quantiles)), y, name="quantiles")
        if path is not None:
            path = keras.layers.Reshape((horizon, 1), name="linear_of_each")(path)
    if path is not None:
        y = keras.layers.Add(dtype=logits_dtype(), name="sum")([y, path])
    if level is not None:
        y = stage(_restored, y, level, name="restored")
    return keras.Model(series, y, name="lstm_forecast")


def space(hp) -> dict:
    """Arguments of `build` drawn from keras-tuner's `HyperParameters`."""
    layers = hp.Int("layers", 1, 2, default=1)
    return {
        "cell": hp.Choice("cell", list(CELLS), default="lstm"),
        "units": tuple(
            hp.Choice(f"units_{number}", [16, 32, 64, 128], default=64)
            for number in range(1, layers + 1)
        ),
        "normalize": hp.Choice("normalize", list(NORMALIZATIONS), default="last"),
        "dropout": hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0),
    }


def _check(columns, window, horizon, ahead, cell, units, memory, normalize, linear):
    check(cell, units, memory)
    if normalize not in NORMALIZATIONS:
        raise unknown("normalize", str(normalize), NORMALIZATIONS)
    for name, count in {"window": window, "horizon": horizon}.items():
        if count < 1:
            raise Mistake(f"{name}={count}; accepted: 1 step or more")
    if not 0 <= linear <= window:
        raise Mistake(f"linear={linear}; accepted: 0 to the window of {window} steps")
    if not columns or columns[0].kind != "number":
        raise Mistake(
            "lstm_forecast forecasts the first column, which is to be a number"
        )
    for name in ahead:
        if name not in (column.name for column in columns):
            raise unknown("column that is known ahead", name, [c.name for c in columns])


def _check_quantiles(quantiles):
    fine = isinstance(quantiles, tuple | list) and all(
        isinstance(each, float) and 0 < each < 1 for each in quantiles
    )
    if quantiles and not (
        fine
        and list(quantiles) == sorted(set(quantiles))
        and len(quantiles) % 2
        and quantiles[len(quantiles) // 2] == 0.5
    ):
        raise Mistake(
            f"quantiles={quantiles!r}; accepted: shares above 0 and below 1, ascending "
            "and the middle one 0.5, such as (0.1, 0.5, 0.9)"
        )


def _known_ahead(columns, names, ahead) -> list[int]:
    """Which numbers that `Columns` makes are known before they happen."""
    known = {column.name for column in columns if column.name in ahead}
    known |= {column.name for column in columns if column.kind == "date"}
    return [
        place
        for place, name in enumerate(names)
        if any(
            name == each or name.startswith((f"{each} ", f"{each},")) for each in known
        )
        and not any(name == f"{each}, day" for each in known)
    ]


def _steps(found, length, count, steps, places):
    """Some steps and numbers of rows, (batch, steps, places)."""
    sequence = ops.reshape(found, (-1, length, count))[:, steps[0] : steps[1]]
    return sequence if len(places) == count else ops.take(sequence, places, axis=2)


def _known(series, window):
    """Which values of the first column are known: 1 or 0, (batch, window)."""
    return 1.0 - ops.cast(ops.isnan(series[:, :window, 0]), "float32")


def _level(series, x, window, kind):
    """What is taken from the values of a window, and its unit, (batch, 2)."""
    known, values = _known(series, window), ops.cast(x[:, :, 0], "float32")
    if kind == "last":
        places = ops.cumsum(ops.ones_like(known), axis=1) * known
        newest = (
            ops.cast(
                ops.equal(places, ops.max(places, axis=1, keepdims=True)), "float32"
            )
            * known
        )
        level = ops.sum(newest * values, axis=1, keepdims=True)
        return ops.concatenate([level, ops.ones_like(level)], axis=1)
    count = ops.maximum(ops.sum(known, axis=1, keepdims=True), 1.0)
    level = ops.sum(known * values, axis=1, keepdims=True) / count
    square = ops.sum(known * ops.square(values - level), axis=1, keepdims=True) / count
    unit = ops.sqrt(square + SMALLEST**2)
    return ops.concatenate([level, unit], axis=1)


def _normalized(series, x, level, window):
    """The steps of a window, their first number from its level, 0 where unknown."""
    own = (ops.cast(x[:, :, 0], "float32") - level[:, :1]) / level[:, 1:]
    own = ops.cast(own * _known(series, window), x.dtype)
    return ops.concatenate([ops.expand_dims(own, 2), x[:, :, 1:]], axis=2)


def _last_values(x, count):
    return x[:, -count:, 0]


def _last_state(states):
    return states[:, -1]


def _apart(y, count):
    """The quantiles of each step, (batch, steps, count), from the median outward."""
    found = ops.reshape(y, (-1, y.shape[1] // count, count))
    given = [found[:, :, place : place + 1] for place in range(count)]
    middle = count // 2
    placed = [given[middle]]
    for step in given[middle + 1 :]:
        placed.append(placed[-1] + ops.softplus(step))
    for step in given[middle - 1 :: -1] if middle else []:
        placed.insert(0, placed[0] - ops.softplus(step))
    return ops.concatenate(placed, axis=2)


def _restored(y, level):
    if len(y.shape) == 3:
        level = ops.expand_dims(level, 2)
    # The level first: on TensorFlow, Keras 3.15 takes a second term of shape (batch, 1)
    # for a bias where there are as many examples as steps, one number for each step.
    return level[:, :1] + y * level[:, 1:]

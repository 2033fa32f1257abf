"""Rows of a table, as they are, become numbers that a network can learn from."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops

from zoo.core import columns as described
from zoo.core.columns import LARGEST, SMALLEST, Column
from zoo.errors import Mistake
from zoo.layers.saved_form import stage

MOST_ONE_HOT = 32  # categories of a column; a column of more is embedded
EMBEDDING = 8  # numbers for each category of an embedded column
CODED = ("category", "boolean")
STANDARD = "standard"  # the layer inside that holds means and variances
SHOWN = 20  # columns named in an error
DATE = ("day", "month sin", "month cos", "weekday sin", "weekday cos")
DATE += ("hour sin", "hour cos")
LAST = 3 + len(DATE)  # numbers, gaps, categories and dates are made before


class Columns(keras.Model):
    """The first layer of a network for a table: raw row in, numbers out.

    What becomes of a column, in the order of the columns:

        number     standardized by mean and deviation; 0 where it is missing
        category   a number for each category, 1 for the one that it is, else 0; all 0
                   for a category that is not listed. Of more than 32 categories: 8
                   numbers for each, which are learned, unknown and missing among them
        boolean    a category of two
        date       its day, standardized, and month, weekday and hour as points on a
                   circle, sine and cosine
        text       8 numbers for each word, which are learned: the sum over the known
                   words of the text, divided by the root of their number

    A column in which `Column.missing` is true has one number more: 1 where the value is
    missing, else 0.

    Means and variances are part of the configuration and no parameters; `adapt` learns
    them. A file holds the layer as a model of Keras's own layers, so that plain Keras
    opens it, and it is exported with the network.

    Args:
        columns: of the table, in order; see `zoo.core.columns.Column`.
        mean, variance: of each number of a row; 0 and 1 until `adapt` is called.
        read: what is done to the rows before, made of `keras.ops`, such as correcting
            slips; None for nothing.
        name: of the layer.

    Input: (batch, width) float32, see `Column.width`, NaN = missing.
    Output: (batch, n) float32; `names` says what each is.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        mean: list[float] | None = None,
        variance: list[float] | None = None,
        read: Callable | None = None,
        name: str = "columns",
    ):
        columns = described.of(columns)
        width = described.width(columns)
        if not width:
            raise Mistake("a table without columns has nothing to learn from")
        policy = keras.config.dtype_policy()
        # 16 bits cannot tell the days of a year, or 1,000 categories.
        keras.config.set_dtype_policy("float32")
        try:
            rows = found = keras.Input((width,), name="rows")
            if read:
                found = stage(read, rows, name="read")
            standard = keras.layers.Normalization(
                mean=mean or [0.0] * width,
                variance=variance or [1.0] * width,
                name=STANDARD,
            )(found)
            plan = _Plan(columns)
            parts = [stage(plan.encode, found, standard, name="encoded")]
            if plan.embedded:
                parts.append(_embedded(plan, found))
            parts += [_summed(plan, number, found) for number in range(len(plan.texts))]
            numbers = stage(plan.order, *parts, name="numbers")
            super().__init__(rows, numbers, name=name)
        finally:
            keras.config.set_dtype_policy(policy)
        self._kept = columns, plan.names, plan.owners, read

    @property
    def columns(self) -> tuple[Column, ...]:
        """What the rows hold."""
        return tuple(self._kept[0])

    @property
    def names(self) -> tuple[str, ...]:
        """What each number of the output is, such as "age" or "kind = dog"."""
        return tuple(self._kept[1])

    @property
    def owners(self) -> tuple[int, ...]:
        """The place in `columns` of the one that each number of the output tells of."""
        return tuple(self._kept[2])

    @property
    def input_mean(self) -> list[float]:
        """Of each number of a row."""
        return self.get_layer(STANDARD).input_mean

    @input_mean.setter
    def input_mean(self, values: list[float]) -> None:
        self.get_layer(STANDARD).input_mean = values

    @property
    def input_variance(self) -> list[float]:
        """Of each number of a row."""
        return self.get_layer(STANDARD).input_variance

    @input_variance.setter
    def input_variance(self, values: list[float]) -> None:
        layer = self.get_layer(STANDARD)
        layer.input_variance = values
        layer.build((None, len(values)))

    def adapt(self, rows: np.ndarray) -> None:
        """Learn each number's mean and variance from its known values.

        Call it before the model is compiled or used: a compiled model may keep the
        old ones. A number of one value keeps a variance of 1.

        Args:
            rows: (n, width), of the training split alone, NaN = missing; or windows of
                them, (n, steps, width).

        Raises:
            Mistake: another width, an infinite value, a column without any known value,
                or one whose squares float32 cannot hold.
        """
        columns, _, _, read = self._kept
        rows = np.asarray(rows, "float32")
        if rows.ndim == 3:
            rows = rows.reshape(-1, rows.shape[2])
        names = [column.name for column in columns for _ in range(column.width)]
        if rows.ndim != 2 or rows.shape[1] != len(names):
            raise Mistake(
                f"rows have the shape {rows.shape}; accepted: (n, {len(names)}), the "
                f"columns {', '.join(names[:SHOWN])}"
            )
        if read:
            rows = ops.convert_to_numpy(read(ops.array(rows)))
        words = [each.kind == "text" for each in columns for _ in range(each.width)]
        moments = [
            (0.0, 1.0) if word else _moments(*pair)
            for word, *pair in zip(words, rows.T, names, strict=True)
        ]
        self.input_mean = [mean for mean, _ in moments]
        self.input_variance = [variance or 1.0 for _, variance in moments]

    def get_config(self):
        return keras.Model(self.inputs, self.outputs, name=self.name).get_config()

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return keras.Model.from_config(config, custom_objects)


def _moments(column: np.ndarray, name: str) -> tuple[float, float]:
    known = column[~np.isnan(column)].astype("float64")
    if not len(known) or np.isinf(known).any():
        raise Mistake(
            f"column '{name}' has infinite values or no known one; give "
            "finite numbers, NaN where one is missing"
        )
    variance = float(known.var())
    deviation = variance**0.5
    if deviation and not SMALLEST <= deviation <= LARGEST:
        raise Mistake(
            f"the numbers of column '{name}' have a deviation of {deviation:.3g}; "
            f"accepted: {SMALLEST:g} to {LARGEST:g}; give them in another unit"
        )
    return float(known.mean()), variance


def _embedded(plan: "_Plan", rows):
    """The learned numbers of columns of many categories.

    One table holds the categories of all columns, each behind those of the last.
    """
    starts = np.cumsum([0, *plan.sizes[:-1]]).astype(float).tolist()
    places = stage(plan.places, rows, name="places")
    places = keras.layers.Rescaling(1.0, starts, name="starts")(places)
    table = keras.layers.Embedding(sum(plan.sizes), EMBEDDING, name="embedded")
    flat = (len(plan.sizes) * EMBEDDING,)
    return keras.layers.Reshape(flat, name="flat")(table(places))


def _summed(plan: "_Plan", number: int, rows):
    """The learned numbers of the words of a text."""
    start, length, size = plan.texts[number]
    name = f"words_{number + 1}"

    def ids(rows):  # 0 if there is no word, or an unknown one
        codes = rows[:, start : start + length]
        known = ops.logical_and(codes >= 0, codes < size)
        return ops.where(known, codes + 1, 0.0)

    def add(found, ids):
        known = ops.cast(ids > 0, "float32")
        count = ops.maximum(ops.sum(known, axis=1, keepdims=True), 1.0)
        return ops.sum(found * known[..., None], axis=1) / ops.sqrt(count)

    places = stage(ids, rows, name=name)
    table = keras.layers.Embedding(size + 1, EMBEDDING, name=f"{name}_embedded")
    return stage(add, table(places), places, name=f"{name}_summed")


class _Plan:
    """Which operation makes which numbers of which columns.

    Columns of one kind are computed together, however many there are: numbers first,
    then what is missing, categories, dates wave by wave, and what is learned. `order`
    brings them into the order of the columns.
    """

    def __init__(self, columns: tuple[Column, ...]):
        self.numbers, self.gaps, self.dates = [], [], []  # where they stand in a row
        self.coded, self.codes = [], []  # where, and which category
        self.embedded, self.sizes = [], []  # where, and how many codes
        self.texts = []  # where, how many words of a row, and how many in all
        wanted, place = [], 0
        for number, column in enumerate(columns):
            many = len(column.categories) > MOST_ONE_HOT
            if column.kind in CODED and many:
                self.embedded.append(place)
                self.sizes.append(len(column.categories) + 2)
                wanted += [(LAST, number, i, f", {i + 1}") for i in range(EMBEDDING)]
            elif column.kind in CODED:
                self.coded += [place] * len(column.categories)
                self.codes += map(float, range(len(column.categories)))
                for code, category in enumerate(column.categories):
                    wanted.append((2, number, code, f" = {category}"))
            elif column.kind == "text":
                last = LAST + 1 + len(self.texts)
                self.texts.append((place, column.width, len(column.categories)))
                wanted += [(last, number, i, f", {i + 1}") for i in range(EMBEDDING)]
            elif column.kind == "date":
                self.dates.append(place)
                wanted += [(3 + i, number, 0, f", {t}") for i, t in enumerate(DATE)]
            else:
                self.numbers.append(place)
                wanted.append((0, number, 0, ""))
            if column.missing and not (column.kind in CODED and many):
                self.gaps.append(place)
                wanted.append((1, number, 0, " is missing"))
            place += column.width
        self.names = [columns[number].name + text for _, number, _, text in wanted]
        self.owners = [number for _, number, _, _ in wanted]
        made = sorted(range(len(wanted)), key=lambda i: wanted[i][:3])
        self.back = np.argsort(made).tolist()

    def encode(self, rows, standard):
        """All numbers that are not learned."""
        parts = []
        if self.numbers:
            values = _pick(standard, self.numbers)
            parts.append(ops.where(ops.isnan(values), 0.0, values))
        if self.gaps:
            parts.append(ops.cast(ops.isnan(_pick(rows, self.gaps)), "float32"))
        if self.coded:
            same = ops.equal(_pick(rows, self.coded), self.codes)
            parts.append(ops.cast(same, "float32"))
        if self.dates:
            parts += _calendar(rows, standard, self.dates)
        return _beside(parts) if parts else rows[:, :0]  # all columns are embedded

    def places(self, rows):
        """Of the embedded columns: 0 if unknown, 1 if missing, then the categories."""
        codes = _pick(rows, self.embedded)
        beyond = ops.greater(codes, [float(size - 3) for size in self.sizes])
        known = ops.logical_not(ops.logical_or(beyond, codes < 0))
        return ops.where(ops.isnan(codes), 1.0, ops.where(known, codes + 2, 0.0))

    def order(self, *parts):
        """The numbers in the order of their columns."""
        return _pick(_beside(parts), self.back)


def _beside(parts):
    return ops.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]


def _pick(rows, places: list[int]):
    """These numbers of each row, in this order."""
    if places == list(range(rows.shape[1])):
        return rows
    return ops.take(rows, places, axis=1)


def _calendar(rows, standard, places: list[int]) -> list:
    """The day, and month, weekday and hour on circles; all 0 where it is missing.

    The month of a day by Howard Hinnant's `civil_from_days`, exact in float32 for 20
    thousand years.
    """
    days, seconds = _pick(rows, places), _pick(rows, [each + 1 for each in places])
    missing = ops.isnan(days)
    since = ops.where(missing, 0.0, days) + 719_468  # days since 1 March of the year 0
    day = since - 146_097 * ops.floor(since / 146_097)  # of 400 years
    year = day - ops.floor(day / 1_460) + ops.floor(day / 36_524)
    year = ops.floor((year - ops.floor(day / 146_096)) / 365)  # of the 400
    day = day - (365 * year + ops.floor(year / 4) - ops.floor(year / 100))
    month = ops.floor((5 * day + 2) / 153) + 2  # January is 0, or 12
    weekday = since - 7 * ops.floor(since / 7)  # the same day of the week is the same
    seconds = ops.where(ops.isnan(seconds), 0.0, seconds)
    turns = month / 12, (weekday + 2) / 7, seconds / 86_400
    found = [_pick(standard, places)]
    found += [wave(2 * np.pi * turn) for turn in turns for wave in (ops.sin, ops.cos)]
    return [ops.where(missing, 0.0, each) for each in found]


# What Keras writes into a file about the class of a layer.
Columns.__name__ = Columns.__qualname__ = "Functional"
Columns.__module__ = "keras.src.models.functional"

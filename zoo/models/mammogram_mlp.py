"""Small MLP that rates masses in mammograms, for teaching and never for diagnosis.

M. Elter, R. Schulz-Wendtland and T. Wittenberg, "The prediction of breast cancer biopsy
outcomes using two CAD approaches that both emphasize an intelligible decision process",
Medical Physics 34(11):4164-4172, 2007, doi:10.1118/1.2786864.

Not for medical use: this network is for teaching. It was never tested in a clinic, it
knows 961 masses from one hospital, 2003 to 2006, all of them sent to biopsy, and its
probabilities hold for no other population. Nobody's diagnosis or treatment may rest on
it. BI-RADS is a physician's own assessment, and its category 6 means that cancer is
already proven: with `bi_rads` among the features the network leans on the physician.

The features, in any selection and order:

feature | values
------- | ---------------------------------------------------------------------------
bi_rads | 1 definitely benign to 5 highly suggestive of malignancy, 6 proven; ordinal
age     | years
shape   | 1 round, 2 oval, 3 lobular, 4 irregular; nominal
margin  | 1 circumscribed, 2 microlobulated, 3 obscured, 4 ill-defined, 5 spiculated;
        | nominal
density | 1 high, 2 iso, 3 low, 4 fat-containing; ordinal

The first layer, `findings`, a `zoo.layers.Columns`, takes them as they are. A missing
value is NaN. A BI-RADS of 55, a known slip of the pen in the data, is read as 5; 0,
"assessment incomplete", as missing. Every column is standardized, and a missing value
becomes 0, the mean. With `encoding="one_hot"` shape and margin become a column for each
category instead, all 0 where the value is missing or no category.
`findings.adapt(rows)` learns means and deviations from the training rows; until then
they are those of the 961 masses, rounded. They are saved in the model's configuration
and are no parameters.

Input: (4,) float32, age, shape, margin, density as above, NaN = missing
Output: (1,) float32, logits (`classes=1`: the logit of "malignant")

Parameters: 37 (defaults)

stage    | output shape | parameters
-------- | ------------ | ----------
findings | (4,)         | 0
hidden_1 | (6,)         | 30
logits   | (1,)         | 7

Parameters: 79 (encoding="one_hot")

stage    | output shape | parameters
-------- | ------------ | ----------
findings | (11,)        | 0
hidden_1 | (6,)         | 72
logits   | (1,)         | 7

Parameters: 43 (features=("bi_rads", "age", "shape", "margin", "density"))

Differs from the paper: everything but the data; the paper grows a decision tree and
reasons from similar cases. The network is the one of many tutorials on these data,
which, however, drop the rows with missing values.
"""

from functools import partial

import keras
from keras import ops

from zoo.core.columns import Column
from zoo.errors import Mistake, unknown
from zoo.layers import Columns, Dropout
from zoo.layers.precision import logits_dtype

FEATURES = ("bi_rads", "age", "shape", "margin", "density")
CATEGORIES = {"shape": 4, "margin": 5}
MEANS = {"bi_rads": 4.32, "age": 55.5, "shape": 2.72, "margin": 2.80, "density": 2.91}
DEVIATIONS = {
    "bi_rads": 0.64,
    "age": 14.5,
    "shape": 1.24,
    "margin": 1.57,
    "density": 0.38,
}
ENCODINGS = ("plain", "one_hot")


def build(
    features: tuple[str, ...] = FEATURES[1:],
    hidden: tuple[int, ...] = (6,),
    activation: str = "relu",
    dropout: float = 0.0,
    l2: float = 0.0,
    classes: int = 1,
    encoding: str = "plain",
) -> keras.Model:
    """The network from findings to logits.

    Args:
        features: names of the input's columns, in order, out of `FEATURES`.
        hidden: widths of the hidden layers; () for logistic regression.
        activation: of the hidden layers, by its Keras name.
        dropout: probability of dropping a hidden unit.
        l2: penalty on the squared weights of every layer.
        classes: number of logits; 1 for two classes.
        encoding: of shape and margin: "plain" numbers, or "one_hot".

    Returns:
        Model from (batch, len(features)) float32, NaN = missing, to (batch, classes)
        logits. `model.get_layer("findings").adapt(rows)` fits it to training rows.

    Raises:
        Mistake: unknown feature or encoding; a feature twice, or none; `hidden` is no
            tuple of widths.
    """
    if not isinstance(hidden, tuple | list) or any(width < 1 for width in hidden):
        raise Mistake(f"hidden takes widths such as (64, 64); given {hidden!r}")
    _check(features, encoding)
    nominal = CATEGORIES if encoding == "one_hot" else {}
    slips = "bi_rads" in features or nominal.keys() & set(features)
    rows = keras.Input((len(features),), name="rows")
    x = Columns(
        [_column(feature, nominal.get(feature, 0)) for feature in features],
        mean=[MEANS[feature] for feature in features],
        variance=[DEVIATIONS[feature] ** 2 for feature in features],
        read=partial(_read, features=features, nominal=nominal) if slips else None,
        name="findings",
    )(rows)
    penalty = keras.regularizers.L2(l2) if l2 else None
    for number, width in enumerate(hidden, 1):
        x = keras.layers.Dense(
            width,
            activation=activation,
            kernel_regularizer=penalty,
            name=f"hidden_{number}",
        )(x)
        if dropout:
            x = Dropout(dropout, name=f"dropout_{number}")(x)
    logits = keras.layers.Dense(
        classes, kernel_regularizer=penalty, dtype=logits_dtype(), name="logits"
    )(x)
    return keras.Model(rows, logits, name="mammogram_mlp")


def space(hp) -> dict:
    """Arguments of `build` drawn from keras-tuner's `HyperParameters`."""
    layers = hp.Int("layers", 0, 2, default=1)
    widths = [
        hp.Choice(
            f"hidden_{number}",
            [2, 4, 6, 8, 16, 32],
            default=6,
            parent_name="layers",
            parent_values=list(range(number, 3)),
        )
        for number in (1, 2)
    ]
    return {
        "hidden": tuple(widths[:layers]),
        "activation": hp.Choice("activation", ["relu", "tanh"], default="relu"),
        "dropout": hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0),
        "l2": hp.Choice("l2", [0.0, 1e-4, 1e-3, 1e-2], default=0.0),
        "encoding": hp.Choice("encoding", list(ENCODINGS), default="plain"),
    }


def _check(features, encoding):
    for feature in features:
        if feature not in FEATURES:
            raise unknown("feature", feature, FEATURES)
    if not features or len(set(features)) < len(features):
        raise Mistake(
            f"features are {tuple(features)}; accepted: one or more of "
            f"{', '.join(FEATURES)}, each once"
        )
    if encoding not in ENCODINGS:
        raise unknown("encoding", encoding, ENCODINGS)


def _column(feature: str, categories: int) -> Column:
    if not categories:
        return Column(feature)
    return Column(feature, "category", tuple(map(str, range(1, categories + 1))))


def _read(rows, features, nominal):
    """`rows` without the slips of BI-RADS, and nominal features counted from 0."""
    columns = ops.split(rows, len(features), axis=1)
    for place, feature in enumerate(features):
        if feature == "bi_rads":
            column = ops.where(ops.equal(columns[place], 55), 5.0, columns[place])
            columns[place] = ops.where(ops.equal(column, 0), float("nan"), column)
        elif feature in nominal:
            columns[place] = columns[place] - 1
    return ops.concatenate(columns, axis=1)


@keras.saving.register_keras_serializable(package="zoo")
class Findings(keras.layers.Layer):
    """In files of zoo 0.1: what `Columns` makes of the rows."""

    def __init__(self, features, encoding, means, deviations, **options):
        super().__init__(**options)
        self.features, self.encoding = tuple(features), encoding
        self.means, self.deviations = means, deviations

    def call(self, rows):
        nominal = CATEGORIES if self.encoding == "one_hot" else {}
        rows = _read(rows, self.features, nominal)
        standard = (rows - ops.array(self.means)) / ops.array(self.deviations)
        standard = ops.where(ops.isnan(rows), 0.0, standard)
        columns = []
        for place, feature in enumerate(self.features):
            column = slice(place, place + 1)
            for category in range(nominal.get(feature, 0)):
                one_hot = ops.equal(rows[:, column], category)
                columns.append(ops.cast(one_hot, standard.dtype))
            if feature not in nominal:
                columns.append(standard[:, column])
        return ops.concatenate(columns, axis=1)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("features", "encoding")}
        own |= {"means": self.means, "deviations": self.deviations}
        return {**super().get_config(), **own}

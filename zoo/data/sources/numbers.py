"""Data sets whose answers are numbers: a straight line, and 442 patients."""

import numpy as np

from zoo.core.columns import Column
from zoo.data.dataset import Dataset, Split
from zoo.errors import Mistake

NAMES = ("diabetes", "line")
TEST = 0.2  # of the patients
SEED = 42  # of their test split
FEATURES = {
    "age": "years",
    "sex": "1 or 2",
    "bmi": "body mass index, kg/m²",
    "bp": "mean arterial blood pressure, mmHg",
    "s1": "total serum cholesterol",
    "s2": "low-density lipoproteins",
    "s3": "high-density lipoproteins",
    "s4": "total cholesterol / HDL",
    "s5": "logarithm of serum triglycerides, perhaps",
    "s6": "blood sugar",
}


def line(weight: float = 0.7, bias: float = 0.3) -> Dataset:
    """50 points of y = weight * x + bias: x = 0.00, 0.02, ..., 0.98.

    The first 40 are for training, the last 10 for the test, where x is larger than in
    any example that was learned from.

    Args:
        weight: of x.
        bias: the y of x = 0.
    """
    x = np.arange(50) * 0.02
    y = weight * x + bias
    inputs, targets = (each[:, None].astype(np.float32) for each in (x, y))
    return Dataset(
        name="line",
        kind="points",
        train=Split(inputs[:40], targets[:40]),
        test=Split(inputs[40:], targets[40:]),
        features=("x",),
        task="numbers",
        outputs=("y",),
        license="none needed: generated",
        description=f"50 points of the line y = {weight} x + {bias}, without noise; "
        "the last 10 are the test split.",
    )


def diabetes() -> Dataset:
    """442 patients, ten measurements of each, and how far a diabetes got in a year.

    scikit-learn's copy, in the units of the source, not scaled; 20 % are the test.
    """
    try:
        from sklearn.datasets import load_diabetes
        from sklearn.model_selection import train_test_split
    except ImportError as error:
        raise Mistake(
            "diabetes needs scikit-learn, which ships it: pip install scikit-learn"
        ) from error
    rows, progression = load_diabetes(return_X_y=True, scaled=False)
    parts = train_test_split(
        rows.astype(np.float32),
        progression[:, None].astype(np.float32),
        test_size=TEST,
        random_state=SEED,
    )
    train, test, train_targets, test_targets = parts
    described = "; ".join(f"{name}, {what}" for name, what in FEATURES.items())
    return Dataset(
        name="diabetes",
        kind="tabular",
        train=Split(train, train_targets),
        test=Split(test, test_targets),
        features=tuple(FEATURES),
        columns=tuple(map(Column, FEATURES)),
        task="numbers",
        outputs=("progression",),
        license="not stated; scikit-learn's copy is BSD-3-Clause",
        citation="B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, Least angle "
        "regression, Annals of Statistics 32(2), 407-499, 2004, "
        "doi:10.1214/009053604000000067",
        description=f"442 diabetes patients: {described}; the number to be answered is "
        "the progression of the disease one year later, 25 to 346. For teaching; not "
        "a medical device, not for decisions about patients.",
    )

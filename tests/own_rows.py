"""A test's own rows and targets under the name "line", as `zoo.train` loads them."""

from zoo.data.dataset import Dataset, Split
from zoo.recipe import Recipe

LINE = Recipe(
    model="deep_mlp",
    data="line",
    model_arguments={"hidden": (4,)},
    batch=8,
    epochs=5,
    learning_rate=0.03,
    loss="mean_squared",
)


def as_line(monkeypatch, rows, targets, trained_on: int, **about) -> Dataset:
    """A data set of which so many rows are trained on, and the others are the test."""
    train, test = (
        Split(rows[part], targets[part])
        for part in (slice(trained_on), slice(trained_on, None))
    )
    own = Dataset("own", "points", train, test=test, **about)
    monkeypatch.setattr("zoo.data.sources.numbers.line", lambda: own)
    return own

"""Measure what needs no network on the data of each recipe: recipes/floors.json.

    python tools/floors.py                                   every recipe
    python tools/floors.py efficientnet_food data.path=./pizza_steak_sushi

Two floors for each: the most frequent class, and scikit-learn's logistic regression
(C=1, at most 100 iterations of L-BFGS) on pixels, columns, or the presence of the
recipe's own tokens. Of numbers they are their mean and ridge regression, see
`zoo.data.floors`, by the metric that the recipe claims. Pictures with sides above 32
pixels are averaged to 32 first. Both are fitted to all examples outside of the test
split, validation included; where the recipe claims a cross-validation, both go through
the same parts.
"""

import argparse
import dataclasses
import importlib.metadata
import itertools
import json
import statistics
import sys
import time
import warnings

import numpy as np

from zoo import recipe as recipes
from zoo.data import load_for
from zoo.data.floors import SECONDS, answers
from zoo.metrics import of_numbers
from zoo.metrics.names import NUMBERS

FILE = recipes.folder() / "floors.json"
ITERATIONS, SIDE, SEEDS = 100, 32, 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="recipes, and data.NAME=VALUE")
    words = parser.parse_args().words
    changes = [word for word in words if "=" in word]
    names = [word for word in words if "=" not in word] or recipes.names()
    known = {}  # recipes of the same examples have the same floors
    for name in names:
        recipe = recipes.override(recipes.load(name), changes)
        claim = recipe.expects and (recipe.expects.split, recipe.expects.folds)
        examples = repr((recipe.data, recipe.data_arguments, claim))
        if examples not in known:
            known[examples] = measure(recipe)
        put(name, {**known[examples], "command": f"python tools/floors.py {name}"})
        print(f"{name}: {known[examples]['floors']}", flush=True)


def read() -> dict[str, dict]:
    """The floors of each recipe, by its name."""
    return json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {}


def put(name: str, line: dict) -> None:
    """Add the floors of a recipe to the file, or replace them."""
    lines = dict(sorted({**read(), name: line}.items()))
    FILE.write_text(json.dumps(lines, indent=1) + "\n", "utf-8")


def measure(recipe: recipes.Recipe) -> dict:
    """What both floors reach on the examples that the recipe's claim is about."""
    start = time.perf_counter()
    if (expects := recipe.expects) and expects.metric in NUMBERS:
        return {**_of_numbers(recipe, expects.metric), **_end(start)}
    found = [score(*parts) for parts in splits(recipe)]
    converged = all(done for _, _, done in found)
    regression = "logistic regression"
    if not converged:
        regression += f", stopped after {ITERATIONS} iterations"
    return {
        "floors": {
            "most frequent class": statistics.fmean(share for share, _, _ in found),
            regression: statistics.fmean(share for _, share, _ in found),
        },
        **_end(start),
    }


def _end(start: float) -> dict:
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "versions": f"scikit-learn {importlib.metadata.version('scikit-learn')}",
    }


def _of_numbers(recipe: recipes.Recipe, metric: str) -> dict:
    """The floors of a recipe of numbers; over the parts of a cross-validation means."""
    found: dict[str, list[float]] = {"mean": [], "ridge regression": []}
    for _, test, dataset in splits(recipe):
        answered, _ = answers(dataset, test, SECONDS)
        for name, values in found.items():
            measured = of_numbers(answered[name], test.targets)
            values.append(measured[metric])
    return {"floors": {name: statistics.fmean(each) for name, each in found.items()}}


def splits(recipe: recipes.Recipe):
    """Pairs of training and test split, and the kind of data, of each part."""
    expects = recipe.expects or recipes.Expected("accuracy", 0)
    if not expects.folds:
        dataset = load_for(recipe, validation=0)
        yield dataset.train, dataset.split(expects.split), dataset
        return
    for seed, part in itertools.product(range(SEEDS), range(expects.folds)):
        one = dataclasses.replace(recipe, seed=seed)
        dataset = load_for(one, validation=0, fold=(part, expects.folds))
        yield dataset.train, dataset.test, dataset


def score(train, test, dataset) -> tuple[float, float, bool]:
    """The share of right answers of each floor, and whether the second converged."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    most = np.bincount(train.targets).argmax()
    seen, asked = (features(split.inputs, dataset) for split in (train, test))
    if dataset.kind in ("tabular", "points"):
        scale = StandardScaler().fit(seen)
        seen, asked = scale.transform(seen), scale.transform(asked)
    regression = LogisticRegression(max_iter=ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the file says it
        regression.fit(seen, train.targets)
    right = float(np.mean(regression.predict(asked) == test.targets))
    converged = int(regression.n_iter_.max()) < ITERATIONS
    return float(np.mean(test.targets == most)), right, converged


def features(inputs, dataset):
    """The rows that the logistic regression sees."""
    inputs = np.asarray(inputs[np.arange(len(inputs))])
    if dataset.kind == "text":
        return _presence(inputs, dataset.encoder.size)
    if dataset.kind == "image":
        return _pixels(inputs)
    return inputs


def _presence(ids, size):
    from scipy.sparse import csr_matrix

    rows = np.repeat(np.arange(len(ids)), ids.shape[1])
    ones = np.ones(ids.size, np.float32)
    counts = csr_matrix((ones, (rows, ids.ravel())), shape=(len(ids), size))
    counts.data[:] = 1
    return counts


def _pixels(images):
    count, height, width, channels = images.shape
    tall, wide = max(1, height // SIDE), max(1, width // SIDE)
    images = images[:, : height // tall * tall, : width // wide * wide]
    shape = (count, height // tall, tall, width // wide, wide, channels)
    means = images.reshape(shape).mean((2, 4), dtype=np.float32)
    return means.reshape(count, -1) / 255


if __name__ == "__main__":
    sys.exit(main())

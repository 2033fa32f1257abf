"""Floors are what scikit-learn gives by hand, and stand beside each result."""

import json

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    log_loss,
    roc_auc_score,
)
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import zoo
from zoo import data
from zoo.core.columns import Column
from zoo.data import features
from zoo.data.dataset import Dataset, Split
from zoo.data.floors import answers, floors
from zoo.data.kinds.texts import Vocabulary
from zoo.data.kinds.tokens import split_words
from zoo.reporting.advice import advise, compare

once = pytest.mark.once


@pytest.fixture
def random():
    """Its own for each test, whatever ran before."""
    return np.random.default_rng(0)


def parts(inputs, targets, kind="tabular", **about):
    """A data set of these examples, the last third of which is the test split."""
    cut = len(targets) * 2 // 3
    train, test = (
        Split(np.asarray(inputs)[part], np.asarray(targets)[part])
        for part in (slice(cut), slice(cut, None))
    )
    return Dataset("own", kind, train, test=test, **about)


@once
def test_floors_of_classes_are_scikit_learns():
    moons = data.load("moons", noise=0.3)
    found = floors(moons, "test", 10)
    scale = StandardScaler().fit(moons.train.inputs)
    seen, asked = map(scale.transform, (moons.train.inputs, moons.test.inputs))
    linear = LogisticRegression().fit(seen, moons.train.targets)
    boosted = HistGradientBoostingClassifier(random_state=0)
    boosted.fit(moons.train.inputs, moons.train.targets)
    truth = moons.test.targets
    for name, model, inputs in (
        ("logistic regression", linear, asked),
        ("gradient boosting", boosted, moons.test.inputs),
    ):
        shares = model.predict_proba(inputs)[:, 1]
        by_hand = {
            "accuracy": accuracy_score(truth, shares > 0.5),
            "balanced_accuracy": balanced_accuracy_score(truth, shares > 0.5),
            "loss": log_loss(truth, shares),
            "auc": roc_auc_score(truth, shares),
        }
        assert found.metrics[name] == pytest.approx(by_hand, abs=2e-3)
    assert found.metrics["most frequent class"]["accuracy"] == 0.5
    assert found.left_out == {}


@once
def test_floors_are_kept(monkeypatch):
    moons = data.load("moons", data_seed=7)
    first = floors(moons, "test", 10)
    monkeypatch.setattr("zoo.data.floors.answers", None)
    assert floors(moons, "test", 10) == first
    with pytest.raises(TypeError):  # other examples have floors of their own
        floors(data.load("moons", data_seed=8), "test", 10)


@once
def test_a_damaged_kept_floor_is_measured_again(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    moons = data.load("moons")
    first = floors(moons, "test", 0)
    (path,) = (tmp_path / "floors").iterdir()
    path.write_text('{"metrics"')
    assert floors(moons, "test", 0) == first
    assert json.loads(path.read_text("utf-8"))["metrics"] == first.metrics
    monkeypatch.setenv("ZOO_CACHE", str(path))  # a file: nothing can be kept
    assert floors(moons, "test", 0) == first


@once
def test_what_takes_too_long_is_left_out_or_stopped(random):
    moons = data.load("moons")
    _, left_out = answers(moons, moons.test, 0)
    assert left_out["logistic regression"] == "it would take more than about 0 s"
    assert left_out["gradient boosting"] == "it would take more than about 0 s"
    walks = random.normal(size=(6000, 60)).cumsum(axis=1).astype(np.float32)
    rows = parts(walks, (walks[:, 0] > 0).astype(np.int32), classes=("a", "b"))
    found, _ = answers(rows, rows.test, 20 * 4 * rows.train.inputs.size / 1e10)
    assert "logistic regression, stopped after 20 iterations" in found


@once
def test_a_linear_model_of_texts_sees_which_words_occur(random):
    words = ["good", "bad", "fine", "poor", "film", "actor", "the", "a"]
    rows = [" ".join(random.choice(words, 6)) for _ in range(90)]
    targets = np.array([("good" in row) > ("bad" in row) for row in rows], np.int32)
    (tokens,) = split_words(rows)
    vocabulary = Vocabulary.build(tokens)
    ids = vocabulary.encode_tokens(tokens)
    texts = parts(ids, targets, "text", classes=("no", "yes"), encoder=vocabulary)
    found, _ = answers(texts, texts.test, 10)
    assert "gradient boosting" not in found
    held = csr_matrix([[word in row.split() for word in words] for row in rows])
    model = LogisticRegression().fit(held[:60].astype(float), targets[:60])
    logits = model.decision_function(held[60:].astype(float))
    np.testing.assert_allclose(
        found["logistic regression"][:, 0], logits, rtol=0.01, atol=0.01
    )


@once
def test_a_linear_model_of_pictures_sees_averaged_pixels(random):
    pictures = random.integers(0, 256, (3, 64, 96, 1), np.uint8)
    split = Split(pictures, np.zeros(3, np.int32))
    found, _ = features.of(Dataset("own", "image", split), split, split)
    by_hand = [
        [
            p[2 * i : 2 * i + 2, 3 * j : 3 * j + 3].mean()
            for i in range(32)
            for j in range(32)
        ]
        for p in pictures.astype(float)
    ]
    np.testing.assert_allclose(found, np.array(by_hand) / 255, rtol=1e-5)


COLUMNS = (
    Column("size", missing=True),
    Column("town", "category", ("Bonn", "Köln", "Ulm")),
    Column("seen", "date"),
    Column("street", "category", tuple(f"street {i}" for i in range(100))),
)


def table(random, count=240):
    """Rows of a number, two categories and a date, some of them missing or unknown."""
    codes = random.integers(-1, 3, count)
    days = random.integers(0, 20_000, count)
    seconds, streets = random.integers(0, 86_400, count), random.integers(0, 100, count)
    numbers = [random.normal(size=count), codes, days, seconds, streets]
    rows = np.stack(numbers, axis=1).astype(np.float32)
    rows[::7, 0] = rows[::11, 1] = rows[::13, 2] = rows[::13, 3] = np.nan
    return rows


@once
def test_columns_become_numbers_categories_and_points_on_circles(random):
    rows = table(random)
    split = Split(rows, np.zeros(len(rows), np.int32))
    about = {"classes": ("a", "b"), "columns": COLUMNS}
    found, same = features.of(Dataset("own", "tabular", split, **about), split, split)
    found = found.toarray()
    np.testing.assert_array_equal(found, same.toarray())
    known = rows[~np.isnan(rows[:, 0]), 0]
    scaled = (rows[:, 0] - known.mean()) / known.std()
    np.testing.assert_allclose(found[:, 0], np.nan_to_num(scaled), atol=1e-5)
    np.testing.assert_array_equal(found[:, 1], np.isnan(rows[:, 0]))
    codes = np.where(np.isnan(rows[:, 1]), 3, rows[:, 1])[:, None]
    encoder = OneHotEncoder(
        categories=[[0, 1, 2, 3]], handle_unknown="ignore", sparse_output=False
    )
    np.testing.assert_array_equal(found[:, 2:6], encoder.fit_transform(codes))
    day = np.datetime64("1970-01-01") + rows[1, 2].astype(int)
    month = (day.astype("datetime64[M]") - day.astype("datetime64[Y]")).astype(int)
    weekday, hour = day.item().weekday(), rows[1, 3] / 86_400
    circles = [
        wave(2 * np.pi * turn)
        for turn in (month / 12, weekday / 7, hour)
        for wave in (np.sin, np.cos)
    ]
    raw = features._calendar(rows[1:2, 2:4])[0]
    np.testing.assert_allclose(raw, [rows[1, 2], *circles], atol=1e-6)
    assert found.shape[1] == 2 + 4 + 8 + 100
    streets = np.eye(100)[rows[:, 4].astype(int)]
    np.testing.assert_array_equal(found[:, -100:], streets)


@once
def test_words_beside_other_columns_are_seen_by_linear_models_and_trees(random):
    words = ("bad", "good", "it", "so")
    columns = (Column("age"), Column("note", "text", words, length=3))
    notes = random.integers(-1, 4, (80, 3)).astype(np.float32)
    notes[:, 2] = np.nan
    rows = np.column_stack([random.normal(size=80), notes]).astype(np.float32)
    held = np.stack([(notes == i).any(axis=1) for i in range(4)], axis=1)
    split = Split(rows, held[:, 1].astype(np.int32))
    dataset = Dataset("own", "tabular", split, classes=("a", "b"), columns=columns)
    found, _ = features.of(dataset, split, split)
    np.testing.assert_array_equal(found.toarray()[:, 1:], held)
    trees, _, coded = features.for_trees(dataset, split, split)
    assert not coded.any()
    order = np.argsort(-held.sum(axis=0), kind="stable")
    np.testing.assert_array_equal(trees, np.column_stack([rows[:, 0], held[:, order]]))
    answered, _ = answers(dataset, split, 10)
    for name in ("logistic regression", "gradient boosting"):
        assert ((answered[name][:, 0] > 0) == held[:, 1]).mean() >= 0.97


@once
def test_floors_of_numbers_are_scikit_learns(random):
    rows = random.normal(size=(120, 3)).astype(np.float32)
    targets = (rows @ [[1, 2], [3, 4], [0, 1]] + random.normal(size=(120, 2))) * 1000
    own = parts(rows, targets.astype(np.float32), task="numbers", outputs=("a", "b"))
    found, left_out = answers(own, own.test, 10)
    assert left_out == {}
    np.testing.assert_allclose(found["mean"][5], own.train.targets.mean(0), rtol=1e-5)
    scale = StandardScaler().fit(own.train.inputs)
    ridge = RidgeCV(alphas=10.0 ** np.arange(-2, 5))
    ridge.fit(scale.transform(own.train.inputs), own.train.targets)
    by_hand = ridge.predict(scale.transform(own.test.inputs))
    np.testing.assert_allclose(found["ridge regression"], by_hand, rtol=0.01, atol=5)
    second = HistGradientBoostingRegressor(random_state=0)
    second.fit(own.train.inputs, own.train.targets[:, 1])
    np.testing.assert_allclose(
        found["gradient boosting"][:, 1], second.predict(own.test.inputs)
    )


@once
def test_floors_of_labels_are_scikit_learns(random):
    rows = random.normal(size=(150, 3)).astype(np.float32)
    targets = np.stack([rows[:, 0] > 0, rows[:, 1] > 1, rows[:, 2] > 99], axis=1)
    labels = {"task": "labels", "classes": ("a", "b", "never")}
    own = parts(rows, targets.astype(np.float32), **labels)
    found, _ = answers(own, own.test, 10)
    scale = StandardScaler().fit(own.train.inputs)
    for label in (0, 1):
        model = LogisticRegression()
        model.fit(scale.transform(own.train.inputs), own.train.targets[:, label])
        logits = model.decision_function(scale.transform(own.test.inputs))
        np.testing.assert_allclose(
            found["logistic regression"][:, label], logits, rtol=0.01, atol=0.01
        )
    assert (found["logistic regression"][:, 2] < -30).all()
    shares = 1 / (1 + np.exp(-found["frequency of each label"][0]))
    np.testing.assert_allclose(shares, own.train.targets.mean(0), atol=1e-6)


@once
def test_a_class_without_training_examples_is_never_answered(random):
    rows = random.normal(size=(90, 2)).astype(np.float32)
    targets = (rows[:, 0] > 0) * 2
    targets[80] = 1
    own = parts(rows, targets.astype(np.int32), classes=("a", "b", "c"))
    found, _ = answers(own, own.test, 10)
    for outputs in found.values():
        assert outputs.shape == (30, 3)
        assert (outputs.argmax(1) != 1).all()


@pytest.fixture(scope="module")
def moons(tmp_path_factory):
    """A short run with all of its floors."""
    recipe = zoo.Recipe(model="deep_mlp", data="moons", epochs=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.data.floors.SECONDS", 10.0)
        return zoo.train(recipe, run=tmp_path_factory.mktemp("runs") / "moons")


@pytest.mark.once
def test_a_run_has_the_floors_of_its_test_split(moons):
    dataset = moons.dataset()
    assert moons.metrics["floors"] == floors(dataset, "test", 10).metrics
    right = round(moons.metrics["test"]["accuracy"] * 200)
    share = (right + 2) / 204
    noise = np.sqrt(share * (1 - share) / 204)
    assert moons.metrics["noise"] == {"accuracy": pytest.approx(noise)}
    (best,) = compare(moons.metrics)[-1:]
    assert best.startswith("gradient boosting 100.0%, this network ")
    assert best.endswith("worse")


@pytest.mark.slow
@once
def test_what_is_left_out_is_told_and_no_floor_can_be_asked_for(tmp_path, capsys):
    recipe = zoo.Recipe(model="deep_mlp", data="moons", epochs=1)
    zoo.train(recipe, run=tmp_path / "told")
    said = capsys.readouterr().err
    assert "logistic regression, which needs no network, is left out: it would" in said
    run = zoo.train(recipe, run=tmp_path / "none", floor=False)
    assert "floors" not in run.metrics
    assert compare(run.metrics) == []
    assert "left out" not in capsys.readouterr().err


def result(own, floor, noise=0.003):
    return {
        "test": {"accuracy": own},
        "noise": {"accuracy": noise},
        "floors": {
            "most frequent class": {"accuracy": 0.515},
            "logistic regression": {"accuracy": floor},
        },
    }


@once
@pytest.mark.parametrize(
    ("own", "words"),
    [
        (0.812, "this network 81.2% ± 0.3: within its noise"),
        (0.85, "this network 85.0% ± 0.3: 4.0 points better"),
        (0.77, "this network 77.0% ± 0.3: 4.0 points worse"),
    ],
)
def test_a_network_is_compared_with_each_floor(own, words):
    worst, best = compare(result(own, 0.81))
    assert worst.startswith("most frequent class 51.5%, this network")
    assert best == f"logistic regression 81.0%, {words}"
    history = [{"loss": 1.0, "accuracy": 0.9, "seconds": 1.0, "waiting": 0.0}]
    advice = advise(history, result(own, 0.81))
    reached = "logistic regression reached 81.0% on the same examples, this network"
    if "better" in words:
        assert advice == []
    elif own > 0.81:
        assert advice == [
            f"Not shown to need a network: {reached} 81.2% ± 0.3; more examples "
            "to judge by would tell, or train longer, on more data, or another network."
        ]
    else:
        assert advice == [
            f"No network needed so far: {reached} {own:.1%}; use that, or train "
            "longer, on more data, or another network."
        ]

"""Intervals around numbers hold the truth as often as they say."""

import dataclasses
import json

import numpy as np
import pytest
from own_rows import as_line

import zoo
from zoo import cli
from zoo.errors import Mistake
from zoo.metrics import bound, errors_of, surprises, surprises_of

once = pytest.mark.once


@once
@pytest.mark.parametrize(("count", "level"), [(19, 0.9), (99, 0.95), (50, 0.5)])
def test_intervals_cover_what_they_say(count, level):
    """Whatever the distribution: here the errors of a bad guess at a skewed number."""
    random = np.random.default_rng(0)
    inside = []
    for _ in range(2000):
        targets = random.exponential(5, (count + 20, 1))
        answers = np.full_like(targets, 3.0)
        about = errors_of(answers[:count], targets[:count], ("y",))
        width = bound(about, "y", level)
        inside.append((np.abs(answers - targets)[count:] <= width).mean())
    # between level and level + 1 / (n + 1), and four standard errors of the mean
    slack = 4 * np.std(inside) / np.sqrt(2000)
    assert level - slack <= np.mean(inside) <= level + 1 / (count + 1) + slack


@once
def test_the_width_is_the_kth_smallest_error():
    errors = np.random.default_rng(1).permutation(np.arange(1.0, 20))[:, None]
    about = json.loads(json.dumps(errors_of(errors, 0 * errors, ("y",))))
    assert bound(about, "y", 0.5) == 10
    assert bound(about, "y", 0.95) == 19
    with pytest.raises(Mistake) as mistake:
        bound(about, "y", 0.96)
    assert str(mistake.value) == (
        "confidence=0.96 needs 24 validation examples and the run had 19; accepted: up "
        "to 0.95, or train with a larger validation="
    )


@once
def test_of_many_errors_a_thousand_are_kept_and_none_is_too_small():
    errors = np.arange(1.0, 12_346)[:, None]
    about = errors_of(errors, 0 * errors, ("y",))
    assert len(about["errors"]["y"]) == 1000
    for level in (0.1, 0.5, 0.9, 0.999):
        exact = np.ceil(12_346 * level)
        assert exact <= bound(about, "y", level) <= exact + 13


@pytest.fixture
def noisy(monkeypatch):
    """Two numbers of one row, in units far apart, with noise."""
    random = np.random.default_rng(2)
    rows = random.normal(size=(1400, 2)).astype("float32")
    noise = random.standard_t(3, (1400, 2))
    targets = ((rows + noise) * [100, 0.1]).astype("float32")
    about = {"task": "numbers", "outputs": ("a", "b"), "features": ("x", "y")}
    return as_line(monkeypatch, rows, targets, 600, **about)


RECIPE = zoo.Recipe(
    model="deep_mlp",
    data="line",
    model_arguments={"hidden": ()},
    validation=0.33,
    batch=50,
    epochs=4,
    learning_rate=0.03,
    loss="mean_squared",
)


@pytest.mark.once
def test_a_run_answers_with_intervals(noisy, tmp_path, capsys):
    run = zoo.train(RECIPE, run=tmp_path / "run", quiet=True, floor=False)
    found = zoo.predict(run, noisy.test.inputs, confidence=0.9)
    for place, name in enumerate(("a", "b")):
        inside = [
            low <= truth <= high
            for (low, high), truth in zip(
                (each.intervals[name] for each in found),
                noisy.test.targets[:, place],
                strict=True,
            )
        ]
        assert np.mean(inside) == pytest.approx(0.9, abs=0.05)
    assert zoo.predict(run, noisy.test.inputs[:1])[0].intervals == {}
    assert "intervals" in found[0].to_json()
    assert cli.call(["predict", str(run.folder), "1,1", "--confidence", "0.9"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert "a, 0.9 interval" in head
    assert " to " in row
    for level in (0, 1, 1.5):
        with pytest.raises(
            Mistake, match=f"confidence={level}; accepted: above 0 and belo"
        ):
            zoo.predict(run, [[1, 1]], confidence=level)


@pytest.mark.slow
@once
def test_who_knows_no_errors_says_so(noisy, tmp_path, monkeypatch):
    recipe = dataclasses.replace(RECIPE, validation=0.0, epochs=1)
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True, floor=False)
    with pytest.raises(Mistake, match="validation split, or is of an older zoo; train"):
        zoo.predict(run, [[1, 1]], confidence=0.9)
    damaged = {**run.metrics, "conformal": {"examples": 9, "errors": {"a": [1.0]}}}
    vars(run)["metrics"] = damaged  # as it is kept once it was read
    with pytest.raises(Mistake, match="is damaged: its errors are not complete"):
        zoo.predict(run, [[1, 1]], confidence=0.5)
    recipe = dataclasses.replace(RECIPE, data="moons", loss="crossentropy", epochs=1)
    monkeypatch.undo()
    run = zoo.train(recipe, run=tmp_path / "moons", quiet=True, floor=False)
    about = {k: v for k, v in run.metrics.items() if k != "conformal"}
    vars(run)["metrics"] = about  # as where it was taken away
    with pytest.raises(Mistake, match="is damaged: it has no conformal"):
        zoo.predict(run, [[1, 1]], confidence=0.9)


@once
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_true_class_is_among_those_that_are_not_excluded(confidence):
    """Counted over 400 draws of the held-out examples; by logits that are far off."""
    random = np.random.default_rng(4)
    inside, sizes = [], []
    for _ in range(400):
        targets = random.integers(0, 5, 199)
        logits = 3 * random.normal(size=(199, 5)) + 2 * np.eye(5)[targets]
        bound_ = bound(surprises_of(logits[:99], targets[:99]), "class", confidence)
        kept = surprises(logits[99:]) <= bound_
        inside.append(kept[np.arange(100), targets[99:]].mean())
        sizes.append(kept.sum(axis=1).mean())
    slack = 4 * np.std(inside) / np.sqrt(400)
    assert confidence - slack <= np.mean(inside) <= confidence + 0.01 + slack
    assert 1 < np.mean(sizes) < 5


@once
def test_surprises_are_minus_the_logarithm_of_the_probability():
    logits = np.array([[2.0], [-800.0]])
    np.testing.assert_allclose(
        surprises(logits), [[np.log1p(np.exp(2)), np.log1p(np.exp(-2))], [0, 800]]
    )
    about = surprises_of(logits, np.array([1, 0]))
    assert about["errors"]["class"] == pytest.approx([0, np.log1p(np.exp(-2))])


@pytest.mark.once
def test_a_run_names_every_class_that_it_cannot_exclude(tmp_path, capsys):
    recipe = zoo.Recipe(
        model="deep_mlp",
        data="blobs",
        data_arguments={"samples": 1500, "std": 4.0},
        model_arguments={"hidden": ()},
        validation=0.4,
        batch=50,
        epochs=3,
        learning_rate=0.05,
    )
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True, floor=False)
    test = run.dataset().test
    few, many = (zoo.predict(run, test.inputs, confidence=c) for c in (0.6, 0.95))
    names = run.about_data.classes
    truth = [names[target] for target in test.targets]
    share = np.mean([t in each.possible for t, each in zip(truth, many, strict=True)])
    assert share == pytest.approx(0.95, abs=0.05)
    assert all(
        set(a.possible) <= set(b.possible) for a, b in zip(few, many, strict=True)
    )
    assert all(each.possible[0] == each.label for each in few)
    assert max(len(each.possible) for each in many) > 1
    assert many[0].to_json()["possible"] == many[0].possible
    assert zoo.predict(run, test.inputs[:1])[0].possible == ()
    assert cli.call(["predict", str(run.folder), "0,0", "--confidence", "0.95"]) == 0
    head, _ = capsys.readouterr().out.splitlines()
    assert head.endswith("not excluded at 0.95")

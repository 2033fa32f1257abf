"""Cross-validation: parts without leakage, and what is said of them."""

import dataclasses
import shutil
import warnings
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss, r2_score
from sklearn.preprocessing import StandardScaler

import zoo
from zoo import cli, data
from zoo.data.dataset import Dataset, Split
from zoo.data.folds import split
from zoo.errors import Mistake
from zoo.evaluation import cross_validation
from zoo.evaluation.cross_validation import cross_validate
from zoo.evaluation.reproduction import once
from zoo.metrics import intervals, measure
from zoo.training.folder import Stopped
from zoo.tuning import trial
from zoo.tuning.choice import best_of

RECIPE = zoo.Recipe(model="deep_mlp", data="moons", epochs=3, validation=0.0, seed=3)
THIRDS = dataclasses.replace(RECIPE, batch=29)  # two of the trainings are of 23 x 29


@given(st.integers(4, 60), st.integers(2, 4), st.integers(0, 9))
@pytest.mark.once
def test_each_example_is_tested_once_and_never_trained_on(count, parts, seed):
    rows = np.arange(count, dtype=np.float32).reshape(-1, 1)
    targets = (np.arange(count) % 3 == 0).astype(np.int32)
    half = count // 2
    whole = Dataset(
        "rows",
        "tabular",
        train=Split(rows[half:], targets[half:]),
        test=Split(rows[:half], targets[:half]),
    )
    tested = []
    for part in range(parts):
        cut = split(whole, (part, parts), seed)
        both = np.concatenate([cut.train.inputs, cut.test.inputs]).ravel()
        assert sorted(both) == list(range(count))
        assert abs(len(cut.test) - count / parts) < 1
        assert abs(cut.test.targets.sum() - targets.sum() / parts) < 1
        tested += cut.test.inputs.ravel().tolist()
    assert sorted(tested) == list(range(count))


@pytest.mark.once
def test_the_seed_decides_the_parts():
    first, again, other = (
        data.load("moons", seed=seed, fold=(0, 5)).test.inputs for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    pinned = data.load("moons", seed=2, fold=(0, 5, 1)).test.inputs
    assert np.array_equal(first, pinned)


@pytest.mark.parametrize(
    "fold", [(5, 5), (-1, 5), (0, 1), (0.5, 5), 3, (0, 1001), (5, 5, 1)]
)
@pytest.mark.once
def test_a_fold_out_of_range(fold):
    said = r"accepted: (2 to 1000|\(i, k\), or \(i, k, seed\), .* 2 <= k <= 1000)"
    with pytest.raises(Mistake, match=said):
        data.load("moons", fold=fold)


@pytest.mark.slow
def test_a_cross_validation_resumes_and_predicts_every_example(tmp_path, capsys):
    run = cross_validate(THIRDS, 3, tmp_path)
    assert run.metrics["seconds"]["total"] > 0
    low, high = run.metrics["interval"]["accuracy"]
    assert 0.5 < low < run.metrics["test"]["accuracy"] < high < 1
    assert [fold["examples"] for fold in run.metrics["folds"]] == [334, 333, 333]
    wrong = sum(
        (1 - zoo.Run(tmp_path / f"part-{part}").metrics["test"]["accuracy"]) * count
        for part, count in enumerate((334, 333, 333))
    )
    assert 1 - wrong / 1000 == pytest.approx(run.metrics["test"]["accuracy"])
    trained = (tmp_path / "part-0" / "model.keras").stat().st_mtime_ns
    again = cross_validate(THIRDS, 3, tmp_path)
    assert again.metrics == run.metrics
    assert (tmp_path / "part-0" / "model.keras").stat().st_mtime_ns == trained
    said = f"{tmp_path} is a cross-validation"
    with pytest.raises(Mistake, match=rf"{said}, .* such as {tmp_path / 'part-0'}"):
        zoo.predict(tmp_path, "0,0")
    assert cli.call(["train", str(tmp_path), "--resume"]) == 2
    assert f"{said}; `zoo cross-validate` with the same" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt, Stopped])
@pytest.mark.once
def test_a_stopped_one_says_how_all_of_it_goes_on(error, tmp_path, monkeypatch):
    def stop(*_, **more):
        raise error

    monkeypatch.setattr(cross_validation, "train", stop)
    with pytest.raises(Stopped) as stopped:
        cross_validate(zoo.Recipe(model="deep_mlp", data="moons"), 3, tmp_path / "run")
    assert str(stopped.value) == (
        "stopped; what is trained is kept; the same command with "
        f"--run {tmp_path / 'run'} continues it"
    )
    assert not (tmp_path / "run").exists()  # nothing was trained


@pytest.mark.once
def test_nothing_is_written_beside_what_was_not_begun_here(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    for parts in (1, 0, True, "5"):
        with pytest.raises(Mistake, match="folds; accepted: a whole number, at least"):
            cross_validate(RECIPE, parts, tmp_path / "cv")
    with pytest.raises(Mistake, match="is not empty, and holds no cross-validation; n"):
        cross_validate(RECIPE, 3, tmp_path)
    (tmp_path / "old" / "part-0").mkdir(parents=True)
    with pytest.raises(
        Mistake, match=r"own; give that of a part, such as .*old/part-0"
    ):
        data.restore(tmp_path / "old")
    shutil.rmtree(tmp_path / "old")
    wild = dataclasses.replace(RECIPE, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(Mistake, match="training diverged"):
        cross_validate(wild, 3, tmp_path / "mine" / "cv", quiet=True)
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.once
def test_many_classes_with_the_floors_of_every_fold(tmp_path, monkeypatch):
    monkeypatch.setattr("zoo.data.floors.SECONDS", 10.0)
    blobs = {"samples": 120, "std": 3.0}
    recipe = dataclasses.replace(
        RECIPE, data="blobs", data_arguments=blobs, epochs=1, batch=8
    )
    found = cross_validate(recipe, 3, tmp_path, quiet=True).metrics
    answers, targets, shares = [], [], []
    for part in range(3):
        own = data.load("blobs", **blobs, validation=0, seed=3, fold=(part, 3))
        scale = StandardScaler().fit(own.train.inputs)
        line = LogisticRegression().fit(
            scale.transform(own.train.inputs), own.train.targets
        )
        answers.append(line.predict_proba(scale.transform(own.test.inputs)))
        targets.append(own.test.targets)
        shares.append(line.score(scale.transform(own.test.inputs), targets[-1]))
        fold = found["folds"][part]
        assert fold["examples"] == 40
        assert fold["floors"]["logistic regression"]["accuracy"] == shares[-1]
        run = zoo.Run(tmp_path / f"part-{part}")
        assert fold["test"] == pytest.approx(run.metrics["test"], rel=1e-4)
    linear = found["floors"]["logistic regression"]
    assert linear["accuracy"] == pytest.approx(np.mean(shares))
    loss = log_loss(np.concatenate(targets), np.concatenate(answers))
    assert linear["loss"] == pytest.approx(loss, rel=0.01)
    each = found["classes"]["test"].values()
    counts = np.bincount(np.concatenate(targets)).tolist()
    assert [one["examples"] for one in each] == counts
    mean = np.mean([one["recall"] for one in each])
    assert mean == pytest.approx(found["test"]["balanced_accuracy"])
    names = {"loss", "accuracy", "balanced_accuracy"}
    assert set(found["test"]) == names == set(found["interval"])
    assert "gradient boosting" in found["floors"]
    with pytest.raises(Mistake, match="121 folds of 120 examples; accepted: 2 to 120"):
        cross_validate(recipe, 121, tmp_path / "many")


@pytest.mark.once
def test_numbers_with_the_floors_of_every_fold(tmp_path, monkeypatch):
    monkeypatch.setattr("zoo.data.floors.SECONDS", 10.0)
    recipe = dataclasses.replace(RECIPE, data="diabetes", loss="mean_squared", epochs=2)
    found = cross_validate(recipe, 2, tmp_path, quiet=True).metrics
    answers, lines, targets = [], [], []
    for part in range(2):
        own = data.load("diabetes", validation=0, seed=3, fold=(part, 2))
        scale = StandardScaler().fit(own.train.inputs)
        line = RidgeCV(alphas=10.0 ** np.arange(-2, 5))
        line.fit(scale.transform(own.train.inputs), own.train.targets[:, 0])
        lines.append(line.predict(scale.transform(own.test.inputs)))
        run = zoo.Run(tmp_path / f"part-{part}")
        answers.append(keras.ops.convert_to_numpy(run.model(own.test.inputs))[:, 0])
        targets.append(own.test.targets[:, 0])
        fold = found["folds"][part]
        by_hand = r2_score(targets[-1], answers[-1])
        assert fold["test"]["r2"] == pytest.approx(by_hand, abs=1e-5)  # of float32
        assert fold["examples"] == 221
    answers, lines, targets = map(np.concatenate, (answers, lines, targets))
    assert found["test"]["r2"] == pytest.approx(r2_score(targets, answers), abs=1e-4)
    ridge = found["floors"]["ridge regression"]
    assert ridge["r2"] == pytest.approx(r2_score(targets, lines), abs=1e-3)
    assert ridge["mae"] == pytest.approx(np.abs(lines - targets).mean(), rel=1e-3)
    low, high = found["interval"]["mae"]
    assert low < found["test"]["mae"] < high
    assert list(found["noise"]) == ["mae"]


@pytest.mark.once
def test_a_floor_that_was_stopped_in_one_part_says_so():
    one, two = np.zeros((2, 1)), np.ones((3, 1))
    parts = [
        {"mean": one, "line": one},
        {"line, stopped after 40 iterations": two, "trees": two},
    ]
    (name,), (answers,) = zip(*cross_validation.together(parts).items(), strict=True)
    assert name == "line, stopped after 40 iterations"
    assert answers[:, 0].tolist() == [0, 0, 1, 1, 1]


@pytest.mark.once
def test_intervals_of_groups_are_those_of_fewer_examples():
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 10)
    right = np.repeat(random.random(60) < 0.7, 10)
    logits = np.where(right, 1.0, -1.0)[:, None]
    targets = np.ones(600, int)
    targets[::2] = 0
    logits[::2] *= -1

    def width(**given):
        low, high = intervals(measure, logits, targets, **given)["accuracy"]
        return high - low

    ratio = width(groups=groups) / width()
    assert ratio == pytest.approx(np.sqrt(10), rel=0.2)


@pytest.mark.slow
@pytest.mark.once
def test_a_nested_search_never_sees_the_part_that_is_answered(tmp_path, monkeypatch):
    searched = []

    def search(recipe, **how):
        searched.append((recipe, how))
        return SimpleNamespace(recipe=dataclasses.replace(recipe, learning_rate=0.5))

    monkeypatch.setattr("zoo.tuning.choice.tune", search)
    samples = {"samples": 60}
    recipe = dataclasses.replace(RECIPE, data_arguments=samples, epochs=1, batch=8)
    run = cross_validate(recipe, 2, tmp_path, best_of(30, 5), quiet=True)
    for part, (one, how) in enumerate(searched):
        assert (how["trials"], how["folds"], how["winners"]) == (30, 5, 0)
        assert how["run"] == tmp_path / f"search-{part}"
        fold = data.load("moons", **samples, validation=0, seed=3, fold=(part, 2))
        answered = set(map(tuple, fold.test.inputs))
        for inner in trial.datasets(one, 5):
            seen = {*map(tuple, inner.train.inputs)}
            seen |= {*map(tuple, inner.validation.inputs)}
            assert len(seen) == 30
            assert not seen & answered
        assert zoo.Run(tmp_path / f"part-{part}").recipe.learning_rate == 0.5
    assert run.recipe.learning_rate == recipe.learning_rate


@pytest.mark.slow
@pytest.mark.once
def test_the_command_shows_every_fold_and_what_needs_no_network(tmp_path, capsys):
    words = ["cross-validate", "moons", "data.samples=60", "epochs=1", "batch=8"]
    words += ["--folds", "2"]
    assert cli.call([*words, "--run", str(tmp_path / "run")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == (
        ["fold", "examples", "this", "network", "most", "frequent", "class"]
    )
    assert [line.split()[:2] for line in said[1:3]] == [["0", "30"], ["1", "30"]]
    assert said[3].startswith("accuracy over all: ")
    assert said[4].startswith("most frequent class 50.0%, this network ")
    assert said[-1] == f"run: {tmp_path / 'run'}"
    words += ["--groups", "patient"]
    assert cli.call([*words, "--run", str(tmp_path / "other")]) == 2
    assert "unknown column of moons 'patient'" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
@pytest.mark.once
def test_a_table_of_patients_by_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    rows = [(i % 12, *random.normal(size=2).round(3)) for i in range(60)]
    lines = [f"p{who},{a},{b},{'ill' if a > 1.2 else 'well'}" for who, a, b in rows]
    own = tmp_path / "own.csv"
    own.write_text("\n".join(["patient,a,b,state", *lines]) + "\n", "utf-8")
    words = ["cross-validate", "./own.csv", "--target", "state", "--groups", "patient"]
    words += ["--folds", "2", "--run", "runs/own", "epochs=2", "batch=8"]
    with warnings.catch_warnings():  # of a test that is zoo's own and apart at once
        warnings.filterwarnings("error", "the splits of")
        assert cli.call(words) == 0
    said = capsys.readouterr().out
    assert "accuracy over all: " in said
    assert "Never answered: ill, although the test split has examples; " in said
    run = zoo.Run("runs/own")
    groups = []
    for part in range(2):
        recipe = zoo.Run(f"runs/own/part-{part}").recipe
        assert recipe.data_arguments["groups"] == "patient"
        fold = data.load_for(recipe)
        assert fold.features == ("a", "b")
        assert not set(fold.test.groups) & set(fold.train.groups)
        groups += sorted(set(fold.test.groups))
    assert sorted(groups) == list(range(12))
    assert sum(fold["examples"] for fold in run.metrics["folds"]) == 60


@pytest.mark.once
def test_a_claim_by_cross_validation(tmp_path):
    claim = zoo.Expected("auc", 0.5, folds=2)
    run = once(dataclasses.replace(RECIPE, expects=claim), tmp_path)
    assert run.metrics["test"]["auc"] > 0.5
    with pytest.raises(Mistake, match="folds=1; accepted: 0"):
        zoo.Expected("auc", 0.5, folds=1)

"""Several labels at once: metrics, cuts, losses, runs and predictions."""

import dataclasses
from functools import partial

import keras
import numpy as np
import pytest
from own_rows import as_line
from sklearn import metrics as sklearn

import zoo
from zoo import cli
from zoo.core.measured import fault_of_metrics
from zoo.errors import Mistake
from zoo.metrics import best_cuts, intervals, measure, noise, of_each, with_cuts
from zoo.reporting.advice import compare
from zoo.training import losses

once = pytest.mark.once
LABELS = ("warm", "wet", "never")


def sigmoid(logits):
    return 1 / (1 + np.exp(-np.asarray(logits, "float64")))


def drawn(count=300, seed=0):
    random = np.random.default_rng(seed)
    logits = np.round(random.normal(size=(count, 4)), 1)  # with ties
    targets = (random.normal(size=(count, 4)) + logits > 0.5).astype("float32")
    return logits, targets


@once
@pytest.mark.parametrize("cuts", [0.0, np.array([0.5, -0.3, 0.0, 1.0])])
def test_metrics_are_those_of_scikit_learn(cuts):
    logits, targets = drawn()
    found, said = measure(logits, targets, "labels", cuts=cuts), logits >= cuts
    loss = np.mean(
        [
            sklearn.log_loss(targets[:, i], sigmoid(logits[:, i]), labels=[0, 1])
            for i in range(4)
        ]
    )
    assert found == pytest.approx(
        {
            "loss": loss,
            "label_accuracy": 1 - sklearn.hamming_loss(targets, said),
            "micro_f1": sklearn.f1_score(targets, said, average="micro"),
            "macro_f1": sklearn.f1_score(targets, said, average="macro"),
            "average_precision": sklearn.average_precision_score(targets, logits),
        }
    )
    each = of_each(logits, targets, tuple("abcd"), "labels", cuts)
    precision, recall, _, examples = sklearn.precision_recall_fscore_support(
        targets, said
    )
    for i, name in enumerate("abcd"):
        assert each[name]["examples"] == examples[i]
        assert each[name]["recall"] == pytest.approx(recall[i])
        assert each[name]["precision"] == pytest.approx(precision[i])


@once
def test_nothing_given_and_nothing_there():
    nothing = np.zeros((3, 2))
    assert measure(nothing - 1, nothing, "labels") == {
        "loss": pytest.approx(np.log1p(np.exp(-1))),
        "label_accuracy": 1,
        "micro_f1": 0,
        "macro_f1": 0,
    }
    assert noise(nothing - 1, nothing, "labels") == {"label_accuracy": 0}
    with pytest.raises(Mistake, match=r"shape \(3, 2\) for targets of shape \(3, 1\)"):
        measure(nothing, nothing[:, :1], "labels")


@once
def test_a_result_without_labels_is_compared_and_opens_again():
    nothing = np.zeros((3, 2))
    found = measure(nothing - 1, nothing, "labels")
    metrics = {"test": found, "floors": {"frequency of each label": found}}
    metrics["noise"] = noise(nothing - 1, nothing, "labels")
    assert fault_of_metrics(metrics) == ""
    assert compare(metrics)[0].startswith(
        "frequency of each label, label_accuracy 100.0%"
    )


@once
def test_intervals_of_labels_that_some_resamples_lack():
    logits, targets = drawn(40)
    targets[1:] = 0
    ends = intervals(partial(measure, task="labels"), logits, targets)
    assert ends.keys() == measure(logits, targets, "labels").keys()


@once
def test_labels_of_several_networks_are_given_by_the_cuts_of_each():
    logits, targets = drawn(90)
    cuts = np.random.default_rng(1).normal(size=(3, 4))
    parts = zip(np.split(logits, 3), cuts, strict=True)
    joined = np.concatenate([with_cuts(*each) for each in parts])
    found = measure(joined, targets, "labels")
    said = logits >= np.repeat(cuts, 30, axis=0)
    assert found["micro_f1"] == sklearn.f1_score(targets, said, average="micro")
    plain = measure(logits, targets, "labels")
    for name in ("loss", "average_precision"):
        assert found[name] == plain[name]
    assert noise(joined, targets, "labels") == noise(logits, targets, "labels")


@once
def test_no_other_cut_has_a_larger_f1():
    logits, targets = drawn(80)
    cuts = best_cuts(logits, targets)
    for i in range(4):
        best = max(
            sklearn.f1_score(targets[:, i], logits[:, i] >= cut)
            for cut in np.unique(logits[:, i]) - 1e-9
        )
        found = sklearn.f1_score(targets[:, i], logits[:, i] >= cuts[i])
        assert found == pytest.approx(best)
    assert best_cuts(logits, 0 * targets).tolist() == [0, 0, 0, 0]


@once
def test_the_noise_is_about_the_spread_of_fresh_examples():
    logits, targets = drawn(400)
    found = noise(logits, targets, "labels")["average_precision"]
    fresh = [
        measure(*drawn(400, seed), "labels")["average_precision"] for seed in range(40)
    ]
    assert found == pytest.approx(np.std(fresh), rel=0.5)


@pytest.mark.parametrize("name", ["crossentropy", "focal", "mean_squared_error"])
def test_losses_by_hand(name):
    logits, targets = (each.astype("float32") for each in drawn(6))
    encode, loss = losses.make(name, 4, labels=True)
    given = map(keras.ops.convert_to_tensor, (encode(targets), logits))
    shares = sigmoid(logits)
    right = np.where(targets > 0, shares, 1 - shares)
    by_hand = {
        "crossentropy": -np.log(right),
        "focal": -np.log(right) * (1 - right) ** 2,
        "mean_squared_error": (targets - shares) ** 2,
    }[name].mean()
    found = float(keras.ops.convert_to_numpy(loss(*given)))
    assert found == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("name", ["crossentropy", "focal"])
def test_weights_count_where_a_label_is_to_be_given(name):
    logits, targets = (each.astype("float32") for each in drawn(6))
    weights = np.array([4.0, 1, 0.5, 2])
    encode, loss = losses.make(name, 4, weights=weights, labels=True)
    given = map(keras.ops.convert_to_tensor, (encode(targets), logits))
    shares = sigmoid(logits)
    right = np.where(targets > 0, shares, 1 - shares)
    each = -np.log(right) * ((1 - right) ** 2 if name == "focal" else 1)
    by_hand = (np.where(targets > 0, weights, 1) * each).mean()
    found = float(keras.ops.convert_to_numpy(loss(*given)))
    assert found == pytest.approx(by_hand, rel=1e-5)


@once
def test_a_loss_of_one_class_each_is_refused():
    with pytest.raises(Mistake, match="the data have labels, several at once: take cr"):
        losses.make("keras.losses.CategoricalCrossentropy", 3, labels=True)


@pytest.fixture
def weather(monkeypatch):
    """Days that may be warm, wet, both or neither, as `zoo.train` loads them."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 2)).astype("float32")
    some = rows + random.normal(0, 0.4, (400, 2))
    targets = np.stack([some[:, 0] > 0, some[:, 1] > 1, some[:, 0] > 99], axis=1)
    about = {"task": "labels", "classes": LABELS, "features": ("a", "b")}
    return as_line(monkeypatch, rows, targets.astype("float32"), 300, **about)


RECIPE = zoo.Recipe(
    model="deep_mlp",
    data="line",
    model_arguments={"hidden": ()},
    validation=0.3,
    batch=15,
    epochs=12,
    learning_rate=0.05,
)


def test_a_run_of_labels(weather, tmp_path, capsys):
    folder = tmp_path / "run"
    run = zoo.train(RECIPE, run=folder)
    assert "validation label accuracy" in capsys.readouterr().err
    assert run.model.output_shape == (None, 3)
    assert run.metrics["test"]["average_precision"] > 0.85
    assert run.metrics["floors"]["frequency of each label"]["average_precision"] < 0.5
    assert run.history[-1]["label_accuracy"] > 0.85
    assert zoo.evaluate(run) == pytest.approx(run.metrics["test"])
    outputs = keras.ops.convert_to_numpy(run.model(weather.test.inputs))
    cuts = np.array(run.cuts(LABELS))
    assert (cuts[:2] != 0).all()
    f1 = sklearn.f1_score(weather.test.targets, outputs >= cuts, average="micro")
    assert run.metrics["test"]["micro_f1"] == pytest.approx(f1)
    found = zoo.predict(run, weather.test.inputs[:9])
    for prediction, row in zip(found, outputs, strict=False):
        assert set(prediction.labels) == {
            label for label, z, cut in zip(LABELS, row, cuts, strict=True) if z >= cut
        }
        assert prediction.probabilities["wet"] == pytest.approx(
            sigmoid(row[1]), rel=1e-5
        )
    assert set(found[0].to_json()) == {"input", "labels", "probabilities"}


@once
def test_the_command_line_and_the_report_say_labels(weather, tmp_path, capsys):
    recipe = dataclasses.replace(RECIPE, epochs=3)
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True, floor=False)
    assert cli.call(["predict", str(run.folder), "2,2", "--json"]) == 0
    assert '"labels": [' in capsys.readouterr().out
    assert cli.call(["predict", str(run.folder), "2,2", "--", "-3,-3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["input", "labels", "probabilities"]
    assert zoo.report(run, format="png").stat().st_size > 5000
    page = zoo.report(run).read_text("utf-8")
    assert "average precision" in page
    assert "wet" in page
    assert "has no example of never" in page


@once
def test_labels_without_a_validation_split_have_cuts_of_one_half(weather, tmp_path):
    recipe = dataclasses.replace(RECIPE, epochs=1, validation=0.0)
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True, floor=False)
    assert run.cuts(LABELS) == [0, 0, 0]


@once
def test_a_cross_validation_gives_labels_by_the_cuts_of_each_part(tmp_path):
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(90, 2))
    targets = (rows + draw.normal(0, 0.4, (90, 2)) > [0, 1]).astype(int)
    recipe = dataclasses.replace(RECIPE, data=(rows, targets), epochs=2)
    done = zoo.cross_validate(recipe, 2, tmp_path / "parts", quiet=True)
    outputs, truth = [], []
    for number, fold in enumerate(done.metrics["folds"]):
        run = zoo.Run(tmp_path / "parts" / f"part-{number}")
        assert fold["test"] == pytest.approx(run.metrics["test"], rel=1e-5)
        dataset = run.dataset()
        found = keras.ops.convert_to_numpy(run.model(dataset.test.inputs))
        outputs.append(found - np.array(run.cuts(dataset.classes)))
        truth.append(dataset.test.targets)
    said, truth = np.concatenate(outputs) >= 0, np.concatenate(truth)
    for average in ("micro", "macro"):
        f1 = sklearn.f1_score(truth, said, average=average)
        assert done.metrics["test"][f"{average}_f1"] == pytest.approx(f1)


@once
def test_a_search_needs_a_label_to_judge_by(tmp_path):
    targets = np.zeros((60, 2), int)
    targets[:1] = 1
    data = np.random.default_rng(0).normal(size=(60, 2)), targets
    recipe = dataclasses.replace(RECIPE, data=data, data_arguments={"test": 0.0})
    with pytest.raises(
        Mistake, match="validation examples has a label, so no trial could"
    ):
        zoo.tune(recipe, trials=1, folds=2, run=tmp_path / "search", quiet=True)

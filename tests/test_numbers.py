"""Numbers as answers: losses, metrics, the unit of the data, floors, runs, claims."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest
from own_rows import LINE, as_line
from sklearn import metrics as sklearn

import zoo
from zoo import data
from zoo import recipe as recipes
from zoo.building import unit
from zoo.core.columns import Column
from zoo.data.dataset import Split
from zoo.data.kinds.series import Timeline
from zoo.data.kinds.steps import Step
from zoo.errors import Mistake
from zoo.metrics import better, mean_interval, measure, noise, shown, summarize
from zoo.training import number_losses
from zoo.training.setup import build_for, feed_and_loss

once = pytest.mark.once


def made_up(seed=0, count=60, outputs=2, scale=(1000.0, 0.01), middle=(5000.0, -3.0)):
    """Rows whose numbers are linear in them, in units far from 1."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, 3)).astype("float32")
    plain = rows @ random.normal(size=(3, outputs)) + 0.1 * random.normal(
        size=(count, outputs)
    )
    targets = plain * np.array(scale[:outputs]) + np.array(middle[:outputs])
    return rows, targets.astype("float32")


@pytest.fixture
def own(monkeypatch):
    """A data set of two numbers by the name "line", which `zoo.train` loads."""

    def put(**changes):
        rows, targets = made_up(**changes)
        names = ("price", "rent")[: targets.shape[1]]
        about = {"features": ("a", "b", "c"), "task": "numbers", "outputs": names}
        return as_line(monkeypatch, rows, targets, 40, **about)

    return put


@pytest.fixture
def train(tmp_path):
    """`zoo.train`, each time into another folder."""
    numbers = itertools.count()

    def run(recipe, **options):
        folder = tmp_path / f"run-{next(numbers)}"
        return zoo.train(recipe, run=folder, quiet=True, **options)

    return run


@once
@pytest.mark.parametrize("outputs", [1, 3])
def test_metrics_are_those_of_scikit_learn(outputs):
    random = np.random.default_rng(1)
    targets = random.normal(50, 20, (30, outputs))
    answers = targets + random.normal(0, 5, (30, outputs))
    found = measure(answers, targets, "numbers", np.full(outputs, 20.0))
    assert found == pytest.approx(
        {
            "loss": sklearn.mean_squared_error(targets, answers) / 400,
            "mae": sklearn.mean_absolute_error(targets, answers),
            "rmse": sklearn.root_mean_squared_error(targets, answers),
            "r2": sklearn.r2_score(targets, answers),
        }
    )
    errors = np.abs(answers - targets).mean(axis=1)
    expected = errors.std(ddof=1) / np.sqrt(30)
    assert noise(answers, targets, "numbers") == {"mae": pytest.approx(expected)}


@once
def test_windows_that_answer_the_same_steps_say_one_thing_together():
    random, horizon = np.random.default_rng(0), 12
    steps = random.normal(size=(300, 121 + horizon - 1))
    every = np.lib.stride_tricks.sliding_window_view(steps, horizon, axis=1)
    nothing = np.zeros(every.shape[1:])
    expected = np.abs(every).mean(axis=(1, 2)).std()  # of series drawn anew
    found = [noise(each, nothing, "numbers", horizon)["mae"] for each in every]
    assert np.mean(found) == pytest.approx(expected, rel=0.2)  # 0.27 if all count


@once
@pytest.mark.parametrize("horizons", [2, 5, 11])
def test_intervals_of_a_few_horizons_hold_the_truth_nearly_as_often(horizons):
    """Of the best forecast of series whose values are 0.5 times the one before."""
    random, horizon = np.random.default_rng(0), 12
    count = horizons * horizon
    line = Timeline(Column("when"), "y", 1, horizon, Step(1.0, "number"))
    steps = random.normal(size=(300, count + horizon))
    steps[:, 0] *= (4 / 3) ** 0.5
    for i in range(1, count + horizon):
        steps[:, i] += 0.5 * steps[:, i - 1]
    every = np.lib.stride_tricks.sliding_window_view(steps, horizon, axis=1)[:, 1:]
    last = steps[:, :count, None] * 0.5 ** np.arange(1, horizon + 1)
    errors = np.abs(every - last).mean(axis=2)
    groups, truth = line.together(count), errors.mean()
    ends = [mean_interval(each, groups=groups) for each in errors]
    inside = np.mean([low <= truth <= high for low, high in ends])
    assert inside >= 0.86  # of parts of one horizon, taken for many, 0.6 to 0.84


@once
def test_r2_of_targets_that_are_equal_and_of_one_example():
    flat = np.full((4, 1), 7.0)
    for answers in (flat, flat + 1):
        found = measure(answers, flat, "numbers")
        assert found["r2"] == sklearn.r2_score(flat, answers)
    assert "r2" not in measure(flat[:1], flat[:1], "numbers")
    assert noise(flat[:1] + 1, flat[:1], "numbers") == {"mae": 0}


@once
def test_outputs_that_cannot_be_compared_are_refused():
    with pytest.raises(Mistake, match=r"shape \(4, 2\) for targets of shape \(4, 1\)"):
        measure(np.ones((4, 2)), np.ones((4, 1)), "numbers")
    with pytest.raises(Mistake, match="outputs are NaN for 4 of 4 examples"):
        measure(np.full((4, 1), np.nan), np.ones((4, 1)), "numbers")


@once
def test_which_way_is_better_and_how_it_is_written():
    assert better("mae", 1) > better("mae", 2)
    assert better("r2", 2) > better("r2", 1)
    assert shown("accuracy", 0.8125) == "81.25%"
    assert shown("mae", 43.2132) == "43.21"
    assert summarize([43.0, 44.0]).shown("mae") == "43.5 ± 0.71 (2)"
    assert summarize([0.5]).shown("accuracy") == "50.00% (1)"
    assert summarize([0.5]).shown("r2") == "0.5 (1)"


ERRORS = np.array([[0.5, -3.0], [2.0, 0.0]], "float32")


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("mean_squared", np.square),
        ("crossentropy", np.square),
        ("mean_absolute", np.abs),
        ("huber", lambda e: np.where(np.abs(e) < 1, e * e / 2, np.abs(e) - 0.5)),
    ],
)
def test_losses_are_in_deviations_of_the_targets(name, by_hand):
    spread = np.array([2.0, 10.0])
    targets = np.array([[100.0, 0.0], [50.0, 10.0]], "float32")
    encode, loss = number_losses.make(name, spread)
    tensors = map(keras.ops.convert_to_tensor, (encode(targets), targets + ERRORS))
    found = float(keras.ops.convert_to_numpy(loss(*tensors)))
    assert found == pytest.approx(by_hand(ERRORS / spread).mean(), rel=1e-5)


@pytest.mark.parametrize("name", ["LogCosh", "mean_absolute_error", "Huber"])
def test_losses_of_keras_are_in_the_unit_of_the_data(name):
    targets = np.array([[100.0, 0.0], [50.0, 10.0]], "float32")
    _, loss = number_losses.make(f"keras.losses.{name}", np.array([2.0, 10.0]))
    given = keras.ops.convert_to_tensor(targets), targets + ERRORS
    expected = getattr(keras.losses, name)
    expected = (expected() if isinstance(expected, type) else expected)(*given)
    found, expected = map(keras.ops.convert_to_numpy, (loss(*given), expected))
    assert float(found) == pytest.approx(float(expected.mean()), rel=1e-5)


@once
@pytest.mark.parametrize(
    ("name", "smoothing", "text"),
    [
        ("mean_squarred", 0, "unknown loss of numbers 'mean_squarred'; did you mean"),
        ("keras.losses.BinaryCrossentropy", 0, "compares classes, and the data have"),
        ("keras.losses.hinge", 0, "accepted: mean_squared, mean_absolute, huber, and"),
        ("huber", 0.1, "label_smoothing=0.1 is for classes; the data have numbers"),
    ],
)
def test_a_loss_that_is_none_of_numbers_is_refused(name, smoothing, text):
    with pytest.raises(Mistake, match=text):
        number_losses.make(name, np.ones(1), smoothing)


def test_training_is_gradient_descent_as_done_by_hand(own, train):
    """The same on every backend: NumPy follows the weights of a linear model."""
    dataset = own()
    recipe = dataclasses.replace(
        LINE,
        model_arguments={"hidden": ()},
        optimizer="sgd",
        learning_rate=0.1,
        shuffle=False,
        validation=0.0,
        epochs=3,
    )
    kernel = keras.ops.convert_to_numpy(
        build_for(recipe, dataset).get_layer("logits").kernel
    ).astype("float64")
    bias = np.zeros(2)
    rows, targets = dataset.train.inputs, dataset.train.targets.astype("float64")
    mean, spread = targets.mean(axis=0), targets.std(axis=0)
    curve = []
    for _ in range(3):
        losses, errors = [], []
        for start in range(0, 40, 8):
            x, y = rows[start : start + 8], targets[start : start + 8]
            off = x @ kernel + bias - (y - mean) / spread
            losses.append(np.square(off).mean())
            errors.append(np.abs(off * spread).mean())
            kernel = kernel - 0.1 * x.T @ off * 2 / off.size
            bias = bias - 0.1 * off.sum(axis=0) * 2 / off.size
        curve.append([np.mean(losses), np.mean(errors)])
    history = train(recipe).history
    found = [[line["loss"], line["mae"]] for line in history]
    np.testing.assert_allclose(found, curve, rtol=1e-4)
    assert "accuracy" not in history[-1]


def test_the_unit_of_the_data_changes_nothing_else(own, train):
    """The same rows in millions and in thousandths are learned alike."""
    recipe = dataclasses.replace(LINE, batch=12)
    own(outputs=1, scale=(1.0,), middle=(0.0,))
    plain = train(recipe, floor=False)
    own(outputs=1, scale=(1e6,), middle=(3e6,))
    large = train(recipe, floor=False)
    for one, other in zip(plain.history, large.history, strict=True):
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-3)
        assert other["validation_r2"] == pytest.approx(one["validation_r2"], rel=1e-3)
        assert other["mae"] == pytest.approx(1e6 * one["mae"], rel=1e-3)
    assert large.metrics["parameters"] == plain.metrics["parameters"] == 21


@pytest.mark.once
def test_a_run_answers_in_the_unit_of_the_data(own, train):
    dataset = own()
    run = train(LINE)
    rows = dataset.test.inputs
    answers = keras.ops.convert_to_numpy(run.model(rows))
    opened = keras.saving.load_model(run.folder / "model.keras")  # plain Keras
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(opened(rows)), answers, rtol=1e-6
    )
    inner = keras.Model(run.model.input, run.model.get_layer("logits").output)
    targets = dataset.train.take(kept(dataset)).targets.astype("float64")
    by_hand = keras.ops.convert_to_numpy(inner(rows)) * targets.std(0) + targets.mean(0)
    np.testing.assert_allclose(answers, by_hand, rtol=1e-5)
    assert zoo.evaluate(run) == pytest.approx(run.metrics["test"])
    found = zoo.evaluate(run.model, dataset.test, task="numbers")
    assert found == pytest.approx(run.metrics["test"])
    first, *_ = zoo.predict(run, rows)
    assert first.numbers == {
        "price": pytest.approx(answers[0, 0], rel=1e-5),
        "rent": pytest.approx(answers[0, 1], rel=1e-5),
    }
    assert run.metrics["test"]["mae"] == pytest.approx(
        sklearn.mean_absolute_error(dataset.test.targets, answers), rel=1e-5
    )
    assert run.metrics["floors"]["mean"]["r2"] == pytest.approx(0, abs=0.2)
    assert set(run.history[-1]) >= {"mae", "validation_mae", "validation_r2"}


def kept(dataset):
    return data.splits.carve(dataset.train.targets, 0.1, 0, (), "validation")[0]


def test_a_stopped_run_goes_on_to_the_same_weights(own, train, tmp_path, monkeypatch):
    own()
    recipe = dataclasses.replace(LINE, batch=12)
    whole = train(recipe, floor=False)
    from zoo.training import session
    from zoo.training.folder import Stopped

    ended = session.Session._end_epoch

    def stop(self, progress):
        ended(self, progress)
        if self.state.epoch == 3:
            self.save()
            raise Stopped("enough")

    monkeypatch.setattr(session.Session, "_end_epoch", stop)
    with pytest.raises(Stopped):
        zoo.train(recipe, run=tmp_path / "run", quiet=True, floor=False)
    monkeypatch.undo()
    own()
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True, resume=True, floor=False)
    for one, other in zip(run.model.weights, whole.model.weights, strict=True):
        assert np.array_equal(*map(keras.ops.convert_to_numpy, (one, other)))
    assert [line["mae"] for line in run.history] == [
        line["mae"] for line in whole.history
    ]


@once
def test_numbers_whose_squares_float32_cannot_hold_are_refused(own):
    dataset = own(outputs=1, scale=(1e-9,), middle=(0.0,))
    with pytest.raises(Mistake, match=r"numbers of price have a deviation of .*e-09; "):
        build_for(LINE, dataset)
    flat = dataclasses.replace(
        dataset, train=Split(dataset.train.inputs, np.full((40, 1), 7, "float32"))
    )
    assert unit.spread(build_for(LINE, flat)).tolist() == [1]


@once
def test_a_model_with_other_outputs_is_refused(own):
    recipe = dataclasses.replace(LINE, model_arguments={"classes": 3})
    with pytest.raises(Mistake) as mistake:
        build_for(recipe, own())
    assert str(mistake.value) == (
        "model deep_mlp has 3 outputs and data line has 2 numbers (price, rent); leave "
        "out model.classes=3: the data say it"
    )


@once
def test_mixed_precision_keeps_the_unit(own):
    dataset = own()
    recipe = dataclasses.replace(LINE, precision="mixed_bfloat16")
    model = build_for(recipe, dataset)
    assert model.output.dtype == "float32"
    _, loss = feed_and_loss(recipe, model, dataset)
    assert callable(loss)


@once
def test_the_data_sets():
    line = data.load("line", validation=0)
    assert (len(line.train), len(line.test)) == (40, 10)
    x, y = line.test.inputs[:, 0], line.test.targets[:, 0]
    np.testing.assert_allclose(y, 0.7 * x + 0.3, rtol=1e-6)
    assert x[0] == np.float32(0.8)
    diabetes = data.load("diabetes", validation=0)
    assert len(diabetes.train) + len(diabetes.test) == 442
    assert "numbers: progression" in diabetes.card()
    found = np.concatenate([diabetes.train.targets, diabetes.test.targets])
    assert (found.min(), found.max()) == (25, 346)


def test_linear_regression_finds_the_line(train):
    run = train(recipes.load("linear_regression"), floor=False)
    at_0, at_1 = (each.numbers["y"] for each in zoo.predict(run, [[0], [1]]))
    assert at_1 - at_0 == pytest.approx(0.7, abs=0.01)
    assert at_0 == pytest.approx(0.3, abs=0.01)
    assert run.metrics["test"]["mae"] < 0.001

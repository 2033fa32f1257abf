"""One run of several: its answers are the mean of theirs, worked out here by NumPy."""

import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest
from sklearn import metrics as scored

import zoo
from zoo import cli
from zoo.building import ensemble as graph
from zoo.engine import steps
from zoo.errors import Mistake
from zoo.run import Run, open_run

once = pytest.mark.once
TINY = zoo.Recipe(
    "deep_mlp",
    "digits",
    {"hidden": (8,)},
    {"seed": 0},
    validation=0.165,  # which leaves 1,200 to be trained on
    batch=100,
    epochs=1,
)


def train(folder, recipe=TINY, **changes):
    recipe = dataclasses.replace(recipe, **changes)
    return zoo.train(recipe, run=folder, quiet=True, floor=False)


def outputs(run, split):
    return steps.predict(run.forward, split.inputs).astype("float64")


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("ensemble")


@pytest.fixture(scope="module")
def members(place):
    """A perceptron with hidden units, another seed of it, and a convolution."""
    small = {"model_arguments": {"variant": "relu"}, "batch": 100}
    return [
        train(place / "one", seed=1),
        train(place / "two", seed=2),
        train(place / "net", seed=3, model="lenet", **small),
    ]


@pytest.fixture(scope="module")
def whole(place, members):
    return zoo.ensemble(*members, run=place / "whole", quiet=True)


def test_its_logits_are_the_logarithms_of_the_mean_probabilities(members, whole):
    test = whole.dataset().test
    found = outputs(Run(whole.folder), test)
    mean = np.mean([softmax(outputs(each, test)) for each in members], axis=0)
    np.testing.assert_allclose(np.exp(found), mean, atol=2e-6)
    answered = whole.metrics["test"]
    assert answered["accuracy"] == scored.accuracy_score(
        test.targets, mean.argmax(axis=1)
    )
    assert answered["loss"] == pytest.approx(
        scored.log_loss(test.targets, mean), rel=1e-4
    )
    assert zoo.evaluate(whole) == pytest.approx(answered)


def test_what_its_members_reach_stands_beside_it(members, whole):
    assert whole.metrics["members"] == {
        each.folder.name: each.metrics["test"] for each in members
    }
    assert list(whole.environment["members"]) == ["one", "two", "net"]
    assert whole.environment["members"]["net"].startswith("lenet, seed 3, trained on")


def test_its_temperature_and_errors_are_those_of_its_own_answers(whole):
    known = whole.dataset().validation
    logits = outputs(whole, known)
    heat = whole.metrics["calibration"]["temperature"]

    def loss(divisor):
        return scored.log_loss(known.targets, softmax(logits / divisor))

    assert loss(heat) < min(loss(1.02 * heat), loss(heat / 1.02))
    kept = np.sort(-np.log(softmax(logits))[np.arange(len(known)), known.targets])
    assert whole.metrics["conformal"]["errors"]["class"] == pytest.approx(kept.tolist())
    [answer] = zoo.predict(whole, known.inputs[0], confidence=0.9)
    assert answer.possible


def test_an_explanation_is_the_gradient_of_the_mean(members, whole):
    picture = whole.dataset().test.inputs[0]
    [found] = zoo.explain(whole, picture, method="gradient")
    place, weight, total = int(found.of), 0.0, 0.0
    for each in members:  # d log(mean p) = sum of p d(log p), by the sum of p
        gradient = zoo.engine.gradient
        logits = outputs(each, whole.dataset().test.take(np.arange(1)))
        share = softmax(logits)[0]
        of = (np.eye(10)[place] - share)[None]
        slope = gradient(each.model, picture[None].astype("float32"), of)
        total = total + share[place] * np.asarray(slope, "float64")[0]
        weight += share[place]
    np.testing.assert_allclose(found.attributions, total / weight, atol=1e-6)
    [way] = zoo.explain(whole, picture, method="integrated_gradients")
    assert abs(way.error) < 1e-2 * abs(way.difference)
    with pytest.raises(Mistake, match="grad_cam needs maps of a convolution"):
        zoo.explain(whole, picture, method="grad_cam")


def test_it_opens_reports_compares_and_exports(members, whole, tmp_path):
    assert keras.saving.load_model(whole.folder / "model.keras").name == "ensemble"
    page = zoo.report(whole, format="md").read_text("utf-8")
    for words in (
        "the mean of 3 networks on digits",
        "## Members",
        "mean of the members",
        "| net |",
    ):
        assert words in page
    assert "## Curves" not in page
    paths = " ".join(str(each.folder) for each in members)
    again = f"zoo ensemble {paths} --run {whole.folder} --backend "
    assert f"    {again}{keras.backend.backend()}\n" in page
    with pytest.raises(Mistake, match="whole has no curves to draw"):
        zoo.report(whole, format="png")
    found = zoo.compare(whole, members[0])
    assert found.differences[0].run == "one"
    file = zoo.export(whole, tmp_path / "whole.onnx")
    picture = whole.dataset().test.inputs[0]
    [mine], [exported] = (zoo.predict(each, picture) for each in (whole, file))
    assert exported.label == mine.label
    assert exported.probability == pytest.approx(mine.probability, abs=1e-5)


def test_two_classes_have_one_logit(place):
    two = [
        train(place / f"moons-{seed}", data="moons", batch=40, seed=seed)
        for seed in (0, 1)
    ]
    whole = zoo.ensemble(*two, run=place / "moons", quiet=True)
    points = whole.dataset().test
    mean = np.mean([sigmoid(outputs(each, points)) for each in two], axis=0)
    np.testing.assert_allclose(sigmoid(outputs(whole, points)), mean, atol=1e-6)


def test_one_logit_and_two_are_two_classes():
    nets = [zoo.build("deep_mlp", input_shape=(2,), classes=each) for each in (1, 2)]
    rows = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    one, two = (keras.ops.convert_to_numpy(net(rows)) for net in nets)
    mean = (sigmoid(one) + softmax(two)[:, 1:]) / 2
    for models in (nets, nets[::-1]):
        found = keras.ops.convert_to_numpy(graph.joined(models, "classes")(rows))
        np.testing.assert_allclose(softmax(found)[:, 1:], mean, atol=1e-6)


@pytest.mark.once
def test_numbers_and_rows_of_columns(place):
    draw = np.random.default_rng(0)
    size = draw.normal(size=80)
    kind = draw.integers(0, 3, 80)
    rows = "".join(
        f"{x:.3f},{'abc'[k]},{3 * x + k:.3f}\n" for x, k in zip(size, kind, strict=True)
    )
    (place / "own.csv").write_text("size,kind,price\n" + rows)
    recipe = zoo.Recipe(
        "deep_mlp",
        str(place / "own.csv"),
        {"hidden": (6,)},
        {"target": "price", "seed": 0},
        batch=20,
        epochs=3,
        loss="mean_squared",
    )
    two = [train(place / f"price-{seed}", recipe, seed=seed) for seed in (0, 1)]
    whole = zoo.ensemble(*two, run=place / "price", quiet=True)
    test = whole.dataset().test
    mean = np.mean([outputs(each, test) for each in two], axis=0)
    np.testing.assert_allclose(outputs(whole, test), mean, rtol=1e-5, atol=1e-5)
    assert whole.metrics["test"]["mae"] == pytest.approx(
        scored.mean_absolute_error(test.targets, mean), rel=1e-5
    )
    assert {"loss", "mae"} <= whole.metrics["members"]["price-0"].keys()
    row = {"size": 0.5, "kind": "b"}
    for method in ("integrated_gradients", "shapley"):
        parts = [zoo.explain(each, row, method=method)[0] for each in (*two, whole)]
        shares = [np.asarray(each.attributions) for each in parts]
        np.testing.assert_allclose(shares[2], (shares[0] + shares[1]) / 2, atol=1e-4)
    [answer] = zoo.predict(whole, row, confidence=0.8)
    low, high = answer.intervals["price"]
    assert low < answer.numbers["price"] < high
    card = json.loads((zoo.publish(whole, place / "card") / "card.json").read_text())
    [(name, arguments), _] = card["arguments"]["members"]
    kinds = [each["kind"] for each in arguments["columns"]]
    assert (name, kinds) == ("deep_mlp", ["number", "category"])


@pytest.mark.slow
@pytest.mark.once
def test_words_are_explained_through_all_members(place):
    for number in range(60):
        label = ("bad", "good")[number % 2]
        (place / "films" / label).mkdir(parents=True, exist_ok=True)
        text = f"{('dull', 'fine')[number % 2]} film number {number}"
        (place / "films" / label / f"{number}.txt").write_text(text)
    recipe = zoo.Recipe(
        "lstm_sentiment",
        str(place / "films"),
        {"embedding": 4, "units": (4,), "cell": "gru"},
        {"seed": 0, "length": 6},
        batch=16,
        epochs=1,
    )
    two = [train(place / f"text-{seed}", recipe, seed=seed) for seed in (0, 1)]
    whole = zoo.ensemble(*two, run=place / "text", quiet=True)
    [found] = zoo.explain(whole, "a fine film")
    assert found.parts == ("a", "fine", "film")
    assert abs(found.error) < 1e-3 + 1e-2 * abs(found.difference)


@once
def test_different_validation_splits_leave_the_temperature_out(place, capsys):
    two = [
        train(
            place / f"held-{seed}", data="moons", batch=32, seed=seed, data_arguments={}
        )
        for seed in (0, 1)
    ]
    whole = zoo.ensemble(*two, run=place / "held")
    assert "learned from others'; train the members" in capsys.readouterr().err
    assert not {"calibration", "conformal", "validation"} & whole.metrics.keys()
    assert whole.dataset().validation is None
    with pytest.raises(Mistake, match="had no validation split"):
        zoo.predict(whole, [0.1, 0.2], confidence=0.9)


@pytest.mark.slow
@once
def test_who_does_not_belong_together_is_named(place, members, whole):
    with pytest.raises(Mistake, match="1 runs; an ensemble has 2 to 32 members"):
        zoo.ensemble(members[0])
    with pytest.raises(Mistake, match="one are one network: their weights are equal"):
        zoo.ensemble(members[0], members[0])
    with pytest.raises(Mistake, match="whole is an ensemble itself; give the runs"):
        zoo.ensemble(members[0], whole)
    other = train(place / "other", data="circles", batch=32)
    words = "one and other make no ensemble: their kinds of data are image and points"
    with pytest.raises(Mistake, match=words):
        zoo.ensemble(members[0], other)
    moons = [
        train(place / f"{name}-moons", data="moons", batch=32, data_arguments=given)
        for name, given in (("few", {"samples": 200}), ("many", {"samples": 300}))
    ]
    words = "their test splits hold different examples, so that nothing would judge"
    with pytest.raises(Mistake, match=words):
        zoo.ensemble(*moons, run=place / "none")
    assert not (place / "none").exists()


@once
@once
def test_data_that_changed_are_refused(place, tmp_path):
    path = tmp_path / "own.csv"
    lines = [f"{x:.3f},{'no' if x < 0 else 'yes'}" for x in np.linspace(-1, 1, 60)]
    path.write_text("\n".join(["x,answer", *lines]))
    own = {"data": str(path), "data_arguments": {"target": "answer", "seed": 0}}
    recipe = dataclasses.replace(TINY, batch=8, validation=0.0, **own)
    runs = [train(tmp_path / f"{seed}", recipe, seed=seed) for seed in (0, 1)]
    path.write_text("\n".join(["x,answer", *reversed(lines)]))
    with (
        pytest.warns(UserWarning, match="the examples of .* are not those that"),
        pytest.raises(Mistake, match=r"not those that judged the members: test has 1"),
    ):
        zoo.ensemble(*runs, run=tmp_path / "both", quiet=True)
    assert not (tmp_path / "both").exists()


def test_an_ensemble_is_not_trained(place, whole):
    with pytest.raises(Mistake, match="an ensemble is not trained: train its members"):
        zoo.train(whole.recipe, run=place / "again", quiet=True)
    assert not (place / "again").exists()
    with pytest.raises(Mistake, match="is an ensemble, which is not trained: its memb"):
        zoo.train(whole.recipe, run=whole.folder, resume=True, quiet=True)


@once
def test_a_stranger_s_ensemble_executes_nothing(members, whole, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(whole.folder, copy)
    recipe = json.loads((copy / "recipe.json").read_text("utf-8"))
    recipe["model_arguments"]["members"][0]["model"] = "antigravity.net"
    (copy / "recipe.json").write_text(json.dumps(recipe))
    (copy / "run.json").unlink()
    with pytest.raises(Mistake, match=r"copy has no run\.json"):
        open_run(copy)
    with pytest.raises(Mistake, match=r"networks of zoo; 'antigravity\.net'"):
        _ = Run(copy).model
    for given, said in (
        ({"hidden": ["x"]}, r"member 'deep_mlp': hidden is \('x',\); accepted: whole"),
        ({"more": 1}, "unknown argument of model 'deep_mlp' 'more'"),
    ):
        member = {"model": "deep_mlp", "arguments": given}
        recipe["model_arguments"]["members"][0] = member
        (copy / "recipe.json").write_text(json.dumps(recipe))
        with pytest.raises(Mistake, match=said):
            _ = Run(copy).model


@once
def test_the_command_prints_members_mean_and_ensemble(members, place, capsys):
    words = ["ensemble", *(str(each.folder) for each in members[:2])]
    assert cli.call([*words, "--run", str(place / "typed")]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line.split("  ")[0] for line in lines]
    assert heads[:5] == ["", "one", "two", "mean of the members", "ensemble"]
    assert heads[5].startswith("Never answered: ")  # the members have barely learned
    assert lines[-1] == f"run: {place / 'typed'}"

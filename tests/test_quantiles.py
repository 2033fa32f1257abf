"""Quantiles of a forecast: a run says how sure it is."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from forecasts import RECIPE, answers, csv, tmp_path_series
from series import table

import zoo
from zoo import cli
from zoo.errors import Mistake

QUANTILES = (0.1, 0.5, 0.9)


@pytest.fixture(scope="module")
def spread_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quantiles")
    arguments = {**RECIPE.model_arguments, "quantiles": QUANTILES}
    recipe = replace(RECIPE, model_arguments=arguments, epochs=6)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        csv(folder / "own.csv", table(300))
        return zoo.train(recipe, run=folder / "run", quiet=True)


def test_quantiles_never_cross():
    arguments = {"window": 6, "horizon": 2, "units": (4,), "linear": 3}
    model = zoo.build(
        "lstm_forecast", quantiles=(0.05, 0.25, 0.5, 0.75, 0.95), **arguments
    )
    draws = np.random.default_rng(0)
    model.set_weights([draws.normal(0, 3, w.shape) for w in model.get_weights()])
    found = answers(model, draws.normal(size=(50, 6, 1)))
    assert found.shape == (50, 2, 5)
    assert (np.diff(found, axis=2) >= 0).all()


def test_the_pinball_loss_is_that_of_scikit_learn():
    from sklearn.metrics import mean_pinball_loss

    from zoo import metrics
    from zoo.training import number_losses

    draws = np.random.default_rng(0)
    truth = draws.normal(size=(20, 3))
    said = np.sort(draws.normal(size=(20, 3, 3)), axis=2)
    each = [
        mean_pinball_loss(truth, said[:, :, place], alpha=share)
        for place, share in enumerate(QUANTILES)
    ]
    found = metrics.of_quantiles(said, truth, QUANTILES)
    assert found["pinball"] == pytest.approx(np.mean(each), rel=1e-9)
    inside = (said[..., 0] <= truth) & (truth <= said[..., 2])
    assert found["coverage"] == inside.mean()
    assert found["asked"] == pytest.approx(0.8)
    spread = np.array([2.0, 2.0, 2.0])
    _, loss = number_losses.make("mean_squared", spread, quantiles=QUANTILES)
    tensors = [keras.ops.convert_to_tensor(x, "float32") for x in (truth, said)]
    assert float(loss(*tensors)) == pytest.approx(np.mean(each) / 2, rel=1e-5)


@pytest.mark.once
def test_a_run_with_quantiles_says_how_sure_it_is(spread_run, tmp_path, capsys):
    from sklearn.metrics import mean_absolute_error

    split = spread_run.dataset().test
    every = answers(spread_run.model, split.inputs[np.arange(len(split))])
    kept = spread_run.metrics
    assert kept["test"]["mae"] == pytest.approx(
        mean_absolute_error(split.targets, every[:, :, 1]), rel=1e-5
    )
    found = kept["quantiles"]["test"]
    assert set(found) == {"pinball", "coverage", "asked"}
    assert 0.4 < found["coverage"] <= 1
    assert zoo.evaluate(spread_run)["mae"] == pytest.approx(kept["test"]["mae"])
    path = tmp_path_series(tmp_path)
    [said] = zoo.predict(spread_run, path, confidence=0.5)
    assert list(said.quantiles) == ["0.1", "0.5", "0.9"]
    assert said.numbers == said.quantiles["0.5"]
    low, _, high = (list(each.values()) for each in said.quantiles.values())
    assert (np.array(low) < high).all()
    assert set(said.intervals) == set(said.numbers)
    words = ["predict", str(spread_run.folder), str(path)]
    assert cli.call([*words, "--chart", str(tmp_path / "f.svg")]) == 0
    assert {"0.1", "0.9"} <= set(capsys.readouterr().out.splitlines()[0].split())
    assert "quantiles 0.1 to 0.9" in (tmp_path / "f.svg").read_text("utf-8")


@pytest.mark.once
def test_a_report_draws_the_quantiles_and_counts_what_is_below(spread_run):
    split = spread_run.dataset().test
    every = answers(spread_run.model, split.inputs[np.arange(len(split))])
    drawn = zoo.report(spread_run).read_text("utf-8")
    assert "shaded: from the quantile 0.1 to 0.9" in drawn
    page = zoo.report(spread_run, format="md").read_text("utf-8")
    section = page.split("## Quantiles")[1].split("##")[0]
    rows = [line.split(" | ") for line in section.splitlines()]
    rows = [row for row in rows if row[0].startswith("| load")]
    assert len(rows) == every.shape[1] * 3
    for place, row in enumerate(rows):
        number, quantile = divmod(place, 3)
        assert row[1] == f"{QUANTILES[quantile]:g}"
        below = np.asarray(split.targets)[:, number] <= every[:, number, quantile]
        assert row[2] == f"{below.mean():.1%}"
    # Windows that overlap are no further evidence: one in two horizons.
    apart = round(len(split) / (2 * every.shape[1]))
    share = below.mean()
    middle = (share + 1.92 / apart) / (1 + 3.84 / apart)
    low, high = (float(end.strip("% |")) / 100 for end in row[3].split(" to "))
    assert (low + high) / 2 == pytest.approx(middle, abs=0.01)


@pytest.mark.slow
@pytest.mark.once
def test_a_cross_validation_says_how_good_its_quantiles_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv(tmp_path / "own.csv", table(300))
    arguments = {**RECIPE.model_arguments, "quantiles": QUANTILES}
    recipe = replace(RECIPE, model_arguments=arguments, validation=0, epochs=1)
    found = zoo.cross_validate(recipe, 2, "parts", quiet=True).metrics
    parts = [zoo.Run(tmp_path / "parts" / f"part-{number}") for number in range(2)]
    each = [part.metrics["quantiles"]["test"] for part in parts]
    sizes = [fold["examples"] for fold in found["folds"]]
    for name in ("pinball", "coverage", "asked"):
        mean = np.average([one[name] for one in each], weights=sizes)
        assert found["quantiles"]["test"][name] == pytest.approx(mean, rel=1e-5)


@pytest.mark.slow
@pytest.mark.once
def test_an_exported_file_has_the_quantiles(spread_run, tmp_path):
    pytest.importorskip("onnxruntime")
    file = zoo.export(spread_run, tmp_path / "own.onnx")
    path = tmp_path_series(tmp_path)
    [there], [here] = zoo.predict(file, path), zoo.predict(spread_run, path)
    assert list(there.quantiles) == list(here.quantiles)
    for share, numbers in here.quantiles.items():
        assert there.quantiles[share] == pytest.approx(numbers, rel=1e-4)


@pytest.mark.once
def test_what_does_not_go_with_quantiles_is_told(spread_run, tmp_path):
    for wrong in ((0.1, 0.9), (0.9, 0.5, 0.1), (0.1, 0.4, 0.9), (0.0, 0.5, 1.0), 0.5):
        with pytest.raises(Mistake, match=r"and the middle one 0\.5, such as"):
            zoo.build("lstm_forecast", quantiles=wrong)
    from zoo.training import number_losses

    with pytest.raises(Mistake, match=r"loss=huber compares one number, and quantiles"):
        number_losses.make("huber", np.ones(1), quantiles=QUANTILES)
    with pytest.raises(Mistake, match=r"loss=pinball is for quantiles; set model\.qu"):
        number_losses.make("pinball", np.ones(1))
    with pytest.raises(Mistake, match=r"explain is for one answer; .* gives quantiles"):
        zoo.explain(spread_run, tmp_path_series(tmp_path))
    with pytest.raises(Mistake, match="gives quantiles, whose means are none"):
        zoo.ensemble(spread_run, spread_run, run=tmp_path / "both")

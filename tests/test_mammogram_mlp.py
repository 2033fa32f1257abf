"""mammogram_mlp: missing and miswritten findings, learned statistics, 37 parameters."""

import json
import zipfile

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zoo.errors import Mistake
from zoo.models import mammogram_mlp
from zoo.models.mammogram_mlp import FEATURES

NAN = float("nan")
ROWS = np.array(
    [
        [5, 67, 3, 5, 3],
        [4, 43, 1, 1, NAN],
        [55, 58, 4, NAN, 3],
        [0, NAN, NAN, 4, 2],
        [3, 28, 2, 2, 3],
    ],
    "float32",
)


def first_layers(features, encoding="plain"):
    """The part of the network before its weights."""
    model = mammogram_mlp.build(features, hidden=(), encoding=encoding)
    return keras.Model(model.input, model.get_layer("logits").input)


def encoded(layers, rows):
    return keras.ops.convert_to_numpy(layers(np.array(rows, "float32")))


def test_plain_findings_are_standardized_and_the_missing_ones_are_average():
    layers = first_layers(FEATURES)
    findings = layers.get_layer("findings")
    findings.adapt(ROWS)
    columns = encoded(layers, ROWS)
    assert columns.shape == ROWS.shape
    missing = np.isnan(ROWS)
    missing[3, 0] = True
    np.testing.assert_array_equal(columns[missing], 0)
    for column, absent in zip(columns.T, missing.T, strict=True):
        np.testing.assert_allclose(column[~absent].mean(), 0, atol=1e-6)
        np.testing.assert_allclose(column[~absent].std(), 1, atol=1e-6)
    np.testing.assert_allclose(findings.input_mean[:2], [(5 + 4 + 5 + 3) / 4, 49])


def test_bi_rads_55_is_5_and_0_is_missing_but_an_age_of_55_is_an_age():
    findings = first_layers(("bi_rads", "age"))
    np.testing.assert_array_equal(
        encoded(findings, [[55, 60], [0, 60]]), encoded(findings, [[5, 60], [NAN, 60]])
    )
    ages = encoded(findings, [[4, 55], [4, 5], [4, 0]])[:, 1]
    np.testing.assert_allclose(ages, (np.array([55, 5, 0]) - 55.5) / 14.5, atol=1e-6)


def test_one_hot_has_a_column_for_each_category_and_zeros_for_the_missing():
    findings = first_layers(("margin", "age", "shape"), "one_hot")
    rows = [[5, 55.5, 1], [1, 70, 4], [NAN, NAN, NAN], [6, 41, 0]]
    expected = np.zeros((4, 10), "float32")
    expected[0, [4, 6]] = 1
    expected[1, [0, 9]] = 1
    expected[1, 5], expected[3, 5] = 1, -1
    np.testing.assert_allclose(encoded(findings, rows), expected, atol=1e-6)


@given(
    arrays(
        "float32",
        (4, 5),
        elements=st.sampled_from([NAN, 0, 1, 2, 3, 4, 5, 6, 55, 96]),
    ),
    st.sampled_from(mammogram_mlp.ENCODINGS),
)
@settings(deadline=None, max_examples=25)
def test_any_pattern_of_missing_values_gives_finite_numbers(rows, encoding):
    assert np.isfinite(encoded(first_layers(FEATURES, encoding), rows)).all()


def test_statistics_are_saved_in_the_configuration_and_are_no_parameters(tmp_path):
    model = mammogram_mlp.build()
    assert model.count_params() == 37
    assert sum(v.numpy().size for v in model.trainable_variables) == 37
    model.get_layer("findings").adapt(ROWS[:, 1:])
    file = tmp_path / "model.keras"
    model.save(file)
    restored = keras.saving.load_model(file)
    means = model.get_layer("findings").input_mean
    inside = restored.get_layer("findings").get_layer("standard")
    assert inside.input_mean == means
    np.testing.assert_array_equal(
        restored.predict(ROWS[:, 1:], verbose=0), model.predict(ROWS[:, 1:], verbose=0)
    )
    with zipfile.ZipFile(file) as archive:
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
    [findings] = [x["config"]["layers"] for x in layers if x["name"] == "findings"]
    assert [x["config"]["mean"] for x in findings if x["name"] == "standard"] == [means]


@pytest.mark.realdata
def test_the_stated_means_and_deviations_are_those_of_the_data(shared_data):
    source = shared_data / "raw/mammographic_masses/mammographic_masses.data.txt"
    rows = np.genfromtxt(source, delimiter=",", missing_values="?")[:, :5]
    findings = mammogram_mlp.build(FEATURES).get_layer("findings")
    stated = findings.input_mean, np.sqrt(findings.input_variance)
    findings.adapt(rows)
    np.testing.assert_allclose(stated[0], findings.input_mean, rtol=2e-3)
    np.testing.assert_allclose(stated[1], np.sqrt(findings.input_variance), rtol=1e-2)


def test_hidden_layers_may_be_absent_or_have_dropout_and_a_penalty():
    assert mammogram_mlp.build(hidden=()).count_params() == 5
    model = mammogram_mlp.build(hidden=(8, 4), dropout=0.5, l2=0.01)
    assert model.get_layer("dropout_2").rate == 0.5
    penalized = [x for x in model.layers if getattr(x, "kernel_regularizer", None)]
    assert [x.name for x in penalized] == ["hidden_1", "hidden_2", "logits"]


def test_mistakes():
    with pytest.raises(
        Mistake, match=r"hidden takes widths such as \(64, 64\); given 6"
    ):
        mammogram_mlp.build(hidden=6)
    with pytest.raises(Mistake, match="unknown feature 'margn'; did you mean 'margin'"):
        mammogram_mlp.build(features=("age", "margn"))
    with pytest.raises(Mistake, match=r"unknown encoding 'onehot'.*'one_hot'"):
        mammogram_mlp.build(encoding="onehot")
    with pytest.raises(Mistake, match=r"'age', 'age'.*accepted: .*each once"):
        mammogram_mlp.build(features=("age", "age"))
    findings = mammogram_mlp.build(("age", "shape")).get_layer("findings")
    with pytest.raises(Mistake, match=r"\(5, 5\); accepted: \(n, 2\).*age, shape"):
        findings.adapt(ROWS)
    with pytest.raises(Mistake, match="column 'shape' has infinite values or no known"):
        findings.adapt([[40, NAN], [50, NAN]])
    with pytest.raises(Mistake, match="column 'age' has infinite values"):
        findings.adapt([[float("inf"), 1], [50, 2]])

"""zoo.layers.Columns: raw rows become numbers, as NumPy computes them by hand."""

import datetime

import keras
import numpy as np
import pytest

import zoo
from zoo.building import weight_files
from zoo.core.columns import Column
from zoo.errors import Mistake
from zoo.layers import Columns

NAN = float("nan")
COLUMNS = (
    Column("age", missing=True),
    Column("kind", "category", ("cat", "dog", "fox"), missing=True),
    Column("seen", "date"),
    Column("own", "boolean", ("no", "yes")),
    Column("town", "category", tuple(f"town {i:02}" for i in range(40))),
)
DAYS = [
    datetime.date(2024, 2, 29),
    datetime.date(1999, 12, 31),
    datetime.date(1900, 1, 1),
]
EPOCH = datetime.date(1970, 1, 1)
ROWS = np.array(
    [
        [3, 0, (DAYS[0] - EPOCH).days, 21_600, 1, 39],
        [5, 2, (DAYS[1] - EPOCH).days, 0, 0, 0],
        [NAN, -1, (DAYS[2] - EPOCH).days, 43_200, 1, -1],
        [10, NAN, NAN, NAN, NAN, NAN],
    ],
    "float32",
)


def answers(layer, rows):
    return keras.ops.convert_to_numpy(layer(np.asarray(rows, "float32")))


def of(layer, name, rows=ROWS):
    return answers(layer, rows)[:, layer.names.index(name)]


@pytest.fixture(scope="module")
def layer():
    made = Columns(COLUMNS)
    made.adapt(ROWS)
    return made


def test_numbers_are_standardized_by_their_known_values(layer):
    known = np.array([3, 5, 10])
    expected = [*(known[:2] - known.mean()) / known.std(), 0]
    np.testing.assert_allclose(of(layer, "age")[:3], expected, atol=1e-6)
    np.testing.assert_array_equal(of(layer, "age is missing"), [0, 0, 1, 0])


def test_a_category_has_a_number_and_one_that_is_unknown_has_none(layer):
    kinds = [of(layer, f"kind = {name}") for name in ("cat", "dog", "fox")]
    np.testing.assert_array_equal(kinds, [[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]])
    np.testing.assert_array_equal(of(layer, "kind is missing"), [0, 0, 0, 1])
    np.testing.assert_array_equal(of(layer, "own = yes"), [1, 0, 1, 0])


def test_dates_are_points_on_circles_as_the_calendar_has_them(layer):
    turns = {
        "month": [(day.month - 1) / 12 for day in DAYS],
        "weekday": [day.weekday() / 7 for day in DAYS],
        "hour": [0.25, 0, 0.5],
    }
    for name, turn in turns.items():
        for wave in ("sin", "cos"):
            expected = [*getattr(np, wave)(2 * np.pi * np.array(turn)), 0]
            found = of(layer, f"seen, {name} {wave}")
            np.testing.assert_allclose(found, expected, atol=1e-5)
    days = ROWS[:3, 2].astype(float)
    expected = [*(days - days.mean()) / days.std(), 0]
    np.testing.assert_allclose(of(layer, "seen, day"), expected, atol=1e-5)


def test_any_pattern_of_missing_values_gives_finite_numbers(layer):
    draw = np.random.default_rng(0)
    rows = np.where(draw.random((50, 6)) < 0.4, NAN, ROWS[draw.integers(0, 3, 50)])
    assert np.isfinite(answers(layer, rows)).all()


@pytest.mark.once
@pytest.mark.slow
def test_a_run_on_a_table_is_exported(tmp_path):
    """With dates, categories, embedded ones and missing values; checked by the file."""
    draw = np.random.default_rng(0)
    table = {
        "age": np.where(draw.random(90) < 0.1, NAN, draw.normal(size=90)),
        "kind": draw.choice(["cat", "dog", "fox"], 90).tolist(),
        "seen": np.array(["2024-01-01", "2023-05-06"])[
            draw.integers(0, 2, 90)
        ].tolist(),
        "town": [f"town {i % 40}" for i in range(90)],
        "note": [f"it is a {['good', 'bad'][i % 2]} one {i}" for i in range(90)],
        "y": ["a", "b", "c"] * 30,
    }
    recipe = zoo.Recipe(
        model="deep_mlp",
        data=table,
        data_arguments={"target": "y"},
        model_arguments={"hidden": (4,)},
        batch=32,
        epochs=1,
    )
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True, floor=False)
    kinds = {column.kind for column in run.model.get_layer("columns").columns}
    assert kinds == {"number", "category", "date", "text"}
    exported = zoo.export(run, tmp_path / "model.onnx")
    row = [3, "fox", "2024-01-01", "town 3", "It is good"]
    found, expected = (zoo.predict(each, row)[0] for each in (exported, run))
    assert found.input == expected.input == "3,fox,2024-01-01,town 3,it is good"
    assert abs(found.probability - expected.probability) < 1e-5


def test_every_day_of_400_years_has_its_month():
    layer = Columns([Column("day", "date")])
    days = np.arange(-25_567, 120_530, 13)  # from 1900 to 2299
    rows = np.stack([days, 0 * days], axis=1)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12
    found = answers(layer, rows)[:, 1:3]
    angles = np.arctan2(*found.T) / (2 * np.pi) * 12
    np.testing.assert_allclose(angles % 12 % 11.999, months, atol=1e-3)


def test_many_categories_are_embedded_and_unknown_ones_have_a_place(layer):
    table = keras.ops.convert_to_numpy(layer.get_layer("embedded").embeddings)
    assert table.shape == (42, 8)
    found = np.stack([of(layer, f"town, {i}") for i in range(1, 9)], axis=1)
    np.testing.assert_allclose(found, table[[41, 2, 0, 1]], atol=1e-6)
    beyond = ROWS[:1].copy()
    beyond[0, -1] = 40  # no town of the training
    found = [of(layer, f"town, {i}", beyond)[0] for i in range(1, 9)]
    np.testing.assert_allclose(found, table[0], atol=1e-6)


def test_a_text_is_the_sum_of_its_words_by_the_root_of_their_number():
    notes = [Column("note", "text", ("bad", "good", "not"), "", ".", True, 4)]
    layer = Columns([Column("age"), *notes, Column("kind", "category", ("x",))])
    rows = [[0, 2, 1, -1, NAN, 0], [0, NAN, NAN, NAN, NAN, 0], [0, 0, 0, 3, NAN, 0]]
    layer.adapt(np.array(rows))
    assert layer.names[1:] == (
        *(f"note, {i}" for i in range(1, 9)),
        "note is missing",
        "kind = x",
    )
    found = answers(layer, rows)
    words = keras.ops.convert_to_numpy(layer.get_layer("words_1_embedded").embeddings)
    assert words.shape == (4, 8)
    expected = [(words[3] + words[2]) / 2**0.5, 0 * words[0], words[1] * 2**0.5]
    np.testing.assert_allclose(found[:, 1:9], expected, atol=1e-6)
    np.testing.assert_array_equal(found[:, 9:], [[0, 1], [1, 1], [0, 1]])


def test_two_embedded_columns_do_not_share_their_categories():
    many = tuple(map(str, range(33)))
    layer = Columns([Column("a", "category", many), Column("b", "category", many)])
    table = keras.ops.convert_to_numpy(layer.get_layer("embedded").embeddings)
    expected = np.concatenate([table[2 + 5], table[35 + 2 + 7]])
    np.testing.assert_allclose(answers(layer, [[5, 7]])[0], expected, atol=1e-6)


def test_a_file_and_weights_keep_what_was_learned(layer, tmp_path):
    inputs = keras.Input((6,))
    model = keras.Model(inputs, keras.layers.Dense(2)(layer(inputs)))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.get_layer("columns")) is type(model)
    np.testing.assert_allclose(answers(again, ROWS), answers(model, ROWS), atol=1e-6)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(answers(copy, ROWS), answers(model, ROWS), atol=1e-6)

    network = zoo.build(
        "deep_mlp", input_shape=(6,), classes=2, hidden=(4,), columns=COLUMNS
    )
    network.get_layer("columns").adapt(ROWS)
    weight_files.save(network, tmp_path / "model.safetensors")
    fresh = zoo.build(
        "deep_mlp", input_shape=(6,), classes=2, hidden=(4,), columns=COLUMNS, seed=1
    )
    weight_files.load(fresh, tmp_path / "model.safetensors")
    np.testing.assert_allclose(answers(fresh, ROWS), answers(network, ROWS), atol=1e-6)


def test_days_and_categories_stay_exact_in_mixed_precision(layer):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = Columns(COLUMNS)
    finally:
        keras.config.set_dtype_policy(before)
    mixed.adapt(ROWS)
    fixed = [i for i, name in enumerate(layer.names) if not name.startswith("town,")]
    np.testing.assert_allclose(
        answers(mixed, ROWS)[:, fixed], answers(layer, ROWS)[:, fixed], atol=1e-6
    )


def test_mistakes(layer):
    with pytest.raises(Mistake, match=r"\(4, 5\); accepted: \(n, 6\), the columns age"):
        layer.adapt(ROWS[:, :5])
    with pytest.raises(Mistake, match="column 'age' has infinite values or no known"):
        layer.adapt(np.where(np.arange(6) == 0, NAN, ROWS))
    for scale in (1e-12, 1e30):  # picofarads in farads, and numbers of the universe
        ages = scale * np.arange(4)[:, None]
        with pytest.raises(Mistake, match=r"'age' have a deviation of .*; accepted"):
            layer.adapt(np.where(np.arange(6) == 0, ages, ROWS))
    with pytest.raises(Mistake, match="a table without columns"):
        Columns(())
    with pytest.raises(Mistake, match=r"columns take 6 numbers; given input_shape"):
        zoo.build("deep_mlp", input_shape=(5,), columns=COLUMNS)

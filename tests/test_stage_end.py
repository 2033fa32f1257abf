"""A stage that changed nothing is told, and so are settings that change nothing."""

import warnings
from dataclasses import replace

import pytest

import zoo
from zoo.data import load
from zoo.training.setup import check

RECIPE = zoo.Recipe(
    model="deep_mlp", model_arguments={"hidden": ()}, data="moons", batch=240, epochs=1
)
STUCK = "nothing was learned: in 3 steps no weight has moved by more than 32 bits round"


def test_a_stage_in_which_no_weight_moves_is_told(tmp_path):
    stages = {"epochs": 1, "learning_rate": 1e-30}, {"epochs": 1}
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        zoo.train(
            replace(RECIPE, stages=stages), run=tmp_path / "a", quiet=True, floor=False
        )
    told = [str(w.message) for w in seen if "nothing was learned" in str(w.message)]
    assert told == [
        f"{STUCK} away; the gradient is zero, or learning_rate=1e-30 is too small"
    ]


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"weight_decay": 1e-5},
            "weight_decay=1e-05 times learning_rate=0.001 has no effect: numbers of 32 "
            "bits hold no change by less than 3e-08 of them; take a larger one, or 0",
        ),
        ({"momentum": 1e-30}, "momentum=1e-30 has no effect"),
        ({"ema": 1e-9}, "ema=1e-09 has no effect"),
        ({"label_smoothing": 1e-12}, "label_smoothing=1e-12 has no effect"),
    ],
)
def test_what_changes_no_number_of_32_bits_is_told(changes, told):
    dataset = load("moons")
    with pytest.warns(UserWarning, match=told):
        check(replace(RECIPE, **changes), dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(replace(RECIPE, **dict.fromkeys(changes, 0.01)), dataset)


@pytest.mark.once
def test_what_makes_updates_small_is_named(tmp_path):
    small = {"clip_norm": 1e-30, "optimizer_arguments": {"epsilon": 1e30}}
    with pytest.warns(UserWarning, match=STUCK) as seen:
        zoo.train(replace(RECIPE, **small), run=tmp_path / "a", quiet=True, floor=False)
    [told] = [str(w.message) for w in seen if "nothing was learned" in str(w.message)]
    assert told.endswith(
        "or learning_rate=0.001, or clip_norm=1e-30, beside epsilon=1e+30 is too small"
    )

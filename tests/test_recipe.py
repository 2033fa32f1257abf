"""Changes of a recipe: which field gets which value, and what is refused."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo import recipe as recipes
from zoo.errors import Mistake
from zoo.training import optimizer

RECIPE = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (4,), "dropout": 0.1},
    data="circles",
    stages=(
        {"trainable": "head", "epochs": 3},
        {"trainable": "all", "epochs": 4, "learning_rate": 1e-4},
    ),
)


def test_fields_arguments_and_strengths():
    changes = ["batch=7", "model.hidden=8,9", "data.noise=0.2", "augment.flip=1"]
    changed = recipes.override(RECIPE, changes)
    assert changed.batch == 7
    assert changed.model_arguments == {"hidden": (8, 9), "dropout": 0.1}
    assert changed.data_arguments == {"noise": 0.2}
    assert changed.augment == {"flip": 1}
    assert changed.stages == RECIPE.stages


def test_arguments_of_the_optimizer_go_with_it():
    changes = ["optimizer=adagrad", "optimizer.epsilon=1e-12"]
    adagrad = recipes.override(RECIPE, changes)
    assert adagrad.optimizer_arguments == {"epsilon": 1e-12}
    assert recipes.from_json(recipes.to_json(adagrad)) == adagrad
    assert recipes.override(adagrad, ["optimizer=adagrad"]) == adagrad
    assert recipes.override(adagrad, ["optimizer=sgd"]).optimizer_arguments == {}
    made = optimizer.make(adagrad.stage_recipes()[0], steps_per_epoch=1, spared=[])
    assert made.epsilon == 1e-12


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("optimizer.epsilom=1", "unknown argument of adam 'epsilom'; did you mean 'ep"),
        ("optimizer.clipvalue=1", "clipping and averages are recipe fields"),
        ("optimizer.momentum=0.9", "unknown argument of adam 'momentum'"),
    ],
)
def test_arguments_that_the_optimizer_does_not_take(change, text):
    recipe = recipes.override(RECIPE, [change]).stage_recipes()[0]
    with pytest.raises(Mistake, match=text):
        optimizer.make(recipe, steps_per_epoch=1, spared=[])


def test_a_stage_is_changed_by_its_number():
    changed = recipes.override(RECIPE, ["stage.1.epochs=9", "stage.2.weight_decay=1"])
    first, second = changed.stage_recipes()
    assert (first.epochs, first.weight_decay, first.trainable) == (9, 0.0, "head")
    assert (second.epochs, second.weight_decay, second.trainable) == (4, 1.0, "all")
    assert RECIPE.stages[0]["epochs"] == 3


def test_classes_whose_names_are_numbers_need_no_quotes():
    changed = recipes.override(RECIPE, ["class_weight={3: 2, 'cat': 1}"])
    assert changed.class_weight == {"3": 2, "cat": 1}


def test_a_change_acts_on_what_the_changes_before_it_left():
    changes = ["stages=({'epochs': 2},)", "stage.1.epochs=9", "learning_rate=0.5"]
    changed = recipes.override(RECIPE, changes)
    assert changed.stages == ({"epochs": 9},)
    assert changed.learning_rate == 0.5


REFUSED = {
    "epochs=5": "'epochs=5': this recipe's stages set epochs; change it there: "
    "stage.2.epochs=5",
    "stage.3.epochs=5": "'stage.3.epochs=5': this recipe has 2 stages",
    "batch=2.5": "recipe field batch is of type int; given: 2.5, of type float",
    "model_arguments=3": "unknown recipe field 'model_arguments'",
    "stage.1.epoch=5": "unknown recipe field 'epoch'; did you mean 'epochs'?",
    "stage.2.epochs=two": "epochs is of type int; given: 'two', of type str",
}


@pytest.mark.parametrize("change", REFUSED)
def test_what_is_refused(change):
    with pytest.raises(Mistake) as mistake:
        recipes.override(RECIPE, [change])
    assert REFUSED[change] in str(mistake.value)


# --- Types


def test_numbers_of_numpy_paths_and_lists_are_stored_as_values_of_python():
    recipe = zoo.Recipe(
        model="deep_mlp",
        data=Path("pets"),
        model_arguments={"hidden": [np.int64(4), 8], "more": {"a": np.ones(2)}},
        validation=0,
        seed=np.int64(3),
        learning_rate=np.float64(0.5),
        shuffle=np.bool_(False),
        stages=[{"epochs": np.int32(2)}],
    )
    assert recipe.model_arguments == {"hidden": (4, 8), "more": {"a": (1.0, 1.0)}}
    assert (recipe.data, recipe.stages) == ("pets", ({"epochs": 2},))
    kinds = [type(getattr(recipe, name)) for name in ("seed", "validation", "shuffle")]
    assert kinds == [int, float, bool]
    written = json.loads(json.dumps(recipes.to_json(recipe)))
    assert recipes.from_json(written) == recipe


LOOP: list = []
LOOP.append(LOOP)
WRONG = {
    "seed": (
        10**400,
        "field seed is a number of 401 digits; accepted: whole numbers u",
    ),
    "weight_decay": (-(10**400), "field weight_decay is a number of 401 digits"),
    "class_weight": ({"a": 2**64}, "class_weight, a is a number of 20 digits"),
    "trainable": (LOOP, "field trainable is nested too deeply"),
    "epochs": (2.5, "field epochs is of type int; given: 2.5, of type float"),
    "batch": (True, "field batch is of type int; given: True, of type bool"),
    "data": (3, "field data is of type str; given: 3, of type int"),
    "augment": ("flip", "field augment is of type dict; given: 'flip', of type str"),
    "learning_rate": (float("nan"), "learning_rate=nan; accepted: 0 <= learning_rate"),
    "model_arguments": ({"x": {1}}, r"model_arguments, x holds \{1\}, of type set"),
    "data_arguments": ({"x": (float("inf"),)}, "data_arguments, x holds inf, of type"),
    "optimizer_arguments": ({1: 2}, "optimizer_arguments has the key 1; accepted: tex"),
    "stages": (({"epoch": 1},), "unknown recipe field 'epoch'; did you mean 'epochs'"),
    "expects": (0.9, "field expects is of type Expected or None; given: 0.9"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_value_of_another_type_is_refused_where_the_recipe_is_made(name):
    value, text = WRONG[name]
    with pytest.raises(Mistake, match=text):
        dataclasses.replace(RECIPE, **{name: value})


def test_stages_and_claims_are_checked_where_the_recipe_is_made():
    with pytest.raises(Mistake, match=r"stage 1 is 3; accepted: a dictionary of field"):
        dataclasses.replace(RECIPE, stages=(3,))
    with pytest.raises(Mistake, match="epochs=0; accepted: 1 <= epochs"):
        dataclasses.replace(RECIPE, stages=({"epochs": 0},))
    with pytest.raises(Mistake, match="unknown split of a claim 'tset'; did you mean"):
        zoo.Expected("accuracy", 0.9, split="tset")
    with pytest.raises(
        Mistake, match="claim field at_least is of type float or None; given: '"
    ):
        zoo.Expected("accuracy", "0.9")
    with pytest.raises(Mistake, match="a claim of nan; accepted: a finite number"):
        zoo.Expected("accuracy", float("nan"))


def test_a_recipe_of_a_newer_zoo_is_one_line():
    written = {**recipes.to_json(RECIPE), "version": 9, "warp": 3}
    with pytest.raises(Mistake) as mistake:
        recipes.from_json(written)
    assert str(mistake.value) == (
        "a recipe of version 9 with fields that this zoo does not know: warp; this zoo "
        "reads version 1: install the zoo that made it, or a newer one"
    )


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "a recipe is an object of fields, not list"),
        ({"model": "lenet"}, "the recipe has no field data"),
        ({"model": "lenet", "data": None}, "field data is of type str; given: None"),
        (
            {"model": "a", "data": "b", "stages": {"epochs": 1}},
            "stages is of type tupl",
        ),
        ({"model": "a", "data": "b", "expects": {"at_least": 1}}, "which is no claim"),
        (
            {"model": "a", "data": "b", "epochz": 1},
            "does not know: epochz; this zoo re",
        ),
    ],
)
def test_a_damaged_recipe_is_one_line(values, text):
    with pytest.raises(Mistake, match=text):
        recipes.from_json(values)


def test_recipes_without_a_version_are_read():
    written = recipes.to_json(RECIPE)
    del written["version"], written["accumulate"]
    assert recipes.from_json(written) == RECIPE


# --- Values as they are typed


def test_a_field_of_text_takes_text_that_looks_like_a_number():
    changed = recipes.override(RECIPE, ["data=2024", "model=007", "optimizer=3,5"])
    assert (changed.data, changed.model, changed.optimizer) == ("2024", "007", "3,5")


# --- Stages


def test_a_stage_refuses_what_only_the_whole_recipe_can_set():
    for name, value in {"validation": 0.2, "seed": 1, "precision": "float32"}.items():
        staged = dataclasses.replace(RECIPE, stages=({name: value},))
        with pytest.raises(Mistake, match=f"stage 1 sets {name}, which holds for the"):
            staged.stage_recipes()


def test_another_optimizer_of_a_stage_has_none_of_the_recipes_arguments():
    whole = dataclasses.replace(
        RECIPE,
        optimizer_arguments={"epsilon": 0.1},
        stages=({"epochs": 1}, {"optimizer": "sgd"}),
    )
    first, second = whole.stage_recipes()
    assert first.optimizer_arguments == {"epsilon": 0.1}
    assert second.optimizer_arguments == {}


def test_a_field_that_is_given_twice_is_told():
    plain = zoo.Recipe("deep_mlp", "moons")
    with pytest.warns(UserWarning, match="epochs=4 is used, not epochs=3"):
        assert recipes.override(plain, ["epochs=3", "seed=1", "epochs=4"]).epochs == 4
    assert recipes.override(plain, ["epochs=3", "epochs=3"]).epochs == 3


def test_a_recipe_file_finds_what_lies_beside_it_and_tells_its_faults(tmp_path):
    (tmp_path / "numbers_of_mine.py").write_text("EPOCHS = 7\n")
    text = "from numbers_of_mine import EPOCHS\nimport zoo\n"
    file = tmp_path / "own.py"
    file.write_text(f"{text}recipe = zoo.Recipe('lenet', 'mnist', epochs=EPOCHS)\n")
    assert recipes.load(file).epochs == 7
    file.write_text(f"{text}recipe = zoo.Recipe('lenet', 'mnist', epochs=EPOCH)\n")
    with pytest.raises(
        Mistake, match=r"own.py, line 3: NameError: .*; correct the rec"
    ):
        recipes.load(file)
    file.write_text("recipe = (\n")
    with pytest.raises(Mistake, match=r"own.py, line 1: SyntaxError: .*; correct the"):
        recipes.load(file)
    with pytest.raises(Mistake, match=r"own.py, line 1: SyntaxError: .*; correct the"):
        zoo.card(file)

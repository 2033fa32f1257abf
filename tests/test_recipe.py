"""Changes of a recipe: which field gets which value, and what is refused."""

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
    made = optimizer.make(adagrad.stage_recipes()[0], steps_per_epoch=1)
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
        optimizer.make(recipe, steps_per_epoch=1)


def test_a_stage_is_changed_by_its_number():
    changed = recipes.override(RECIPE, ["stage.1.epochs=9", "stage.2.weight_decay=1"])
    first, second = changed.stage_recipes()
    assert (first.epochs, first.weight_decay, first.trainable) == (9, 0.0, "head")
    assert (second.epochs, second.weight_decay, second.trainable) == (4, 1.0, "all")
    assert RECIPE.stages[0]["epochs"] == 3


def test_a_change_acts_on_what_the_changes_before_it_left():
    changes = ["stages=({'epochs': 2},)", "stage.1.epochs=9", "learning_rate=0.5"]
    changed = recipes.override(RECIPE, changes)
    assert changed.stages == ({"epochs": 9},)
    assert changed.learning_rate == 0.5


REFUSED = {
    "epochs=5": "'epochs=5': this recipe's stages set epochs; change it there: "
    "stage.2.epochs=5",
    "stage.3.epochs=5": "'stage.3.epochs=5': this recipe has 2 stages",
    "stage.1.epoch=5": "unknown recipe field 'epoch'; did you mean 'epochs'?",
    "stage.2.epochs=two": "epochs is of type int; given: 'two', of type str",
}


@pytest.mark.parametrize("change", REFUSED)
def test_what_is_refused(change):
    with pytest.raises(Mistake) as mistake:
        recipes.override(RECIPE, [change])
    assert REFUSED[change] in str(mistake.value)

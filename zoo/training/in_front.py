"""What is trained in place of the network: with more inside of the step, its weights.

Augmentation on the device is a layer in front; states of recurrent layers are carried
from batch to batch.
"""

import keras

from zoo import augment
from zoo.augment.strengths import is_on
from zoo.data import Dataset
from zoo.errors import Mistake
from zoo.layers import carrying
from zoo.recipe import Recipe


def on_device(stage: Recipe) -> bool:
    """Whether a layer changes the examples; otherwise the feed does, on the host."""
    return stage.augment_on == "device" and any(map(is_on, stage.augment.values()))


def check(stage: Recipe, kind: str) -> None:
    """Refuse what the device cannot change.

    Raises:
        Mistake: sounds, or an operation that mixes labels, too.
    """
    if not on_device(stage):
        return
    if kind != "image":
        raise Mistake(
            f"augment_on='device' changes images, and these data are {kind}s; "
            "set augment_on=host"
        )
    for name in augment.MIXES:
        if is_on(stage.augment.get(name, 0)):
            raise Mistake(
                f"augment_on='device': '{name}' mixes labels, which the device does "
                f"not see; set augment_on=host or augment.{name}=0"
            )


def trained(stage: Recipe, model: keras.Model, dataset: Dataset) -> keras.Model:
    """`model` behind its augmentation, or with its states carried; or itself.

    It has the variables of the model, and a step or states beside them.

    Args:
        stage: what is trained.
        model: the network.
        dataset: what it learns from.

    Raises:
        Mistake: see `zoo.layers.carrying.carried`.
    """
    if dataset.carried:
        return carrying.carried(model, stage.batch)
    if not on_device(stage):
        return model
    from zoo.layers import Augment  # with OpenCV

    examples = keras.Input(dataset.input_shape, dtype="uint8")
    change = Augment(stage.augment, stage.seed)
    return keras.Model(examples, model(change(examples)))


def forget_states(made: keras.Model, trainer) -> None:
    """Have the network that `trained` made begin without a state."""
    if carrying.states(made):
        trainer.push()
        carrying.forget(made)
        trainer.pull()


def set_step(stage: Recipe, made: keras.Model, step: int) -> None:
    """Let the layer that `trained` added draw the numbers of `step`, as a feed does.

    Args:
        stage: what is trained.
        made: what `trained` returned.
        step: counted over the whole run.
    """
    if on_device(stage):
        made.layers[1].step.assign(step)

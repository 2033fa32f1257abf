"""Augmentation on the device: a layer in front of the network, inside of the step."""

import keras

from zoo import augment
from zoo.augment.strengths import is_on
from zoo.errors import Mistake
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


def augmented(stage: Recipe, model: keras.Model, shape: tuple) -> keras.Model:
    """`model` behind its augmentation, with the same variables and a step; or itself.

    Args:
        stage: what is trained.
        model: the network.
        shape: of an example.
    """
    if not on_device(stage):
        return model
    from zoo.layers import Augment  # with OpenCV

    examples = keras.Input(shape, dtype="uint8")
    change = Augment(stage.augment, stage.seed)
    return keras.Model(examples, model(change(examples)))


def set_step(stage: Recipe, trained: keras.Model, step: int) -> None:
    """Let the layer that `augmented` added draw the numbers of `step`, as a feed does.

    Args:
        stage: what is trained.
        trained: what `augmented` returned.
        step: counted over the whole run.
    """
    if on_device(stage):
        trained.layers[1].step.assign(step)

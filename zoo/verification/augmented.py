"""What the layer of augmentation makes of pictures on the active backend."""

from functools import partial
from types import ModuleType

import numpy as np
from keras import ops

from zoo import augment
from zoo.augment import device
from zoo.engine.device import compiled

_SHAPE = 8, 24, 20, 3


def augmented(seed: int) -> dict[str, np.ndarray]:
    """Made-up pictures after each operation of `zoo.layers.Augment`, by itself.

    Returns:
        "layer/OPERATION": gray levels, 0 to 255.
    """
    pictures = np.random.default_rng(seed).integers(0, 256, _SHAPE, "uint8")
    targets = np.eye(len(pictures), dtype="float32")

    change = partial(by_operation, place=device, seed=seed)
    found = compiled(change)(pictures, targets)
    return {
        f"layer/{name}": np.array(ops.convert_to_numpy(each))
        for name, each in found.items()
    }


def by_operation(images, targets, place: ModuleType, seed: int) -> dict:
    """Pictures after each operation by itself, in step 0.

    Args:
        images: (n, height, width, channels).
        targets: (n, classes), which mixes change, too.
        place: where that happens: `zoo.augment`, the host, or `zoo.augment.device`.
        seed: of the draws.
    """
    found = {}
    for name, strength in augment.STRENGTHS.items():
        operation = {name: strength.example}
        changed = place.apply(images, operation, seed, 0)
        found[name], _ = place.mix(changed, targets, operation, seed, 0)
    return found

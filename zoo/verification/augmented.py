"""What the layer of augmentation makes of pictures on the active backend."""

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

    def change(images, targets):
        found = {}
        for name, strength in augment.STRENGTHS.items():
            operation = {name: strength.example}
            changed = device.apply(images, operation, seed, 0)
            changed, _ = device.mix(changed, targets, operation, seed, 0)
            found[f"layer/{name}"] = changed
        return found

    found = compiled(change)(pictures, targets)
    return {name: np.array(ops.convert_to_numpy(each)) for name, each in found.items()}

"""What augmenting a picture costs: zoo's host and layer, Keras's layers and Pillow.

torchvision, whose transforms are Pillow's on a CPU, does not import beside PyTorch's
own CPU build.
"""

from collections.abc import Iterator

from benchmarks.costs import augmenters
from benchmarks.costs.readers import AFFINE
from benchmarks.processes import alone

CHANGES = {
    "flip": {"flip": 0.5},
    "shift, rotation, zoom": AFFINE,
    "elastic": {"elastic": (34, 4)},
    "random_erasing": {"random_erasing": 0.25},
    "color_jitter": {"color_jitter": 0.2},
    "rand_augment": {"rand_augment": (2, 9)},
    "trivial_augment_wide": {"trivial_augment_wide": 31},
}

LAYERS = "flip", "shift, rotation, zoom", "elastic"  # of the recipes


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`; within a round every contestant has its turn."""
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for size, channels in ((28, 1), (224, 3)):
            label = f"{size} x {size} x {channels}: "
            turns = {
                (f"{label}{name}", ""): (
                    augmenters.zoo_augment,
                    operations,
                    size,
                    channels,
                )
                for name, operations in CHANGES.items()
            }
            peer = f"{label}Pillow, one affine warp"
            turns[peer, ""] = augmenters.pillow_affine, size, channels
            peer = f"{label}Keras's layers for shift, rotation, zoom"
            for name in backends:
                turns[peer, name] = augmenters.keras_affine, name, size, channels
                for change in LAYERS if size == 28 else ():
                    own = f"{label}zoo.layers.Augment, {change}"
                    operations = CHANGES[change]
                    turns[own, name] = augmenters.zoo_layer, name, operations, size
            for key, (augmenter, *arguments) in turns.items():
                seconds, count = alone(augmenter, *arguments)
                found.setdefault(key, []).append(1e6 * seconds / count)
    for (what, name), values in found.items():
        yield {"what": what, "backend": name, "unit": "µs/picture", "values": values}

"""What changing a picture at random costs: zoo's layers beside Keras's, and on the host
beside Pillow, each pair in one process and in turns.

torchvision, whose transforms are Pillow's on a CPU, does not import beside PyTorch's
own CPU build.
"""

from collections.abc import Iterator

from benchmarks.costs import augmenters, peers
from benchmarks.costs.readers import AFFINE
from benchmarks.processes import alone

CHANGES = {
    "flip": {"flip": 0.5},
    "shift": {"shift": 0.1},
    "rotation": {"rotation": 10},
    "zoom": {"zoom": 0.1},
    "shift, rotation, zoom": AFFINE,
    "elastic": {"elastic": (34, 4)},
    "color_jitter": {"color_jitter": 0.2},
    "random_erasing": {"random_erasing": 0.25},
    "rand_augment": {"rand_augment": (2, 9)},
    "trivial_augment_wide": {"trivial_augment_wide": 31},
    "mixup": {"mixup": 0.2},
    "cutmix": {"cutmix": 1.0},
}


def measure(
    backends: list[str], rounds: int, changes: dict[str, dict] = CHANGES
) -> Iterator[dict]:
    """Lines for `report.put`; "others" are the rounds of what stands "beside"."""
    for change, operations in changes.items():
        for place in ("", *backends):
            beside = peers.PILLOW if place == "" else peers.KERAS
            pairs = alone(augmenters.pairs, place, change, operations, rounds)
            for size, (values, others) in pairs.items():
                yield {
                    "what": f"{change}, {size}",
                    "backend": place,
                    "unit": "µs/picture",
                    "values": values,
                    "beside": beside[change] if others else "",
                    "others": others,
                }

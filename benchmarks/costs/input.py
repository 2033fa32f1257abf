"""Pictures per second from ArrayRecord into shuffled batches of MNIST: zoo, tf.data and
PyTorch's DataLoader on the same files.

zoo decodes once and keeps the pixels; files above 1 GiB stay on the disk and are read
as they are needed, in any order. The feed holds four chunks of 16 MiB at most.
"""

import tempfile
from collections.abc import Iterator

from benchmarks.costs import readers
from benchmarks.costs.readers import AFFINE
from benchmarks.processes import alone


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`; within a round every contestant has its turn."""
    readings: dict[str, list[float]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            turns = {
                "zoo, first time": (readers.zoo_first, cache),
                "zoo, in memory": (readers.zoo_feed, cache, False, {}),
                "zoo, on disk": (readers.zoo_feed, cache, True, {}),
                "zoo, in memory, shift, rotation, zoom": (
                    readers.zoo_feed,
                    cache,
                    False,
                    AFFINE,
                ),
                "tf.data": (readers.tf_data,),
                "DataLoader": (readers.data_loader, 0),
                "DataLoader, 2 workers": (readers.data_loader, 2),
            }
            for name, (reader, *arguments) in turns.items():
                seconds, count = alone(reader, *arguments)
                readings.setdefault(name, []).append(count / seconds)
    for name, values in readings.items():
        what = f"MNIST from ArrayRecord: {name}"
        yield {"what": what, "backend": "", "unit": "pictures/s", "values": values}

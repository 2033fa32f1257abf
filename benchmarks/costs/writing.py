"""How long a network takes to write 1,000 characters, step by step.

The networks are untrained, whose steps take as long; the draw of each character, some
20 µs more, is left out.
"""

import time
from collections.abc import Iterator

from benchmarks.processes import alone
from zoo.core.random import order
from zoo.engine import startup

CHARACTERS, ALPHABET = 1000, 66
NETWORKS = {
    "GRU of 256 units": {"cell": "gru", "embedding": 64, "units": (256,)},
    "LSTM of 256 units": {},
    "LSTM of 2 x 512 units": {"embedding": 512, "units": (512, 512)},
    "LSTM of 2 x 1024 units": {"embedding": 512, "units": (1024, 1024)},
}


def measure(backends: list[str], rounds: int) -> Iterator[dict]:
    """Lines for `report.put`; within a round every network and backend has its turn."""
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for backend in backends:
            for network, seconds in alone(_write, backend).items():
                found.setdefault((network, backend), []).append(seconds)
    for (network, backend), values in found.items():
        yield {
            "what": f"{network}, {CHARACTERS:,} characters",
            "backend": backend,
            "unit": "s",
            "values": values,
        }


def _write(backend: str) -> dict[str, float]:
    """The seconds of each network in this process."""
    startup.load(backend)

    import zoo
    from zoo.models import lstm_language

    text, found = order(CHARACTERS, 0, 0) % ALPHABET, {}
    for network, arguments in NETWORKS.items():
        model = zoo.build("lstm_language", vocabulary_size=ALPHABET, **arguments)
        start = time.perf_counter()
        stepper = lstm_language.stepper(model)
        for token in text:
            stepper.step(int(token))
        found[network] = time.perf_counter() - start
    return found

"""`python -m zoo.tuning.worker FOLDER PARENT LEASE`: it runs trials of a search."""

import sys
from pathlib import Path

from zoo.engine import startup
from zoo.tuning import sharing
from zoo.tuning.search import load


def main(folder: Path, parent: int, lease: float) -> int:
    """Run trials until the search is over, or a fresh process should take over."""
    sharing.die_with(parent)
    settings = load(folder).settings
    startup.load(settings.backend)

    from zoo.tuning.tuner import RENEWED, Tuner

    # TensorFlow never frees the graph of a loop, so a fresh process takes over.
    most = RENEWED if settings.backend == "tensorflow" else None
    deadline = sharing.deadline_of_worker()
    tuner = Tuner(settings, folder, deadline, quiet=True, lease=lease, most=most)
    try:
        tuner.search()
    except KeyboardInterrupt:
        return 130
    return sharing.RENEW if tuner.is_spent() and not tuner.is_over() else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))

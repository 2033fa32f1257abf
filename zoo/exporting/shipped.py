"""Weights that zoo ships are exported when they are first asked, into the cache.

Nothing is written where zoo is installed, and who asks "lenet:mnist" has no folder of
its own for a file. Keras takes seconds to begin, and longer for each answer.
"""

from zoo import exported
from zoo.errors import Mistake
from zoo.exported import Exported
from zoo.exporting import export
from zoo.run import WEIGHTS, Run


def export_once(run: Run) -> Exported | None:
    """The checked export of shipped weights; made now if it is not there.

    None where none can be had: packages are missing, or the cache cannot be written.
    """
    path = exported.place_in_cache(run.folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        export(Run(run.folder), path)  # whose model stays unopened
    except (Mistake, OSError):
        return None
    return exported.in_cache(run.folder, WEIGHTS, run.recipe.precision)

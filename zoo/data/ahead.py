"""Read a data set for the first time while the framework is imported.

Imports keep Python busy, so that a process of its own reads beside them.
"""

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from zoo.core import processes
from zoo.core.timing import start
from zoo.data.sources import tfds, tfds_prepare
from zoo.engine import groups
from zoo.recipe import Recipe

CHILD = """
import contextlib, json, sys
from zoo import data
from zoo.errors import Mistake
with contextlib.suppress(Mistake):
    data.load(sys.argv[1], **json.loads(sys.argv[2]))
"""


@contextlib.contextmanager
def reading(recipe: Recipe) -> Iterator[None]:
    """Inside, a process decodes the recipe's data set into zoo's cache; the end waits.

    Only where TFDS has prepared it, and zoo has not decoded it before. What the process
    cannot do, `zoo.data.load` does later, and says what is wrong. One of several
    processes that train together starts none.
    """
    name, given = recipe.data, recipe.data_arguments
    look = {key: given[key] for key in ("size", "channels") if key in given}
    if groups.in_processes() or not _is_prepared(name) or tfds.kept(name, **look):
        yield
        return
    words = ["-W", "ignore", "-c", CHILD]  # `load` in this process warns
    child = subprocess.Popen(
        [sys.executable, *words, name, json.dumps(given, default=str)],
        env=processes.environment(),
        stdout=subprocess.DEVNULL,
        process_group=0,  # Ctrl-C in a terminal is for this process, which ends it
    )
    try:
        yield
        start.ended("zoo")
        child.wait()
        start.ended("data")
    finally:
        child.kill()
        child.wait()


def _is_prepared(name: str) -> bool:
    """Whether TFDS's folder of that name holds a version, in one of its places."""
    if not re.fullmatch(r"\w[\w./:-]*", name):  # such as the path of a file
        return False
    places = [Path(root) / name for root in tfds_prepare.roots(name)]
    return any(list(place.glob("*/dataset_info.json")) for place in places)

"""A process that trains with others, started by PyTorch's `Group.start`."""

import json
import sys
from pathlib import Path

from zoo.core import files
from zoo.errors import Mistake
from zoo.recipe import from_json
from zoo.training import train


def work() -> None:
    """What a process does that `Group.start` started."""
    mistake, arguments = Path(sys.argv[1]), json.loads(sys.argv[2])
    arguments["recipe"] = from_json(arguments["recipe"])
    try:
        train(**arguments)
    except Mistake as error:
        files.write_text(mistake, str(error))

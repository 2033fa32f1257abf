"""`python -m zoo.verification JOB GIVEN RESULT`: what `elsewhere` starts."""

import json
import sys
from pathlib import Path

import numpy as np

from zoo import recipe as recipes
from zoo.engine import startup
from zoo.errors import Mistake


def main(job: str, given: str, result: str) -> int:
    """Probe on the backend that $KERAS_BACKEND names; 2 after a user's mistake."""
    startup.load()

    from zoo.verification.augmented import augmented
    from zoo.verification.probe import probe

    about = json.loads(Path(job).read_text(encoding="utf-8"))
    with np.load(given) as file:
        weights = dict(file)
    try:
        recipe = recipes.from_json(about["recipe"])
        found = probe(recipe, count=about["count"], weights=weights)
        if any(name.startswith("images/") for name in found):
            found |= augmented(recipe.seed)
    except Mistake as mistake:
        print(mistake, file=sys.stderr)
        return 2
    np.savez(result, **found)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Write zoo's points and the keys of its initial weights into docs/playground.html.

    python tools/playground.py            write
    python tools/playground.py --check    exit with 1 if anything would change

The page trains the same networks on the same points as zoo, without a server. It draws
weights and order itself, by Philox; what it cannot draw is written into it here.
"""

import argparse
import base64
import json

import numpy as np
import pages

from zoo.building import initial_weights
from zoo.data.sources import generated

PAGE = pages.DOCS / "playground.html"
FACTS = "<!-- facts: tools/playground.py writes this -->", "<!-- end of facts -->"
SEEDS = 10  # to choose from
LAYERS = ("hidden_1", "hidden_2", "hidden_3", "logits")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    start, end = '<script type="application/json" id="facts">', "</script>"
    body = [f"{start}{json.dumps(facts())}{end}"]
    text = pages.between(PAGE.read_text("utf-8"), FACTS, body)
    pages.update({PAGE: text}, options.check, "python tools/playground.py")


def facts() -> dict:
    """The points of each set, and for each seed the key of each layer's weights."""
    keys = [
        {name: f"{initial_weights.key(seed, f'{name}/kernel'):x}" for name in LAYERS}
        for seed in range(SEEDS)
    ]
    sets = {name: getattr(generated, name)() for name in generated.NAMES}
    return {"keys": keys, "data": {name: points(sets[name]) for name in sets}}


def points(dataset) -> dict:
    """Classes, and for each split the points, float32 in base64, and their classes."""
    splits = {"train": dataset.train, "test": dataset.test}
    return {
        "classes": dataset.classes,
        **{
            name: {
                "points": base64.b64encode(split.inputs.astype("<f4")).decode(),
                "targets": "".join(map(str, np.asarray(split.targets))),
            }
            for name, split in splits.items()
        },
    }


if __name__ == "__main__":
    main()

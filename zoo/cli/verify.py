"""Verify that the backends agree on a model or a recipe, number by number.

Each installed backend trains for some steps in a process of its own, and the others are
compared with the first: initial weights, order of the examples, augmented images,
dropout masks, outputs, gradient and losses. The exit status is 1 if a difference is
beyond its bound. For a model, examples are made up that fit its input.

Examples:
  zoo verify lenet model.variant=relu
  zoo verify deep_mlp_mnist data=mnist_sample --steps 60
  zoo verify my_net.py --backends jax,torch
"""

import sys

from zoo.cli._arguments import add_changes
from zoo.cli._table import table
from zoo.core.progress import show
from zoo.verification import Verification, verify

_WORDS = {
    "weights": "initial weights",
    "order": "order of the examples",
    "images": "augmented images",
    "layer": "of layers.Augment",
    "inputs": "inputs",
    "dropout": "dropout masks",
    "forward": "outputs on equal weights",
    "gradient": "gradient",
    "loss": "loss of every step",
}


def arguments(parser):
    parser.add_argument(
        "model", metavar="NAME", help="a model or recipe from `zoo list`, or a .py file"
    )
    add_changes(parser)
    parser.add_argument("--backends", help="such as jax,torch; all that are installed")
    parser.add_argument(
        "--steps", type=int, default=20, help="training steps, at least 1 (20)"
    )
    parser.add_argument(
        "--batch", type=int, help="examples in a step, at least 1 (a model: 32)"
    )


def run(options):
    backends = options.backends.split(",") if options.backends else None
    found = verify(
        options.model,
        options.changes,
        backends=backends,
        steps=options.steps,
        batch=options.batch,
    )
    _report(options.model, found)
    if not found.ok:
        sys.exit(1)


def _report(name: str, found: Verification) -> None:
    others = list(dict.fromkeys(row.backend for row in found.rows))
    rows = {}
    for row in found.rows:
        rows.setdefault((row.quantity, row.bound), {})[row.backend] = row
    if rows:
        show(f"{name}: largest relative difference from {found.reference}\n")
        table(
            ["compared", "bound", *others],
            [
                (_WORDS[quantity], _number(bound), *(_cell(cells[b]) for b in others))
                for (quantity, bound), cells in rows.items()
            ],
        )
        show()
    if found.rounding is not None:
        then = "their bound is thrice that, and at least 1e-03"
        if not found.is_told:
            then = "they say nothing so: take fewer --steps, or a smaller learning_rate"
        show(
            f"Changing the last bit of each initial weight on {found.reference} moves "
            f"its losses by {found.rounding:.1e};\n{then}.\n"
        )
    for missing in found.missing:
        show(f'{missing}: NOT COMPARED, not installed; pip install "zoo[{missing}]"')
    for failed, text in found.failed.items():
        show(f"{failed}: FAILED\n{text}")
    beyond = sum(not row.ok for row in found.rows)
    if beyond:
        show(f"{beyond} of {len(found.rows)} comparisons are beyond their bound")
    elif found.ok:
        show(f"{found.reference}, {', '.join(others)}: the same")


def _number(value):
    return f"{value:.0e}" if value else "identical"


def _cell(row):
    if not row.difference:
        return "identical"
    text = f"{row.difference:.1e} ({row.where})"
    return text if row.ok else f"{text}: BEYOND"

"""List the trained weights that zoo ships.

Examples:
  zoo weights
  zoo card lenet:mnist
  zoo predict lenet:mnist photo.jpg
"""

from zoo.building import trained
from zoo.cli._table import table


def arguments(parser):
    pass


def run(options):
    rows = []
    for name in trained.names():
        about = trained.card(name)
        size = (trained.folder(name) / trained.WEIGHTS).stat().st_size
        rows.append(
            (
                name,
                about["recipe"],
                f"{about['accuracy']['value']:.2%} {about['accuracy']['on']}",
                f"{about['parameters']:,}",
                f"{-(-size // 1000):,} kB",
            )
        )
    table(["name", "recipe", "accuracy", "parameters", "size"], rows)

"""Palmer penguins: a small table with categories and missing values."""

import importlib.util
from dataclasses import replace
from pathlib import Path

from zoo.data.dataset import Dataset
from zoo.data.sources import table
from zoo.errors import Mistake

NAMES = ("penguins",)


def penguins() -> Dataset:
    """344 penguins of three species: where they lived, their bills, flippers, weight.

    The package palmerpenguins ships the table. Eleven penguins lack their sex, and two
    all of their measurements; 20 % of the penguins are the test split.

    Raises:
        Mistake: the package is not installed.
    """
    package = importlib.util.find_spec("palmerpenguins")  # whose import needs pandas
    if package is None or package.origin is None:
        raise Mistake(
            "penguins needs the package that ships it: pip install palmerpenguins, or "
            'pip install "zoo[samples]"'
        )
    path = Path(package.origin).parent / "data" / "penguins.csv"
    return replace(
        table.read(path, target="species"),
        name="penguins",
        license="CC0-1.0",
        citation="K. B. Gorman, T. D. Williams, W. R. Fraser, Ecological sexual "
        "dimorphism and environmental variability within a community of Antarctic "
        "penguins (genus Pygoscelis), PLoS ONE 9(3), e90081, 2014, "
        "doi:10.1371/journal.pone.0090081",
        description="344 penguins of three species on three islands of the Palmer "
        "Archipelago, 2007 to 2009: lengths of bill and flipper in mm, body mass in g, "
        "island, sex and year; some values are missing.",
    )

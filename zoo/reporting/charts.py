"""Charts for pages: matplotlib's, as SVG that stands inside HTML."""

import contextlib
import html
import io
import logging
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from zoo.errors import Mistake

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GRAY = "#29629b", "#eb8912", "#aab4bf"
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure of so many inches, without a window.

    Raises:
        Mistake: matplotlib is not installed.
    """
    try:
        with _quiet():
            from matplotlib.figure import Figure
    except ImportError as error:
        raise Mistake('a report needs matplotlib: pip install "zoo[report]"') from error
    return Figure(figsize=(width, height), layout="constrained")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Inside, matplotlib does not warn.

    Where it cannot write to a home, it says so in three lines, takes a temporary folder
    and draws all the same.
    """
    logger = logging.getLogger("matplotlib")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def to_svg(figure: "Figure", titles: Mapping[str, str], name: str) -> str:
    """The figure as an `<svg>` element; a browser shows the titles under the pointer.

    Args:
        figure: as drawn; its words stay words.
        titles: what an artist stands for, by its gid (`artist.set_gid`).
        name: of the chart, unique on its page: parts of an SVG refer to each other by
            ids, which are made from it.
    """
    from matplotlib import rc_context

    drawn = io.StringIO()
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.family": "sans-serif",
        "text.parse_math": False,
    }
    with rc_context(settings):
        figure.savefig(drawn, format="svg", metadata=_NO_METADATA)
    text = drawn.getvalue()
    numbered = r'id="([\w.]+_\d+)"'
    text = re.sub(numbered, rf'id="{name}-\1"', text)
    for gid, title in titles.items():
        group = f'<g id="{gid}">'
        text = text.replace(group, f"{group}<title>{html.escape(title)}</title>")
    text = text.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    return text[text.index("<svg") :].replace("xlink:href", "href")

"""Sections as a page: one HTML file that asks nothing of others, or Markdown."""

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import Mistake
from zoo.reporting import charts
from zoo.reporting.blocks import Charts, Section
from zoo.reporting.drawing import themed

LONGEST = 80  # letters of a name
_SIGNS = re.compile(r"([\\`*_\[\]#|$~<>&])")
_NO_SIGNS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


if TYPE_CHECKING:
    _Path = Path
else:  # Python 3.11 derives from the class of this system's paths only
    _Path = type(Path())


class Page(_Path):
    """The path of a report; in a notebook it shows the page itself."""

    def _repr_html_(self) -> str | None:
        return framed(self.read_text("utf-8")) if self.suffix == ".html" else None


def framed(page: str) -> str:
    """A page inside of another, where it can do nothing."""
    style = "width: 100%; height: 600px; border: 0"
    return f'<iframe srcdoc="{html.escape(page)}" sandbox style="{style}"></iframe>'


def require() -> None:
    """Refuse to begin where what draws and writes a page is not installed.

    Raises:
        Mistake: it says what to install.
    """
    charts.new_figure(1, 1)
    _environment()


def to_html(title: str, about: str, sections: Sequence[Section]) -> str:
    """A page with everything inside; its policy forbids the browser all else.

    Args:
        title: of the page, such as a run's name.
        about: a line below it.
        sections: in their order; their texts may come from a stranger.
    """
    from markupsafe import Markup

    jinja = _environment(autoescape=True)
    jinja.filters |= {"drawn": Markup, "themed": themed}
    return _written(jinja, "page.html", title, about, sections)


def to_markdown(title: str, about: str, sections: Sequence[Section]) -> str:
    """The same without drawings and pictures, and sections that have nothing else."""
    from markupsafe import Markup

    jinja = _environment(finalize=_as_markdown)
    jinja.filters["plain"] = lambda line: Markup(_code(line))
    told = [each for each in sections if {type(b) for b in each.blocks} != {Charts}]
    text = _written(jinja, "page.md", title, about, told)
    return re.sub(r"\n{3,}", "\n\n", text)


def _written(jinja, template: str, title, about, sections) -> str:
    page = jinja.get_template(template)
    return page.render(title=title, about=about, sections=sections)


def _environment(**options) -> Any:
    """Jinja with the templates of this folder; an unknown name is an error."""
    try:
        import jinja2
    except ImportError as error:
        raise Mistake('a report needs jinja2: pip install "zoo[report]"') from error
    jinja = jinja2.Environment(
        loader=jinja2.PackageLoader("zoo.reporting"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    jinja.filters["short"] = shortened
    return jinja


def shortened(text, longest: int = LONGEST) -> str:
    """A text of a bearable length; what no page can hold is replaced."""
    text = _NO_SIGNS.sub("\N{REPLACEMENT CHARACTER}", str(text)[: longest + 1])
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _code(line: str) -> str:
    """A line to be copied: whole, unless it is endless."""
    return " ".join(shortened(line, 1000).splitlines())


def _as_markdown(value):
    """A value on one line, whose signs Markdown leaves as they are."""
    if isinstance(value, int | float) or hasattr(value, "__html__"):
        return value
    return _SIGNS.sub(r"\\\1", " ".join(shortened(value, 2000).split()))

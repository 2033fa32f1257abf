"""Names of classes on a picture: text as text, in any script that this machine has."""

import contextlib
from collections.abc import Callable, Iterable, Iterator

LONGEST = 28  # letters of a name
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@contextlib.contextmanager
def as_text(names: Iterable[str]) -> Iterator[Callable[[str], str]]:
    """Draw inside with fonts that have the letters of these names, "$" as itself.

    Yields:
        A function that replaces the letters which no font here has.
    """
    import matplotlib
    from matplotlib import font_manager

    letters = {letter for name in names for letter in name}
    wanted = {ord(letter) for letter in letters if letter.isprintable()}
    fonts: list = [font_manager.findfont("DejaVu Sans")]
    lacking = wanted - _letters(fonts[0])
    if lacking:
        for font in sorted(font_manager.fontManager.ttflist, key=lambda one: one.fname):
            if "LastResort" in font.fname:  # has a box for every letter
                continue
            if lacking and (found := lacking & _letters(font.fname)):
                lacking -= found
                fonts.append(font.fname)
    families = [font_manager.get_font(font).family_name for font in fonts]
    unprintable = {ord(letter) for letter in letters} - wanted
    table = dict.fromkeys(lacking | unprintable, UNKNOWN)
    settings = {"font.family": families, "text.parse_math": False}
    with matplotlib.rc_context(settings):
        yield lambda text: text.translate(table)


def shortened(name: str) -> str:
    """A name of a bearable length."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _letters(file: str) -> set[int]:
    from matplotlib import font_manager

    try:
        return set(font_manager.get_font(file).get_charmap())
    except (OSError, RuntimeError):  # a font file that FreeType cannot read
        return set()

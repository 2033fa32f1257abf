"""How an explanation looks: orange speaks for the answer, blue against it.

All functions take an `Explanation` of `zoo.explanation.result`, which calls them.
"""

import html as pages
from typing import Any

import numpy as np

from zoo.core import png
from zoo.explanation import stripes
from zoo.explanation.strengths import AGAINST, FOR, color, strengths

SIDE = 280  # pixels of a panel at least
PALE = 0.45  # of a picture's contrast under its map
MARKS = (0.6, 0.25, 0.08)  # of the strongest word: from here on 3 marks, 2, 1
BAR = 20  # letters of the longest bar


def marked(explanation: Any) -> list[str]:
    """The words of a text, those that count with up to three + or - before them."""
    return [
        ("+" if each > 0 else "-") * sum(abs(each) >= least for least in MARKS) + word
        for word, each in zip(explanation.parts, strengths(explanation), strict=True)
    ]


def bars(explanation: Any) -> list[str]:
    """A bar of + or - for each part."""
    return [
        ("+" if each > 0 else "-") * round(abs(each) * BAR)
        for each in strengths(explanation)
    ]


def drawn(explanation: Any) -> np.ndarray:
    """The picture as it was seen, and its map over it, side by side.

    Returns:
        uint8 (height, width, 3).
    """
    picture = np.asarray(explanation.seen, "float64")
    picture = np.broadcast_to(picture[..., :3], (*picture.shape[:2], 3))
    share = strengths(explanation)[..., None]
    gray = 255 - PALE * (255 - picture.mean(axis=2, keepdims=True))
    color = np.where(share > 0, FOR, AGAINST)
    over = gray + (color - gray) * np.sqrt(np.abs(share))  # weak ones are seen, too
    factor = -(-SIDE // min(picture.shape[:2])) if min(picture.shape[:2]) < SIDE else 1
    panels = [each.repeat(factor, 0).repeat(factor, 1) for each in (picture, over)]
    gap = np.full((len(panels[0]), 8, 3), 255.0)
    return np.concatenate([panels[0], gap, panels[1]], 1).round().astype("uint8")


def html(explanation: Any) -> str:
    """A piece of a page that asks for nothing from elsewhere."""
    title = f"<p><b>{pages.escape(explanation.title)}</b></p>"
    if explanation.seen is not None:
        words = f"{explanation.input}, and what speaks for {explanation.of}"
        source = png.uri(drawn(explanation))
        fits = 'style="max-width: 100%"'
        return f'{title}<img {fits} alt="{pages.escape(words)}" src="{source}">'
    if explanation.steps:
        said = pages.escape(stripes.legend(explanation))
        return f"{title}{stripes.svg(explanation)}<p>{said}</p>"
    if explanation.values:
        return title + _table(explanation)
    words = [
        f'<span title="{value:+.4g}" style="background: {color(share)}">'
        f"{pages.escape(word)}</span>"
        for word, value, share in zip(
            explanation.parts,
            explanation.attributions,
            strengths(explanation),
            strict=True,
        )
    ]
    return f'{title}<p style="line-height: 1.8">{" ".join(words)}</p>'


def page(explanation: Any) -> str:
    """A whole page of `html`, light or dark as the reader has it."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{pages.escape(explanation.of)}</title><style>"
        ":root { color-scheme: light dark; font-family: sans-serif; }"
        "body { max-width: 50em; margin: 1em auto; padding: 0 1em; }"
        "img { max-width: 100%; }</style></head>"
        f"<body>{html(explanation)}</body></html>\n"
    )


def _table(explanation: Any) -> str:
    rows = []
    for name, cell, value, share in zip(
        explanation.parts,
        explanation.values,
        explanation.attributions,
        strengths(explanation),
        strict=True,
    ):
        bar = (
            f'<div style="width: {5 * abs(share):.2f}em; height: 0.9em; '
            f"background: {color(np.sign(share))}; "
            f'margin-left: {5 - 5 * max(0.0, -share):.2f}em"></div>'
        )
        cells = (pages.escape(name), pages.escape(cell), f"{value:+.4g}", bar)
        rows.append("".join(f"<td>{each}</td>" for each in cells))
    heads = "".join(f"<th>{each}</th>" for each in ("column", "value", "share", ""))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><tr>{heads}</tr>{body}</table>"

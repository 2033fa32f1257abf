"""An explanation in time: what was given as a line, over a stripe for each step.

An SVG element that asks for nothing from elsewhere, light or dark as the page is.
"""

import html
import math
from typing import Any

from zoo.explanation.strengths import color, strengths

WIDTH, HEIGHT, MARGIN, BELOW = 500, 240, 72, 44
AHEAD = 100  # of the width, for the words "known ahead"


def legend(explanation: Any) -> str:
    """What the picture's colors and its line say."""
    if math.isnan(explanation.probability):
        words = "Orange steps raise the forecast, blue ones lower it; the line is the"
        return f"{words} series."
    return (
        f"Orange times speak for {explanation.of}, blue ones against it; the line is "
        "how strong each of them is."
    )


def svg(explanation: Any) -> str:
    """The picture of an `Explanation` of a series, a sound or a sequence."""
    values = [float(each) if each else math.nan for each in explanation.values]
    known = [value for value in values if value == value]
    low, high = min(known, default=0.0), max(known, default=0.0)
    count, inside = len(values), WIDTH - MARGIN - 8
    step = inside / count
    top, bottom = 10, HEIGHT - BELOW
    found = []
    for number, share in enumerate(strengths(explanation)):
        words = f"{explanation.parts[number]}: {explanation.attributions[number]:+.4g}"
        found.append(
            f'<rect x="{MARGIN + number * step:.2f}" y="{top}" width="{step:.2f}" '
            f'height="{bottom - top}" fill="{color(share)}">'
            f"<title>{html.escape(words)}</title></rect>"
        )
    places = [
        (MARGIN + (number + 0.5) * step, _height(value, low, high, top + 8, bottom - 8))
        for number, value in enumerate(values)
        if value == value
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    found.append(
        f'<polyline points="{line}" fill="none" stroke="currentColor" '
        'stroke-width="1.8" stroke-linejoin="round"/>'
    )
    if explanation.steps < count:
        edge = MARGIN + explanation.steps * step
        fits = edge + AHEAD <= WIDTH  # else they end with the picture
        place, anchor = (edge + 4, "start") if fits else (WIDTH - 8, "end")
        found.append(
            f'<path d="M{edge:.1f} {top}V{bottom}" stroke="currentColor" '
            'stroke-dasharray="4 3"/>'
            f'<text x="{place:.1f}" y="{top + 14}" text-anchor="{anchor}">'
            "known ahead</text>"
        )
    for value, y in ((high, top + 14), (low, bottom - 4)):
        found.append(
            f'<text x="{MARGIN - 6}" y="{y}" text-anchor="end">{value:.4g}</text>'
        )
    times = explanation.parts
    for text, x, anchor in (
        (times[0], MARGIN, "start"),
        (times[-1], WIDTH - 8, "end"),
    ):
        found.append(
            f'<text x="{x}" y="{bottom + 22}" text-anchor="{anchor}">'
            f"{html.escape(str(text))}</text>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" style="max-width: 100%; height: auto; width: {WIDTH}px" '
        'font-family="sans-serif" font-size="16" fill="currentColor">'
        f"<title>{html.escape(explanation.title)}</title>{''.join(found)}</svg>"
    )


def _height(value: float, low: float, high: float, top: float, bottom: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return bottom - share * (bottom - top)

"""An explanation: what it says, and how it shows itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zoo.core import files, png
from zoo.core.paths import expand
from zoo.errors import Mistake
from zoo.explanation import showing, stripes


@dataclass(frozen=True)
class Explanation:
    """What speaks for an answer to one input, and what against it.

    A notebook shows it: a picture beside its map, a text with colored words, a row as
    a table with bars, a series, a sound or a sequence as a line over stripes.

    Attributes:
        input: the picture's name, the sentence, or the row as text.
        of: the class, label or number that is explained.
        score: its logit, or the number; in the unit of `attributions`.
        method: see `zoo.explain`.
        attributions: float64; of a picture (height, width, channels), with 1 channel
            from grad_cam, hires_cam and occlusion; of a text one for each word, 0 for
            words that the network does not read; of a row one for each column; of a
            series one for each step; of a sound or a sequence one for each of up to 40
            stretches. Above 0 speaks for the answer, or raises the number.
        probability: of the class or label, 0 to 1; NaN for numbers.
        parts: the words, the names of the columns, or when the steps or stretches
            are; () for a picture.
        values: of a row, its cells; of a series, what was forecast, as it was then; of
            a sound or a sequence, how strong each stretch is.
        steps: of these three, how many parts are steps or stretches of what was given;
            what is known ahead follows.
        difference: of integrated_gradients and shapley the score above that of what
            the input is compared with; NaN for the other methods.
        error: by how much the sum of the attributions misses `difference`.
        compared: with what the input is compared, in words; "" if with nothing.
        seen: the picture as the network saw it, uint8 (height, width, channels).
    """

    input: str
    of: str
    score: float
    method: str
    attributions: np.ndarray
    probability: float = math.nan
    parts: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    steps: int = 0
    difference: float = math.nan
    error: float = math.nan
    compared: str = ""
    seen: np.ndarray | None = field(default=None, repr=False)

    @property
    def title(self) -> str:
        """What is explained, in one line."""
        sure = "" if math.isnan(self.probability) else f", {self.probability:.2%}"
        line = f"{self.of} (score {self.score:.4g}{sure}) by {self.method}"
        if not math.isnan(self.difference):
            line += (
                f"; {self.difference:+.4g} against {self.compared}, the sum is off by "
                f"{abs(self.error):.2g}"
            )
        return line

    def to_json(self) -> dict:
        """All but the picture, as JSON values; what is NaN or empty is left out."""
        found = {"input": self.input, "of": self.of, "score": self.score}
        found |= {"method": self.method, "compared": self.compared}
        for name in ("probability", "difference", "error"):
            if not math.isnan(getattr(self, name)):
                found[name] = getattr(self, name)
        found |= {"parts": list(self.parts), "values": list(self.values)}
        if self.steps:
            found["steps"] = self.steps
        found["attributions"] = self.attributions.tolist()
        return {name: value for name, value in found.items() if value not in ("", [])}

    def save(self, path: str | Path) -> Path:
        """Write it as a picture (.png of pictures, .svg of series) or a page (.html).

        Args:
            path: of the file, which is replaced if it is there.

        Raises:
            Mistake: another ending, or the file cannot be written.
        """
        path = expand(path)
        own = {".png": self.seen is not None, ".svg": bool(self.steps), ".html": True}
        endings = [ending for ending, fits in own.items() if fits]
        check_ending(path, endings)
        if path.suffix.lower() == ".html":
            files.write_text(path, showing.page(self))
        elif self.steps:
            files.write_text(path, stripes.svg(self) + "\n")
        else:
            files.write(path, png.content(showing.drawn(self)))
        return path

    def _repr_html_(self) -> str:
        return showing.html(self)


def check_ending(path: Path, accepted: Sequence[str]) -> None:
    """Refuse the name of a file that ends in another way."""
    if path.suffix.lower() not in accepted:
        raise Mistake(
            f"{path} ends in '{path.suffix}'; accepted: {', '.join(accepted)}"
        )

"""Progress in a notebook: what was said, and a bar below it that moves in its place."""

import html
import time
from typing import Any

from zoo.errors import plain

SECONDS = 0.25  # between two looks; what ends sooner has no bar
KEPT = 500  # lines that stay, the newest


class Cell:
    """One output of a cell, redrawn as a `Progress` goes on.

    When it ends the bar goes, and the lines stay; without lines nothing does.
    """

    def __init__(self, progress: Any):
        self.progress = progress
        self._lines: list[str] = []
        self._output: Any = None
        self._shown = time.monotonic()

    def start(self):
        pass

    def update(self):
        if time.monotonic() - self._shown >= SECONDS:
            self._show()

    def say(self, text):
        self._lines = [*self._lines, plain(text)][-KEPT:]
        self._show()

    def stop(self):
        if self._output:
            self._show(ended=True)

    def _show(self, ended=False):
        from IPython import display

        self._shown = time.monotonic()
        seen = _Seen(self._lines, None if ended else self.progress)
        if self._output:
            self._output.update(seen)
        else:
            self._output = display.display(seen, display_id=True)


# Lines are broken where the page ends: on a phone early.
LINES = '<pre style="margin: 0; white-space: pre-wrap">'


class _Seen:
    """Lines, and a bar while the work goes on: as a page, and as text."""

    def __init__(self, lines: list[str], progress: Any):
        self.lines, self.progress = lines, progress

    def _repr_html_(self) -> str:
        lines = html.escape("\n".join(self.lines))
        found = f"{LINES}{lines}</pre>" if lines else ""
        if self.progress:
            about = f'value="{self.progress.done}" max="{self.progress.total or 1}"'
            words = html.escape(plain(self.progress.line))
            found += f"<progress {about}></progress> {words}"
        return found

    def __repr__(self) -> str:
        return "\n".join(
            [*self.lines, *([self.progress.line] if self.progress else [])]
        )

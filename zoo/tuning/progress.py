"""The live table of a search; in a pipe, a line for each trial."""

import time

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from zoo.tuning.search import Settings, rank

_SHOWN = 12


class Progress:
    """Shows the trials of a search on standard error.

    Args:
        settings: of the search.
        deadline: on the clock `time.monotonic`; None is none.
        quiet: show nothing.
    """

    def __init__(self, settings: Settings, deadline: float | None, quiet: bool):
        self.settings, self.deadline = settings, deadline
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self.live = Live(console=self.console, auto_refresh=False)
        self.told: set[int] = set()
        self.started = time.monotonic()
        self.before: int | None = None

    def __enter__(self):
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *_):
        self.live.stop()

    def show(self, trials: list[dict]) -> None:
        """The trials so far; those that ended since the last call are told."""
        ended = [each for each in trials if each["status"] != "RUNNING"]
        if self.before is None:
            self.before = len(ended)
            self.told = {each["trial"] for each in ended}
            if ended:
                self.console.print(f"{len(ended)} trials are done already")
        best = self._best(ended)
        left = self._left(len(ended))
        if self.console.is_terminal:
            self.live.update(self._table(trials, best, left), refresh=True)
            return
        for each in ended:
            if each["trial"] not in self.told:
                self.told.add(each["trial"])
                self.console.print(self._line(each, best, left), soft_wrap=True)

    def _best(self, ended):
        done = [each for each in ended if each["status"] == "COMPLETED"]
        return min(done, key=lambda t: rank(t, self.settings.objective), default=None)

    def _left(self, ended) -> str:
        now = time.monotonic()
        new = ended - (self.before or 0)
        waiting = self.settings.trials - ended
        seconds = (now - self.started) / new * waiting if new else None
        if self.deadline is not None:
            rest = max(0.0, self.deadline - now)
            seconds = rest if seconds is None else min(seconds, rest)
        if seconds is None:
            return "?"
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"

    def _value(self, each) -> str:
        if each is None or each["status"] != "COMPLETED":
            return "-"
        return f"{each['validation_' + self.settings.objective]:.4f}"

    def _line(self, each, best, left) -> str:
        head = f"trial {each['trial']} of {self.settings.trials}"
        tail = f"best {self._value(best)}"
        tail += f" (trial {best['trial']})" if best else ""
        what = each["overrides"] or "the recipe as it is"
        if each["status"] == "FAILED":
            what = f"{what}; failed: {each['reason']}"
        value = f"validation {self.settings.objective} {self._value(each)}"
        return f"{head}: {value}, {tail}, left {left}; {what}"

    def _table(self, trials, best, left) -> Table:
        done = sum(each["status"] != "RUNNING" for each in trials)
        table = Table(
            title=f"{done} of {self.settings.trials} trials, left {left}",
            caption=f"best {self._value(best)}: {best['overrides']}" if best else "",
        )
        for head in ("trial", f"validation {self.settings.objective}", "what"):
            table.add_column(head)
        for each in trials[-_SHOWN:]:
            style = "bold" if best and each["trial"] == best["trial"] else ""
            what = each["reason"] or each["overrides"] or "the recipe as it is"
            value = {"RUNNING": "running", "FAILED": "failed"}.get(each["status"])
            table.add_row(
                str(each["trial"]), value or self._value(each), Text(what), style=style
            )
        return table

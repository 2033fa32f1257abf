"""Progress of a search: how many trials have ended, and a line for each."""

import time

from zoo.core import progress
from zoo.tuning.search import Settings, rank


class Progress:
    """Shows the trials of a search on standard error, see `zoo.core.progress`.

    Args:
        settings: of the search.
        deadline: on the clock `time.monotonic`; None is none.
        quiet: show nothing.
    """

    def __init__(self, settings: Settings, deadline: float | None, quiet: bool):
        self.settings, self.deadline = settings, deadline
        self.shown = progress.Progress("trials", settings.trials, quiet)
        self.told: set[int] = set()
        self.started = time.monotonic()
        self.before: int | None = None

    def __enter__(self):
        self.shown.__enter__()
        return self

    def __exit__(self, *error):
        self.shown.__exit__(*error)

    def show(self, trials: list[dict]) -> None:
        """The trials so far; those that ended since the last call are told."""
        ended = [each for each in trials if each["status"] != "RUNNING"]
        if self.before is None:
            self.before = len(ended)
            self.told = {each["trial"] for each in ended}
            if ended:
                self.shown.say(f"{len(ended)} trials are done already")
        done = [each for each in ended if each["status"] == "COMPLETED"]
        objective = self.settings.objective
        best = min(done, key=lambda each: rank(each, objective), default=None)
        left = self._left(len(ended))
        for each in ended:
            if each["trial"] not in self.told:
                self.told.add(each["trial"])
                self.shown.say(self._line(each, best, left))
        self.shown.update(len(ended), f"best {self._value(best)}")

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

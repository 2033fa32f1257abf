"""Progress of training: a bar in a terminal, a line per epoch in a pipe."""

import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

_LINE_SECONDS = 1.0


class Progress:
    """Shows `epochs` epochs of `steps` steps on standard error.

    Args:
        epochs: planned epochs.
        steps: steps of an epoch.
        quiet: show nothing.
    """

    def __init__(self, epochs: int, steps: int, quiet: bool):
        self.epochs, self.quiet = epochs, quiet
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self.bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[loss]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
            transient=True,
        )
        self.task = self.bars.add_task("training", total=epochs * steps, loss="")
        self.printed = 0.0

    def __enter__(self):
        self.bars.start()
        return self

    def __exit__(self, *_):
        self.bars.stop()

    def start(self, epoch: int, step: int, steps: int):
        """Epoch number `epoch`, counted from 0, begins at `step`."""
        self.bars.update(
            self.task,
            description=f"epoch {epoch + 1}/{self.epochs}",
            completed=epoch * steps + step,
            total=self.epochs * steps,
        )

    def advance(self, steps: int, loss: float):
        """`steps` more steps are done; `loss` is the epoch's mean so far."""
        self.bars.update(self.task, advance=steps, loss=f"loss {loss:.4f}")

    def say(self, text: str):
        """Print a line above the bar."""
        self.console.print(text, soft_wrap=True)

    def end(self, line: dict):
        """An epoch has ended; `line` is its line in the history."""
        last = line["epoch"] == self.epochs
        if not last and time.perf_counter() - self.printed < _LINE_SECONDS:
            return
        self.printed = time.perf_counter()
        shown = [
            f"{name.replace('_', ' ')} {value:.4f}"
            for name, value in line.items()
            if name.endswith(("loss", "accuracy", "auc"))
        ]
        seconds = f"{line['seconds']:.1f} s"
        text = ", ".join([*shown, seconds])
        self.console.print(
            f"epoch {line['epoch']}/{self.epochs}: {text}", soft_wrap=True
        )

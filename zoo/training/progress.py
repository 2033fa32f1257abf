"""Progress of training: where it stands, and a line for each epoch."""

import time

from zoo.core import progress

# Of either split.
_SHOWN = ("loss", "accuracy", "error_rate", "auc", "mae", "r2", "label_accuracy")
_LINE_SECONDS = 1.0  # epochs of milliseconds do not print a line each


class Progress:
    """Shows `epochs` epochs on standard error, see `zoo.core.progress`.

    Args:
        epochs: planned epochs.
        quiet: show nothing.
    """

    def __init__(self, epochs: int, quiet: bool):
        self.epochs, self.shown = epochs, progress.Progress("training", 0, quiet)
        self.say = self.shown.say
        self.printed = 0.0

    def __enter__(self):
        self.shown.__enter__()
        return self

    def __exit__(self, *error):
        self.shown.__exit__(*error)

    def show(self, epoch: int, step: int, steps: int, loss: float | None = None):
        """Epoch number `epoch`, from 0, has come to `step` of its `steps`.

        `loss` is its mean so far.
        """
        self.shown.total = steps
        note = "" if loss is None else f"loss {loss:.4f}"
        self.shown.update(step, note, f"epoch {epoch + 1}/{self.epochs}, step")

    def end(self, line: dict):
        """An epoch has ended; `line` is its line in the history."""
        last = line["epoch"] == self.epochs
        if not last and time.perf_counter() - self.printed < _LINE_SECONDS:
            return
        self.printed = time.perf_counter()
        shown = [
            f"{name.replace('_', ' ')} {value:.4f}"
            for name, value in line.items()
            if name.removeprefix("validation_") in _SHOWN
        ]
        text = ", ".join([*shown, f"{line['seconds']:.1f} s"])
        self.say(f"epoch {line['epoch']}/{self.epochs}: {text}")

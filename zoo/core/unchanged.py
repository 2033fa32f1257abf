"""Whether a folder with checksums is still the one that was opened."""

from collections.abc import Collection
from pathlib import Path

from zoo.core import files, seal
from zoo.errors import Mistake


class Unchanged:
    """Refuses a folder that was written again after it had been opened.

    A run is read as it is needed. Where it is replaced in between, the answers of the
    new weights would be read by the classes and the scales of the old ones.

    Attributes:
        sums: the checksums in `run.json` when it was opened, see `seal.read`.
    """

    def __init__(self, folder: Path, names: Collection[str], large: str):
        """Look at the folder as it is now.

        Args:
            folder: of a run.
            names: of the files that decide what it answers.
            large: the one of them whose sum would take long.
        """
        self.sums = seal.read(folder)
        self._folder, self._names, self._large = folder, names, folder / large

    def check(self, *names: str) -> None:
        """Refuse another run than the one that was opened.

        Args:
            *names: of files that have just been read.
        """
        if self.sums is None:
            return
        now = seal.check(self._folder, names) or {}
        if any(self.sums.get(name) != now.get(name) for name in self._names):
            raise self._refusal()

    def state(self) -> tuple | None:
        """By what it is seen that the large file was written in between."""
        return files.state(self._large)

    def check_state(self, before: tuple | None) -> None:
        """Refuse a folder whose large file was written since `state` gave `before`."""
        if self.state() != before:
            raise self._refusal()

    def _refusal(self) -> Mistake:
        return Mistake(
            f"{self._folder} was written again after it had been opened: open it "
            "again, or give its folder once more"
        )

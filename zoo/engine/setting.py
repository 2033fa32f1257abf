"""A setting of the whole process, changed only while somebody needs it."""

import threading
from collections.abc import Callable


class Setting:
    """`with setting:` changes it; when the last block is left, it is as it was.

    Blocks may be inside each other and in several threads: a thread that leaves its
    block changes nothing back that another one still needs.

    Args:
        read: the value at present.
        write: sets a value.
        value: what it is to be inside.
    """

    def __init__(self, read: Callable[[], object], write: Callable, value):
        self.read, self.write, self.value = read, write, value
        self.users, self.lock = 0, threading.Lock()

    def __enter__(self) -> None:
        with self.lock:
            if not self.users:
                self.before = self.read()
                self.write(self.value)
            self.users += 1

    def __exit__(self, *error) -> None:
        with self.lock:
            self.users -= 1
            if not self.users:
                self.write(self.before)

"""What is warned of while a request is answered, for whoever sent it to be told."""

import contextlib
import warnings
from collections.abc import Iterator
from contextvars import ContextVar

_HEARD: ContextVar[list[str] | None] = ContextVar("heard", default=None)


@contextlib.contextmanager
def kept_apart() -> Iterator[None]:
    """Inside, what is warned of in a request is kept for it, and not printed.

    It changes how the whole process warns, so it is for one that does nothing else: by
    default a warning would be given once, to the first who sends such an input.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        show = warnings.showwarning

        def keep(message, category, *place) -> None:
            heard = _HEARD.get()
            if heard is None or not issubclass(category, UserWarning):
                show(message, category, *place)
            elif str(message) not in heard:
                heard.append(str(message))

        warnings.showwarning = keep
        yield


def heard() -> list[str]:
    """What this request is warned of from now on, in a list that grows."""
    found: list[str] = []
    _HEARD.set(found)
    return found

"""What zoo says when it was asked for something it cannot do."""

import difflib
import re
from collections.abc import Iterable

# What moves the cursor, starts a line, or turns the order of letters around.
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
LONGEST = 2000  # letters of an error: names that it holds may have millions


class Mistake(ValueError):
    """Something the user can put right; its text says how.

    The command line prints it as one line and exits with `status`. Names that it
    holds may be anybody's, so control characters are written out.
    """

    status = 2
    # Keras rewrites what a layer's `call` raises, over lines and in colors, unless it
    # finds this; tests/test_private.py says whether it still does.
    _keras_call_info_injected = True

    def __init__(self, text: str = ""):
        text = plain(" ".join(str(text).splitlines()))
        if len(text) > LONGEST:
            text = f"{text[: LONGEST // 2]} ... {text[-LONGEST // 4 :]}"
        super().__init__(text)


def plain(text: str) -> str:
    """`text` with its control characters written out, such as `\\x1b`.

    So a name from a stranger cannot color a terminal, or pretend to be a line of zoo.
    """
    return _CONTROL.sub(lambda each: each[0].encode("unicode_escape").decode(), text)


def comes_from(error: BaseException, *packages: str) -> bool:
    """Whether these packages raised an error, or what they called did, and not zoo.

    What a damaged file makes them raise is of any kind; a fault of zoo itself must keep
    its traceback. The last line of theirs or of zoo in the traceback decides.
    """
    trace, found = error.__traceback__, False
    while trace:
        module = trace.tb_frame.f_globals.get("__name__") or ""
        if any(f"{module}.".startswith(f"{package}.") for package in packages):
            found = True
        elif module.split(".")[0] == "zoo":
            found = False
        trace = trace.tb_next
    return found


def unknown(kind: str, given, accepted: Iterable[str], then: str = "") -> Mistake:
    """The error for a name that does not exist.

    Args:
        kind: what was named, such as "model" or "recipe field".
        given: what was given; where names are text, the number 3 is not the name "3".
        accepted: every name that would have been accepted.
        then: what to do next, a sentence.

    Returns:
        A `Mistake` that names what was given, the nearest accepted name if one is
        near, all accepted names, and the next step.
    """
    accepted = sorted(map(str, accepted))
    if not isinstance(given, str):
        return _no_text(kind, given, accepted, then)
    near = difflib.get_close_matches(given, accepted, n=1, cutoff=0.5)
    parts = [f"unknown {kind} '{given}'"]
    if near:
        parts.append(f"did you mean '{near[0]}'?")
    parts.append("accepted: " + ", ".join(accepted))
    if then:
        parts.append(then)
    return Mistake("; ".join(parts))


def _no_text(kind, given, accepted, then) -> Mistake:
    parts = [f"{kind} {given!r} is of type {type(given).__name__}, not text"]
    if str(given) in accepted:
        parts.append(f"write '{given}' in quotation marks")
    parts.append("accepted: " + ", ".join(accepted))
    return Mistake("; ".join([*parts, then] if then else parts))

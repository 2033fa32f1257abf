"""What zoo says when it was asked for something it cannot do."""

import difflib
from collections.abc import Iterable


class Mistake(ValueError):
    """Something the user can put right; its text says how.

    The command line prints it as one line and exits with `status`.
    """

    status = 2


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

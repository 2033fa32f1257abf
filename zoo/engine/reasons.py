"""Why a fast path cannot be taken, in the words of the error that says so."""

import re


def reason(error: BaseException) -> str:
    """The first line that says something, without what Keras puts around it."""
    text = re.sub(r"\x1b\[\d+m", "", str(error))  # Keras prints it bold
    lines = [line.strip() for line in text.splitlines()]
    told = [each for each in lines if each and not each.startswith(_FRAME)]
    return told[0] if told else type(error).__name__


_FRAME = "Exception encountered when calling"

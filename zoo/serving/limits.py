"""What a request may cost: bytes, and seconds until it has arrived."""

import asyncio

BYTES = 10 * 2**20  # of a body
SECONDS = 10.0  # for the whole body to arrive


class Refused(Exception):
    """A request beyond the limits.

    Attributes:
        status: of the answer, as HTTP numbers them.
    """

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status = status


async def body(request) -> bytes:
    """The body of a request of Starlette.

    Raises:
        Refused: it is too large, comes too slowly, or is cut off.
    """
    said = request.headers.get("content-length", "0")
    if said.isdecimal() and int(said) > BYTES:
        raise _too_large()
    content = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            more = True
            while more:  # as `request.stream()`, which takes three times as long
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise Refused(400, "the body was cut off")
                content += message.get("body", b"")
                if len(content) > BYTES:
                    raise _too_large()
                more = message.get("more_body", False)
    except TimeoutError as error:
        text = f"the body did not arrive within {SECONDS:g} seconds"
        raise Refused(408, text) from error
    return bytes(content)


def _too_large() -> Refused:
    return Refused(413, f"the body is too large; accepted: at most {BYTES:,} bytes")

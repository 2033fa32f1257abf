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
        Refused: it is too large, or comes too slowly.
    """
    said = request.headers.get("content-length", "0")
    if said.isdecimal() and int(said) > BYTES:
        raise _too_large()
    content = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                content += part
                if len(content) > BYTES:
                    raise _too_large()
    except TimeoutError as error:
        text = f"the body did not arrive within {SECONDS:g} seconds"
        raise Refused(408, text) from error
    return bytes(content)


def _too_large() -> Refused:
    return Refused(413, f"the body is too large; accepted: at most {BYTES:,} bytes")

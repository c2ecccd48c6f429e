"""The body of a request that a person sends, bounded in size and time."""

import asyncio

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

WITHIN_S = 20


async def read_body(request: Request, most: int) -> bytes:
    """The whole body, at most `most` bytes.

    Raises `HTTPException`: 400 if the sender goes away, 408 if it is too slow, 413 if it is too
    large.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(WITHIN_S):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise HTTPException(413, f"the body is larger than {_size(most)}")
    except TimeoutError:
        raise HTTPException(
            408, f"the body did not arrive within {WITHIN_S} s: send it again"
        ) from None
    except ClientDisconnect:
        raise HTTPException(400, "the sender went away before all was sent") from None
    return bytes(body)


def _size(number: int) -> str:
    return f"{number >> 20} MiB" if number >= 1 << 20 else f"{number >> 10} KiB"

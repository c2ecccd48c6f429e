"""The body of a request that a person sends, bounded in size and time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

WITHIN_S = 20
THROWING_AWAY_S = 60


async def read_body(request: Request, most: int, thrown_away: int = 0) -> bytes:
    """The whole body, at most `most` bytes.

    Raises `HTTPException`: 400 if the sender goes away, 408 if it is too slow, 413 if it is too
    large. As many bytes as `thrown_away` are still read before the 413: a browser that sends a
    file reads no answer before it has sent all.
    """
    body, parts = bytearray(), request.stream()
    try:
        async with asyncio.timeout(WITHIN_S):
            async for part in parts:
                body += part
                if len(body) > most:
                    break
    except TimeoutError:
        raise HTTPException(
            408, f"the body did not arrive within {WITHIN_S} s: send it again"
        ) from None
    except ClientDisconnect:
        raise HTTPException(400, "the sender went away before all was sent") from None
    if len(body) > most:
        await _throw_away(parts, thrown_away)
        raise HTTPException(413, f"the body is larger than {_size(most)}")
    return bytes(body)


async def _throw_away(parts: AsyncGenerator[bytes, None], most: int) -> None:
    """Read on, so far and for a minute at most."""
    if not most:
        return
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(THROWING_AWAY_S):
            async for part in parts:
                most -= len(part)
                if most < 0:
                    return


def _size(number: int) -> str:
    return f"{number >> 20} MiB" if number >= 1 << 20 else f"{number >> 10} KiB"

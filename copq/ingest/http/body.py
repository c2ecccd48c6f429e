"""The body of a request: unpacked, charged, and read no faster than it is stored."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

from starlette.requests import Request
from starlette.types import Message

from copq.ingest.http.turned_away import ClientGone, TurnedAway
from copq.ingest.http.unpacking import unpacker

SMALL = 64 * 1024
"""A body up to this size is held in memory; a larger one needs a lane."""

LANES = 4
"""The number of larger bodies read at once; each holds a document or a chunk in memory."""

LANE_S = 10
GRACE_S = 20
SLOWEST = 4 * 1024
"""A sender has `GRACE_S`, and a second more for this number of bytes."""

YIELD_EVERY = 16
"""Pieces after which others have their turn: a piece may be empty and still cost time."""

_LOOK_S = 1.0

CLOSING = "the service is closing"


class Body:
    """`async with Body(…) as body`, then `parts()` once."""

    def __init__(
        self,
        request: Request,
        lanes: asyncio.Semaphore,
        charge: Callable[[int], None],
        stop: asyncio.Event,
    ) -> None:
        self._receive = request.receive
        self._unpacker = unpacker(request.headers.get("content-encoding", ""))
        self._lanes = lanes
        self._charge = charge
        self._stop = stop
        self._size = self._given = self._charged = 0
        self._waited = 0.0
        self._in_lane = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._in_lane:
            self._lanes.release()

    async def parts(self) -> AsyncIterator[bytes]:
        """The body in small parts. Raises `TurnedAway` or `ClientGone`."""
        pieces = 0
        async for data in self._received_parts():
            self._charge_for_what_is_new()
            for piece in self._unpacker.unpack(data):
                self._given += len(piece)
                self._charge_for_what_is_new()
                if self._given > SMALL:
                    await self._enter_lane()
                yield piece
                pieces += 1
                if pieces % YIELD_EVERY == 0:
                    await asyncio.sleep(0)
        self._unpacker.finish()

    def _charge_for_what_is_new(self) -> None:
        """Charge the bytes received, or the unpacked bytes if they are more."""
        due = max(self._size, self._given)
        if due > self._charged:
            self._charge(due - self._charged)
            self._charged = due

    async def _received_parts(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._next()
            if message["type"] == "http.disconnect":
                raise ClientGone
            data, more = message.get("body", b""), message.get("more_body", False)
            self._size += len(data)
            if data:
                yield data

    async def _next(self) -> Message:
        loop = asyncio.get_running_loop()
        while True:
            began, left = loop.time(), GRACE_S + self._size / SLOWEST - self._waited
            if left <= 0:
                raise TurnedAway(408, "the body comes too slowly", Connection="close")
            try:
                async with asyncio.timeout(min(left, _LOOK_S)):
                    return await self._receive()
            except TimeoutError:
                self._look_at_the_door()
            finally:
                self._waited += loop.time() - began

    def _look_at_the_door(self) -> None:
        if self._stop.is_set():
            raise TurnedAway(503, CLOSING, Retry_After="5", Connection="close")

    async def _enter_lane(self) -> None:
        self._look_at_the_door()
        if self._in_lane:
            return
        try:
            async with asyncio.timeout(LANE_S):
                await self._lanes.acquire()
        except TimeoutError:
            why = f"{LANES} large bodies are being read already"
            raise TurnedAway(503, why, Retry_After="2") from None
        self._in_lane = True

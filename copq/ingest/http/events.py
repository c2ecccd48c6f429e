"""`POST /v1/events` itself: a bare ASGI endpoint, since every event of a plant comes through it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

from fastapi import HTTPException, Request
from starlette.types import Receive, Scope, Send

from copq.access.door import Bearer, Door, Role, TooMuch
from copq.access.requests import admit_request, token_of
from copq.ingest.http.answers import Answers
from copq.ingest.http.body import CLOSING, GRACE_S, LANES, SLOWEST, Body
from copq.ingest.http.formats import ACCEPTED, reader
from copq.ingest.http.turned_away import ClientGone, TurnedAway
from copq.ingest.http.unpacking import CODINGS
from copq.ingest.intake import Answer, Intake
from copq.telemetry.spans import Span
from copq.telemetry.tracing import tracer
from copq.web.unavailable import Unavailable

AT_ONCE = 256
"""Simultaneous requests of known senders; further ones are told to try again."""

WAITING = 64
"""Requests that wait until it is known who sends them: they take no place from those known."""

AHEAD = 1
"""Chunks that are read and checked while one is being stored."""

LINGER_S = 2
"""How long a connection that is to be closed stays open for its answer to be read."""

_AGAIN = "send all again later, none counts twice"
UnderWay = deque[asyncio.Task[list[Answer]]]


class Events:
    """The endpoint of an intake. Its memory is bounded, whatever clients send."""

    def __init__(self, intake: Intake, door: Door, stop: asyncio.Event) -> None:
        self._intake = intake
        self._door = door
        self._stop = stop
        self._lanes = asyncio.Semaphore(LANES)
        self._under_way = self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "OPTIONS":
            return await _offer(send)
        with tracer().request("POST /v1/events", request.headers.get("traceparent")) as span:
            await self._answer(request, receive, send, span)

    async def _answer(self, request: Request, receive: Receive, send: Send, span: Span) -> None:
        answers = Answers("return=minimal" in request.headers.get("prefer", ""))
        try:
            status, error, headers = await self._take(request, answers)
            _tell(span, status, error, answers.total)
            await _say(send, answers, status, error, headers)
            if error is not None and (self._stop.is_set() or "Connection" in headers):
                await _linger(receive)
            await send({"type": "http.response.body", "body": b""})
        except ClientGone:
            span.failed("the client is gone")
        finally:
            answers.close()

    async def _take(
        self, request: Request, answers: Answers
    ) -> tuple[int, str | None, dict[str, str]]:
        """Status, error and headers of the response."""
        try:
            if self._stop.is_set():
                raise TurnedAway(503, CLOSING, Retry_After="5", Connection="close")
            bearer = await self._admit(request)
            with self._place():
                await self._store(request, bearer, answers)
        except Unavailable as error:
            return 503, f"{error}; {_AGAIN}", {"Retry-After": str(error.retry_after)}
        except TooMuch as error:
            return 429, f"{error}; {_AGAIN}", {"Retry-After": str(error.retry_after)}
        except TurnedAway as error:
            again = f"; {_AGAIN}" if "Retry-After" in error.headers else ""
            return error.status, f"{error}{again}", error.headers
        except HTTPException as error:
            headers = dict(error.headers or {})
            again = f"; {_AGAIN}" if "Retry-After" in headers else ""
            return error.status_code, f"{error.detail}{again}", headers
        return answers.status, None, {}

    async def _admit(self, request: Request) -> Bearer:
        if self._door.knows(token_of(request)):
            return await admit_request(request, self._door, Role.OPERATOR)
        if self._waiting >= WAITING:
            raise TurnedAway(503, f"{WAITING} unknown tokens wait to be looked up", Retry_After="1")
        self._waiting += 1
        try:
            return await admit_request(request, self._door, Role.OPERATOR)
        finally:
            self._waiting -= 1

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._under_way >= AT_ONCE:
            raise TurnedAway(503, f"{AT_ONCE} requests are under way already", Retry_After="1")
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    async def _store(self, request: Request, bearer: Bearer, answers: Answers) -> None:
        def charge(size: int) -> None:
            self._door.charge(bearer, size=size)

        read = reader(request.headers)
        async with Body(request, self._lanes, charge, self._stop) as body:
            await self._store_chunks(read(body), bearer, answers)

    async def _store_chunks(
        self, chunks: AsyncIterator[list[bytes]], bearer: Bearer, answers: Answers
    ) -> None:
        """Store one chunk while the next is read. The answers cover the beginning of the body."""
        stored: UnderWay = deque()
        try:
            async for chunk in chunks:
                self._door.charge(bearer, events=len(chunk))
                stored.append(asyncio.create_task(self._intake.accept(chunk, bearer.sender)))
                if len(stored) > AHEAD:
                    answers.add(await stored.popleft())
        except (TurnedAway, TooMuch):
            await _finish(stored, answers)
            raise
        except (Unavailable, ClientGone):
            await asyncio.gather(*stored, return_exceptions=True)
            raise
        await _finish(stored, answers)


def _tell(span: Span, status: int, error: str | None, events: int) -> None:
    span.tell(
        {
            "http.request.method": "POST",
            "http.route": "/v1/events",
            "http.response.status_code": status,
            "copq.events": events,
        }
    )
    if status >= 500:
        span.failed(error or "")


async def _finish(stored: UnderWay, answers: Answers) -> None:
    try:
        while stored:
            answers.add(await stored.popleft())
    finally:
        await asyncio.gather(*stored, return_exceptions=True)


async def _say(
    send: Send, answers: Answers, status: int, error: str | None, headers: dict[str, str]
) -> None:
    """Answer a request that ended early: how many events at its beginning are final.

    Raises `ClientGone` if the client does not read the answer.
    """
    if error is not None and answers.total:
        known = f"the first {answers.total} events are answered, of the others nothing is known"
        error = f"{error} ({known})"
    length, pieces = answers.body(error)
    known_headers = {"content-type": "application/json", "content-length": str(length)}
    await _begin(send, status, {**known_headers, **headers, **answers.preference})
    try:
        async with asyncio.timeout(GRACE_S + length / SLOWEST):
            for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
    except TimeoutError:
        raise ClientGone from None


async def _linger(receive: Receive) -> None:
    """Read on for a while: closing while the client sends would reset the connection and answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while (await receive())["type"] != "http.disconnect":
                pass


async def _offer(send: Send) -> None:
    """The answer to `OPTIONS`."""
    types = ", ".join(ACCEPTED)
    offered = {"Allow": "POST, OPTIONS", "Accept-Post": types, "Accept-Encoding": CODINGS}
    await _begin(send, 204, offered)
    await send({"type": "http.response.body", "body": b""})


async def _begin(send: Send, status: int, headers: dict[str, str]) -> None:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})

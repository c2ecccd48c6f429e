"""The HTTP service on a socket of its own, around an intake that keeps events in memory."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from copq.access.door import Bearer, Door, NotAdmitted, NotAllowed, OpenDoor, Role, TooMuch
from copq.access.sender import ANYONE, Sender
from copq.ingest.check import check
from copq.ingest.http import make_http
from copq.ingest.intake import Answer, Status
from copq.schemas.refusal import Refused
from copq.web.serving import serve_http
from copq.web.unavailable import Unavailable
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S

NDJSON = {"content-type": "application/x-ndjson"}
JSON = {"content-type": "application/json"}


@dataclass
class Kept:
    """An intake that keeps what it accepts, and may be told to be away from a batch on."""

    events: dict[str, bytes] = field(default_factory=dict)
    refused: list[bytes] = field(default_factory=list)
    senders: list[Sender] = field(default_factory=list)
    away_from: int = 10**9
    before: Callable[[], Awaitable[None]] | None = None

    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        self.senders.append(sender)
        if len(self.senders) > self.away_from:
            raise Unavailable("nobody is at home", 7)
        if self.before is not None:
            await self.before()
        return [self._take(raw, sender) for raw in raws]

    def _take(self, raw: bytes, sender: Sender) -> Answer:
        try:
            event = check(raw, datetime.now(UTC), sender)
        except Refused as refused:
            self.refused.append(raw)
            return Answer(Status.REFUSED, refusal=refused.refusal)
        fresh = self.events.setdefault(event.event_id, raw) is raw
        return Answer(Status.ACCEPTED if fresh else Status.DUPLICATE, event.event_id)


class Turnstile:
    """A door with one operator, one manager, and limits."""

    def __init__(self, requests: int = 10**9, events: int = 10**9, size: int = 10**9) -> None:
        self._left = [requests, events, size]

    def knows(self, token: str | None) -> bool:
        return True

    async def admit(self, token: str | None, roles: frozenset[Role] | None = None) -> Bearer:
        if token not in ("operator", "manager"):
            raise NotAdmitted("no such token")
        if roles and Role(token) not in roles:
            raise NotAllowed("a manager does not send")
        return Bearer(Role(token), Sender("press-4"))

    def charge(self, bearer: Bearer, requests: int = 0, events: int = 0, size: int = 0) -> None:
        for place, amount in enumerate((requests, events, size)):
            self._left[place] -= amount
        if min(self._left) < 0:
            raise TooMuch("that is too much", 11)


@dataclass
class Served:
    port: int
    stop: asyncio.Event
    client: httpx.AsyncClient

    async def post(
        self, content: Any, headers: dict[str, str] | None = None, **more: str
    ) -> httpx.Response:
        kind = JSON if headers is None else headers
        return await self.client.post("/v1/events", content=content, headers={**kind, **more})


@asynccontextmanager
async def served(intake: Any, door: Door | None = None, **checks: Any) -> AsyncIterator[Served]:
    stop = asyncio.Event()
    app: FastAPI = make_http(intake, door or OpenDoor(), checks, stop)
    [port] = free_ports(1)
    serving = asyncio.create_task(serve_http(app, "127.0.0.1", port, stop))
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(verify=False, base_url=url, timeout=PATIENCE_S) as client:
        while True:
            try:
                await client.get("/healthz")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.02)
        yield Served(port, stop, client)
    stop.set()
    await serving


class Upload:
    """A body under way, chunk by chunk, on a connection of its own."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Upload":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up, whether it was answered or not."""
        self._writer.transport.abort()

    async def send(self, part: bytes) -> None:
        self._writer.write(b"%x\r\n%s\r\n" % (len(part), part))
        await self._writer.drain()

    def end(self) -> None:
        self._writer.write(b"0\r\n\r\n")

    async def answer(self) -> tuple[int, dict[str, Any]]:
        """Status and body, while the upload may still be under way."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split()[0])
        return int(head.split()[1]), json.loads(await self._reader.readexactly(length))

"""Each request is done once: the same Idempotency-Key gets the same answer again."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from weakref import WeakValueDictionary

from asyncpg import Connection, Record
from fastapi import Depends, Header, HTTPException, Request, Response

from copq.access.door import Bearer
from copq.database.connections import DatabaseRole
from copq.database.queries import Queries
from copq.desk.desk import Acting, Desk
from copq.reporting.formats import as_json

_SQL = Queries.of(__file__)
KEY = "Idempotency-Key"
REPLAYED = {"Idempotency-Replayed": "true"}
_LONGEST_KEY = 255


_turns: WeakValueDictionary[tuple[str | None, str], asyncio.Lock] = WeakValueDictionary()


async def _take_turns(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias=KEY,
            description="A new UUID for each act. The same key again gets the same answer, and "
            "nothing is done twice; kept for a week.",
        ),
    ] = None,
) -> AsyncIterator[None]:
    """Requests with the same key wait for each other, without a connection to Postgres: there are
    few, and other acts need them."""
    if key is None:
        yield
        return
    turn = _turns.setdefault((request.headers.get("Authorization"), key), asyncio.Lock())
    async with turn:
        yield


IDEMPOTENT = Depends(_take_turns)
"""For the `dependencies` of a route that acts. It describes the header in OpenAPI."""


@dataclass(frozen=True, slots=True)
class Done:
    """The answer to an act that was done.

    `kept` takes the place of the body where the same Idempotency-Key is sent again: for a body
    that has a secret.
    """

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    kept: Any = None

    def response(self) -> Response:
        return as_json(self.body, {**_NOT_KEPT, **self.headers}, self.status)


_NOT_KEPT = {"Cache-Control": "no-store"}
Act = Callable[[], Awaitable[Done]]


@dataclass(frozen=True, slots=True)
class Asked:
    who: str
    key: str
    digest: bytes

    def names(self) -> dict[str, str]:
        return {"who": self.who, "key": self.key}


async def do_once(acting: Acting, request: Request, body: bytes, act: Act) -> Response:
    """The answer of `act`, which runs in a transaction that also keeps the answer.

    Without an Idempotency-Key it runs each time. What is refused is not kept: the same key may be
    sent again. Raises `HTTPException` 422 for a key of another request.
    """
    return await do_once_as(acting, asked_by(acting, request, body), act)


async def do_once_as(acting: Acting, asked: Asked | None, act: Act) -> Response:
    """As `do_once`, for a request that has its key elsewhere, such as a form."""
    conn = acting.conn
    async with conn.transaction(isolation="read_committed"):
        if asked is None:
            return (await act()).response()
        await conn.execute(*_SQL.forget())
        if await conn.fetchval(*_SQL.begin_request(**asked.names(), digest=asked.digest)) is None:
            return await _known(conn, asked)
        return await _keep(conn, asked, await act())


async def answer_act(
    desk: Desk, request: Request, bearer: Bearer, by: str, body: bytes,
    act: Callable[[Acting], Awaitable[Done]], as_role: DatabaseRole = DatabaseRole.FINANCE,
) -> Response:  # fmt: skip
    """The answer to a request whose act needs no transaction of its own, done once."""
    async with desk.acting(bearer, by, as_role) as acting:
        return await do_once(acting, request, body, lambda: act(acting))


async def do_apart(acting: Acting, request: Request, body: bytes, act: Act) -> Response:
    """As `do_once`, for an act that has transactions of its own.

    A crash right after the act leaves no answer: the act itself then says that it was done.
    """
    return await do_apart_as(acting, asked_by(acting, request, body), act)


async def do_apart_as(acting: Acting, asked: Asked | None, act: Act) -> Response:
    """As `do_apart`, for a request that has its key elsewhere, such as a form."""
    if asked is None:
        return (await act()).response()
    conn = acting.conn
    async with _alone(conn, asked):
        if await conn.fetchrow(*_SQL.known_request(**asked.names())):
            return await _known(conn, asked)
        done = await act()
        async with conn.transaction(isolation="read_committed"):
            await conn.execute(*_SQL.begin_request(**asked.names(), digest=asked.digest))
            return await _keep(conn, asked, done)


def asked_by(acting: Acting, request: Request, body: bytes, key: str | None = None) -> Asked | None:
    """The request of an act, by its `key` or its header; None without one.

    Raises `HTTPException` 422 for an impossible key.
    """
    key = key or request.headers.get(KEY)
    if key is None:
        return None
    if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable():
        raise HTTPException(
            422, f"{KEY} has 1 to {_LONGEST_KEY} characters that can be printed: send a new UUID"
        )
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    return Asked(acting.actor.name, key, hashlib.sha256(asked).digest())


@asynccontextmanager
async def _alone(conn: Connection, asked: Asked) -> AsyncIterator[None]:
    await conn.execute(*_SQL.lock_request(**asked.names()))
    try:
        yield
    finally:
        await conn.execute(*_SQL.unlock_request(**asked.names()))


async def _known(conn: Connection, asked: Asked) -> Response:
    row: Record = await conn.fetchrow(*_SQL.known_request(**asked.names()))
    if row["digest"] != asked.digest:
        raise HTTPException(
            422, f'{KEY} "{asked.key}" was sent with another request: send a new UUID'
        )
    headers = {**_NOT_KEPT, **json.loads(row["headers"]), **REPLAYED}
    return Response(row["answer"], row["status"], headers, "application/json")


async def _keep(conn: Connection, asked: Asked, done: Done) -> Response:
    response = done.response()
    kept = response if done.kept is None else as_json(done.kept)
    await conn.execute(
        *_SQL.end_request(
            **asked.names(), status=done.status, headers=json.dumps(done.headers),
            answer=bytes(kept.body).decode(),
        )
    )  # fmt: skip
    return response

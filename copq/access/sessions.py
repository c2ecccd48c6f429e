"""The sessions of people as a service knows them: read from Postgres, kept for a second."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
from asyncpg import Connection

from copq.access.door import NotAdmitted
from copq.access.metrics import TURNED_AWAY
from copq.access.session import Session, State
from copq.access.session_store import use_session
from copq.database.connections import ANSWER_S, AWAY, STATEMENT_S, DatabaseRole, take_role
from copq.web.unavailable import Unavailable

KEPT_S = 1.0
"""A session that was ended elsewhere is out after so long."""

_MOST_KEPT = 10_000
_OVER = {
    State.ENDED: "your session has ended: sign in again",
    State.EXPIRED: "your session has lasted its longest time: sign in again",
    State.IDLE: "you were signed out after {idle} minutes without use: sign in again",
}


def _now() -> datetime:
    return datetime.now(UTC)


class Sessions:
    """Reads sessions through `pool`, which acts as the door."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Callable[[], datetime] = _now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool, self.clock, self._monotonic = pool, clock, monotonic
        self._kept: dict[str, tuple[float, Session]] = {}

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection as the door, in a transaction. Raises `Unavailable`."""
        try:
            async with self._pool.acquire(timeout=ANSWER_S) as conn, conn.transaction():
                yield conn
        except AWAY as error:
            raise Unavailable("whether you are signed in cannot be read from Postgres") from error

    async def find(self, text: str) -> Session:
        """The open session whose cookie is `text`. Raises `NotAdmitted`, `Unavailable`."""
        session = self._kept_one(text) or await self._read(text)
        state = session.state(self.clock())
        if state is not State.OPEN:
            self.forget(text)
            TURNED_AWAY.labels("session").inc()
            raise NotAdmitted(_OVER[state].format(idle=int(session.idle.total_seconds() // 60)))
        return session

    def knows(self, text: str) -> bool:
        return self._kept_one(text) is not None

    def close(self) -> None:
        self._pool.terminate()

    def forget(self, text: str | None) -> None:
        self._kept.pop(text or "", None)

    def _kept_one(self, text: str) -> Session | None:
        read_at, session = self._kept.get(text, (0.0, None))
        return session if self._monotonic() - read_at < KEPT_S else None

    async def _read(self, text: str) -> Session:
        async with self.connection() as conn:
            found = await use_session(conn, text, self.clock())
        if found is None:
            TURNED_AWAY.labels("unknown").inc()
            raise NotAdmitted("your session is not known: sign in")
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[text] = (self._monotonic(), found)
        return found


async def door_pool(dsn: str) -> asyncpg.Pool:
    """Connections that check who is signed in. They are made on first use."""

    async def ready(conn: Connection) -> None:
        await take_role(conn, DatabaseRole.DOOR)

    return await asyncpg.create_pool(
        dsn, min_size=0, max_size=4, init=ready, timeout=ANSWER_S, command_timeout=STATEMENT_S
    )

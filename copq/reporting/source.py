"""The source of answers: one snapshot of Postgres for each request, with its rates."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
from fastapi import HTTPException, Request

from copq.access.door import Bearer, Door, Role
from copq.access.requests import admit_request
from copq.access.sender import encode_lines
from copq.database.connections import ANSWER_S, AWAY, STATEMENT_S, DatabaseRole, take_role
from copq.database.queries import Queries
from copq.figures.books import Books, Reading
from copq.schemas.refusal import Refused

_LOG = logging.getLogger(__name__)
_SQL = Queries.of(__file__)
RETRY_AFTER_S = 5
WORK_MEM = "64MB"
"""The memory of a step of a statement before it writes to disk: enough for sums by 30,000 names."""

READERS = (Role.MANAGER, Role.FINANCE)
"""The roles that may see results. An operator may only report events."""

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Source:
    """The database, the access rules, and the clock."""

    pool: asyncpg.Pool
    door: Door
    clock: Clock = wall_clock
    books: Books = field(default_factory=Books)

    async def admit(self, request: Request) -> Bearer:
        """The reader of a request. Raises `HTTPException` 401 or 403 if it may not see results."""
        return await admit_request(request, self.door, *READERS)

    @asynccontextmanager
    async def reading(self, reader: Bearer) -> AsyncIterator[Reading]:
        """A snapshot with the lines that `reader` may see; other lines do not exist in it.

        Raises `HTTPException` 422 on an impossible question, 503 without Postgres.
        """
        try:
            async with (
                self.pool.acquire(timeout=ANSWER_S) as conn,
                conn.transaction(isolation="repeatable_read", readonly=True),
            ):
                lines = reader.sender.lines
                await conn.execute(*_SQL.see(lines=encode_lines(lines)))
                book = (await self.books.newest(conn)).seen_by(lines)
                yield Reading(conn, book, self.books, self.clock())
        except AWAY as error:
            raise _away(error) from error
        except (Refused, HTTPException):
            raise
        except ValueError as error:
            raise HTTPException(422, str(error)) from error


def _away(error: BaseException) -> HTTPException:
    _LOG.warning("Postgres does not answer: %s", error)
    message = "Postgres does not answer; no data is lost; try again in a moment"
    return HTTPException(503, message, {"Retry-After": str(RETRY_AFTER_S)})


async def reading_pool(dsn: str, size: int = 4) -> asyncpg.Pool:
    """Connections that only read. The pool opens without Postgres too, and connects when needed.

    They see no rows until `copq.lines` names the lines.
    """

    async def ready(conn: asyncpg.Connection) -> None:
        await take_role(conn, DatabaseRole.REPORTING)
        await conn.execute(f"set work_mem = '{WORK_MEM}'")

    return await asyncpg.create_pool(
        dsn, min_size=0, max_size=size, init=ready, timeout=ANSWER_S, command_timeout=STATEMENT_S
    )

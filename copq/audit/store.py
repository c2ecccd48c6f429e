"""The audit trail in Postgres, read in order and in little memory."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime

from asyncpg import Connection

from copq.audit.exported import link_of
from copq.audit.trail import NO_SEAL, AuditRow, Chain, Fault, Head
from copq.database.queries import Queries

_SQL = Queries.of(__file__)
_AT_ONCE = 2_000


async def rows(conn: Connection) -> AsyncIterator[AuditRow]:
    """All rows of one snapshot, oldest first."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        cursor = await conn.cursor(*_SQL.rows())
        while found := await cursor.fetch(_AT_ONCE):
            for row in found:
                yield AuditRow(*row)


async def next_rows(conn: Connection, after: int, last: int, limit: int) -> list[AuditRow]:
    """The rows behind a number up to the last one, oldest first. No row ever changes, so that
    several calls read what one snapshot would."""
    found = await conn.fetch(*_SQL.next_rows(after=after, last=last, limit=limit))
    return [AuditRow(*row) for row in found]


async def find_faults(chain: Chain, found: AsyncIterable[AuditRow]) -> list[Fault]:
    """The faults in the chain of these rows."""
    faults = [fault async for row in found for fault in chain.take(link_of(row))]
    return [*faults, *chain.end()]


async def newest_rows(
    conn: Connection, subject: str | None = None, who: str | None = None,
    since: datetime | None = None, limit: int = 100, *, until: datetime | None = None,
    plant: str | None = None, before: int | None = None,
) -> list[AuditRow]:  # fmt: skip
    """The newest rows first. `subject` is a table, such as `copq.token`.

    Since an instant and until before another one, about rows that name a plant, with a number less
    than `before`; None: all.
    """
    asked = {"subject": subject, "who": who, "since": since, "until": until, "plant": plant}
    found = await conn.fetch(*_SQL.newest(**asked, before=before, limit=limit))
    return [AuditRow(*row) for row in found]


async def head_of(conn: Connection) -> Head:
    """The head of the trail: its last row."""
    row = await conn.fetchrow(*_SQL.head())
    return Head(*row) if row else Head(0, NO_SEAL)


async def audited_tables(conn: Connection) -> list[str]:
    """The names of the tables under audit, without their schema."""
    return [row["name"] for row in await conn.fetch(*_SQL.watched())]

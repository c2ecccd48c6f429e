"""From current prices to the rows of a batch, for both plan and repricing."""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from decimal import Decimal

from asyncpg import Connection, Record

from copq.database.connections import while_connected
from copq.database.queries import Queries
from copq.posting import shared_entries as once
from copq.posting import stops
from copq.posting.batch import Cause, Special
from copq.posting.post import stage_rows
from copq.pricing.price import Dispatch
from copq.rates.book import RateBook
from copq.repricing.changes import Change
from copq.repricing.chunks import COLUMNS, Chunk

_SQL = Queries.of(__file__)

_AT_ONCE = 2_000


async def stage(conn: Connection, chunk: Chunk) -> None:
    """Copy the prices of the chunk into the connection's temporary table, without locks."""
    if chunk.rows:
        copying = conn.copy_to_table("repriced", source=_text(chunk.rows), columns=COLUMNS)
        await while_connected(conn, copying)


async def _text(rows: list[str]) -> AsyncIterator[bytes]:
    for start in range(0, len(rows), _AT_ONCE):
        yield ("\n".join(rows[start : start + _AT_ONCE]) + "\n").encode()


async def fill_entries(conn: Connection, chunk: Chunk, cause: Cause) -> list[Special]:
    """Fill in reversals and new entries of the staged prices; return events without a price now."""
    if not chunk.rows:
        return []
    await conn.execute(
        *_SQL.fill_batch(
            first=chunk.start.at, last=chunk.end.at, reason=cause.reason,
            booked_by=cause.booked_by,
        )
    )  # fmt: skip
    if not chunk.unpriced:
        return []
    return [chunk.unpriced[row["event_id"]] for row in await conn.fetch(*_SQL.lost_price())]


async def fill_stops(
    conn: Connection, changed: Iterable[Record], book: RateBook, cause: Cause
) -> None:
    """Fill in the entries of lines whose stops have another rate now, or none."""
    lines = stops.touched(
        (s["plant"], s["line"], s["started_at"], s["ended_at"]) for s in changed if not s["voided"]
    )
    await stage_rows(conn, await stops.rebook(conn, lines, book, {}, cause))


def bare(chunk: Chunk, changed: Iterable[Record]) -> list[Special]:
    """The changed stops that counted until now and have lost their rate."""
    ids = [s["event_id"] for s in changed if not s["voided"]]
    return [chunk.stops[event_id] for event_id in ids if chunk.stops[event_id].stop is None]


async def fill_dispatches(
    conn: Connection, dispatches: set[Dispatch], staged: once.Recovered, book: RateBook,
    cause: Cause,
) -> None:  # fmt: skip
    """Fill in the entries of days with rejects, including the `staged` amounts."""
    if dispatches:
        await stage_rows(conn, await once.reprice(conn, dispatches, book, cause, staged))


async def recovered(conn: Connection) -> dict[Dispatch, Decimal]:
    """The change of recoverable amounts by the batch."""
    rows = await conn.fetch(*_SQL.staged_recovered())
    return {Dispatch(*_key(row)): row["recovered"] for row in rows}


def _key(row: Record) -> tuple[str, str, str, date]:
    return row["plant"], row["line"], row["product"], row["day"]


async def changes(conn: Connection) -> list[Change]:
    """The changes of the batch."""
    return [Change(**row) for row in await conn.fetch(*_SQL.batch_changes())]

"""Posting a batch: one transaction that keeps, de-duplicates, books and folds."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from asyncpg import Connection

from schemas.decode import decode_strictly
from schemas.events import Correction
from services.aggregator import queries
from services.aggregator.batch import COLUMNS, Batch, Special
from services.aggregator.stops import add_stops, rebook
from services.postgres import while_connected
from services.rates.book import RateBook

_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Posted:
    """How many events were new, and the ids of those that had been posted before."""

    fresh: int
    duplicates: frozenset[str]


async def prepare(conn: Connection) -> None:
    """Make the connection ready to post: call it once for each connection."""
    await conn.execute(queries.CREATE_BATCH)


async def post(conn: Connection, batch: Batch, book: RateBook) -> Posted:
    """Post a batch within the caller's transaction.

    An event whose id is known changes nothing. `book` gives the calendars and must be at least
    as new as the rates the batch was priced with. On any error nothing of the batch is kept once
    the caller rolls back, and it may be posted again.
    """
    await stage(conn, batch)
    return await post_staged(conn, batch, book)


async def stage(conn: Connection, batch: Batch) -> None:
    """The first half of `post`: the rows into the connection's own table. Nothing is locked."""
    if batch.rows:
        await _copy(conn, batch.rows)


async def restage(conn: Connection, batch: Batch) -> None:
    """As `stage`, in place of what was staged."""
    await conn.execute(queries.EMPTY_BATCH)
    await stage(conn, batch)


async def post_staged(conn: Connection, batch: Batch, book: RateBook) -> Posted:
    """The second half of `post`, in the transaction that the batch was staged in."""
    if not batch.rows:
        return Posted(0, frozenset())
    posted = await conn.fetchrow(queries.POST_BATCH)
    special = [batch.special[event_id] for event_id in posted["special"]]
    duplicates = frozenset(posted["duplicates"])
    more = [row for row, causes in batch.once.values() if not causes <= duplicates]
    await _post_more(conn, more + await _post_special(conn, special, book))
    return Posted(posted["fresh"], duplicates)


async def _copy(conn: Connection, rows: list[str]) -> None:
    copying = conn.copy_to_table("batch", source=_text(rows), columns=COLUMNS)
    await while_connected(conn, copying)


async def _text(rows: list[str]) -> AsyncIterator[bytes]:
    for start in range(0, len(rows), _CHUNK):
        yield ("\n".join(rows[start : start + _CHUNK]) + "\n").encode()


async def _post_more(conn: Connection, rows: list[str]) -> None:
    """What follows from the batch, in the same transaction."""
    if rows:
        await conn.execute(queries.EMPTY_BATCH)
        await _copy(conn, rows)
        await conn.fetchrow(queries.POST_BATCH)


async def _post_special(conn: Connection, special: list[Special], book: RateBook) -> list[str]:
    """Keep what is more than rows; answer the rows that follow from the stops among it."""
    by_outcome: dict[str, list[Special]] = {}
    for event in special:
        by_outcome.setdefault(event.outcome, []).append(event)
    await _add_unpriced(conn, by_outcome.get("unpriced", []))
    await _add_corrections(conn, by_outcome.get("correction", []))
    lines = await add_stops(conn, by_outcome.get("stop", []))
    return await rebook(conn, lines, book)


async def _add_unpriced(conn: Connection, events: list[Special]) -> None:
    found = [(decode_strictly(event.raw), event) for event in events]
    await conn.executemany(
        queries.ADD_UNPRICED,
        [
            (e.event_id, e.occurred_at, e.event_type, e.plant, e.line, e.product,
             event.reason, event.rates)
            for e, event in found
        ],
    )  # fmt: skip


async def _add_corrections(conn: Connection, events: list[Special]) -> None:
    found = [decode_strictly(event.raw) for event in events]
    corrections = [event for event in found if isinstance(event, Correction)]
    await conn.executemany(
        queries.ADD_CORRECTIONS, [(c.event_id, c.corrects, c.occurred_at) for c in corrections]
    )

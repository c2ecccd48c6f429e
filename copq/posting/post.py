"""Post a batch: one transaction stores events, removes duplicates, books entries and sums them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from asyncpg import Connection

from copq.database.connections import while_connected
from copq.database.queries import Queries
from copq.posting.batch import COLUMNS, NO_CAUSE, Batch, Special
from copq.posting.booking import hold_booking
from copq.posting.claims import Arrivals, arrivals, has_claimed
from copq.posting.correcting import Effects, correct
from copq.posting.id_conflicts import IdConflict, find_conflicts, ids
from copq.posting.problems import add_problems
from copq.posting.shared_entries import reconsider, share
from copq.posting.stops import Lines, add_stops, rebook, together
from copq.posting.unpriced_events import add_unpriced
from copq.rates.book import RateBook
from copq.schemas.priced import Outcome

_SQL = Queries.of(__file__)

_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Posted:
    """The number of new events, the ids of duplicates, and the events whose ids belong to other
    events. The caller stores these as rejected."""

    fresh: int
    duplicates: frozenset[str]
    taken: tuple[IdConflict, ...] = ()


async def prepare(conn: Connection) -> None:
    """Make the connection ready to post. Call it once for each connection."""
    await conn.execute(*_SQL.create_batch())


async def post(conn: Connection, batch: Batch, book: RateBook) -> Posted:
    """Post a batch in the caller's transaction.

    An event whose id is known changes nothing. If the id belongs to another event, the result names
    the event. `book` gives the calendars. After an error the caller rolls back, nothing of the
    batch is stored, and it may be posted again. Raises `StaleRates` if the batch or `book` is older
    than the rate book in force.
    """
    await stage(conn, batch)
    return await post_staged(conn, batch, book)


async def stage(conn: Connection, batch: Batch) -> None:
    """The first half of `post`: copy the rows to the connection's temporary table. Locks
    nothing."""
    await stage_rows(conn, batch.rows)


async def stage_rows(conn: Connection, rows: list[str]) -> None:
    """Copy more rows into the connection's temporary table."""
    if rows:
        copying = conn.copy_to_table("batch", source=_text(rows), columns=COLUMNS)
        await while_connected(conn, copying)


async def restage(conn: Connection, batch: Batch) -> None:
    """Stage a batch in place of the one that is staged."""
    await conn.execute(*_SQL.empty_batch())
    await stage(conn, batch)


async def post_staged(conn: Connection, batch: Batch, book: RateBook) -> Posted:
    """The second half of `post`, in the transaction that staged the batch.

    Raises `StaleRates` before anything has changed.
    """
    if not batch.rows:
        return Posted(0, frozenset())
    await hold_booking(conn, batch, book)
    if not any(event.outcome == Outcome.CORRECTION for event in batch.special.values()):
        with suppress(_Claimed):
            async with conn.transaction():
                await conn.execute(*_SQL.share_posting())
                return await _post(conn, batch, book, is_alone=False)
    # Corrections change other workers' lines: no other worker may be posting them now.
    await conn.execute(*_SQL.lock_posting())
    await conn.execute(*_SQL.share_standing())
    return await _post(conn, batch, book, is_alone=True)


class _Claimed(Exception):
    """A correction waits for an event of the batch, so the batch must be posted alone."""


async def _post(conn: Connection, batch: Batch, book: RateBook, *, is_alone: bool) -> Posted:
    """Raises `_Claimed` if a correction waits for an event and the batch is not posted alone."""
    first = await book_staged(conn)
    known = frozenset(first["duplicates"])
    of_others = await find_conflicts(conn, known) if known else []
    duplicates = known - ids(of_others)
    if not is_alone and await has_claimed(conn, duplicates):
        raise _Claimed
    arrived = await arrivals(conn, duplicates)
    late = await _post_alone(conn, arrived.awaited) if arrived.awaited else _NOTHING
    of_others += await _compare(conn, batch.again) if batch.again else []
    repeated = known - arrived.awaited
    await add_problems(conn, [row for i, row in batch.problems.items() if i not in repeated])
    posted = Posted(first["fresh"] + late["fresh"], duplicates - arrived.awaited, tuple(of_others))
    special = [batch.special[event_id] for event_id in (*first["special"], *late["special"])]
    await _follow_up(conn, batch, special, arrived, repeated, book)
    return posted


async def _compare(conn: Connection, rows: list[str]) -> list[IdConflict]:
    """Compare events with the event of the same id, which was posted with this batch."""
    await conn.execute(*_SQL.empty_batch())
    await stage_rows(conn, rows)
    return await find_conflicts(conn)


_NOTHING: Mapping[str, Any] = {"fresh": 0, "special": ()}


async def _post_alone(conn: Connection, awaited: Collection[str]) -> Mapping[str, Any]:
    """Post only these events of the batch, which looked like duplicates."""
    await conn.execute(*_SQL.keep_in_batch(ids=list(awaited)))
    return await book_staged(conn)


async def _text(rows: list[str]) -> AsyncIterator[bytes]:
    for start in range(0, len(rows), _CHUNK):
        yield ("\n".join(rows[start : start + _CHUNK]) + "\n").encode()


async def book_staged(conn: Connection) -> Mapping[str, Any]:
    """Book the staged rows in the caller's transaction."""
    row: Mapping[str, Any] = await conn.fetchrow(*_SQL.post_batch())
    return row


async def post_more(conn: Connection, rows: list[str]) -> None:
    """Post rows of stored events. The caller's transaction holds the booking lock."""
    if rows:
        await conn.execute(*_SQL.empty_batch())
        await stage_rows(conn, rows)
        await book_staged(conn)


async def _follow_up(
    conn: Connection,
    batch: Batch,
    special: list[Special],
    arrived: Arrivals,
    duplicates: frozenset[str],
    book: RateBook,
) -> None:
    """Book what follows from special events: stops, corrections, entries that events share."""
    lines = await _keep(conn, special, book)
    corrections = [event for event in special if event.outcome == Outcome.CORRECTION]
    effects = Effects()
    if corrections or arrived.all:
        effects = await correct(conn, corrections, arrived.all, book)
        more = await _keep(conn, effects.priced.special.values(), book)
        lines = together(lines, effects.lines, more)
    only_new = lines.keys() - effects.lines.keys()
    causes = batch.causes | effects.causes
    rows = await rebook(conn, lines, book, causes, only_new=only_new)
    once = {key: row for key, (row, causes) in batch.once.items() if not causes <= duplicates}
    once |= {key: row for key, (row, _) in effects.priced.once.items()}
    withdrawn = dict.fromkeys(await share(conn, once), NO_CAUSE)
    await post_more(conn, [*once.values(), *rows, *effects.rows, *effects.priced.rows])
    if withdrawn or effects.once:
        await post_more(conn, await reconsider(conn, withdrawn | effects.once, book))


async def _keep(conn: Connection, special: Iterable[Special], book: RateBook) -> Lines:
    """Store stops and events without a price. Return the lines whose stops have changed."""
    by_outcome: dict[str, list[Special]] = defaultdict(list)
    for event in special:
        by_outcome[event.outcome].append(event)
    await add_unpriced(conn, by_outcome[Outcome.UNPRICED], book)
    return await add_stops(conn, by_outcome[Outcome.STOP])

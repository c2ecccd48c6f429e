"""Anchors in Postgres: made of entries and events, and later compared with them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from asyncpg import Connection

from copq.access.authority import Actor, sign
from copq.audit.anchor import NO_DIGEST, Anchor, Day, compare_days, digest_of
from copq.database.booking_lock import change_rules
from copq.database.queries import Queries
from copq.ledger.difference import Difference

_SQL = Queries.of(__file__)
_INSTANT = timedelta(microseconds=1)
_EVER = datetime.min.replace(tzinfo=UTC)
_AS_WRITTEN = "set local timezone = 'UTC'; set local search_path = pg_catalog"
"""The proof reads the tables directly, by no function of the database."""


async def make_anchor(conn: Connection, actor: Actor, why: str) -> None:
    """Anchor the entries and events since the last anchor.

    Batches under way are booked first, later ones wait for an instant. The digests are made
    while the stream runs; after an interruption the next call makes those that are missing.
    """
    actor.require([(None, None)])
    async with conn.transaction(isolation="read_committed"):
        await change_rules(conn)
        await conn.execute(*_SQL.cut_anchor())
    while await _finish(conn, actor, why):
        pass


async def _finish(conn: Connection, actor: Actor, why: str) -> bool:
    """Make the digests of the oldest anchor without them; False if every anchor has its own."""
    async with conn.transaction(isolation="read_committed"):
        await change_anchors(conn)
        row = await conn.fetchrow(*_SQL.unfinished_anchors())
        if row is None:
            return False
        await sign(conn, actor, why)
        await conn.execute(_AS_WRITTEN)
        [days] = await _days(conn, [row["until"]], row["since"] or _EVER)
        number, until = row["anchor"], row["until"]
        added = ({"anchor": number, **day._asdict()} for day in days)
        await conn.executemany(*_SQL.add_anchor_days.rows(added))
        digest = digest_of(number, until, days, row["before"])
        await conn.execute(
            *_SQL.add_anchor_digest(anchor=number, until=until, days=len(days), digest=digest)
        )
    return True


async def change_anchors(conn: Connection) -> None:
    """Lock the anchors: only one transaction at a time makes digests."""
    await conn.execute(*_SQL.lock_anchors())


async def _days(conn: Connection, ends: Sequence[Any], since: Any) -> list[list[Day]]:
    """The current days of each anchor that ends at one of these instants."""
    found: dict[int, list[Day]] = defaultdict(list)
    if ends:
        edges = [end + _INSTANT for end in ends[:-1]]
        for row in await conn.fetch(*_SQL.digests(edges=edges, since=since, until=ends[-1])):
            found[row["place"]].append(Day(*(row[name] for name in Day._fields)))
    return [sorted(found[place]) for place in range(len(ends))]


async def anchors(conn: Connection) -> list[Anchor]:
    """All anchors with digests, oldest first."""
    days: dict[int, list[Day]] = defaultdict(list)
    for row in await conn.fetch(*_SQL.anchor_days()):
        days[row["anchor"]].append(Day(*(row[name] for name in Day._fields)))
    return [
        Anchor(row["anchor"], row["until"], tuple(sorted(days[row["anchor"]])), row["digest"])
        for row in await conn.fetch(*_SQL.anchors())
    ]


async def newest_anchor(conn: Connection) -> dict[str, Any] | None:
    """Number, instant and digest of the newest anchor; None if there is none."""
    row = await conn.fetchrow(*_SQL.newest_anchor())
    return None if row is None else dict(row)


async def altered_days(conn: Connection, kept: Sequence[Anchor]) -> list[Difference]:
    """The days whose entries or events differ from anchors kept elsewhere.

    Call it in a transaction: it sets the time zone and the search path for the rest of it.
    """
    await conn.execute(_AS_WRITTEN)
    ends = [anchor.until for anchor in kept]
    return list(compare_days(kept, await _days(conn, ends, _EVER)))


async def verify_anchors(conn: Connection) -> list[Difference]:
    """As `altered_days`, for the anchors in the database; also checks their chain."""
    kept = await anchors(conn)
    return [*_chain_differences(kept), *await altered_days(conn, kept)]


def _chain_differences(kept: Sequence[Anchor]) -> list[Difference]:
    found = []
    first = Anchor(0, _EVER, (), NO_DIGEST)
    for before, anchor in pairwise([first, *kept]):
        right = digest_of(before.number + 1, anchor.until, anchor.days, before.digest)
        if right != anchor.digest:
            sides = {"sha256": right}, {"sha256": anchor.digest}
            found.append(Difference("anchor", {"anchor": anchor.number}, *sides))
    return found

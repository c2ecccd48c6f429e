"""Proof that corrections were applied: the ruling is computed again and compared."""

from collections.abc import Iterable, Iterator
from typing import Any

from asyncpg import Connection, Record

from copq.database.queries import Queries
from copq.ledger.corrections import Ruling
from copq.ledger.difference import Difference
from copq.posting.correcting import related_ids, rule_of
from copq.pricing.price import Dispatch, dispatch_cost
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)


async def corrected(conn: Connection, book: RateBook) -> list[Difference]:
    """Corrections with a wrong state, and events that wrongly count or do not count. `book` gives
    today's cost of a day's dispatch."""
    corrections = await conn.fetch(*_SQL.verify_corrections())
    events = await conn.fetch(*_SQL.verify_corrected(ids=sorted(related_ids(corrections))))
    ruling = rule_of(corrections, events)
    return [
        *_states(corrections, ruling),
        *_events(events, ruling),
        *_once(await conn.fetch(*_SQL.verify_once()), book),
        *map(_link, await conn.fetch(*_SQL.verify_links())),
    ]


def _states(corrections: Iterable[Record], ruling: Ruling) -> Iterator[Difference]:
    for row in corrections:
        state, _ = ruling.state(row["event_id"])
        if row["state"] != state:
            subject = {"event_id": row["event_id"], "corrects": row["corrects"]}
            yield Difference("correction", subject, {"state": state}, {"state": row["state"]})


def _events(events: Iterable[Record], ruling: Ruling) -> Iterator[Difference]:
    for row in events:
        if row["event_type"] == "correction":
            continue
        wanted, found = ruling.stands(row["event_id"]), _stands(row)
        if wanted is not found:
            subject = {"event_id": row["event_id"], "by": ruling.by.get(row["event_id"])}
            yield Difference("corrected", subject, {"stands": wanted}, {"stands": found})


def _stands(row: Record) -> bool:
    """Whether an event counts. A stop may have no entry of its own: its time may belong to
    others."""
    if row["voided"] is not None:
        return not row["voided"]
    return bool(row["entries"] or row["unpriced"])


def _once(rows: Iterable[Record], book: RateBook) -> Iterator[Difference]:
    """The wrong shared entries. A withdrawn entry is right if its dispatch costs nothing."""
    for row in rows:
        day = Dispatch(row["plant"], row["line"], row["product"], row["day"])
        if row["due"] and not row["standing"] and row["withdrawn"] and not dispatch_cost(day, book):
            continue
        values: dict[str, Any] = {"standing": row["due"], "withdrawn": not row["due"]}
        found = {"standing": row["standing"], "withdrawn": row["withdrawn"]}
        yield Difference("recovery_overhead", {"event_id": row["event_id"]}, values, found)


def _link(row: Record) -> Difference:
    subject = {"event_id": row["event_id"], "entry_no": row["entry_no"]}
    return Difference("corrected_by", subject, {"correction": row["corrected_by"]}, None)

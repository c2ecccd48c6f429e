"""Entries without an exchange rate are reversed and booked again once the rate is known."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from asyncpg import Connection, Record

from copq.database.booking_lock import change_rules
from copq.database.queries import Queries
from copq.posting.batch import Cause
from copq.posting.event_entries import again, reversal
from copq.posting.post import post_more

_SQL = Queries.of(__file__)

AT_ONCE = 2_000
REASON = "an exchange rate of its day was imported"


class _Place(NamedTuple):
    """The place of an entry in the order of the ledger."""

    occurred_at: datetime
    event_id: str
    entry_no: int


_FIRST = _Place(datetime(1, 1, 1, tzinfo=UTC), "", 0)


async def exchange_state(conn: Connection) -> tuple[object, ...]:
    """A value that changes when an exchange rate may have been added."""
    return tuple(await conn.fetchrow(*_SQL.exchange_state()))


async def convert_late(conn: Connection, at_once: int = AT_ONCE) -> int:
    """Book again all entries whose exchange rate is now known, and return their number.

    Each transaction takes at most `at_once` entries and locks the ledger, so that no other process
    reverses the same entries. The stream goes on between transactions. Several processes may run
    it, and it may be interrupted at any time.
    """
    return sum(
        [
            await _convert_day(conn, row["currency"], row["day"], at_once)
            for row in await conn.fetch(*_SQL.late_rates())
        ]
    )


async def _convert_day(conn: Connection, currency: str, day: date, at_once: int) -> int:
    converted, place = 0, _FIRST
    while True:
        async with conn.transaction():
            await change_rules(conn)
            rows = await conn.fetch(
                *_SQL.take_unconverted(
                    currency=currency, day=day, after_time=place.occurred_at,
                    after_id=place.event_id, after_no=place.entry_no, limit=at_once,
                )
            )  # fmt: skip
            standing = [row for row in rows if not row["taken_back"]]
            await post_more(conn, list(_booked_again(standing)))
        converted += len(standing)
        if len(rows) < at_once:
            return converted
        place = _Place(*(rows[-1][name] for name in _Place._fields))


def _booked_again(entries: Sequence[Record]) -> Iterator[str]:
    used: dict[str, int] = {}
    for entry in entries:
        event_id = entry["event_id"]
        number = used.get(event_id, entry["last_no"])
        used[event_id] = number + 2
        given_by = entry["given_by"]
        yield reversal(entry, number + 1, Cause(REASON, given_by))
        yield again(entry, number + 2, Cause(REASON, given_by, entry["corrected_by"]))

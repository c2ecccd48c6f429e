"""Entries without an exchange rate are booked again once it comes: reversal and new entry."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from asyncpg import Connection, Record

from services.database.booking_lock import change_rules
from services.posting import queries
from services.posting.batch import Cause
from services.posting.event_entries import again, reversal
from services.posting.post import post_more

AT_ONCE = 2_000
REASON = "an exchange rate of its day was imported"
_Place = tuple[datetime, str, int]
_FIRST: _Place = (datetime(1, 1, 1, tzinfo=UTC), "", 0)


async def exchange_state(conn: Connection) -> tuple[object, ...]:
    """Another one when a rate may be there that was not."""
    return tuple(await conn.fetchrow(queries.EXCHANGE_STATE))


async def convert_late(conn: Connection, at_once: int = AT_ONCE) -> int:
    """Book again all entries whose rate has come; answer how many.

    In transactions of `at_once` entries, each alone with the ledger, so that nothing else takes
    the same entries back; between them the stream goes on. May be interrupted at any time, and run
    by several processes.
    """
    return sum(
        [
            await _convert_day(conn, row["currency"], row["day"], at_once)
            for row in await conn.fetch(queries.LATE_RATES)
        ]
    )


async def _convert_day(conn: Connection, currency: str, day: date, at_once: int) -> int:
    converted, place = 0, _FIRST
    while True:
        async with conn.transaction():
            await change_rules(conn)
            rows = await conn.fetch(queries.TAKE_UNCONVERTED, currency, day, *place, at_once)
            standing = [row for row in rows if not row["taken_back"]]
            await post_more(conn, list(_booked_again(standing)))
        converted += len(standing)
        if len(rows) < at_once:
            return converted
        place = (rows[-1]["occurred_at"], rows[-1]["event_id"], rows[-1]["entry_no"])


def _booked_again(entries: Sequence[Record]) -> Iterator[str]:
    used: dict[str, int] = {}
    for entry in entries:
        event_id = entry["event_id"]
        number = used.get(event_id, entry["last_no"])
        used[event_id] = number + 2
        given_by = entry["given_by"]
        yield reversal(entry, number + 1, Cause(REASON, given_by))
        yield again(entry, number + 2, Cause(REASON, given_by, entry["corrected_by"]))

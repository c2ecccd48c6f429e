"""Entries that several events may cause: they stand while at least one of those events does.

Today that is the dispatch of a day's recoverable rejects. Which events caused it need not be
kept: something recoverable that was rejected on the day stands if the day's sum says so.
"""

from collections.abc import Iterable, Mapping

from asyncpg import Connection

from services.aggregator import queries
from services.aggregator.accounts import Account, accounts
from services.aggregator.batch import Cause


async def share(conn: Connection, ids: Iterable[str]) -> list[str]:
    """Hold these entries until the transaction ends; answer those that are taken back at present.

    Call it before the entries are posted and after the events that cause them.
    """
    wanted = sorted(ids)
    if not wanted:
        return []
    await conn.execute(queries.SHARE_ONCE, wanted)
    return [row["event_id"] for row in await conn.fetch(queries.WITHDRAWN_ONCE, wanted)]


async def reconsider(conn: Connection, causes: Mapping[str, Cause]) -> list[str]:
    """The rows that take back what no event causes any longer, or book it again.

    `causes` says why, by id; an id that was never booked is passed over. Call it once the events
    that cause them are posted.
    """
    rows: list[str] = []
    keys = await conn.fetch(queries.LOCK_ONCE, sorted(causes))
    found = await accounts(conn, {key["event_id"]: key["occurred_at"] for key in keys})
    for event_id, account in found.items():
        rows += await _reconsider_one(conn, event_id, account, causes[event_id])
    return rows


async def _reconsider_one(
    conn: Connection, event_id: str, account: Account, cause: Cause
) -> list[str]:
    of = account.entries[0]
    due = await conn.fetchval(
        queries.DAY_RECOVERS, of["plant"], of["line"], of["product"], of["day"]
    )
    if due == bool(account.standing):
        return []
    await conn.execute(queries.BRING_BACK_ONCE if due else queries.WITHDRAW_ONCE, event_id)
    return account.restored(cause) if due else account.withdrawn(cause)

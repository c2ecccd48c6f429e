"""The summary is brought up to date next to the service, never by what books."""

import asyncio
import logging
from datetime import datetime
from time import monotonic

import asyncpg
from asyncpg import Connection, Record
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.database.queries import Queries
from copq.process.retry import keep_trying
from copq.schemas.priced import FAILURES
from copq.summary import metrics
from copq.summary.position import BEGINNING, NOTHING_DECLARED

EVERY_S = 15.0
AGAIN_S = 15.0
ENTRIES = 500_000
"""The entries that one transaction reads, a few seconds of work. More are read in steps."""
LONGEST_S = 3_600.0
LOGGED_S = 10.0

_SQL = Queries.of(__file__)
log = logging.getLogger(__name__)


async def keep_summing(dsn: str) -> None:
    """Bring the summary up to date again and again, for ever."""
    away = (*AWAY, asyncpg.PostgresError)
    await keep_trying(lambda: _connect_and_sum(dsn), away, wait_fixed(AGAIN_S), _warn)


def _warn(error: BaseException, _: float) -> None:
    log.warning("the summary is brought up to date later: %r", error)


async def _connect_and_sum(dsn: str) -> None:
    async with connected(dsn, DatabaseRole.AGGREGATOR) as conn:
        while True:
            await bring_up_to_date(conn)
            await asyncio.sleep(EVERY_S)


async def bring_up_to_date(conn: Connection, entries: int = ENTRIES) -> bool:
    """Add the entries that the summary lacks; false where another process is doing so.

    Where it lacks more than so many `entries`, as the first time, it adds them in a round of steps,
    in the order in which they occurred. Each step is one transaction: it may be interrupted at any
    time, and the next call goes on from there. Entries of transactions that are still running stay
    for the next time.
    """
    if not await conn.fetchval(*_SQL.lock_summary()):
        return False
    try:
        logged = monotonic()
        while not await step(conn, entries):
            if monotonic() - logged >= LOGGED_S:
                logged = monotonic()
                await _log_progress(conn)
    finally:
        await conn.execute(*_SQL.unlock_summary())
    metrics.HELD.set_to_current_time()
    return True


async def step(conn: Connection, entries: int) -> bool:
    """One transaction of `bring_up_to_date`; true once the summary lacks nothing.

    It begins a summary or a round, takes the next step of a round, or adds all that is lacking.
    Where plants declare other attributes than it is by, the summary is made again from nothing.
    """
    async with conn.transaction(isolation="repeatable_read"):
        # Plans for any values are poor. To put a step's entries in groups is quicker than to sort.
        await conn.execute("set local plan_cache_mode = force_custom_plan")
        await conn.execute("set local work_mem = '64MB'; set local enable_sort = off")
        before = await conn.fetchrow(*_SQL.position())
        now = await conn.fetchrow(*_SQL.snapshot())
        if before is None or before["declared"] != now["declared"]:
            await _begin(conn, now)
        elif before["until"] > before["horizon"]:
            await _go_on(conn, before, now, entries)
        elif await _lacks_many(conn, before, now, entries):
            await _begin_round(conn, before, now)
        else:
            await _add(conn, before, now["horizon"], now)
            await _hold(conn, before, now["horizon"], now)
            return True
        return False


async def _begin(conn: Connection, now: Record) -> None:
    """No summary of this ledger, or one by other attributes."""
    for clear in (_SQL.clear_rows, _SQL.clear_leaves, _SQL.clear_days, _SQL.clear_values):
        await conn.execute(*clear())
    query = _SQL.hold(
        horizon=0, booked_since=BEGINNING, next_horizon=now["next_horizon"],
        next_since=now["since"], declared=now["declared"],
    )  # fmt: skip
    await conn.execute(*query)


async def _lacks_many(conn: Connection, before: Record, now: Record, entries: int) -> bool:
    if before["horizon"] >= now["horizon"]:
        return False
    query = _SQL.count_chosen(**_chosen(before, now["horizon"], now), most=entries + 1)
    return int(await conn.fetchval(*query, timeout=LONGEST_S)) > entries


async def _begin_round(conn: Connection, before: Record, now: Record) -> None:
    query = _SQL.first_chosen(**_chosen(before, now["horizon"], now))
    first = await conn.fetchval(*query, timeout=LONGEST_S)
    await conn.execute(*_SQL.hold_step(until=now["horizon"], occurred_before=first))


async def _go_on(conn: Connection, before: Record, now: Record, entries: int) -> None:
    """Add the next entries of a round, and end it with the last of them."""
    begin, until = before["occurred_before"], before["until"]
    end = await conn.fetchval(*_SQL.step_end(begin=begin, entries=entries), timeout=LONGEST_S)
    await _add(conn, before, until, now, begin, end)
    if end is None:
        await _hold(conn, before, until, now)
        metrics.OCCURRED_BEFORE.forget()
    else:
        await conn.execute(*_SQL.hold_step(until=until, occurred_before=end))
        metrics.OCCURRED_BEFORE.set(end.timestamp())


async def _log_progress(conn: Connection) -> None:
    position = await conn.fetchrow(*_SQL.position())
    if position and position["until"] > position["horizon"]:
        log.info(
            "the summary takes in the ledger in steps: it has what occurred before %s",
            position["occurred_before"],
        )


def _chosen(
    before: Record, until: int, now: Record, begin: datetime | None = None,
    end: datetime | None = None,
) -> dict[str, object]:  # fmt: skip
    """The entries before `until` that the summary lacks, as parameters of the queries."""
    return {
        "horizon": before["horizon"], "booked_since": before["booked_since"], "until": until,
        "newest": now["newest"], "begin": begin, "end": end,
    }  # fmt: skip


async def _add(
    conn: Connection, before: Record, until: int, now: Record,
    begin: datetime | None = None, end: datetime | None = None,
) -> None:  # fmt: skip
    if before["horizon"] >= until:
        return
    which = {
        **_chosen(before, until, now, begin, end), "declared": before["declared"],
        "failures": list(map(str, FAILURES)),
    }  # fmt: skip
    if before["declared"] != NOTHING_DECLARED:
        await conn.execute(*_SQL.add_values(**which), timeout=LONGEST_S)
    await conn.execute(*_SQL.add(**which), timeout=LONGEST_S)


async def _hold(conn: Connection, before: Record, horizon: int, now: Record) -> None:
    since, next_horizon, next_since = _booked_since(before, horizon, now)
    query = _SQL.hold(
        horizon=horizon, booked_since=since, next_horizon=next_horizon, next_since=next_since,
        declared=before["declared"],
    )  # fmt: skip
    await conn.execute(*query)


def _booked_since(before: Record, horizon: int, now: Record) -> tuple[datetime, int, datetime]:
    """Since when the entries from the horizon on are booked, and the next such point.

    Once all transactions before `next_horizon` have ended, the others are younger than it.
    """
    if before["next_horizon"] <= horizon:
        since = min(before["next_since"], now["since"])
        return since, now["next_horizon"], now["since"]
    return (
        min(before["own_since"], now["since"]), before["next_horizon"],
        min(before["next_since"], now["since"]),
    )  # fmt: skip

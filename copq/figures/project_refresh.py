"""The savings of projects are kept next to the service, never by what books."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
from asyncpg import Connection
from tenacity import wait_fixed

from copq.database.connections import AWAY, DatabaseRole, connected
from copq.database.queries import Queries
from copq.figures import project_metrics as metrics
from copq.figures.books import Books
from copq.figures.project_keeping import keep_days
from copq.figures.project_months import PlantMonths, keep_months
from copq.figures.project_watch import Watched, today, watched_projects
from copq.process.retry import keep_trying
from copq.rates.book import RateBook
from copq.summary.position import read_position

EVERY_S = 30.0
AGAIN_S = 15.0

_SQL = Queries.of(__file__)
_DAY = timedelta(days=1)
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Refreshed:
    """What a refresh did: production days that were looked at and priced again, months that were
    computed, and projects whose days were tested."""

    projects: int = 0
    days_looked_at: int = 0
    days_priced: int = 0
    months: int = 0
    tests: int = 0


async def keep_measuring(dsn: str) -> None:
    """Keep the days and months of all approved projects up to date, for ever.

    No error ends it: what books events runs in the same process.
    """
    await keep_trying(lambda: _connect_and_measure(dsn), Exception, wait_fixed(AGAIN_S), _warn)


def _warn(error: BaseException, _: float) -> None:
    is_known = isinstance(error, (*AWAY, asyncpg.PostgresError))
    log.warning(
        "the savings of projects are brought up to date later: %r", error,
        exc_info=None if is_known else error,
    )  # fmt: skip


async def _connect_and_measure(dsn: str) -> None:
    books, seen = Books(), Seen()
    async with connected(dsn, DatabaseRole.AGGREGATOR) as conn:
        while True:
            now = await conn.fetchval("select clock_timestamp()")
            await refresh(conn, books, now, seen=seen)
            await asyncio.sleep(EVERY_S)


class Seen(dict[str, tuple[Any, ...]]):
    """What all projects of each plant follow from, as it was when they were last measured."""


async def refresh(
    conn: Connection, books: Books, now: datetime, plant: str | None = None, *,
    at_once: bool = False, seen: Seen | None = None,
) -> Refreshed | None:  # fmt: skip
    """Bring the approved projects of a plant (None: of all) up to date with the summary of the
    ledger; None where another process is doing so.

    Each project is tested once a production day, and again when finance decides; with `at_once`
    also where its days have changed since. It may be interrupted at any time: what was kept stays.
    A plant is left out where nothing has changed since it was `seen`. While the summary is made for
    the first time, or again, nothing is done: it does not have all production days.
    """
    if not await conn.fetchval(*_SQL.lock_projects()):
        return None
    done, faults = Refreshed(), list[Exception]()
    try:
        if not (await read_position(conn)).is_made:
            return done
        newest = await books.newest(conn)
        inputs = await _inputs(conn, newest, now)
        found = await watched_projects(conn, newest, plant)
        for name in sorted({one.project.plant for one in found}):
            own = [one for one in found if one.project.plant == name]
            done.projects += len(own)
            if seen is not None and name in inputs and seen.get(name) == inputs[name]:
                continue
            try:
                await _refresh_plant(conn, books, newest, own, now, done, at_once=at_once)
            except (*AWAY, asyncpg.PostgresError):
                raise
            except Exception as error:  # the other plants are measured anyway
                error.add_note(f"in the projects of {name}")
                faults.append(error)
                continue
            if seen is not None and name in inputs:
                seen[name] = inputs[name]
    finally:
        await conn.execute(*_SQL.unlock_projects())
    if faults:
        raise faults[0]
    metrics.HELD.set_to_current_time()
    return done


async def _inputs(conn: Connection, book: RateBook, now: datetime) -> dict[str, tuple[Any, ...]]:
    """What the projects of each plant follow from: where it is the same, so is all that is kept.
    Call it before anything of them is read."""
    rows = await conn.fetch(*_SQL.plant_inputs())
    return {
        row["plant"]: (book.revision, today(book, row["plant"], now), *row)
        for row in rows
        if row["plant"] in book.sites
    }


async def _refresh_plant(
    conn: Connection, books: Books, newest: RateBook, found: list[Watched], now: datetime,
    done: Refreshed, *, at_once: bool,
) -> None:  # fmt: skip
    days = await keep_days(conn, books, newest, found)
    done.days_looked_at += days.looked_at
    done.days_priced += days.priced
    plant = found[0].project.plant
    until = await months_until(conn, newest, plant, now)
    months = PlantMonths(conn, found)
    day = today(newest, plant, now)
    done.months += await keep_months(conn, months, until)
    done.tests += await _test_due(conn, months, day, at_once=at_once)


async def _test_due(conn: Connection, months: PlantMonths, day: date, *, at_once: bool) -> int:
    """Test the whole days before `day` of each project where that is due, and remember what was
    tested; return how many these are."""
    plans = {one.id: one.project.plan for one in months.found}
    rows = await conn.fetch(*_SQL.evidence_inputs(
        projects=list(plans), starts=[plan.starts for plan in plans.values()], last=day - _DAY,
        baseline_lasts=[plan.baseline_last for plan in plans.values()],
        steps=[len(one.project.steps) for one in months.found],
    ))  # fmt: skip
    months.forget_decisions()
    due = {row["project"]: row for row in rows if is_due(row, day, at_once=at_once)}
    if due:
        # It loads scipy, which is slow: a service without projects does not need it.
        from copq.figures.project_placebos import PlantLosses
        from copq.figures.project_verdicts import keep_evidence

        losses = PlantLosses(conn, months.found)
        for one in months.found:
            if one.id in due:
                async with conn.transaction():
                    await keep_evidence(conn, months, losses, one, day, due[one.id])
    return len(due)


def is_due(row: Mapping[str, Any], day: date, *, at_once: bool) -> bool:
    """Whether a project is to be tested on a day: once where its days have changed, and again
    where something was decided. `at_once` does not wait for the next day."""
    if row["days"] == row["tested_days"]:
        return bool(row["decided"] != row["tested_decided"])
    is_first = row["tested_on"] is None or row["tested_on"] < day
    return at_once or is_first or row["decided"] != row["tested_decided"]


async def months_until(conn: Connection, book: RateBook, plant: str, now: datetime) -> date:
    """The production day before which months of a plant are over: today, or the first one of the
    month after the last in which anything was booked."""
    last: date | None = await conn.fetchval(*_SQL.last_plant_day(plant=plant))
    if last is None:
        return date.min
    after = (last.replace(day=1) + 31 * _DAY).replace(day=1)
    return min(today(book, plant, now), after)

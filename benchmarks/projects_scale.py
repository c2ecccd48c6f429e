"""Many projects on a ledger of millions of entries: what to measure them costs, and the portfolio.

It takes the folder that `benchmarks.why_scale --folder` has filled. The projects stay in it: a
later run measures them from nothing again. The entries have no events, so nothing is priced again:
what is measured is how days are read, kept and divided.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.portfolio import cpu_seconds
from benchmarks.report import Report
from benchmarks.why_scale import LINES, NOW, RATES
from copq.access.authority import Actor
from copq.access.door import Role
from copq.command_line.terminal import err
from copq.database.connections import DatabaseRole, act_as
from copq.database.migrate import migrate
from copq.database.queries import Queries
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.figures.books import Books
from copq.figures.portfolio import PortfolioRequest, answer_portfolio
from copq.figures.project_baseline import measure_baseline
from copq.figures.project_keeping import keep_days
from copq.figures.project_months import PlantMonths, keep_months
from copq.figures.project_refresh import Refreshed, Seen, months_until, refresh
from copq.figures.project_watch import watched_projects
from copq.improvement.projects.states import State
from copq.projects.approving import approve
from copq.projects.order import Order
from copq.projects.proposing import import_projects
from copq.projects.sizing import size
from copq.rates.book import RateBook
from copq.rates.file import parse_rates
from copq.rates.store import import_rates, load
from copq.schemas.projects import ProjectFile
from copq.summary.keeping import bring_up_to_date

_SQL = Queries.of(__file__)
OWNER, FINANCE = Actor("olga"), Actor("carla", role=Role.FINANCE)
BASELINE = date(2023, 10, 1), date(2023, 10, 31)
LATE = [date(2024, 2, 6), date(2024, 3, 5), date(2024, 4, 2)]
"""The days on which an entry is late."""


async def main(folder: Path, projects: int, starts: str) -> None:
    title = f"{projects:,} projects from {starts} on, on the kept ledger"
    shown = Report("projects-scale", title, "what", "seconds", "CPU seconds", "did")
    with EmbeddedPostgres(folder / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        conn = await asyncpg.connect(dsn, command_timeout=3600)
        await _make_ready(conn)
        await _timed(conn, shown, f"proposed and approved, {projects:,}",
                     lambda: _approve(conn, projects, starts))  # fmt: skip
        await act_as(conn, DatabaseRole.AGGREGATOR)
        books, seen = Books(), Seen()

        async def measure() -> Refreshed | None:
            return await refresh(conn, books, NOW, "big", seen=seen)

        await bring_up_to_date(conn)
        await _measure_parts(conn, books, shown)
        await _timed(conn, shown, "their first tests", measure)
        await _timed(conn, shown, "nothing has changed", measure)
        seen.clear()
        await _timed(conn, shown, "nothing has changed, another process", measure)
        await conn.execute("reset role")
        for day in LATE:
            await conn.execute(*_SQL.scale_late(day=day))
        await act_as(conn, DatabaseRole.AGGREGATOR)
        await bring_up_to_date(conn)
        await _timed(conn, shown, f"{len(LATE)} days have a late entry", measure)
        await act_as(conn, DatabaseRole.REPORTING)
        book = await load(conn)
        for which in ("the portfolio, first", "the portfolio, again"):
            await _timed(conn, shown, which, lambda: _portfolio(conn, book))
        await conn.close()
    shown.close()


async def _make_ready(conn: asyncpg.Connection) -> None:
    """Production in the ledger, all lines in the rate book, and nothing measured yet."""
    if not await conn.fetchval(*_SQL.scale_has_production()):
        await conn.execute(*_SQL.scale_production())
    if len((await load(conn)).sites["big"].plant.lines) < len(LINES):
        await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
    async with conn.transaction():
        await conn.execute("set local session_replication_role = replica")
        await conn.execute(*_SQL.scale_forget())
    await act_as(conn, DatabaseRole.AGGREGATOR)
    await bring_up_to_date(conn)
    await conn.execute("reset role")


async def _measure_parts(conn: asyncpg.Connection, books: Books, shown: Report) -> None:
    """The first measurement, a part at a time, as `refresh` does it."""
    newest = await books.newest(conn)
    found = await watched_projects(conn, newest, "big")
    await _timed(conn, shown, "their days, read the first time",
                 lambda: keep_days(conn, books, newest, found))  # fmt: skip
    until = await months_until(conn, newest, "big", NOW)
    await _timed(conn, shown, "their months, computed the first time",
                 lambda: keep_months(conn, PlantMonths(conn, found), until))  # fmt: skip


async def _approve(conn: asyncpg.Connection, projects: int, starts: str) -> str:
    """The projects that the folder does not have yet."""
    book = await load(conn)
    states = {row["name"]: row["state"] for row in await conn.fetch(*_SQL.scale_states())}
    items = [_item(number, starts) for number in range(projects)]
    new = [one for one in items if one["name"] not in states]
    if new:
        file = ProjectFile.model_validate({"projects": new})
        await import_projects(conn, file, book, "benchmark.yaml", OWNER)
    approved = 0
    for name in (one["name"] for one in items):
        state = states.get(name, State.PROPOSED)
        if state == State.PROPOSED:
            await size(conn, "big", name, book, measure_baseline, Order(OWNER, "planned"), NOW)
        if state in (State.PROPOSED, State.SIZED):
            await approve(conn, "big", name, measure_baseline, Order(FINANCE, "pays off"), NOW)
            approved += 1
    return f"{approved} projects"


def _item(number: int, starts: str) -> dict[str, Any]:
    """A defect code of a product on a line; each second project has the scope of another."""
    own = number // 2
    scope = {"line": [f"L{own % 20 + 1}"], "product": [f"P{own // 20 % 5 + 1}"],
             "defect_code": [f"c{own // 100 % 8 + 1}"]}  # fmt: skip
    month = starts[:7]
    benefit = {"type": "hard", "amount": "1000", "first_month": month, "last_month": "2026-06"}
    return {
        "plant": "big", "name": f"scale {starts} {number:04}", "owner": "olga", "sponsor": "sven",
        "scope": scope, "baseline": {"first": f"{BASELINE[0]}", "last": f"{BASELINE[1]}"},
        "starts": starts, "currency": "EUR", "benefits": [benefit],
        "investments": [{"name": "machine", "amount": "9000", "first_month": month}],
    }  # fmt: skip


async def _portfolio(conn: asyncpg.Connection, book: RateBook) -> str:
    found = await answer_portfolio(conn, book, PortfolioRequest(), NOW, None)
    return f"{len(found.all_rows)} projects"


async def _timed(
    conn: asyncpg.Connection, shown: Report, what: str, work: Callable[[], Awaitable[Any]]
) -> None:
    begin, used = time.perf_counter(), cpu_seconds(conn)
    done = await work()
    took, used = time.perf_counter() - begin, cpu_seconds(conn) - used
    shown.add(what, f"{took:.2f}", f"{used:.2f}", f"{done}")
    err.print(what, f"{took:.2f} s, {used:.2f} CPU s:", done)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=500)
    parser.add_argument("--starts", default="2024-01-01", help="the first day of each project")
    parser.add_argument("--folder", required=True, help="the folder of benchmarks.why_scale")
    given = parser.parse_args()
    asyncio.run(main(Path(given.folder), given.projects, given.starts))

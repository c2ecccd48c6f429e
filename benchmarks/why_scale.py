"""What explains a change, of a plant with millions of entries: how long the answer takes.

Postgres itself makes the entries, a production day at a time, with a rate that one cause raises
half a year before the end; then the summary is brought up to date, and the questions are asked.
A folder that is named stays: a later run goes on where an earlier one ended.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.report import Report
from copq.command_line.terminal import err
from copq.database.connections import DatabaseRole, connected
from copq.database.migrate import migrate
from copq.database.queries import Queries
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.figures.why import WhyRequest, answer_why
from copq.posting.partitions import make_partitions
from copq.rates.file import parse_rates
from copq.rates.store import current_revision, import_rates, load
from copq.summary.keeping import bring_up_to_date
from copq.summary.position import read_position

_SQL = Queries.of(__file__)
NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
LAST = date(2026, 7, 1)
LINES = [f"L{number}" for number in range(1, 21)]
RATES = f"""
plants: [{{plant: big, time_zone: UTC, day_start: "00:00", currency: EUR, lines: {LINES}}}]
"""
QUESTIONS: dict[str, dict[str, Any]] = {
    "half a year against the half before": {"start": "2025-12-31", "end": "2026-07-01",
                                            "before_start": "2025-07-01"},
    "a month against the month before": {"month": "2026-06"},
    "a week against four weeks": {"start": "2026-06-22", "end": "2026-06-29", "weeks": 4},
}  # fmt: skip
TIMES = 5
EARLIER = 0.1
"""The entries of each year before the last, as a share of those of the last one."""


async def main(millions: float, years: int, folder: Path) -> None:
    report = Report(
        "why-scale", f"`copq why` over {millions:g} million entries of a year of one plant",
        "question", "median", "slowest", "leaves",
    )  # fmt: skip
    with EmbeddedPostgres(folder / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        async with connected(dsn, None) as conn:
            await fill(conn, millions, years)
        async with connected(dsn, DatabaseRole.AGGREGATOR) as conn:
            begun = (await read_position(conn)).until > 0
            took = await _timed(bring_up_to_date(conn))
            name = "the rest of the summary" if begun else "the summary, from nothing"
            report.add(name, f"{took:.0f} s", "", "")
            took = await _timed(bring_up_to_date(conn))
            report.add("the summary, nothing new", f"{took:.2f} s", "", "")
        for name, asked in QUESTIONS.items():
            report.add(name, *await _ask(dsn, asked))
    report.close()


async def _timed(work: Awaitable[object]) -> float:
    begin = time.perf_counter()
    await work
    return time.perf_counter() - begin


async def fill(conn: asyncpg.Connection, millions: float, years: int) -> None:
    """Add the production days that the ledger lacks."""
    if not await current_revision(conn):
        await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
    await make_partitions(conn, NOW)
    first, begin, filled = date(LAST.year - years, 7, 1), time.perf_counter(), False
    for day in (first + timedelta(days=number) for number in range((LAST - first).days)):
        if not await conn.fetchval(*_SQL.why_is_filled(day=day)):
            await conn.execute(*_SQL.why_entries(day=day, count=_entries(millions, day)))
            filled = True
        if filled and (day + timedelta(days=1)).day == 1:
            err.print(f"filled until {day}: {time.perf_counter() - begin:.0f} s")
    await conn.execute(*_SQL.why_units(first=first, last=LAST))
    if filled:
        await conn.execute("vacuum analyze copq.ledger", timeout=3600)
        await conn.execute("analyze copq.rollup")


def _entries(millions: float, day: date) -> int:
    share = 1 if day >= date(LAST.year - 1, 7, 1) else EARLIER
    return round(millions * 1_000_000 / 365 * share)


async def _ask(dsn: str, asked: dict[str, Any]) -> tuple[str, str, str]:
    took = []
    async with connected(dsn, DatabaseRole.REPORTING) as conn:
        book = await load(conn)
        for _ in range(TIMES):
            begin = time.perf_counter()
            answer = await answer_why(conn, book, WhyRequest(plant="big", **asked), NOW)
            took.append(time.perf_counter() - begin)
        leaves = await conn.fetchval("select count(*) from copq.summary_leaf")
    err.print([change.finding for change in answer.changes])
    return f"{statistics.median(took):.2f} s", f"{max(took):.2f} s", f"{leaves:,}"


@contextmanager
def opened(folder: str | None) -> Iterator[Path]:
    """The folder that is named, which stays, or a new one that is removed afterwards."""
    if folder is not None:
        yield Path(folder)
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=50, help="entries of the last year")
    parser.add_argument(
        "--years", type=int, default=1,
        help="years of the ledger; each before the last has a tenth of its entries",
    )  # fmt: skip
    parser.add_argument(
        "--folder", help="where the database is kept; a later run measures it without filling it"
    )
    given = parser.parse_args()
    with opened(given.folder) as folder:
        asyncio.run(main(given.millions, given.years, folder))

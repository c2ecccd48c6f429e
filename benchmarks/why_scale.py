"""What explains a change, of a plant with millions of entries: how long the answer takes.

Entries of one year are made by Postgres itself, with a rate that one cause raises in its second
half; then the summary is brought up to date, and the question is asked.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
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
from copq.rates.store import import_rates, load
from copq.summary.keeping import bring_up_to_date

_SQL = Queries.of(__file__)
NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
RATES = """
plants: [{plant: big, time_zone: UTC, day_start: "00:00", currency: EUR, lines: [L1]}]
"""
QUESTIONS: dict[str, dict[str, Any]] = {
    "half a year against the half before": {"start": "2025-12-31", "end": "2026-07-01",
                                            "before_start": "2025-07-01"},
    "a month against the month before": {"month": "2026-06"},
    "a week against four weeks": {"start": "2026-06-22", "end": "2026-06-29", "weeks": 4},
}  # fmt: skip
TIMES = 5


async def main(millions: float, folder: str | None) -> None:
    report = Report(
        "why-scale", f"`copq why` over {millions:g} million entries of a year of one plant",
        "question", "median", "slowest", "leaves",
    )  # fmt: skip
    with (
        tempfile.TemporaryDirectory(dir=folder) as made,
        EmbeddedPostgres(Path(made) / "d") as dsn,
    ):
        await asyncio.to_thread(migrate, dsn)
        async with connected(dsn, None) as conn:
            await _fill(conn, millions)
        async with connected(dsn, DatabaseRole.AGGREGATOR) as conn:
            took = await _timed(bring_up_to_date(conn))
            report.add("the summary, from nothing", f"{took:.0f} s", "", "")
            took = await _timed(bring_up_to_date(conn))
            report.add("the summary, nothing new", f"{took:.2f} s", "", "")
        for name, asked in QUESTIONS.items():
            report.add(name, *await _ask(dsn, asked))
    report.close()


async def _timed(work: Awaitable[object]) -> float:
    begin = time.perf_counter()
    await work
    return time.perf_counter() - begin


async def _fill(conn: asyncpg.Connection, millions: float) -> None:
    await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
    await make_partitions(conn, NOW)
    for month in range(12):
        begin = time.perf_counter()
        query = _SQL.why_entries(month=month, count=int(millions * 1_000_000) // 12)
        await conn.execute(*query, timeout=3600)
        err.print(f"month {month + 1} of 12: {time.perf_counter() - begin:.0f} s")
    await conn.execute(*_SQL.why_units())
    await conn.execute("vacuum analyze copq.ledger", timeout=3600)


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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=50)
    parser.add_argument("--folder", help="where the database is made; it is removed afterwards")
    given = parser.parse_args()
    asyncio.run(main(given.millions, given.folder))

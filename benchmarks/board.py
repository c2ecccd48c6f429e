"""How long the board takes with a year of data: its first paint, and each question behind it.

A plant of twenty lines, each of which makes a product for a day and then another, with an entry
every three minutes: 3.5 million. The year is written into the ledger in SQL, and folded in SQL.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
from fastapi import FastAPI

from benchmarks.report import Report
from copq.access.door import OpenDoor
from copq.command_line.terminal import err
from copq.database.migrate import migrate
from copq.database.queries import Queries
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.rates.file import parse_rates
from copq.rates.store import import_rates
from copq.reporting.api.app import add_api
from copq.reporting.board.app import add_board
from copq.reporting.source import reading_pool

_SQL = Queries.of(__file__)
ROUNDS = 7
RATES = """
time_zone: UTC
plants: [{plant: north, time_zone: Europe/Berlin, day_start: "06:00", currency: EUR}]
cost_tables:
""" + "\n".join(
    f"  - {{product: P{n}, effective_from: 2020-01-01, currency: EUR, "
    "stages: [{stage: S1, raw_material: 5}, {stage: S2, raw_material: 6}, "
    "{stage: S3, raw_material: 7}]}"
    for n in range(50)
)


async def main(days: int) -> None:
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        entries = await _fill(dsn, days)
        title = f"{days} days, 20 lines, 50 products, {entries:,} entries; median of {ROUNDS}"
        report = Report("board", title, "question", "first", "median", "bytes")
        pool = await reading_pool(dsn)
        app = FastAPI()
        add_board(app, add_api(app, pool, OpenDoor()))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://copq") as client:
            for question in _questions():
                report.add(*await _measured(client, *question))
        await pool.close()
    report.close()


async def _fill(dsn: str, days: int) -> int:
    conn = await asyncpg.connect(dsn)
    await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
    now = datetime.now(UTC)
    start = now - timedelta(days=days)
    await conn.execute("select copq.make_partitions($1, $2)", start.date(), now.date())
    err.print("writing a year of entries …")
    await conn.execute(*_SQL.year(start=start, end=now))
    err.print("folding them …")
    await conn.execute(*_SQL.year_rollups())
    await conn.execute("vacuum analyze")
    count: int = await conn.fetchval("select count(*) from copq.ledger")
    await conn.close()
    return count


def _questions() -> list[tuple[str, str]]:
    day = (datetime.now(UTC) - timedelta(days=20)).date()
    month = day.replace(day=1)
    return [
        ("the board, now", "/v1/board"),
        ("the board, one line", "/v1/board?line=L3"),
        ("the board, its Pareto of the month", "/v1/board?span=month"),
        ("the board, a past day", f"/v1/board?day={day}"),
        ("/v1/copq, a year by month and line", "/v1/copq?grain=month&by=line"),
        ("/v1/copq, 30 days by line", "/v1/copq?by=line"),
        ("/v1/trailing, by line", "/v1/trailing?by=line"),
        ("/v1/drivers, 30 days", "/v1/drivers?plant=north"),
        ("/v1/entries, a day", f"/v1/entries?plant=north&bucket={day}&category=copq"),
        ("/v1/entries, a month", f"/v1/entries?plant=north&grain=month&bucket={month}"),
        ("/v1/entries, a month, one code", f"/v1/entries?plant=north&grain=month&bucket={month}"
         "&defect_code=jam&line=L3"),
        ("/v1/entries, the last 30 days", "/v1/entries"),
    ]  # fmt: skip


async def _measured(client: httpx.AsyncClient, name: str, path: str) -> tuple[str, ...]:
    size = 0

    async def ask() -> None:
        nonlocal size
        answer = await client.get(path, timeout=120)
        assert answer.status_code == 200, answer.text
        size = len(answer.content)

    took = [await _timed(ask) for _ in range(ROUNDS)]
    first, median = took[0] * 1000, statistics.median(took) * 1000
    return name, f"{first:,.0f} ms", f"{median:,.0f} ms", f"{size:,}"


async def _timed(ask: Callable[[], Awaitable[None]]) -> float:
    begin = time.perf_counter()
    await ask()
    return time.perf_counter() - begin


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    asyncio.run(main(parser.parse_args().days))

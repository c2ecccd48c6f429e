"""What periods cost: a batch into an open and a closed month, a closing, the questions about it."""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.growth import SIZE, batch_of, post_timed
from benchmarks.plant import RATES
from benchmarks.report import Report
from copq.access.authority import Actor
from copq.command_line.terminal import err
from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.figures.basis import As, Basis
from copq.figures.report import ReportQuery, report
from copq.figures.verify import verify
from copq.periods.closing import Order, close
from copq.posting.partitions import make_partitions
from copq.posting.post import prepare
from copq.pricing.price_cache import Pricer
from copq.rates.book import RateBook
from copq.rates.file import parse_rates
from copq.rates.store import import_rates, load

ORDER = Order(Actor("benchmark"), "to measure it")
MONTH = date(2026, 1, 1)
FIRST = 100
"""The number of the first batch of the month: before it the plant is in December."""


async def main(number: int) -> None:
    title = f"Periods: {number * SIZE:,} events in a month"
    shown = Report("periods", title, "what", "seconds")
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        conn = await asyncpg.connect(dsn)
        await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
        await make_partitions(conn, datetime.now(UTC))
        await prepare(conn)
        await _measure(conn, await load(conn), number, shown)
        await conn.close()
    shown.close()


async def _measure(conn: asyncpg.Connection, book: RateBook, number: int, shown: Report) -> None:
    now = datetime.now(UTC)
    shown.add(f"a batch of {SIZE:,}, month open", await _post(conn, book, FIRST, number))
    await conn.execute("vacuum analyze")
    site = book.sites["north"]
    shown.add("closing it", await _timed(close(conn, site, MONTH, ORDER, now)))
    late = await _post(conn, book, FIRST + number, 20)
    shown.add(f"a batch of {SIZE:,}, month closed", late)
    for grain in ("month", "day"):
        for basis in (Basis(), Basis(As.FIRST_REPORTED), Basis(as_of=now)):
            query = ReportQuery(grain=grain, start=MONTH, basis=basis)
            took = await _timed(report(conn, book, query, now))
            shown.add(f"report by {grain}, {str(basis).split(' at ')[0]}", took)
    shown.add("verify, all of it", await _timed(verify(conn)))


async def _post(conn: asyncpg.Connection, book: RateBook, first: int, number: int) -> str:
    """The median of the last half."""
    chance, pricer, took = random.Random(first), Pricer(book), []
    for index in range(number):
        err.print(f"batch {index + 1} of {number}")
        took.append(await post_timed(conn, batch_of(chance, pricer, first + index, None), book))
    return f"{statistics.median(took[number // 2 :]):.3f}"


async def _timed(work: Awaitable[Any]) -> str:
    begin = time.perf_counter()
    await work
    return f"{time.perf_counter() - begin:.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=100)
    asyncio.run(main(parser.parse_args().batches))

"""What a scrape and a computation cost: lines × products, every pair in every window.

`python -m benchmarks.exporter` prints a row for each limit of series.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx

from benchmarks.report import Report
from copq.access.door import OpenDoor
from copq.command_line.terminal import err
from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.rates.file import parse_rates
from copq.rates.store import import_rates
from copq.reporting.exporter.compression import inflated
from copq.reporting.exporter.computation import MAX_SERIES, Computation, Figures
from copq.reporting.exporter.exporter import Exporter
from copq.reporting.server import make_reporting
from copq.web.serving import serve_http
from tests.support.kafka.settings import free_ports

SCRAPES = 100
COLUMNS = ("limit", "series", "page", "scrape plain", "scrape gzip", "all again", "usual")
RATES = """
time_zone: UTC
plants: [{plant: north, time_zone: UTC, day_start: "00:00", currency: EUR}]
"""
FILL = """
insert into copq.rollup
select grain, 'north', 'L' || line, 'P' || product, element, 'EUR', day, hour, category, 1, 7, cost,
    0, 0, cost, 0, base, good
from generate_series(1, $1::int) as line, generate_series(1, $2::int) as product,
    (values ('defect', 'internal_failure', 3.5, 0, 0), ('scrap', 'internal_failure', 2.25, 0, 0),
        ('rework', 'internal_failure', 1.75, 0, 0), ('production', 'none', 0, 100, 7)
    ) as e (element, category, cost, base, good),
    (select 'hour' as grain, (at at time zone 'UTC')::date as day, at as hour
     from generate_series(date_trunc('hour', $3::timestamptz) - $4::int * interval '1 hour',
         date_trunc('hour', $3::timestamptz), interval '1 hour') as at
     union all
     select 'day', ($3::timestamptz at time zone 'UTC')::date - n, '-infinity'
     from generate_series(0, 31) as n
     union all
     select 'month', (date_trunc('month', $3::timestamptz at time zone 'UTC')
         - n * interval '1 month')::date, '-infinity'
     from generate_series(0, 1) as n) as buckets
"""


async def main(lines: int, products: int, hours: int) -> None:
    sys.setswitchinterval(0.0005)  # as the services
    title = f"{lines} lines × {products} products, all in every window"
    report = Report("exporter", title, *COLUMNS)
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        conn = await asyncpg.connect(dsn)
        await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
        err.print(f"filling rollups of {hours} hours, {lines} lines × {products} products …")
        await conn.execute(FILL, lines, products, datetime.now(UTC), hours)
        await conn.execute("analyze")
        for most in (50_000, MAX_SERIES):
            report.add(*await measure(conn, dsn, most))
        await conn.close()
    report.close()


async def measure(conn: asyncpg.Connection, dsn: str, most: int) -> tuple[str, ...]:
    exporter = Exporter(dsn, max_series=most)
    found, took = await computed(conn, most)
    exporter.show(found)
    computing = asyncio.create_task(exporter.run())
    page = inflated(found.page)
    series = sum(not line.startswith(b"#") for line in page.splitlines())
    plain, zipped = await scrapes(exporter, "identity"), await scrapes(exporter, "gzip")
    computing.cancel()
    return (
        f"{most:,}", f"{series:,}", f"{len(page) / 1e6:.1f} MB", _ms(plain), _ms(zipped),
        f"{took[0]:.2f} s", f"{statistics.median(took[1:]):.2f} s",
    )  # fmt: skip


async def computed(conn: asyncpg.Connection, most: int) -> tuple[Figures, list[float]]:
    """Figures, and the seconds of each of four computations."""
    computation, took = Computation(most), []
    for _ in range(4):
        begun = time.perf_counter()
        found = await computation.figures(conn)
        took.append(time.perf_counter() - begun)
    return found, took


async def scrapes(exporter: Exporter, encoding: str) -> list[float]:
    """Seconds of a hundred scrapes over TCP, by another process, while figures are computed."""
    [port], stop = free_ports(1), asyncio.Event()
    serving = asyncio.create_task(
        serve_http(make_reporting(exporter, OpenDoor()), "127.0.0.1", port, stop)
    )
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as prometheus:
        asked = prometheus.submit(scrape, f"http://127.0.0.1:{port}", encoding)
        took = await asyncio.wrap_future(asked)
    stop.set()
    await serving
    return sorted(took)


def scrape(url: str, encoding: str) -> list[float]:
    """As Prometheus does, reading included."""
    took = []
    with httpx.Client(base_url=url, headers={"Accept-Encoding": encoding}) as http:
        _until_served(http)
        for _ in range(SCRAPES):
            begun = time.perf_counter()
            with http.stream("GET", "/metrics") as answer:
                for _ in answer.iter_raw():
                    pass
            took.append(time.perf_counter() - begun)
            time.sleep(0.1)
    return took


def _until_served(http: httpx.Client) -> None:
    while True:
        try:
            http.get("/healthz")
            return
        except httpx.TransportError:
            time.sleep(0.05)


def _ms(took: list[float]) -> str:
    return f"p50 {took[len(took) // 2] * 1000:.0f}, max {took[-1] * 1000:.0f} ms"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--products", type=int, default=50)
    parser.add_argument("--hours", type=int, default=48, help="of hourly rollups behind now")
    options = parser.parse_args()
    asyncio.run(main(options.lines, options.products, options.hours))

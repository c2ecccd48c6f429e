"""What figures cost where a plant has very many names: time, memory and the statements behind them.

A day of 30,000 lines, or of 15,000 products, with codes and machines to match, a thousand open
stops and as many reasons for events without a price. It is written into the database in SQL. The
service is `copq reporting`; its exporter is a process of its own.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import asyncpg
import httpx
import psutil
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
from tests.support.kafka.settings import free_ports

_SQL = Queries.of(__file__)

ROUNDS = 3
SLOW_S = 0.05
"""Statements that take longer are in the table of statements."""

COPQ = str(Path(sys.executable).with_name("copq"))
RATES = """
time_zone: UTC
plants: [{plant: north, time_zone: UTC, day_start: "00:00", currency: EUR}]
cost_tables:
  - {product: P1, effective_from: 2020-01-01, currency: EUR, stages: [{stage: S1, raw_material: 5}]}
"""
QUESTIONS = (
    "/v1/board", "/v1/board?span=month", "/", "/v1/copq?by=line", "/v1/copq?by=line&grain=hour",
    "/v1/trailing?by=line", "/v1/trailing?by=product", "/v1/drivers", "/v1/kpis", "/metrics",
)  # fmt: skip
COMMANDS = (("report",), ("trailing",), ("drivers",), ("unpriced",), ("kpis",))


async def main(lines: int, products: int, every: int, stops: int) -> None:
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        entries = await _fill(dsn, lines, products, every, stops)
        title = f"{lines:,} lines × {products:,} products, {entries:,} entries in a day"
        name = f"cardinality-{lines}-{products}"
        report = Report(name, title, "question", "median", "bytes", "peak memory")
        async with _service(dsn) as (url, process):
            for question in QUESTIONS:
                await report.attempt(question, _measure(report, url, process, question))
        for command in COMMANDS:
            await report.attempt(command[0], _run(report, dsn, *command))
        report.close()
        await _statements(dsn, name, title)


async def _fill(dsn: str, lines: int, products: int, every: int, stops: int) -> int:
    conn = await asyncpg.connect(dsn)
    await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
    now = datetime.now(UTC)
    await conn.execute(
        "select copq.make_partitions($1, $2)", (now - timedelta(2)).date(), now.date()
    )
    err.print("writing a day of entries …")
    await conn.execute(*_SQL.cardinality(lines=lines, products=products, every=every, until=now))
    err.print("folding them …")
    await conn.execute(*_SQL.year_rollups())
    err.print("adding what waits …")
    await conn.execute(*_SQL.cardinality_heard())
    await conn.execute(*_SQL.cardinality_stops(number=min(stops, lines), now=now))
    await conn.execute(*_SQL.cardinality_unpriced(number=stops, now=now))
    await conn.execute("vacuum analyze")
    count: int = await conn.fetchval("select count(*) from copq.ledger")
    await conn.close()
    return count


@asynccontextmanager
async def _service(dsn: str) -> AsyncIterator[tuple[str, psutil.Process]]:
    """`copq reporting`, once its exporter has figures."""
    [port] = free_ports(1)
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [COPQ, "reporting", "--port", str(port), "--database", dsn], stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            await _ready(url, process, log)
            yield url, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


async def _ready(url: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        for _ in range(1_200):
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if process.poll() is not None:
                break
            await asyncio.sleep(0.25)
    log.seek(0)
    err.print(log.read().decode()[-2_000:])
    raise RuntimeError("the service has no figures")


async def _measure(report: Report, url: str, process: psutil.Process, question: str) -> None:
    """`/metrics` is measured for longer: its figures are computed by another process meanwhile."""
    took, size = [], 0
    exporter = process.children(recursive=True)[0]
    with _peak(exporter if question == "/metrics" else process) as peak:
        async with httpx.AsyncClient(base_url=url, timeout=300) as client:
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                answer = await client.get(question)
                took.append(time.perf_counter() - begun)
                answer.raise_for_status()
                size = len(answer.content)
        if question == "/metrics":
            await asyncio.sleep(30)
    said = f"{max(peak) / 1e6:.0f} MB" + (" (exporter)" if question == "/metrics" else "")
    report.add(question, f"{statistics.median(took):.2f} s", f"{size:,}", said)


async def _run(report: Report, dsn: str, *arguments: str) -> None:
    begun = time.perf_counter()
    process = subprocess.Popen(
        [COPQ, *arguments, "--database", dsn], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    with _peak(psutil.Process(process.pid)) as peak:
        output, _ = await asyncio.to_thread(process.communicate)
    if process.returncode:
        raise RuntimeError(output.decode()[-500:])
    took = time.perf_counter() - begun
    report.add(f"copq {' '.join(arguments)}", f"{took:.2f} s", f"{len(output):,}",
               f"{max(peak) / 1e6:.0f} MB")  # fmt: skip


@contextmanager
def _peak(process: psutil.Process) -> Iterator[list[int]]:
    """The memory of a process, looked at a hundred times a second."""
    found, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            try:
                found.append(process.memory_info().rss)
            except psutil.Error:
                return

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield found
    finally:
        over.set()
        watch.join()


async def _statements(dsn: str, name: str, title: str) -> None:
    """The statements behind the board that take long, each explained on its own."""
    logged: list[Any] = []
    pool = await reading_pool(dsn)
    async with pool.acquire() as conn:
        conn.add_query_logger(logged.append)
        app = FastAPI()
        add_board(app, add_api(app, pool, OpenDoor()))
        transport = httpx.ASGITransport(app)
        await pool.release(conn)
        async with httpx.AsyncClient(transport=transport, base_url="http://copq") as client:
            (await client.get("/v1/board", timeout=300)).raise_for_status()
    await pool.close()
    report = Report(f"{name}-statements", f"The board's statements: {title}", "statement", "time",
                    "pages read and hit")  # fmt: skip
    conn = await asyncpg.connect(dsn)
    for query in sorted(logged, key=lambda query: -query.elapsed):
        if query.elapsed >= SLOW_S:
            report.add(*await _explained(conn, query))
    await conn.close()
    report.close()


async def _explained(conn: asyncpg.Connection, query: Any) -> tuple[str, str, str]:
    plan = await conn.fetchval(
        f"explain (analyze, buffers, format json) {query.query}", *query.args
    )
    [found] = json.loads(plan)
    top = found["Plan"]
    pages = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    words = query.query.strip().splitlines()
    first = next(line for line in words if line.strip())
    return first[:90], f"{found['Execution Time']:.0f} ms", f"{pages:,}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=30_000)
    parser.add_argument("--products", type=int, default=1)
    parser.add_argument("--every", type=int, default=4, help="hours between two entries")
    parser.add_argument("--stops", type=int, default=1_000)
    options = parser.parse_args()
    asyncio.run(main(options.lines, options.products, options.every, options.stops))

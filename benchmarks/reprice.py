"""A million events repriced, alone and while events arrive, against posting them once."""

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import localcontext
from pathlib import Path

import asyncpg

from benchmarks.plant import LINES, RATES, START, event, events
from benchmarks.report import Report
from copq.command_line.terminal import err
from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.figures.verify import verify
from copq.kafka.headers import NONE
from copq.kafka.publish import Message
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Batch
from copq.posting.partitions import make_partitions
from copq.posting.post import post, prepare
from copq.pricing.price_cache import Pricer
from copq.rates.file import parse_rates
from copq.rates.store import import_rates, load
from copq.schemas.decode import decode
from copq.schemas.priced import join
from copq.schemas.rates import RateFile

SIZE = 5_000
MONTH_S = 30 * 86_400


@dataclass
class Latencies:
    """Of the live stream's batches, in seconds."""

    found: list[float] = field(default_factory=list)

    def summary(self) -> str:
        cuts = statistics.quantiles(self.found, n=100)
        return f"p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"


async def main(total: int, live: int, spread: int) -> None:
    report = Report("reprice", f"{total:,} events", "what", "measured", "of posting")
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        conn = await asyncpg.connect(dsn)
        await prepare(conn)
        await make_partitions(conn, datetime.now(UTC))
        rates = parse_rates(RATES)
        await import_rates(conn, rates, "benchmark", "benchmark")
        posting = await post_all(conn, total, spread)
        await conn.execute("vacuum analyze copq.event, copq.ledger, copq.event_key")
        report.add("posting, one process", f"{posting:,.0f}/s", "")
        for factor, live_rate in ((2, 0), (3, live)):
            await import_rates(conn, _raised(rates, factor), "benchmark", "benchmark")
            for row in await _reprice(dsn, total, posting, live_rate):
                report.add(*row)
        begin = time.perf_counter()
        faults = len(await verify(conn))
        report.add("copq verify", f"{time.perf_counter() - begin:.0f} s, {faults} faults", "")
        await conn.close()
    report.close()


def _raised(rates: RateFile, factor: int) -> RateFile:
    tables = [
        t.model_copy(update={"stages": tuple(
            s.model_copy(update={"labour_overhead": s.labour_overhead + factor}) for s in t.stages
        )})
        for t in rates.cost_tables
    ]  # fmt: skip
    return rates.model_copy(update={"cost_tables": tuple(tables)})


async def post_all(conn: asyncpg.Connection, total: int, spread: int) -> float:
    """Events a second of posting alone: pricing is not counted, nor reading."""
    book, took = await load(conn), 0.0
    pricer = Pricer(book)
    messages = events(total) if not spread else _spread(total, spread)
    for start in range(0, total, SIZE):
        batch = Batch()
        with localcontext(MONEY):
            for offset, (_, raw, _) in zip(range(start, min(start + SIZE, total)), messages):  # noqa: B905
                batch.add(join(pricer.head(decode(raw))[1], raw), 0, offset)
        begin = time.perf_counter()
        async with conn.transaction():
            await post(conn, batch, book)
        took += time.perf_counter() - begin
        if start % 100_000 == 0:
            err.print(f"posted {start:,}")
    return total / took


def _spread(total: int, months: int) -> Iterator[Message]:
    """Such events over months, as a plant of a usual size has them."""
    chance = random.Random(1)
    for number in range(total):
        line = f"L{chance.randrange(LINES)}"
        at = START + number / total * months * MONTH_S
        yield f"north/{line}".encode(), event(chance, line, at), NONE


async def _reprice(dsn: str, total: int, posting: float, live: int) -> list[tuple[str, str, str]]:
    """The command as finance gives it, its start included."""
    command = [str(Path(sys.executable).with_name("copq")), "reprice", "--apply", "--json",
               "--why", "benchmark", "--database", dsn]  # fmt: skip
    async with _streaming(dsn, live) as latencies:
        await asyncio.sleep(10 if live else 0)
        alone = latencies.summary() if live else ""
        latencies.found.clear()
        begin = time.perf_counter()
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
        seconds = time.perf_counter() - begin
    assert done.returncode == 0, done.stderr
    rate = total / seconds
    row = f"{rate:,.0f}/s, {seconds:.0f} s", f"{rate / posting:.2f}"
    if not live:
        return [("repricing alone", *row)]
    return [
        (f"repricing next to {live:,} events/s", *row),
        ("batches of that stream, alone", alone, ""),
        ("    the same, next to it", latencies.summary(), ""),
    ]


@asynccontextmanager
async def _streaming(dsn: str, per_second: int) -> AsyncIterator[Latencies]:
    """Current events, posted ten times a second, as the aggregator does."""
    latencies = Latencies()
    task = asyncio.create_task(_stream(dsn, per_second, latencies)) if per_second else None
    yield latencies
    if task:
        task.cancel()


async def _stream(dsn: str, per_second: int, latencies: Latencies) -> None:
    conn = await asyncpg.connect(dsn)
    await prepare(conn)
    book = await load(conn)
    pricer = Pricer(book)
    while True:
        begin = time.perf_counter()
        batch = Batch()
        found: list[Message] = list(events(per_second // 10, time.time_ns(), int(time.time())))
        with localcontext(MONEY):
            for _, raw, _ in found:
                batch.add(join(pricer.head(decode(raw))[1], raw), 0, 0)
        ready = time.perf_counter()
        async with conn.transaction():
            await post(conn, batch, book)
        latencies.found.append(time.perf_counter() - ready)
        await asyncio.sleep(max(0.0, 0.1 - (time.perf_counter() - begin)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--live", type=int, default=1_000, help="events a second next to it")
    parser.add_argument("--months", type=int, default=0, help="spread over months; else seconds")
    options = parser.parse_args()
    asyncio.run(main(options.events, options.live, options.months))

"""What a batch costs with ten million entries in the ledger, against none.

Ids of version 7 come in the order of their time; ids of version 4 at random, which is what a
plant's own system may send.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import localcontext
from pathlib import Path

import asyncpg

from benchmarks.plant import RATES, START, event
from benchmarks.report import Report
from copq.command_line.terminal import err
from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.ledger.arithmetic import MONEY
from copq.posting.batch import Batch
from copq.posting.partitions import make_partitions
from copq.posting.post import post, prepare
from copq.pricing.price_cache import Pricer
from copq.rates.book import RateBook
from copq.rates.file import parse_rates
from copq.rates.store import import_rates, load
from copq.schemas.decode import decode
from copq.schemas.priced import join

SIZE = 10_000


async def main(millions: int) -> None:
    columns = ("ids", "empty ledger", f"{millions} million entries", "ratio")
    report = Report("growth", f"A batch of {SIZE:,} events", *columns)
    for name, kind in (("time-ordered ids", None), ("random ids", uuid.uuid4)):
        empty, full = await measure(millions, name, kind)
        ratio = f"{full / empty:.2f}"
        report.add(name, f"{empty * 1000:.0f} ms", f"{full * 1000:.0f} ms", ratio)
    report.close()


async def measure(
    millions: int, name: str, kind: Callable[[], uuid.UUID] | None
) -> tuple[float, float]:
    """Median seconds of ten batches at the start, and of ten at the end."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        conn = await asyncpg.connect(dsn)
        await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
        await make_partitions(conn, datetime.now(UTC))
        await prepare(conn)
        book = await load(conn)
        took = [
            await post_timed(conn, batch, book) for batch in _batches(millions, book, kind, name)
        ]
        await conn.close()
    return statistics.median(took[2:12]), statistics.median(took[-10:])


def _batches(
    millions: int, book: RateBook, kind: Callable[[], uuid.UUID] | None, name: str
) -> Iterator[Batch]:
    chance, pricer = random.Random(3), Pricer(book)
    count = millions * 1_000_000 // SIZE
    for number in range(count):
        if number % 100 == 0:
            err.print(f"{name}: {number * SIZE:,} of {count * SIZE:,}")
        yield batch_of(chance, pricer, number, kind)


def batch_of(
    chance: random.Random, pricer: Pricer, number: int, kind: Callable[[], uuid.UUID] | None
) -> Batch:
    batch = Batch()
    with localcontext(MONEY):
        for index in range(SIZE):
            at = START + (number * SIZE + index) / 50
            raw = event(chance, f"L{chance.randrange(20)}", at, kind and str(kind()))
            batch.add(join(pricer.head(decode(raw))[1], raw), 0, number * SIZE + index)
    return batch


async def post_timed(conn: asyncpg.Connection, batch: Batch, book: RateBook) -> float:
    begin = time.perf_counter()
    async with conn.transaction():
        await post(conn, batch, book)
    return time.perf_counter() - begin


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=int, default=10)
    asyncio.run(main(parser.parse_args().millions))

"""How fast a what-if prices events again, and how long others wait for the API meanwhile.

A month of a plant; one kind of change each for a share of the events, and for all of them.
"""

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from benchmarks.plant import RATES
from benchmarks.report import Report
from benchmarks.reprice import post_all
from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.figures.books import Books
from copq.figures.what_if import answer_what_if
from copq.figures.what_if_query import WhatIfRequest
from copq.posting.partitions import make_partitions
from copq.posting.post import prepare
from copq.rates.file import parse_rates
from copq.rates.store import import_rates, load

CHANGES = (
    "halve code=jam", "move code=jam to S1", "halve type=defect", "remove type=scrap",
    "rate product=P1 raw_material by 1.1", "halve plant=north",
)  # fmt: skip


async def main(total: int) -> None:
    report = Report("what_if", f"{total:,} events in a month", "change", "entries", "answer",
                    "entries/s", "longest wait of the loop")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "d") as dsn:
        await asyncio.to_thread(migrate, dsn)
        conn = await asyncpg.connect(dsn)
        await prepare(conn)
        await make_partitions(conn, datetime.now(UTC))
        await import_rates(conn, parse_rates(RATES), "benchmark", "benchmark")
        await post_all(conn, total, 1)
        await conn.execute("vacuum analyze")
        for change in CHANGES:
            report.add(*await _measured(conn, change, total))
        await conn.close()
    report.close()


async def _measured(conn: asyncpg.Connection, change: str, total: int) -> tuple[str, ...]:
    book = await load(conn)
    request = WhatIfRequest(change=change, month="2026-01")
    waits: list[float] = []
    watching = asyncio.create_task(_watch(waits))
    begin = time.perf_counter()
    found = await answer_what_if(conn, Books(), book, request, datetime.now(UTC), reach=total)
    took = time.perf_counter() - begin
    watching.cancel()
    number = len(found.entries)
    return (change, f"{number:,}", f"{took:.1f} s", f"{number / took:,.0f}",
            f"{max(waits, default=0) * 1000:.0f} ms")  # fmt: skip


async def _watch(waits: list[float]) -> None:
    """How much later than asked the loop runs its next step, as another request would see it."""
    while True:
        begin = time.perf_counter()
        await asyncio.sleep(0.005)
        waits.append(time.perf_counter() - begin - 0.005)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500_000)
    asyncio.run(main(parser.parse_args().events))

"""The pack of a month, of a plant with millions of entries: answered, and as both files.

The plant is that of `why_scale`, with three years. A folder that is named stays, so that a later
run measures without filling. All together has ten seconds.
"""

import argparse
import asyncio
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import Report
from benchmarks.why_scale import fill, opened
from copq.database.connections import DatabaseRole, connected
from copq.database.migrate import migrate
from copq.embedded_postgres.server import EmbeddedPostgres
from copq.figures.pack import PackAnswer, PackRequest, answer_pack
from copq.pack.files import KINDS, pack_file
from copq.rates.store import load
from copq.reporting.source import WORK_MEM
from copq.summary.keeping import bring_up_to_date

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
REQUEST = PackRequest(plant="big", month="2026-06")
TIMES = 3
LIMIT_S = 10.0


async def main(millions: float, years: int, folder: Path, *, is_filled: bool) -> None:
    title = f"A pack of three years, over {millions:g} million entries a year"
    report = Report("pack", title, "part", "median", "slowest", "limit")
    with EmbeddedPostgres(folder / "d") as dsn:
        if not is_filled:
            await asyncio.to_thread(migrate, dsn)
            async with connected(dsn, None) as conn:
                await fill(conn, millions, years)
            async with connected(dsn, DatabaseRole.AGGREGATOR) as conn:
                await bring_up_to_date(conn)
        await _measure(dsn, report)
    report.close()


async def _measure(dsn: str, report: Report) -> None:
    took: dict[str, list[float]] = {}
    async with connected(dsn, DatabaseRole.REPORTING) as conn:
        await conn.execute(f"set work_mem = '{WORK_MEM}'")
        book = await load(conn)
        for _ in range(TIMES):
            begin = time.perf_counter()
            answer = await answer_pack(conn, book, REQUEST, NOW)
            took.setdefault("the answer", []).append(time.perf_counter() - begin)
            for kind, spent in _files(answer).items():
                took.setdefault(kind, []).append(spent)
    whole = [sum(parts) for parts in zip(*took.values(), strict=True)]
    for name, seconds in took.items():
        report.add(name, *_shown(seconds), "")
    report.add("all together", *_shown(whole), f"{LIMIT_S:.0f} s")


def _files(answer: PackAnswer) -> dict[str, float]:
    took = {}
    for kind in KINDS:
        begin = time.perf_counter()
        pack_file(answer, kind)
        took[kind] = time.perf_counter() - begin
    return took


def _shown(seconds: list[float]) -> tuple[str, str]:
    return f"{statistics.median(seconds):.2f} s", f"{max(seconds):.2f} s"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=50, help="entries of the last year")
    parser.add_argument("--years", type=int, default=3, help="years of the ledger")
    parser.add_argument("--folder", help="where the database is kept; a later run measures it")
    parser.add_argument(
        "--filled", action="store_true", help="the folder has all entries: measure alone"
    )
    given = parser.parse_args()
    with opened(given.folder) as folder:
        asyncio.run(main(given.millions, given.years, folder, is_filled=given.filled))

"""The bottling plant's fortnight, imported in every way, against sums of its rows."""

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest

from copq.ingest.files.convert import Converted
from tests.support.ingest.files.converting import bottling, convert, numbered
from tests.support.ingest.files.ledger import check_figures, import_log, ledger
from tests.support.ingest.files.plant import LOG, LogRow, log, units, write


def test_independent_sums_are_the_published_ones() -> None:
    months = [f for (bucket, _, _), f in units(log()).items() if bucket.grain == "month"]
    assert sum(figures.net for figures in months) == Decimal("204324.00")
    assert sum(figures.base for figures in months) == Decimal("845235.05")


@pytest.mark.soak
async def test_whole_log_gives_its_figures_in_every_grain(database: str, tmp_path: Path) -> None:
    rows = log()
    async with ledger(database) as intake:
        report = await import_log(LOG, intake, tmp_path)
        assert report.rows == 36_288
        assert report.tally.sent == {"production": 24_360, "defect": 24_360, "downtime": 4_304}
        assert (report.tally.accepted, report.tally.refused) == (53_024, 0)
        await _import_again_in_part(rows, intake, tmp_path)
        await check_figures(database, rows)
    assert await _total(database, "defect", "net") == Decimal("204324.00")
    assert await _total(database, "production", "base") == Decimal("845235.05")


async def test_two_days_give_their_figures_in_every_grain(database: str, tmp_path: Path) -> None:
    """As the whole log, whose totals are those of the demo as well."""
    rows = log()[:5_184]
    async with ledger(database) as intake:
        report = await import_log(write(tmp_path / "log.csv", rows, rows[0]), intake, tmp_path)
        assert report.rows == len(rows)
        assert report.tally.accepted == sum(report.tally.sent.values()) > 7_000
        await _import_again_in_part(rows, intake, tmp_path)
        await check_figures(database, rows)


async def _import_again_in_part(rows: list[LogRow], intake: Any, tmp_path: Path) -> None:
    """Six hours out of the middle, cut through stops: known events, and other runs of them."""
    part = write(tmp_path / "part.csv", rows[3_003:3_651], rows[0])
    report = await import_log(part, intake, tmp_path)
    made = report.tally.sent["production"] + report.tally.sent["defect"]
    assert made <= report.tally.duplicates < sum(report.tally.sent.values())


async def test_log_in_pieces_last_first_gives_the_same(database: str, tmp_path: Path) -> None:
    """Three of its days; whole it is imported above."""
    rows, random = log()[:7_776], Random(1)
    edges = [0, *sorted(random.sample(range(len(rows)), 6)), len(rows)]
    async with ledger(database) as intake:
        for start, end in reversed(list(pairwise(edges))):
            piece = rows[max(start - 40, 0) : end]
            random.shuffle(piece)
            await import_log(write(tmp_path / f"{start}.csv", piece, rows[0]), intake, tmp_path)
    await check_figures(database, rows)


async def test_rows_strewn_over_files_give_the_same(database: str, tmp_path: Path) -> None:
    """No file holds a run of stops whole; many hold the same row."""
    rows, random = log()[:5_184], Random(2)
    async with ledger(database) as intake:
        for number in range(3):
            strewn = [row for n, row in enumerate(rows) if n % 3 == number]
            strewn += random.sample(rows, 300)
            random.shuffle(strewn)
            await import_log(write(tmp_path / f"{number}.csv", strewn, rows[0]), intake, tmp_path)
    await check_figures(database, rows)


async def _total(database: str, element: str, figure: str) -> Decimal:
    conn = await asyncpg.connect(database)
    try:
        sql = f"select sum({figure}) from copq.rollup where grain = 'month' and element = $1"
        return Decimal(await conn.fetchval(sql, element))
    finally:
        await conn.close()


async def test_stops_that_come_one_by_one_in_any_order_give_the_same(database: str) -> None:
    rows = [row for row in log()[:2_592] if row["MachineStatus"] == "Stopped"]
    made = [item.raw for item in convert(bottling(), numbered(rows)) if isinstance(item, Converted)]
    Random(3).shuffle(made)
    async with ledger(database) as intake:
        for raw in made:
            await intake.accept([raw])
    await check_figures(database, rows)

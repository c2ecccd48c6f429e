"""A test's ledger: filled from files, read back as the rollups hold it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg

from copq.database.connections import DatabaseRole, connected
from copq.figures.verify import verify
from copq.ingest.files.checkpoint import Checkpoint
from copq.ingest.files.importing import ImportReport, import_file
from copq.ingest.files.mapping_file import read_mapping
from copq.ingest.files.survey import survey
from copq.rates.file import read_rate_file
from copq.rates.store import import_rates
from copq.standalone.intake import LedgerIntake, pool_of
from tests.support.ingest.files.plant import (
    MAPPING,
    RATES,
    STANDSTILL,
    Bucket,
    Figures,
    LogRow,
    units,
)
from tests.support.ingest.files.plant import stop_minutes as expected_minutes

_ROLLUP = """
    select grain, line, product, element, day, nullif(hour, '-infinity') as hour, quantity, net,
        base, good, seconds
    from copq.rollup where plant = 'bottling' and entries <> 0
"""


async def import_bottling_rates(conn: asyncpg.Connection) -> None:
    await import_rates(conn, read_rate_file(RATES), "rates.yaml", "a test")


@asynccontextmanager
async def ledger(database: str) -> AsyncIterator[Any]:
    """A database with the plant's rates, ready to take its events."""
    async with connected(database, DatabaseRole.FINANCE) as conn:
        await import_bottling_rates(conn)
    async with await pool_of(database, size=1) as pool:
        yield LedgerIntake(pool)


async def import_log(path: Path, intake: LedgerIntake, state: Path) -> ImportReport:
    mapping = read_mapping(MAPPING)
    return await import_file(
        path,
        survey(path, mapping),
        mapping,
        intake,
        Checkpoint(state, path.name),
        lambda step: None,
    )


async def check_figures(database: str, rows: Iterable[LogRow]) -> None:
    """The rollups hold exactly what these rows say, in every grain, and nothing else."""
    conn = await asyncpg.connect(database)
    try:
        found = await conn.fetch(_ROLLUP)
        assert _units(found) == units(rows)
        assert _minutes(found) == expected_minutes(rows)
        assert await verify(conn) == []
    finally:
        await conn.close()


def _units(rows: list[Any]) -> dict[Any, Figures]:
    return {
        (_bucket(row), row["product"], row["element"]): Figures(
            row["quantity"], row["net"], row["base"], row["good"]
        )
        for row in rows
        if row["element"] not in ("downtime", "planned_stop")
    }


def _minutes(rows: list[Any]) -> dict[Any, Decimal]:
    """Hours are kept to the nanosecond, so they are rounded; money is exact, so it is not."""
    seconds: dict[Any, Decimal] = defaultdict(Decimal)
    net: dict[Any, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["element"] in ("downtime", "planned_stop"):
            key = (_bucket(row), row["element"])
            seconds[key] += row["seconds"]
            net[key] += row["net"]
    minutes = {key: round(value / 60, 3) for key, value in seconds.items()}
    for (bucket, element), value in minutes.items():
        rate = STANDSTILL if element == "downtime" else 0
        assert net[bucket, element] == value * rate
    return minutes


def _bucket(row: Any) -> Bucket:
    return Bucket(row["grain"], row["line"], row["day"], row["hour"])

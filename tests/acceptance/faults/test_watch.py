"""A watched folder under power cuts: killed in the middle of a file, its figures are exact."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.support.faults.own_postgres import OwnPostgres
from tests.support.faults.processes import Service, until
from tests.support.faults.site import Site
from tests.support.ingest.files.ledger import check_figures, import_bottling_rates
from tests.support.ingest.files.plant import MAPPING, LogRow, log, write
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S

ROWS = 5_000


class Drop:
    """A folder that a plant puts a file into, and a service that watches it."""

    def __init__(self, site: Site, *words: str) -> None:
        self.folder, self._state = site.folder / "in", site.folder / "data" / "imports"
        self.folder.mkdir()
        data = ("--data", str(site.folder / "data"), "--mapping", f"mes-*={MAPPING}")
        self.service: Service = site.service("watch", *words, *data)
        self.rows: list[LogRow] = log()[:ROWS]

    def put(self, name: str) -> None:
        write(self.folder / f".{name}", self.rows, self.rows[0])
        (self.folder / f".{name}").rename(self.folder / name)

    async def is_in_the_middle(self) -> None:
        """Some of the file is acknowledged, not all of it: looked at more often than it is."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._has_checkpoint():
                await asyncio.sleep(0.002)

    def _has_checkpoint(self) -> bool:
        assert self.service.runs, "the watch ended by itself"
        return any(self._state.glob("import-*.json"))

    async def report(self, name: str) -> dict[str, Any]:
        found = self.folder / "done" / name
        await until(found.exists, f"{name} is done")
        report: dict[str, Any] = json.loads(found.with_name(f"{name}.report.json").read_text())
        assert (report["rows"], report["refused"]) == (ROWS, 0)
        assert report["accepted"] + report["duplicates"] == sum(report["events"].values())
        return report


async def _with_rates(site: Site) -> Site:
    conn = await asyncpg.connect(site.database)
    await import_bottling_rates(conn)
    await conn.close()
    return site


async def test_killed_in_the_middle_of_a_file_it_goes_on_and_counts_nothing_twice(
    database: str, tmp_path: Path
) -> None:
    site = await _with_rates(Site("", database, tmp_path))
    drop = Drop(site, "watch", str(tmp_path / "in"), "--settle", "0.1", "--database", database)
    drop.put("mes-1.csv")
    try:
        drop.service.start()
        await drop.is_in_the_middle()
        drop.service.restart()
        first = await drop.report("mes-1.csv")
        assert first["resumed_at"] > 0
        drop.put("mes-1.csv")
        again = await drop.report("mes-1-2.csv")
        assert (again["accepted"], again["same_content_as"]) == (0, "mes-1.csv")
        await check_figures(database, drop.rows)
        assert await drop.service.stop() == 0
    finally:
        site.close()


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[tuple[Site, OwnPostgres]]:
    """A data folder with the bottling plant's rates, and no Kafka."""
    postgres = await asyncio.to_thread(OwnPostgres, tmp_path / "data")
    found = await _with_rates(Site("", postgres.database, tmp_path))
    yield found, postgres
    found.close()
    await asyncio.to_thread(postgres.close)


async def test_postgres_killed_under_the_standalone_service_is_waited_for(
    alone: tuple[Site, OwnPostgres],
) -> None:
    site, postgres = alone
    [port] = free_ports(1)
    drop = Drop(site, "up", "--watch", str(site.folder / "in"), "--port", str(port))
    drop.put("mes-1.csv")
    drop.service.start()
    await drop.is_in_the_middle()
    postgres.kill()
    await until(lambda: "trying again in" in drop.service.said(), "it says that it waits")
    await asyncio.to_thread(postgres.start)
    await drop.report("mes-1.csv")
    await check_figures(site.database, drop.rows)
    assert await drop.service.stop() == 0


@pytest.mark.kafka
async def test_killed_on_its_way_to_kafka_the_file_counts_once(bare_site: Site) -> None:
    site = await _with_rates(bare_site)
    reach = ("--settle", "0.1", "--kafka", site.bootstrap)
    drop = Drop(site, "watch", str(site.folder / "in"), *reach)
    site.costing()
    site.aggregator()
    drop.put("mes-1.csv")
    drop.service.start()
    await drop.is_in_the_middle()
    drop.service.restart()
    report = await drop.report("mes-1.csv")
    assert report["resumed_at"] > 0
    await site.has_more_than(sum(report["events"].values()))
    await until(site._is_drained, "everything on Kafka is posted")
    await check_figures(site.database, drop.rows)
    assert await drop.service.stop() == 0

"""The database lost under a live stream and brought back: it goes on from the backup's fence."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.support.faults.feeder import streaming
from tests.support.faults.own_postgres import OwnPostgres
from tests.support.faults.plant import Plant
from tests.support.faults.processes import copq
from tests.support.faults.site import Site

pytestmark = pytest.mark.kafka


async def test_an_aggregator_goes_on_from_the_fence_in_a_restored_backup(
    frail_ledger: tuple[Site, OwnPostgres], tmp_path: Path
) -> None:
    (site, postgres), plant = frail_ledger, Plant(42, corrections=0.01)
    data, file = tmp_path / "data", tmp_path / "copq.dump"
    services = [site.costing(), site.aggregator()]
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(1_000)
        await asyncio.to_thread(copq, "backup", str(file), "--data", str(data))
        await site.has_more_than(await site.count() + 800)
        for service in services:
            service.kill()
        lost = await site.fence()
        await asyncio.to_thread(postgres.close)
        shutil.rmtree(data)

        said = await asyncio.to_thread(copq, "restore", str(file), "--data", str(data))
        assert "goes on at offset" in said and "0 differences" in said
        again = await asyncio.to_thread(OwnPostgres, data)
        site.database = again.database
        try:
            behind = await site.fence()
            assert all(behind.get(p, 0) <= offset for p, offset in lost.items())
            assert sum(behind.values()) < sum(lost.values())
            site.costing("costing again")
            site.aggregator("aggregator again")
            await site.has_more_than(await site.count() + 800)
        except BaseException:
            await asyncio.to_thread(again.close)
            raise
    try:
        await site.is_right(plant.facts)
    finally:
        site.close()
        await asyncio.to_thread(again.close)

"""Postgres killed, away and frozen while events stream: the services wait and go on."""

import asyncio

import pytest

from tests.support.faults.feeder import streaming
from tests.support.faults.own_postgres import OwnPostgres
from tests.support.faults.plant import Plant
from tests.support.faults.processes import Service
from tests.support.faults.site import Site

pytestmark = pytest.mark.kafka


async def test_a_postgres_that_is_killed_and_freezes_loses_nothing_and_the_services_outlive_it(
    frail_ledger: tuple[Site, OwnPostgres],
) -> None:
    site, postgres = frail_ledger
    plant, services = Plant(9), [site.costing(), site.aggregator()]
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(1_000)
        for seconds in (0, 3):
            postgres.kill()
            await asyncio.sleep(seconds)
            await asyncio.to_thread(postgres.start)
            await site.has_more_than(await site.count() + 500)
        postgres.freeze()
        await asyncio.sleep(3)
        postgres.thaw()
        await site.has_more_than(await site.count() + 500)
        postgres.freeze()
        assert await _stopped(services) == [0, 0]
        postgres.thaw()
        site.costing("costing again")
        site.aggregator("aggregator again")
    await site.is_right(plant.facts)


async def _stopped(services: list[Service]) -> list[int]:
    """Told to stop, each ends within its time whatever it waits for."""
    for service in services:
        service.tell()
    return [await service.exit_code(20) for service in services]

"""Postgres killed, away and frozen while events stream: the services wait and go on."""

import asyncio

import asyncpg
import pytest

from tests.faults.feeder import Feeder, streaming
from tests.faults.own_postgres import OwnPostgres
from tests.faults.plant import Plant
from tests.faults.processes import Service, until
from tests.faults.site import Site

pytestmark = pytest.mark.kafka


async def test_a_killed_postgres_loses_nothing_and_the_services_outlive_it(
    frail_ledger: tuple[Site, OwnPostgres],
) -> None:
    site, postgres = frail_ledger
    plant, services = Plant(9), [site.costing(), site.aggregator()]
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(4_000)
        for seconds in (0, 3):
            postgres.kill()
            await asyncio.sleep(seconds)
            await asyncio.to_thread(postgres.start)
            await site.has_more_than(await site.count() + 2_000)
    await site.is_right(plant.facts)
    assert await _stopped(services) == [0, 0]


async def test_a_frozen_postgres_holds_the_services_up_and_no_longer(
    frail_ledger: tuple[Site, OwnPostgres],
) -> None:
    site, postgres = frail_ledger
    plant, services = Plant(10), [site.costing(), site.aggregator()]
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(4_000)
        postgres.freeze()
        await asyncio.sleep(3)
        postgres.thaw()
        await site.has_more_than(await site.count() + 2_000)
        postgres.freeze()
        assert await _stopped(services) == [0, 0]
        postgres.thaw()
        site.costing("costing again")
        site.aggregator("aggregator again")
    await site.is_right(plant.facts)


async def test_what_a_power_cut_took_from_postgres_is_read_again_before_any_new_event(
    frail_ledger: tuple[Site, OwnPostgres],
) -> None:
    (site, postgres), plant = frail_ledger, Plant(105)
    conn = await asyncpg.connect(site.database)
    await conn.execute("alter system set wal_writer_delay = '10s'")
    await conn.execute("select pg_reload_conf()")
    await conn.close()
    site.costing()
    aggregator = site.aggregator()
    feeder = Feeder(site.bootstrap)
    await feeder.send(plant.make(200))
    await feeder.close()
    await site.has_more_than(200)
    postgres.kill()
    await asyncio.to_thread(postgres.start)
    await until(lambda: "the ledger went back" in aggregator.said(), "the loss is noticed")
    await site.is_right(plant.facts)


async def _stopped(services: list[Service]) -> list[int]:
    """Told to stop, each ends within its time whatever it waits for."""
    for service in services:
        service.tell()
    return [await service.exit_code(20) for service in services]

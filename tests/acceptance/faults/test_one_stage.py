"""An aggregator that prices the events itself, without costing: nothing lost, nothing twice."""

import asyncio
import random

import asyncpg
import pytest

from copq.kafka.headers import NONE
from copq.kafka.topics import EVENTS
from tests.support.faults.feeder import Feeder, streaming
from tests.support.faults.plant import GADGET, Plant, invalid
from tests.support.faults.processes import until
from tests.support.faults.site import SESSION_S, Site

pytestmark = pytest.mark.kafka


async def test_workers_that_are_killed_and_frozen_book_each_event_once(site: Site) -> None:
    """Also bad events, corrections, and rates for the past that come into force meanwhile."""
    pick, plant, bad = random.Random(64), Plant(64, corrections=0.02), invalid()
    feeder = Feeder(site.bootstrap)
    await feeder.send_raw([(None, wrong.raw, NONE) for wrong in bad])
    async with streaming(site.bootstrap, plant, at_first=2_000):
        workers = [site.pricing_aggregator("first"), site.pricing_aggregator("second")]
        await site.has_more_than(0)
        await site.import_rates(GADGET)
        for _ in range(2):
            await asyncio.sleep(pick.uniform(0.1, 1))
            pick.choice(workers).restart()
            await site.has_more_than(await site.count() + 300)
        workers[0].freeze()
        await asyncio.sleep(SESSION_S + 2)
        await site.has_more_than(await site.count() + 300)
        workers[0].thaw()
    await feeder.close()
    await site.is_right(plant.facts)
    await until(lambda: _refuses(site, len(bad)), "each bad event is kept once")
    assert not (await site.ends())["copq.priced-events"][0]


async def _refuses(site: Site, number: int) -> bool:
    conn = await asyncpg.connect(site.database)
    rows = await conn.fetch("select origin_topic, code, payload from copq.rejected")
    await conn.close()
    wanted = {(wrong.code, wrong.raw[: 64 * 1024]) for wrong in invalid()}
    assert {row["origin_topic"] for row in rows} <= {EVENTS} and len(rows) <= number
    return {(row["code"], row["payload"]) for row in rows} == wanted


async def test_stages_are_joined_and_parted_again_while_events_come(site: Site) -> None:
    plant = Plant(65)
    costing, apart = site.costing(), site.aggregator("apart")
    async with streaming(site.bootstrap, plant, at_first=1_000):
        await site.has_more_than(500)
        alone = site.pricing_aggregator()
        await site.has_more_than(await site.count() + 500)
        assert await costing.stop() == 0
        assert await apart.stop() == 0
        await site.has_more_than(await site.count() + 500)
        site.costing("again")
        site.aggregator("again-apart")
        assert await alone.stop() == 0
        await site.has_more_than(await site.count() + 500)
    site.events_are_read = False
    await site.is_right(plant.facts)


async def test_a_flood_of_bad_events_stops_it_before_they_are_kept(site: Site) -> None:
    plant, feeder = Plant(66), Feeder(site.bootstrap)
    await feeder.send(plant.make(1_000))
    await feeder.send_raw([(b"L1", b"broken", NONE)] * 5_000)
    await feeder.close()
    worker = site.pricing_aggregator()
    assert await worker.exit_code() == 4
    for said in ("malformed_json", "--max-reject-share", "are refused"):
        assert said in worker.said()
    site.pricing_aggregator("tolerant", "--max-reject-share", "1")
    await site.is_right(plant.facts)

"""Aggregators that die, join and quarrel over partitions: nothing lost, nothing twice."""

import asyncio
import random

import pytest

from copq.kafka.topics import PRICED
from tests.support.faults.feeder import streaming
from tests.support.faults.plant import Plant
from tests.support.faults.processes import until
from tests.support.faults.site import Site

pytestmark = pytest.mark.kafka


@pytest.mark.soak
async def test_an_aggregator_killed_at_random_moments_goes_on_from_its_fence(site: Site) -> None:
    pick, plant = random.Random(6), Plant(6)
    site.costing()
    async with streaming(site.bootstrap, plant):
        aggregator = site.aggregator()
        await site.has_more_than(0)
        for _ in range(4):
            await asyncio.sleep(pick.uniform(0.1, 2))
            aggregator.restart()
            await site.has_more_than(await site.count())
    await site.is_right(plant.facts)


async def test_an_aggregator_joins_and_leaves_while_another_is_busy(site: Site) -> None:
    plant = Plant(7)
    site.costing()
    async with streaming(site.bootstrap, plant, at_first=3_000):
        site.aggregator("first")
        await site.has_more_than(0)
        second = site.aggregator("second")
        await site.has_more_than(await site.count() + 1_000)
        assert await second.stop() == 0
        await site.has_more_than(await site.count() + 500)
    await site.is_right(plant.facts)


async def test_two_aggregators_that_both_own_every_partition_count_nothing_twice(
    site: Site,
) -> None:
    plant = Plant(8)
    site.costing()
    async with streaming(site.bootstrap, plant, at_first=3_000):
        site.aggregator("ours", "--group", "ours")
        site.aggregator("theirs", "--group", "theirs")
        await site.has_more_than(3_000)
        await asyncio.sleep(3)
    await site.is_right(plant.facts)


async def test_corrections_on_any_partition_are_applied_by_workers_that_are_killed(
    site: Site,
) -> None:
    pick, plant = random.Random(31), Plant(31, corrections=0.02)
    site.costing()
    async with streaming(site.bootstrap, plant):
        workers = [site.aggregator("first"), site.aggregator("second")]
        await site.has_more_than(0)
        for _ in range(3):
            await asyncio.sleep(pick.uniform(0.1, 2))
            pick.choice(workers).restart()
            await site.has_more_than(await site.count() + 300)
    await site.is_right(plant.facts)


async def test_a_topic_made_anew_is_read_from_its_start_by_a_running_aggregator(
    site: Site,
) -> None:
    plant = Plant(22)
    costing, _ = site.costing("before", "--group", "before"), site.aggregator()
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(1_000)
    await site.is_right(plant.facts)
    assert await costing.stop() == 0
    await site.make_anew(PRICED)
    await until(lambda: _is_at_the_start(site), "the fence is back at the start")
    site.costing("after", "--group", "after")
    async with streaming(site.bootstrap, plant):
        await site.prices(1_000)
    await site.is_right(plant.facts)


async def _is_at_the_start(site: Site) -> bool:
    return set((await site.fence()).values()) == {0}

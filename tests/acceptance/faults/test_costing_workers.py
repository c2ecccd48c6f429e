"""Costing workers that die, freeze and come back: nothing lost, nothing twice."""

import asyncio
import random

import pytest

from tests.support.faults.feeder import streaming
from tests.support.faults.plant import Plant
from tests.support.faults.site import SESSION_S, Site

pytestmark = pytest.mark.kafka


async def test_a_worker_killed_at_random_moments_goes_on_where_it_was(site: Site) -> None:
    pick, plant = random.Random(3), Plant(3)
    site.aggregator()
    async with streaming(site.bootstrap, plant):
        worker = site.costing()
        await site.has_more_than(0)
        for _ in range(2):
            await asyncio.sleep(pick.uniform(0.5, 3))
            worker.restart()
            await site.has_more_than(await site.count())
    await site.is_right(plant.facts)


async def test_of_two_workers_one_freezes_past_its_session_and_comes_back_then_one_is_killed(
    site: Site,
) -> None:
    plant = Plant(5)
    site.aggregator()
    async with streaming(site.bootstrap, plant):
        first, second = site.costing("first"), site.costing("second")
        await site.has_more_than(1_000)
        first.freeze()
        await asyncio.sleep(SESSION_S + 2)
        first.thaw()
        await site.has_more_than(await site.count() + 500)
        second.kill()
        await site.has_more_than(await site.count() + 500)
    await site.is_right(plant.facts)
    assert await first.stop() == 0


async def test_workers_that_are_told_to_stop_leave_nothing_to_be_published_again(
    site: Site,
) -> None:
    plant = Plant(16)
    site.aggregator()
    async with streaming(site.bootstrap, plant, at_first=3_000):
        for name in ("first", "second"):
            worker = site.costing(name)
            await site.prices(500)
            assert await worker.stop() == 0
    site.costing("last")
    await site.is_right(plant.facts)
    assert await site.repeats() == 0

"""A steady stream for as long as one likes: the memory of each worker levels off."""

import asyncio
import os
from itertools import islice
from statistics import linear_regression

import psutil
import pytest

from benchmarks.plant import RATES, events
from tests.support.faults.feeder import Feeder
from tests.support.faults.processes import Service
from tests.support.faults.site import Site

SECONDS = int(os.environ.get("SOAK_SECONDS", "300"))
A_SECOND = int(os.environ.get("SOAK_EVENTS", "1500"))
EVERY_S = 5
BEHIND = 400_000
SLOPE_MB = 1.0
"""A minute, over the second half: caches are full by then."""
MOST_MB = 250

pytestmark = [pytest.mark.kafka, pytest.mark.soak, pytest.mark.timeout(SECONDS + 300)]


async def test_memory_levels_off_under_a_steady_stream(bare_site: Site) -> None:
    site, stop = bare_site, asyncio.Event()
    site.preloaded = False
    await site.import_rates(RATES)
    services = [site.costing(), site.aggregator()]
    feeding = asyncio.create_task(feed(site, stop))
    measured: list[list[float]] = []
    for _ in range(SECONDS // EVERY_S):
        await asyncio.sleep(EVERY_S)
        measured.append([memory_mb(service) for service in services])
    stop.set()
    await site.has_more_than(await feeding)
    late = measured[len(measured) // 2 :]
    for service, values in zip(services, zip(*late, strict=True), strict=True):
        minutes = [n * EVERY_S / 60 for n in range(len(values))]
        slope = linear_regression(minutes, values).slope
        print(f"{service.name}: {values[0]:.0f} to {values[-1]:.0f} MB, {slope:+.2f} MB a minute")
        assert slope < SLOPE_MB
        assert max(values) < MOST_MB


async def test_catching_up_takes_no_more_memory(bare_site: Site) -> None:
    """Workers that were away meet all of it at once."""
    site = bare_site
    site.preloaded = False
    await site.import_rates(RATES)
    feeder, made = Feeder(site.bootstrap), events(BEHIND)
    while some := list(islice(made, 5_000)):
        await feeder.send_raw(some)
    await feeder.close()
    for start, done in ((site.costing, site.priced), (site.aggregator, site.count)):
        service, most = start(), 0.0
        while await done() < BEHIND:
            most = max(most, memory_mb(service))
            await asyncio.sleep(0.5)
        print(f"{service.name}: {most:.0f} MB at most for {BEHIND:,} events")
        assert most < MOST_MB


async def feed(site: Site, stop: asyncio.Event) -> int:
    """Until told to stop; answers how many events were sent."""
    feeder, made, loop = Feeder(site.bootstrap), events(10**9), asyncio.get_running_loop()
    begin, sent = loop.time(), 0
    while not stop.is_set():
        due = int((loop.time() - begin) * A_SECOND) - sent
        await feeder.send_raw(list(islice(made, due)))
        sent += due
        await asyncio.sleep(0.1)
    await feeder.close()
    return sent


def memory_mb(service: Service) -> float:
    rss: int = psutil.Process(service.pid).memory_info().rss
    return rss / 1e6

"""The broker killed, away and frozen while events stream: the services wait and go on."""

import asyncio

import httpx
import pytest

from tests.faults.feeder import streaming
from tests.faults.plant import Plant
from tests.faults.processes import until
from tests.faults.site import Site
from tests.kafka.broker import KafkaBroker
from tests.kafka.settings import free_ports

pytestmark = pytest.mark.kafka


async def test_a_killed_broker_loses_nothing_and_the_services_outlive_it(
    frail_site: Site, own_kafka: KafkaBroker
) -> None:
    site, plant = frail_site, Plant(11)
    services = [site.costing(), site.aggregator()]
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(2_000)
        for seconds in (0, 4):
            own_kafka.kill()
            await asyncio.sleep(seconds)
            await asyncio.to_thread(own_kafka.start)
            await site.has_more_than(await site.count() + 1_000)
    await site.is_right(plant.facts)
    for service in services:
        assert len(service.said().splitlines()) < 500
        assert await service.stop() == 0


async def test_a_frozen_broker_holds_the_services_up_and_no_longer(
    frail_site: Site, own_kafka: KafkaBroker
) -> None:
    site, plant = frail_site, Plant(12)
    services = [site.costing(), site.aggregator()]
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(2_000)
        own_kafka.freeze()
        await asyncio.sleep(5)
        own_kafka.thaw()
        await site.has_more_than(await site.count() + 1_000)
    await site.is_right(plant.facts)
    for service in services:
        assert await service.stop() == 0


@pytest.mark.parametrize("trouble", ["kill", "freeze"])
async def test_services_can_be_stopped_while_the_broker_is_away(
    frail_site: Site, own_kafka: KafkaBroker, trouble: str
) -> None:
    site, plant = frail_site, Plant(13)
    services = [site.costing(), site.aggregator()]
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(2_000)
    getattr(own_kafka, trouble)()
    await asyncio.sleep(2)
    for service in services:
        service.tell()
    for service in services:
        await service.exit_code(20)


async def test_services_started_before_the_broker_wait_for_it_and_then_work(
    frail_site: Site, own_kafka: KafkaBroker
) -> None:
    site, plant = frail_site, Plant(14)
    own_kafka.kill()
    services = [site.costing(), site.aggregator()]
    [port] = free_ports(1)
    ingest = site.service(
        "ingest", "ingest", "--kafka", site.bootstrap, "--no-auth", "--port", str(port)
    ).start()
    url = f"http://127.0.0.1:{port}"
    await until(lambda: is_status(f"{url}/healthz", 200), "ingest answers")
    assert await is_status(f"{url}/readyz", 503)
    await asyncio.sleep(2)
    assert all(service.runs for service in [*services, ingest])
    await asyncio.to_thread(own_kafka.start)
    await until(lambda: is_status(f"{url}/readyz", 200), "ingest is ready")
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(1_000)
    await site.is_right(plant.facts)
    for service in [*services, ingest]:
        assert await service.stop() == 0


async def test_a_service_that_waits_for_the_broker_can_be_stopped(
    frail_site: Site, own_kafka: KafkaBroker
) -> None:
    own_kafka.kill()
    for service in (frail_site.costing(), frail_site.aggregator()):
        await until(lambda s=service: "does not answer yet" in s.said(), "it waits for Kafka")
        assert await service.stop() == 0


async def is_status(url: str, status: int) -> bool:
    async with httpx.AsyncClient(verify=False) as http:
        try:
            return (await http.get(url)).status_code == status
        except httpx.TransportError:
            return False

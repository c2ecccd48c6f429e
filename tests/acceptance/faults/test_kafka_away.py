"""The broker killed, away and frozen while events stream: the services wait and go on."""

import asyncio
from functools import partial

import httpx
import pytest

from tests.support.faults.feeder import streaming
from tests.support.faults.plant import Plant
from tests.support.faults.processes import Service, until
from tests.support.faults.site import Site
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.settings import free_ports

pytestmark = pytest.mark.kafka


async def test_a_killed_broker_loses_nothing_and_the_services_outlive_it(
    frail_site: Site, own_kafka: KafkaBroker
) -> None:
    site, plant = frail_site, Plant(11)
    services = [site.costing(), site.aggregator()]
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(1_000)
        own_kafka.kill()
        await asyncio.sleep(3)
        await asyncio.to_thread(own_kafka.start)
        await site.has_more_than(await site.count() + 500)
    await site.is_right(plant.facts)
    for service in services:
        assert len(service.said().splitlines()) < 500
    own_kafka.kill()
    await _can_be_stopped(services)


async def test_a_frozen_broker_holds_the_services_up_and_no_longer(
    frail_site: Site, own_kafka: KafkaBroker
) -> None:
    site, plant = frail_site, Plant(12)
    services = [site.costing(), site.aggregator()]
    async with streaming(site.bootstrap, plant):
        await site.has_more_than(1_000)
        own_kafka.freeze()
        await asyncio.sleep(5)
        own_kafka.thaw()
        await site.has_more_than(await site.count() + 500)
    await site.is_right(plant.facts)
    own_kafka.freeze()
    await _can_be_stopped(services)


async def _can_be_stopped(services: list[Service]) -> None:
    """While the broker is away."""
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
    await _wait_until_stopped(services)
    for service in services:
        service.start()
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
        service.tell()
    assert [await service.exit_code() for service in [*services, ingest]] == [0, 0, 0]


def _waits(service: Service) -> bool:
    return "does not answer yet" in service.said()


async def _wait_until_stopped(services: list[Service]) -> None:
    for service in services:
        await until(partial(_waits, service), "it waits for Kafka")
        assert await service.stop() == 0


async def is_status(url: str, status: int) -> bool:
    async with httpx.AsyncClient(verify=False) as http:
        try:
            return (await http.get(url)).status_code == status
        except httpx.TransportError:
            return False

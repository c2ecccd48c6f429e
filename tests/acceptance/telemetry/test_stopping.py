"""A service that is told to stop while a server is away leaves at once, and in order."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from copq.aggregator.service import run_aggregator
from copq.aggregator.stream import AggregatorSettings
from copq.costing.settings import CostingSettings
from copq.costing.stream import CostingStream
from copq.kafka.brokers import Brokers
from copq.kafka.waiting import wait_for_brokers
from copq.process.stopping import unless_stopped
from copq.standalone.server import serve
from copq.telemetry.health import Health
from tests.support.faults.processes import Service, until
from tests.support.kafka.settings import free_ports


def away() -> tuple[str, Brokers]:
    postgres, kafka = free_ports(2)
    return f"postgresql://copq@127.0.0.1:{postgres}/copq", Brokers(f"127.0.0.1:{kafka}")


def costing(stop: asyncio.Event) -> Coroutine[Any, Any, None]:
    dsn, brokers = away()
    return CostingStream(CostingSettings(brokers, dsn), stop).run()


def aggregator(stop: asyncio.Event) -> Coroutine[Any, Any, None]:
    dsn, brokers = away()
    return run_aggregator(AggregatorSettings(brokers, dsn), stop)


def standalone(stop: asyncio.Event) -> Coroutine[Any, Any, None]:
    return serve(away()[0], "127.0.0.1", 0, stop, lambda _: asyncio.sleep(0))


def brokers(stop: asyncio.Event) -> Coroutine[Any, Any, bool]:
    return wait_for_brokers(away()[1], stop, Health())


@pytest.mark.parametrize("service", [costing, aggregator, standalone, brokers])
async def test_a_service_leaves_at_once_while_a_server_is_away(service: Any) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(service(stop))
    await asyncio.sleep(0.2)
    assert not running.done()
    stop.set()
    assert not await asyncio.wait_for(running, 0.9)  # less than it waits between two tries


async def test_work_that_ends_first_is_answered_and_its_fault_raised() -> None:
    async def fails() -> None:
        raise ValueError("lost")

    assert await unless_stopped(asyncio.Event(), asyncio.sleep(0, "done")) == "done"
    with pytest.raises(ValueError, match="lost"):
        await unless_stopped(asyncio.Event(), fails())


@pytest.mark.parametrize("command", ["costing", "aggregator"])
async def test_the_command_ends_with_0_while_postgres_is_away(command: str, tmp_path: Path) -> None:
    dsn, kafka = away()
    words = ("--kafka", kafka.addresses, "--database", dsn)
    service = Service(tmp_path, command, command, *words).start()
    try:
        await until(lambda: "rate book waits" in service.said(), "it waits for Postgres")
        service.tell()
        assert await service.exit_code() == 0, service.tail()
    finally:
        service.kill()

"""`copq up` under a power cut: what was acknowledged is there, what is sent again counts once."""

import asyncio
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from copq.command_line.exits import Exit
from tests.support.faults.own_postgres import OwnPostgres
from tests.support.faults.plant import Plant
from tests.support.faults.processes import Service, until
from tests.support.faults.sender import Sender
from tests.support.faults.site import Site
from tests.support.kafka.settings import free_ports

BATCH = 200


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[tuple[Site, OwnPostgres]]:
    """A data folder with rates, and no Kafka."""
    postgres = await asyncio.to_thread(OwnPostgres, tmp_path / "data")
    found = Site("", postgres.database, tmp_path)
    await found.import_rates()
    yield found, postgres
    found.close()
    await asyncio.to_thread(postgres.close)


def _up(site: Site) -> tuple[Service, Sender]:
    [port] = free_ports(1)
    up = site.service("up", "up", "--data", str(site.folder / "data"), "--port", str(port))
    return up, Sender(port)


async def test_what_was_acknowledged_outlives_a_kill_and_what_is_sent_again_counts_once(
    alone: tuple[Site, OwnPostgres],
) -> None:
    site, _ = alone
    plant, (up, sender) = Plant(17), _up(site)
    for moment in (0.0, 0.03):
        up.start()
        await sender.is_answered()
        for _ in range(5):
            assert await sender.post(plant.make(BATCH)) == 202
        under_way = asyncio.create_task(sender.post(plant.make(BATCH)))
        await asyncio.sleep(moment)
        up.kill()
        await under_way
    assert await site.holds([fact.event_id for fact in sender.acknowledged])
    up.start()
    await sender.is_answered()
    await _send_all_again(sender)
    await site.figures_are_right(plant.facts)
    assert await up.stop() == 0


async def test_an_embedded_postgres_that_dies_is_started_again_until_it_cannot_be(
    alone: tuple[Site, OwnPostgres],
) -> None:
    site, postgres = alone
    plant, (up, sender) = Plant(18), _up(site)
    up.start()
    await sender.is_answered()
    for way in ("power cut", "SIGQUIT", "SIGKILL"):
        assert await sender.post(plant.make(BATCH)) == 202
        before = postgres.pid()
        under_way = asyncio.create_task(sender.post(plant.make(BATCH)))
        if way == "power cut":
            postgres.kill()
        else:
            postgres.signal_postmaster(signal.Signals[way])
        assert await under_way in (202, 503)
        await until(partial(_is_another, postgres, before), "there is another")
        await until(lambda: _takes(sender, plant), "events are accepted again")
    assert await site.holds([fact.event_id for fact in sender.acknowledged])
    await _send_all_again(sender)
    await site.figures_are_right(plant.facts)
    postgres.break_for_good()
    assert await up.exit_code() == Exit.UNAVAILABLE
    sentence = up.said().partition("copq: Postgres does not start; its log:")[2]
    assert "pg_control" in sentence and "Traceback" not in sentence


def _is_another(postgres: OwnPostgres, before: int | None) -> bool:
    return postgres.pid() not in (None, before)


async def _takes(sender: Sender, plant: Plant) -> bool:
    status = await sender.post(plant.make(BATCH))
    assert status in (202, 503)
    return status == 202


async def _send_all_again(sender: Sender) -> None:
    made = list(sender.made)
    for start in range(0, len(made), BATCH):
        assert await sender.post(made[start : start + BATCH]) == 202


async def test_a_thousand_idle_connections_end_neither_the_service_nor_its_postgres(
    alone: tuple[Site, OwnPostgres],
) -> None:
    site, _ = alone
    plant, (up, sender) = Plant(19), _up(site)
    up.start()
    await sender.is_answered()
    psutil.Process(up.pid).rlimit(psutil.RLIMIT_NOFILE, (400, 400))
    idle = [await asyncio.open_connection("127.0.0.1", sender.port) for _ in range(1_000)]
    await asyncio.sleep(3)
    assert up.runs and "has died" not in up.said()
    for _, writer in idle:
        writer.close()
    await sender.is_answered()
    assert await sender.post(plant.make(BATCH)) == 202
    await site.figures_are_right(plant.facts)
    assert await up.stop() == 0

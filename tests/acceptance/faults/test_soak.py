"""Whatever may happen, at random and for as long as one likes: the figures are right."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.faults.feeder import streaming
from tests.support.faults.own_postgres import OwnPostgres
from tests.support.faults.plant import Plant
from tests.support.faults.site import SESSION_S, TOPICS, Site
from tests.support.kafka.broker import KafkaBroker

SECONDS = int(os.environ.get("SOAK_SECONDS", "300"))
SEED = int(os.environ.get("SOAK_SEED", random.SystemRandom().randrange(10**6)))

pytestmark = [pytest.mark.kafka, pytest.mark.soak, pytest.mark.timeout(SECONDS + 600)]


@pytest.fixture
async def frail(
    own_kafka: KafkaBroker, tmp_path: Path
) -> AsyncIterator[tuple[Site, KafkaBroker, OwnPostgres]]:
    """A site of which everything may be broken."""
    postgres = await asyncio.to_thread(OwnPostgres, tmp_path / "data")
    site = Site(own_kafka.bootstrap, postgres.database, tmp_path)
    await site.make_anew(*TOPICS)
    await site.import_rates()
    yield site, own_kafka, postgres
    site.close()
    await asyncio.to_thread(postgres.close)


async def test_trouble_of_all_kinds_at_random(
    frail: tuple[Site, KafkaBroker, OwnPostgres],
) -> None:
    site, kafka, postgres = frail
    print(f"SOAK_SEED={SEED}")
    pick, plant = random.Random(SEED), Plant(SEED)
    trouble = Trouble(site, kafka, postgres, pick)
    loop = asyncio.get_running_loop()
    end = loop.time() + SECONDS
    async with streaming(site.bootstrap, plant):
        while loop.time() < end:
            await asyncio.sleep(pick.uniform(0, 4))
            await pick.choice(trouble.kinds)()
            await site.has_more_than(await site.count() + 1)
    await site.is_right(plant.facts)
    print("published twice:", await site.repeats(), "of", await site.priced())


class Trouble:
    def __init__(
        self, site: Site, kafka: KafkaBroker, postgres: OwnPostgres, pick: random.Random
    ) -> None:
        self._kafka, self._postgres, self._pick = kafka, postgres, pick
        self._services = [site.costing("costing 1"), site.costing("costing 2")]
        self._services += [site.aggregator("aggregator 1"), site.aggregator("aggregator 2")]
        workers = [self.kill_a_worker, self.freeze_a_worker, self.stop_a_worker]
        self.kinds = [*workers, *workers, self.kill_postgres, self.freeze_postgres]
        self.kinds += [self.kill_kafka, self.freeze_kafka]

    async def kill_a_worker(self) -> None:
        self._pick.choice(self._services).restart()

    async def stop_a_worker(self) -> None:
        service = self._pick.choice(self._services)
        service.tell()
        await service.exit_code(20)
        service.start()

    async def freeze_a_worker(self) -> None:
        service = self._pick.choice(self._services)
        service.freeze()
        await self._a_while()
        service.thaw()

    async def kill_postgres(self) -> None:
        self._postgres.kill()
        await self._a_while()
        await asyncio.to_thread(self._postgres.start)

    async def freeze_postgres(self) -> None:
        self._postgres.freeze()
        await self._a_while()
        self._postgres.thaw()

    async def kill_kafka(self) -> None:
        self._kafka.kill()
        await self._a_while()
        await asyncio.to_thread(self._kafka.start)

    async def freeze_kafka(self) -> None:
        self._kafka.freeze()
        await self._a_while()
        self._kafka.thaw()

    async def _a_while(self) -> None:
        await asyncio.sleep(self._pick.uniform(0, 2 * SESSION_S))

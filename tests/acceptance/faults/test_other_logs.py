"""The log under a name is another one than before: nothing is lost, and each is said aloud."""

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from copq.kafka.headers import NONE
from copq.kafka.topics import EVENTS, PRICED, REJECTED
from tests.support.faults.feeder import Feeder
from tests.support.faults.plant import Plant
from tests.support.faults.processes import Service, copq, until
from tests.support.faults.site import PARTITIONS, TOPICS, Site
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.settings import free_ports

pytestmark = pytest.mark.kafka
param, soak = pytest.param, pytest.mark.soak

RUNBOOK = Path(__file__).parents[3] / "docs/runbooks/kafka-lost-data.md"
MADE_AGAIN = "the topic was deleted and made again"


async def send(site: Site, plant: Plant, number: int) -> None:
    feeder = Feeder(site.bootstrap)
    await feeder.send(plant.make(number))
    await feeder.close()


async def is_complete(site: Site, plant: Plant) -> None:
    """All events are in the ledger and each counts once, though their messages may be gone."""
    known = {fact.event_id: fact for fact in plant.facts}
    await site.has_more_than(len(known))
    await site.figures_are_right(known.values())


async def is_committed(site: Site) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=site.bootstrap)
    await admin.start()
    found = await admin.list_consumer_group_offsets(site.group("costing"))
    await admin.close()
    done = {place.partition: commit.offset for place, commit in found.items()}
    return done == (await site.ends())[EVENTS]


async def priced_beyond(site: Site, fence: dict[int, int]) -> bool:
    ends = (await site.ends())[PRICED]
    return all(ends[partition] > offset for partition, offset in fence.items())


@pytest.mark.parametrize("aggregator", ["stopped", param("running", marks=soak)])
async def test_a_topic_made_again_and_filled_beyond_the_fence_is_read_from_its_start(
    site: Site, aggregator: str
) -> None:
    plant = Plant(101)
    costing, worker = site.costing("before"), site.aggregator()
    await send(site, plant, 500)
    await is_complete(site, plant)
    fence = await site.fence()
    assert await costing.stop() == 0
    if aggregator == "stopped":
        assert await worker.stop() == 0
    await site.make_anew(PRICED)
    site.costing("after")
    await send(site, plant, 1_000)
    if aggregator == "stopped":
        await until(lambda: priced_beyond(site, fence), "the new topic goes beyond the fence")
        worker.start()
    await is_complete(site, plant)
    assert MADE_AGAIN in worker.said()


@pytest.mark.parametrize("workers", [param("stopped", marks=soak), "running"])
async def test_logs_that_lost_their_ends_and_were_filled_again_are_read_from_their_starts(
    frail_site: Site, own_kafka: KafkaBroker, workers: str
) -> None:
    site, plant = frail_site, Plant(102)
    services = [site.costing(), site.aggregator()]
    await send(site, plant, 1_000)
    await is_complete(site, plant)
    await until(lambda: is_committed(site), "costing has committed all")
    if workers == "stopped":
        assert [await service.stop() for service in services] == [0, 0]
    own_kafka.kill()
    for topic in (EVENTS, PRICED):
        own_kafka.lose_end(topic)
    await asyncio.to_thread(own_kafka.start)
    await send(site, plant, 1_000)
    if workers == "stopped":
        for service in services:
            service.start()
    await is_complete(site, plant)
    for service in services:
        assert "so this is not the log that was read before" in service.said()


async def test_a_commit_beyond_the_end_of_the_log_starts_again_at_its_start(site: Site) -> None:
    plant = Plant(103)
    places = {TopicPartition(EVENTS, p): 10_000 for p in range(PARTITIONS)}
    consumer = AIOKafkaConsumer(bootstrap_servers=site.bootstrap, group_id=site.group("costing"))
    await consumer.start()
    consumer.assign(list(places))
    await consumer.commit(places)
    await consumer.stop()
    costing, _ = site.costing(), site.aggregator()
    await send(site, plant, 500)
    await is_complete(site, plant)
    assert "before 10000, so this is not the log" in costing.said()


async def test_what_is_refused_is_kept_whatever_becomes_of_topic_and_ledger(site: Site) -> None:
    """The same offsets of the same names: other messages."""
    rejects = Rejects(site)
    await rejects.send("first", 200)
    await rejects.are_kept(200)
    for topic, kept in ((EVENTS, 500), (REJECTED, 800)):
        await rejects.costing.stop()
        await site.make_anew(topic)
        rejects.costing.start()
        await rejects.send(f"{topic} again", 300)
        await rejects.are_kept(kept)
    assert await rejects.aggregator.stop() == 0
    conn = await asyncpg.connect(site.database)
    await conn.execute("delete from copq.rejected where origin_topic is not null")
    await conn.execute("update copq.fence set next_offset = 0, fingerprint = ''")
    await conn.close()
    rejects.aggregator.start()
    await rejects.are_kept(300)


class Rejects:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.costing = site.costing("costing", "--max-reject-share", "1")
        self.aggregator = site.aggregator()

    async def send(self, name: str, number: int) -> None:
        feeder = Feeder(self.site.bootstrap)
        await feeder.send_raw([(b"L1", f"{name} {n}".encode(), NONE) for n in range(number)])
        await feeder.close()

    async def are_kept(self, number: int) -> None:
        """So many, each once."""

        async def kept() -> bool:
            conn = await asyncpg.connect(self.site.database)
            found, different = await conn.fetchrow(
                "select count(*), count(distinct payload) from copq.rejected"
            )
            await conn.close()
            assert found == different
            return bool(found >= number)

        await until(kept, f"{number} refused messages are kept")


async def test_the_runbook_for_a_broker_that_came_back_empty(
    frail_site: Site, own_kafka: KafkaBroker, tmp_path: Path
) -> None:
    """Its steps in order, with its own statements."""
    site, plant = frail_site, Plant(104)
    [port] = free_ports(1)
    ingest = Service(
        tmp_path, "ingest", "ingest", "--kafka", site.bootstrap, "--port", str(port),
        "--partitions", str(PARTITIONS), "--no-auth",
    )  # fmt: skip
    site.services.append(ingest)
    services = [site.costing(), site.aggregator()]
    await send(site, plant, 800)
    await is_complete(site, plant)
    own_kafka.kill()
    own_kafka.lose_all()
    await asyncio.to_thread(own_kafka.start)
    ingest.start()
    await until(lambda: has_topics(site), "ingest has made the topics")
    [query] = re.findall(r"select plant.*?;", RUNBOOK.read_text(), re.S)
    conn = await asyncpg.connect(site.database)
    assert await conn.fetch(query)
    await conn.close()
    feeder = Feeder(site.bootstrap)
    await feeder.send(plant.facts)
    await feeder.close()
    await send(site, plant, 400)
    await is_complete(site, plant)
    copq("verify", "--database", site.database)
    assert "so this is not the log" in services[1].said()


async def has_topics(site: Site) -> bool:
    consumer = AIOKafkaConsumer(bootstrap_servers=site.bootstrap)
    await consumer.start()
    there = await consumer.topics()
    await consumer.stop()
    return all(topic in there for topic in TOPICS)

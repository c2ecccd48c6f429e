"""A host whose clock is two hours ahead, and a broker that takes one hour at most."""

import asyncio
import time
from typing import Any

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.producer.message_accumulator import BatchBuilder

from copq.costing.settings import CostingSettings
from copq.costing.stream import CostingStream
from copq.ingest.intake import Status
from copq.ingest.kafka_intake import KafkaIntake
from copq.kafka.brokers import Brokers
from copq.kafka.topics import EVENTS, PRICED, REJECTED, make_topics
from copq.rates.store import import_rates
from copq.telemetry.health import Health
from copq.web.unavailable import Unavailable
from tests.support.building import defect, rates
from tests.support.faults.processes import until
from tests.support.kafka.broker import KafkaBroker

pytestmark = pytest.mark.kafka

EVENT = defect("d", "2026-03-02T10:00:00Z")


@pytest.fixture
def clock_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    append = BatchBuilder.append

    def ahead(self: Any, *, timestamp: Any, **more: Any) -> Any:
        return append(self, timestamp=int(time.time() * 1000) + 7_200_000, **more)

    monkeypatch.setattr(BatchBuilder, "append", ahead)


async def test_a_host_whose_clock_is_ahead_is_named_until_the_broker_sets_the_time(
    own_kafka: KafkaBroker, database: str, conn: asyncpg.Connection, clock_ahead: None
) -> None:
    brokers, health, stop = Brokers(own_kafka.bootstrap), Health(), asyncio.Event()
    health.mark_turn()
    await import_rates(conn, rates(), "test", "test")
    admin = AIOKafkaAdminClient(bootstrap_servers=own_kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1) for topic in (EVENTS, PRICED, REJECTED)])
    intake = KafkaIntake(brokers)
    with pytest.raises(Unavailable, match="the clock of this host is more than an hour ahead"):
        await intake.accept([EVENT])
    with pytest.raises(Unavailable, match="LogAppendTime"):
        await intake.ready()

    await let_the_broker_set_the_time(admin, EVENTS)
    [answer] = await intake.accept([EVENT])
    assert answer.status == Status.ACCEPTED
    await intake.ready()
    await intake.close()

    settings = CostingSettings(brokers, database, session_timeout_s=3)
    costing = asyncio.create_task(CostingStream(settings, stop, health).run())
    try:
        await until(lambda: "chronyc" in (health.unready() or ""), "costing says why it waits")
        await let_the_broker_set_the_time(admin, PRICED)
        await until(lambda: health.unready() is None, "costing goes on")
    finally:
        stop.set()
        await costing
        await admin.close()


async def let_the_broker_set_the_time(admin: AIOKafkaAdminClient, topic: str) -> None:
    """As the runbook says."""
    change = {"message.timestamp.type": "LogAppendTime"}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=change)])


async def test_topics_that_copq_makes_take_what_such_a_host_sends(
    own_kafka: KafkaBroker, clock_ahead: None
) -> None:
    await make_topics(Brokers(own_kafka.bootstrap), 1)
    intake = KafkaIntake(Brokers(own_kafka.bootstrap))
    [answer] = await intake.accept([EVENT])
    assert answer.status == Status.ACCEPTED
    await intake.close()

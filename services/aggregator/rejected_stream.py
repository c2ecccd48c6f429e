"""`quality.events.rejected` into Postgres, where `copq rejected` finds what was refused."""

import asyncio
import logging
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from schemas.refusal import Refusal
from schemas.rejected import Origin, RejectedEvent, decode, rejected_event
from services.aggregator import metrics
from services.aggregator.rejected import keep_rejected
from services.kafka.brokers import Brokers
from services.kafka.closing import close_consumer
from services.kafka.header_names import read_any_names
from services.kafka.topics import METADATA_MS, REJECTED
from services.postgres import AWAY, DatabaseRole, connected

AGAIN_S = 1

log = logging.getLogger(__name__)


async def keep_from_kafka(brokers: Brokers, dsn: str, group: str) -> None:
    """For ever; while Kafka or Postgres is away it waits."""
    while True:
        try:
            await _follow(brokers, dsn, group)
        except KafkaError as error:
            log.warning("reading refused messages is tried again: %r", error)
            await asyncio.sleep(AGAIN_S)


async def _follow(brokers: Brokers, dsn: str, group: str) -> None:
    """A batch is committed to Kafka once it is kept."""
    read_any_names()
    consumer = AIOKafkaConsumer(
        REJECTED, **brokers.settings(), group_id=group, enable_auto_commit=False,
        auto_offset_reset="earliest", max_poll_records=500, metadata_max_age_ms=METADATA_MS,
    )  # fmt: skip
    try:
        await consumer.start()
        while True:
            got = await consumer.getmany(timeout_ms=500)
            records = [record for found in got.values() for record in found]
            if records:
                await _keep_until_kept(dsn, [_rejected(record) for record in records])
                await consumer.commit()
    finally:
        await close_consumer(consumer)


async def _keep_until_kept(dsn: str, rejected: list[RejectedEvent]) -> None:
    while True:
        try:
            async with connected(dsn, DatabaseRole.AGGREGATOR) as conn, conn.transaction():
                await keep_rejected(conn, rejected)
            metrics.KEPT.inc(len(rejected))
            return
        except AWAY as error:
            log.warning("keeping refused messages is tried again: %r", error)
            await asyncio.sleep(AGAIN_S)


def _rejected(record: ConsumerRecord) -> RejectedEvent:
    """Where it came from; one refused at the door came from no topic, so its own place counts."""
    place = Origin(topic=record.topic, partition=record.partition, offset=record.offset)
    try:
        event = decode(record.value or b"")
    except ValidationError as error:
        why = f"is no rejected event, though it lies among them: {error.errors()[0]['msg']}"
        refusal = Refusal("not_rejected_event", "", why)
        return rejected_event(refusal, record.value or b"", datetime.now(UTC), place)
    return event if event.origin else event.model_copy(update={"origin": place})

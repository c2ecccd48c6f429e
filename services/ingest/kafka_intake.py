"""The streaming intake: events are safe once the broker has acknowledged them."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from schemas import rejected
from schemas.refusal import Refusal, Refused
from services.ingest.check import check
from services.ingest.intake import Answer, Status, Unavailable
from services.ingest.sender import ANYONE, Sender
from services.kafka.closing import close_producer
from services.kafka.publish import Message, publish, start_producer
from services.kafka.topics import EVENTS, REJECTED, key_of

PATIENCE_S = 10
"""How long a sender waits for the broker before it is told to come again."""


class KafkaIntake:
    """Valid events go to `quality.events`, keyed by plant and line.

    Refused ones are answered, and go to `quality.events.rejected` unless `keeps` is false.
    """

    def __init__(self, bootstrap: str, keeps: bool = True) -> None:
        self._bootstrap = bootstrap
        self._keeps = keeps
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._partition_of = DefaultPartitioner()

    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        now = datetime.now(UTC)
        valid: list[Message] = []
        refused: list[Message] = []
        answers = [_check(raw, now, sender, valid, refused) for raw in raws]
        await self._store({EVENTS: valid, REJECTED: refused if self._keeps else []})
        return answers

    async def refuse(self, refused: list[tuple[Refusal, bytes]]) -> None:
        now = datetime.now(UTC)
        kept = [rejected.rejected_event(why, raw, now) for why, raw in refused]
        await self._store({REJECTED: [(None, rejected.encode(event)) for event in kept]})

    async def _store(self, messages: dict[str, list[Message]]) -> None:
        used: AIOKafkaProducer | None = None
        try:
            async with asyncio.timeout(PATIENCE_S):
                used = await self._started()
                await asyncio.gather(*(self._publish(used, *to) for to in messages.items()))
        except (KafkaError, TimeoutError) as error:
            if used is self._producer:
                await self.close()
            raise Unavailable(f"Kafka does not acknowledge ({error!r})") from error

    async def _publish(
        self, producer: AIOKafkaProducer, topic: str, messages: list[Message]
    ) -> None:
        if not messages:
            return
        partitions = sorted(await producer.partitions_for(topic))
        by_partition: dict[int, list[Message]] = defaultdict(list)
        for message in messages:
            by_partition[self._partition_of(message[0], partitions, partitions)].append(message)
        futures = []
        for partition, found in by_partition.items():
            futures += await publish(producer, topic, partition, found)
        await asyncio.gather(*futures)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                self._producer = await start_producer(self._bootstrap)
            return self._producer

    async def close(self) -> None:
        """Let the producer go; the next batch starts another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await close_producer(producer)


def _check(
    raw: bytes, now: datetime, sender: Sender, valid: list[Message], refused: list[Message]
) -> Answer:
    try:
        event = check(raw, now, sender)
    except Refused as why:
        kept = rejected.rejected_event(why.refusal, raw, now)
        refused.append((None, rejected.encode(kept)))
        return Answer(Status.REFUSED, refusal=why.refusal)
    valid.append((key_of(event.plant, event.line), raw))
    return Answer(Status.ACCEPTED, event.event_id)

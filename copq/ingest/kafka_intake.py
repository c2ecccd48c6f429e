"""The streaming intake: events are safe once the broker has acknowledged them."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError, KafkaError
from aiokafka.partitioner import DefaultPartitioner

from copq.access.sender import ANYONE, Sender
from copq.ingest.check import check
from copq.ingest.gathering import GroupCommit
from copq.ingest.intake import Answer, Status
from copq.ingest.names import Names
from copq.kafka import metrics
from copq.kafka.brokers import Brokers
from copq.kafka.closing import close_producer
from copq.kafka.headers import NONE, Headers, sender_headers
from copq.kafka.publish import CLOCK_AHEAD, Message, publish, start_producer
from copq.kafka.topics import EVENTS, REJECTED, key_of
from copq.rates.book import RateBook
from copq.schemas import rejected
from copq.schemas.refusal import Refused
from copq.telemetry.tracing import tracer
from copq.web.unavailable import Unavailable

PATIENCE_S = 10
"""How long a sender waits for the broker before it is told to try again."""

LOOK_S = 3
TOGETHER = 4_000
"""Messages of as many callers as there are, published as one group."""

Outgoing = tuple[list[Message], list[Message]]
"""Of one caller: for `quality.events`, and for `quality.events.rejected`."""

log = logging.getLogger(__name__)
_partitioner = DefaultPartitioner()


class KafkaIntake:
    """Valid events go to `quality.events`, keyed by plant and line.

    Refused ones are answered, and go to `quality.events.rejected` unless `keeps` is false. What
    comes in while the broker is busy shares its next record batches.
    """

    def __init__(
        self, brokers: Brokers, keeps: bool = True, names: Names | None = None,
        book: Callable[[], RateBook] = RateBook,
    ) -> None:  # fmt: skip
        """`names` limits the names that senders bring and the current `book` does not know."""
        self._names, self._book = names, book
        self._brokers = brokers
        self._keeps = keeps
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._clock = ""
        metrics.CLOCK_ERRORS.labels("ingest")
        self._gathering = GroupCommit(self._store, _weight, TOGETHER)

    async def accept(self, raws: list[bytes], sender: Sender = ANYONE) -> list[Answer]:
        now = datetime.now(UTC)
        valid: list[Message] = []
        refused: list[Message] = []
        headers = sender_headers(sender.name, tracer().traceparent())
        by = (now, sender, self._names, self._book())
        answers = [_check(raw, by, headers, valid, refused) for raw in raws]
        await self._gathering.submit((valid, refused if self._keeps else []))
        return answers

    async def ready(self) -> None:
        """Raises `Unavailable` where the broker does not answer, has not the topic, or refuses
        the times of what this host sends."""
        try:
            async with asyncio.timeout(LOOK_S):
                producer = await self._ready_producer()
                await producer.client.fetch_all_metadata()
                await producer.partitions_for(EVENTS)
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"Kafka does not answer ({error!r})") from error
        if self._clock:
            raise Unavailable(self._clock)

    async def _store(self, group: list[Outgoing]) -> list[None]:
        used: AIOKafkaProducer | None = None
        try:
            async with asyncio.timeout(PATIENCE_S):
                used = await self._ready_producer()
                events = [message for valid, _ in group for message in valid]
                rejects = [message for _, refused in group for message in refused]
                # Refused ones first: with an event on its topic, so are those refused before it.
                await self._publish(used, REJECTED, rejects)
                await self._publish(used, EVENTS, events)
        except (KafkaError, TimeoutError) as error:
            if used is self._producer:
                await self.close()
            raise Unavailable(self._why(error)) from error
        self._clock = ""
        return [None] * len(group)

    def _why(self, error: Exception) -> str:
        if not isinstance(error, InvalidTimestampError):
            return f"Kafka does not acknowledge ({error!r})"
        metrics.CLOCK_ERRORS.labels("ingest").inc()
        log.error("%s", CLOCK_AHEAD)
        self._clock = CLOCK_AHEAD
        return CLOCK_AHEAD

    async def _publish(
        self, producer: AIOKafkaProducer, topic: str, messages: list[Message]
    ) -> None:
        if not messages:
            return
        partitions = tuple(sorted(await producer.partitions_for(topic)))
        by_partition: dict[int, list[Message]] = defaultdict(list)
        for message in messages:
            by_partition[_partition_of(message[0], partitions)].append(message)
        futures = []
        for partition, found in by_partition.items():
            futures += await publish(producer, topic, partition, found)
        await asyncio.gather(*futures)

    async def _ready_producer(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                self._producer = await start_producer(self._brokers)
            return self._producer

    async def close(self) -> None:
        """Let the producer go; the next batch starts another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await close_producer(producer)


def _weight(outgoing: Outgoing) -> int:
    valid, refused = outgoing
    return len(valid) + len(refused)


def _partition_of(key: bytes | None, partitions: tuple[int, ...]) -> int:
    """That of the key; a message without one may go anywhere."""
    return _partitioner(None, partitions, partitions) if key is None else _keyed(key, partitions)


@lru_cache(maxsize=10_000)
def _keyed(key: bytes, partitions: tuple[int, ...]) -> int:
    return int(_partitioner(key, partitions, partitions))


def _check(
    raw: bytes,
    by: tuple[datetime, Sender, Names | None, RateBook],
    headers: Headers,
    valid: list[Message],
    refused: list[Message],
) -> Answer:
    try:
        event = check(raw, *by)
    except Refused as why:
        now, sender, *_ = by
        kept = rejected.rejected_event(why.refusal, raw, now, sent_by=sender.name)
        refused.append((None, rejected.encode(kept), NONE))
        return Answer(Status.REFUSED, refusal=why.refusal)
    valid.append((key_of(event.plant, event.line), raw, headers))
    return Answer(Status.ACCEPTED, event.event_id)

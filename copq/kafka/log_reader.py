"""Facts about a log: its bounds, its identity, the fingerprint of a record."""

import asyncio
import logging
from collections.abc import Collection

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from copq.kafka.brokers import Brokers
from copq.kafka.closing import close_consumer
from copq.kafka.identity import IdentityRequest, LogIdentity, fingerprint, identities_in

ANSWER_S = 5

log = logging.getLogger(__name__)


class LogReader:
    """Reads facts about logs on its own connection, without joining a group.

    Call `start` first, and `close` at the end. Each method raises a `KafkaError` if the brokers do
    not answer within some seconds.
    """

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers
        self._consumer: AIOKafkaConsumer | None = None
        self._node: int | None = None
        self._reading = asyncio.Lock()
        self._has_ids = True

    async def start(self) -> None:
        self._consumer = AIOKafkaConsumer(
            **self._brokers.settings(), enable_auto_commit=False, auto_offset_reset="none",
            request_timeout_ms=ANSWER_S * 1000, max_partition_fetch_bytes=1, max_poll_records=1,
        )  # fmt: skip
        await self._consumer.start()

    async def close(self) -> None:
        if self._consumer is not None:
            await close_consumer(self._consumer)

    async def identities(self, topic: str) -> dict[int, LogIdentity]:
        """The identities of the topic's partitions; empty if the topic does not exist.

        If the brokers have no topic ids, all identities are equal and empty.
        """
        client = self._require_consumer()._client
        # The same broker is asked while it answers, since its knowledge never goes back.
        self._node = client.get_random_node() if self._node is None else self._node
        try:
            return identities_in(await client.send(self._node, IdentityRequest(topic)))
        except NotImplementedError:
            return await self._without_ids(topic)
        except BaseException:
            self._node = None
            raise

    async def _without_ids(self, topic: str) -> dict[int, LogIdentity]:
        if self._has_ids:
            log.warning(
                "these brokers give topics no ids (Kafka does since 2.8): a topic that is deleted "
                "and made again is noticed as workers start, so restart them after it"
            )
        self._has_ids = False
        partitions = await self._require_consumer()._client._wait_on_metadata(topic)
        return dict.fromkeys(partitions, LogIdentity())

    async def bounds(
        self, places: Collection[TopicPartition]
    ) -> dict[TopicPartition, tuple[int, int]]:
        """The first offset of each log, and the offset of its next record."""
        consumer = self._require_consumer()
        starts = await consumer.beginning_offsets(list(places))
        ends = await consumer.end_offsets(list(places))
        return {place: (starts[place], ends[place]) for place in places}

    async def fingerprint_at(self, place: TopicPartition, offset: int) -> str | None:
        """The fingerprint of the record at this offset; None without a record there."""
        consumer = self._require_consumer()
        async with self._reading:
            consumer.assign([place])
            consumer.seek(place, offset)
            try:
                record = await asyncio.wait_for(consumer.getone(place), ANSWER_S)
            except OffsetOutOfRangeError:
                return None
            except TimeoutError as error:
                raise KafkaConnectionError(f"no record of {place} within {ANSWER_S} s") from error
            finally:
                consumer.unsubscribe()  # An assigned partition is fetched, even if nobody reads it.
        return fingerprint(record) if record.offset == offset else None

    def _require_consumer(self) -> AIOKafkaConsumer:
        assert self._consumer is not None, "start it first"
        return self._consumer

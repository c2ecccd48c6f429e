"""Commits to Kafka of offsets that Postgres has. They only show the lag: the fence decides."""

import asyncio
import logging
from collections.abc import Collection, Mapping

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

HINT_S = 5
LAST_HINT_S = 1

log = logging.getLogger(__name__)


class CommitHints:
    """Holds the offsets that Kafka does not know yet."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._offsets: dict[int, int] = {}
        self.sending: asyncio.Task[None] | None = None

    def add(self, offsets: Mapping[int, int]) -> None:
        """Add offsets to the next commit."""
        self._offsets |= offsets

    def send_soon(self, consumer: AIOKafkaConsumer, assigned: Collection[int]) -> None:
        """Commit to Kafka while the next batch is read; one commit at a time is enough."""
        if self._offsets and (self.sending is None or self.sending.done()):
            self.sending = asyncio.create_task(self.send(consumer, assigned, HINT_S))

    async def send(
        self, consumer: AIOKafkaConsumer, assigned: Collection[int], within_s: float
    ) -> None:
        """Commit the offsets of the assigned partitions. A failed commit is sent again later."""
        ours = set(assigned)
        hints, self._offsets = {p: at for p, at in self._offsets.items() if p in ours}, {}
        places = {TopicPartition(self._topic, p): offset for p, offset in hints.items()}
        try:
            if places:
                await asyncio.wait_for(consumer.commit(places), within_s)
        except (KafkaError, TimeoutError) as error:
            log.info("Kafka refused a commit: %r", error)
            # They are sent again even if no batch follows: a partition without a commit looks
            # stuck.
            self._offsets = hints | self._offsets

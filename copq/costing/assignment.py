"""The partitions of a worker and its commits, by Faust's consumer."""

import asyncio
import logging
from typing import Any

import faust
from faust.exceptions import ConsumerNotStarted

from copq.costing.fetched_records import BatchEvent
from copq.kafka.topics import EVENTS

log = logging.getLogger(__name__)


class Assignment:
    """The partitions of one worker of the group."""

    def __init__(self, app: faust.App) -> None:
        self._app: Any = app
        self._committing: asyncio.Task[None] | None = None

    def holds(self, event: BatchEvent) -> bool:
        """False after a rebalance, or if the log is another one. The batch is then read again, here
        or by another worker."""
        message, consumer = event.message, self._app.consumer
        return (
            message.generation_id == self._app.consumer_generation_id
            and message.tp in consumer.assignment()
            and consumer.progress.is_current(message.tp, event.value)
        )

    def partitions(self) -> list[int]:
        """This worker's partitions of `quality.events`."""
        try:
            return [tp.partition for tp in self._app.consumer.assignment() if tp.topic == EVENTS]
        except ConsumerNotStarted:
            return []

    def commit_soon(self) -> None:
        """Commit while the next batch is priced; one commit at a time is enough."""
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())

    async def commit_all(self) -> None:
        """Commit everything that is acknowledged."""
        await self._app.consumer.commit_all()

    async def _commit(self) -> None:
        try:
            await self._app.consumer.commit()
        except Exception as error:
            log.warning("commit is tried again with the next batch: %r", error)

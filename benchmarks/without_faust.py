"""A costing worker on aiokafka alone, to compare with the product's on Faust. The same work:

the product's agent, pricing, publisher and commits of fences; the log is checked with each batch,
and every partition has one batch priced while the batch before is published. It has no tests.
"""

import asyncio
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.structs import TopicPartition

from copq.command_line.running import run_service
from copq.costing.agent import CostingAgent
from copq.costing.batch_pricing import BatchPricing
from copq.costing.commit_fence import commit_of, fence_of
from copq.costing.fetched_records import BatchEvent, FetchedRecords
from copq.costing.progress import Progress
from copq.costing.publisher import Publisher
from copq.costing.settings import FETCH_BYTES, CostingSettings
from copq.kafka.brokers import Brokers
from copq.kafka.closing import close_consumer
from copq.kafka.commits import commits
from copq.kafka.fence import Fence
from copq.kafka.header_names import read_any_names
from copq.kafka.identity import LogIdentity
from copq.kafka.log_reader import LogReader
from copq.kafka.topics import EVENTS, METADATA_MS
from copq.rates.watch import RateWatch
from copq.telemetry.health import Health

if TYPE_CHECKING:
    from faust.types import TP
else:
    TP = TopicPartition
    """Faust's has the same fields. It is not imported: that alone costs memory and time."""


@dataclass(slots=True)
class Batch:
    """An event and its message at once."""

    tp: TP
    value: FetchedRecords
    progress: Progress
    generation_id: int = 0
    acked: bool = False
    message: Any = field(init=False)

    def __post_init__(self) -> None:
        self.message = self

    @property
    def partition(self) -> int:
        return self.tp.partition

    @property
    def offset(self) -> int:
        return int(self.value.records[-1].offset)

    def ack(self) -> bool:
        self.progress.finish(self.tp, self.value)
        return True


class GroupMember(ConsumerRebalanceListener):  # type: ignore[misc]
    """A consumer of `quality.events` that seeks to fences and commits them."""

    def __init__(self, settings: CostingSettings) -> None:
        self.progress = Progress()
        self._reader = LogReader(settings.brokers)
        self._committing: asyncio.Task[None] | None = None
        self._consumer = AIOKafkaConsumer(
            **settings.brokers.settings(), group_id=settings.group, enable_auto_commit=False,
            auto_offset_reset="earliest", max_partition_fetch_bytes=FETCH_BYTES,
            metadata_max_age_ms=METADATA_MS, max_poll_records=None,
            session_timeout_ms=int(settings.session_timeout_s * 1000),
            heartbeat_interval_ms=int(settings.session_timeout_s * 100),
        )  # fmt: skip

    async def start(self) -> None:
        read_any_names()
        await self._reader.start()
        await self._consumer.start()
        self._consumer.subscribe([EVENTS], listener=self)

    async def close(self) -> None:
        await close_consumer(self._consumer)
        await self._reader.close()

    async def _logs(self) -> dict[TP, LogIdentity]:
        """The logs of all partitions: it is the only worker of its group."""
        return {TP(EVENTS, p): log for p, log in (await self._reader.identities(EVENTS)).items()}

    async def batches(self) -> list[Batch]:
        """The next batch of each partition that has one."""
        got = await self._consumer.getmany(timeout_ms=200)
        if got and await self._logs() != self.progress.logs:
            raise RuntimeError("the log has changed; the benchmark stops")
        return [
            Batch(TP(*place), FetchedRecords(found, self.progress.logs[TP(*place)]), self.progress)
            for place, found in got.items()
            if found
        ]

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        found = await commits(self._consumer, assigned)
        fences = {TP(*p): fence_of(found[p]) if p in found else Fence() for p in assigned}
        self.progress.begin(
            {tp: fences[tp]._replace(log=log) for tp, log in (await self._logs()).items()}
        )
        for tp, fence in self.progress.uncommitted().items():
            self._consumer.seek(TopicPartition(*tp), fence.next_offset)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._commit()
        self.progress.forget(TP(*place) for place in revoked)

    def holds(self, event: BatchEvent) -> bool:
        return self.progress.is_current(event.message.tp, event.value)

    def commit_soon(self) -> None:
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())

    async def _commit(self) -> None:
        if ready := self.progress.uncommitted():
            places = {TopicPartition(*tp): commit_of(fence) for tp, fence in ready.items()}
            await self._consumer.commit(places)
            self.progress.mark_committed(ready)


async def run(settings: CostingSettings, stop: asyncio.Event) -> None:
    """Price until `stop` is set."""
    rates, publisher = RateWatch(settings.database), Publisher(settings.brokers, Health())
    await rates.first(stop)
    await publisher.start()
    member: Any = GroupMember(settings)
    pricing = BatchPricing(rates, settings.max_reject_share)
    agent = CostingAgent(pricing, publisher, member, settings.group, stop)
    await member.start()
    renewing = asyncio.create_task(rates.run())
    while not stop.is_set():
        for batch in await member.batches():
            await agent.handle(batch)
    renewing.cancel()
    await agent.finish(3)
    await member.close()
    await publisher.close()


if __name__ == "__main__":
    bootstrap, dsn, group = sys.argv[1:]
    settings = CostingSettings(Brokers(bootstrap), dsn, group)
    run_service(lambda stop: run(settings, stop))

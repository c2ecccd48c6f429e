"""Records that were fetched before partitions were dealt again are left, and read again."""

from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

from copq.costing.batch_consumer import BatchConsumer
from copq.costing.progress import Progress
from copq.kafka.fence import Fence
from copq.kafka.identity import LogIdentity

LOG, MINE, LOST = LogIdentity("first", 1), TP("t", 0), TP("t", 1)


class Dealt(BatchConsumer):
    """Partitions are dealt again, or not, while it asks which logs there are."""

    def __init__(self, generation: int) -> None:
        self.app = SimpleNamespace(consumer_generation_id=1)  # type: ignore[assignment]
        self._doubt, self._checked = False, 0.0
        self.progress = Progress()
        self.progress.begin({MINE: Fence(7, LOG), LOST: Fence(7, LOG)})
        self._reader: Any = self
        self._next, self.sought = generation, 0

    def assignment(self) -> set[TP]:
        return {MINE}

    async def identities(self, topic: str) -> dict[int, LogIdentity]:
        self.app.consumer_generation_id = self._next
        self.progress.forget({LOST})
        return {MINE.partition: LOG}

    async def perform_seek(self) -> None:
        self.sought += 1


@pytest.mark.parametrize(("generation", "kept", "sought"), [(1, {MINE}, 0), (2, set(), 1)])
async def test_what_was_fetched_before_a_rebalance_is_not_taken_for_what_follows_it(
    generation: int, kept: set[TP], sought: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = SimpleNamespace(
        topic="t", partition=0, offset=7, timestamp=0, timestamp_type=0, headers=()
    )

    async def fetched(*_: Any) -> Any:
        return {MINE: [record], LOST: [record]}, {MINE}

    monkeypatch.setattr(Consumer, "_wait_next_records", fetched)
    consumer = Dealt(generation)
    records, _ = await consumer._wait_next_records(1.0)
    assert (set(records), consumer.sought) == (kept, sought)

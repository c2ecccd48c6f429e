"""Whether a batch follows the fence."""

from collections.abc import Mapping

from copq.aggregator.fence import Gap
from copq.aggregator.fetched_batch import Logs
from copq.kafka.fence import Fence
from copq.kafka.identity import LogIdentity


class Gaps:
    """Remembers gaps between the fence and the records of a topic.

    If a gap is still there after reading from the fence, the log itself has a hole.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._seen: set[tuple[int, int, int]] = set()

    def refuse(self, first: Mapping[int, int], logs: Logs, fences: Mapping[int, Fence]) -> None:
        """Raise `Gap` unless a batch that begins at these offsets follows the fence."""
        # If there are records at the fence, the log has no hole: a batch was read ahead.
        following = {p for p, at in first.items() if p in fences and at <= fences[p].next_offset}
        self._seen = {gap for gap in self._seen if gap[0] not in following}
        for partition, offset in first.items():
            self._refuse_one(partition, offset, logs[partition], fences.get(partition, Fence(-1)))

    def forget_below(self, offsets: Mapping[int, int]) -> None:
        """Forget the gaps that the fence has passed."""
        self._seen = {gap for gap in self._seen if gap[1] >= offsets.get(gap[0], 0)}

    def _refuse_one(self, partition: int, offset: int, read: LogIdentity, fence: Fence) -> None:
        where = f"{self._topic}, partition {partition}"
        if (fence.log.topic_id and read.topic_id != fence.log.topic_id) or read < fence.log:
            raise Gap(f"{where} was read from another log than the ledger: reading again")
        gap = (partition, fence.next_offset, offset)
        if offset <= fence.next_offset or gap in self._seen:
            return
        self._seen.add(gap)
        raise Gap(
            f"{where} was read from offset {offset}, but the ledger is at {fence.next_offset}: "
            "reading again from there"
        )

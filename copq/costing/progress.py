"""How far each partition is done. It replaces Faust's own record of offsets."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from copq.costing.fetched_records import FetchedRecords
from copq.kafka.fence import Fence, fence_after
from copq.kafka.identity import LogIdentity

if TYPE_CHECKING:
    from faust.types import TP


class Progress:
    """For each partition: the log that is read, the fence that is done, and the committed fence."""

    def __init__(self) -> None:
        self.logs: dict[TP, LogIdentity] = {}
        self._done: dict[TP, Fence] = {}
        self._committed: dict[TP, Fence] = {}

    def begin(self, fences: "Mapping[TP, Fence]") -> None:
        """Continue at these fences."""
        self.logs |= {tp: fence.log for tp, fence in fences.items()}
        self._done |= fences

    def is_current(self, tp: "TP", fetched: FetchedRecords) -> bool:
        """Whether the worker still reads the log of these records."""
        return self.logs.get(tp) == fetched.log

    def finish(self, tp: "TP", fetched: FetchedRecords) -> None:
        """Mark all records up to the end of this batch as done, unless they are of another log."""
        if self.is_current(tp, fetched):
            self._done[tp] = fence_after(*fetched)

    def uncommitted(self) -> "dict[TP, Fence]":
        """The fences that are done and not committed yet."""
        return {tp: f for tp, f in self._done.items() if self._committed.get(tp) != f}

    def mark_committed(self, fences: "Mapping[TP, Fence]") -> None:
        self._committed |= fences

    def forget(self, partitions: "Iterable[TP]") -> None:
        """Forget partitions that another worker has now."""
        for tp in partitions:
            for known in (self.logs, self._done, self._committed):
                known.pop(tp, None)

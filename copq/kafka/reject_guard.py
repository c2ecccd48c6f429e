"""A stream stops before most of its events end among the rejected."""

from collections import Counter, deque

from copq.kafka.topics import REJECTED


class TooManyRejects(Exception):
    """The share of refused events exceeds the limit: the stream stops."""


class RejectGuard:
    """Stops a stream before most of its events end in the rejected topic.

    After at least `least` events, the share of refused events among the last `window` events must
    not exceed `share`.
    """

    def __init__(self, share: float, window: int = 5_000, least: int = 100) -> None:
        self.share = share
        self._window = window
        self._least = least
        self._batches: deque[tuple[int, int]] = deque()

    def admits(self, read: int, rejected: int) -> bool:
        """Whether the stream may continue after a batch of this many events."""
        self._batches.append((read, rejected))
        while len(self._batches) > 1 and self._read() - self._batches[0][0] >= self._window:
            self._batches.popleft()
        read = self._read()
        return read < self._least or sum(r for _, r in self._batches) <= self.share * read

    def check(self, read: int, reasons: Counter[str], place: str) -> None:
        """Raise `TooManyRejects` if the stream must not continue after a batch of `read` events,
        of which some were refused for these reasons. `place` says where the batch begins."""
        if self.admits(read, reasons.total()):
            return
        most = ", ".join(f"{n} {code}" for code, n in reasons.most_common(3))
        raise TooManyRejects(
            f"over {self.share:.0%} of the events read are refused ({most}); stopped before "
            f"{place}. Fix the sender, or start with a higher --max-reject-share to let them pass "
            f"into {REJECTED}"
        )

    def _read(self) -> int:
        return sum(read for read, _ in self._batches)

"""How much a token may send: token buckets in memory, of one process, by a monotonic clock."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from copq.access.door import TooMuch

BURST_S = 10
"""How many seconds of allowance a quiet sender may use at once."""

_ROUNDING = 1e-6
"""Less than this of one request, event or byte is an error of floating point, and not short."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits per second; None means no limit. Bytes are those of request bodies."""

    requests: float | None = None
    events: float | None = None
    size: float | None = None


NO_LIMITS = Limits()


class Bucket:
    """Fills at `rate` a second, up to `BURST_S` seconds' worth.

    What is taken may leave it in debt, so that a batch larger than the bucket can pass:
    nothing more passes until the debt is paid, and the rate holds on average.
    """

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._full = max(rate * BURST_S, 1.0)
        self._level, self._at = self._full, now

    def wait(self, now: float) -> float:
        """Seconds until the bucket can be taken from; 0 if it can be now."""
        self._level = min(self._full, self._level + (now - self._at) * self._rate)
        self._at = now
        short = min(1.0, self._full) - self._level
        return short / self._rate if short > _ROUNDING else 0.0

    def take(self, amount: float) -> None:
        self._level -= amount


class Meter:
    """What one bearer has sent, against its limits."""

    def __init__(self, limits: Limits, now: float) -> None:
        self.limits = limits
        rates = {"requests": limits.requests, "events": limits.events, "bytes": limits.size}
        self._buckets = {what: Bucket(rate, now) for what, rate in rates.items() if rate}

    def charge(self, amounts: Iterable[tuple[str, int]], now: float) -> None:
        """Take all of it, or raise `TooMuch` and take nothing."""
        due = [(self._buckets[what], what, n) for what, n in amounts if n and what in self._buckets]
        for bucket, what, _ in due:
            if wait := bucket.wait(now):
                raise TooMuch(f"over the limit of {what} a second", max(1, math.ceil(wait)))
        for bucket, _, amount in due:
            bucket.take(amount)

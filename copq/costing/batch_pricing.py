"""Pricing with the newest rate book, while the share of refused events is within its limit."""

from collections.abc import Sequence
from datetime import UTC, datetime

from aiokafka.structs import ConsumerRecord

from copq.costing.batches import PricedBatch, RejectGuard, price_records
from copq.kafka.topics import REJECTED
from copq.pricing.price_cache import Pricer
from copq.rates.watch import RateWatch


class TooManyRejects(Exception):
    """The share of refused events exceeds the limit: the stream stops."""


class BatchPricing:
    """Prices the batches of one worker."""

    def __init__(self, rates: RateWatch, max_reject_share: float) -> None:
        self._rates = rates
        self._newest = Pricer(rates.book)
        self._guard = RejectGuard(max_reject_share)

    @property
    def revision(self) -> int:
        """The revision of the rate book in use."""
        return self._rates.book.revision

    def price(self, records: Sequence[ConsumerRecord]) -> PricedBatch:
        """Price the records of one partition, in order."""
        return price_records(records, self._pricer(), datetime.now(UTC))

    def check(self, batch: PricedBatch, partition: int, offset: int) -> None:
        """Raise `TooManyRejects` if the stream must not continue after this batch."""
        refused = batch.reasons.total()
        if not self._guard.admits(batch.outcomes.total() + refused, refused):
            raise TooManyRejects(self._why(batch, partition, offset))

    def _pricer(self) -> Pricer:
        if self._newest.book is not self._rates.book:
            self._newest = Pricer(self._rates.book)
        return self._newest

    def _why(self, batch: PricedBatch, partition: int, offset: int) -> str:
        reasons = ", ".join(f"{n} {code}" for code, n in batch.reasons.most_common(3))
        return (
            f"over {self._guard.share:.0%} of the events read are refused "
            f"({reasons}); stopped before partition {partition}, offset {offset}. "
            "Fix the sender, or start with a higher --max-reject-share to let them pass into "
            f"{REJECTED}"
        )

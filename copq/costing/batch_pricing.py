"""Pricing with the newest rate book, while the share of refused events is within its limit."""

from collections.abc import Sequence
from datetime import UTC, datetime

from aiokafka.structs import ConsumerRecord

from copq.costing.batches import PricedBatch, price_records
from copq.kafka.reject_guard import RejectGuard
from copq.pricing.price_cache import Pricer
from copq.rates.watch import RateWatch


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
        read = batch.outcomes.total() + batch.reasons.total()
        self._guard.check(read, batch.reasons, f"partition {partition}, offset {offset}")

    def _pricer(self) -> Pricer:
        if self._newest.book is not self._rates.book:
            self._newest = Pricer(self._rates.book)
        return self._newest

"""A cache of prices that a stream needs repeatedly.

The pricing of frequent events depends on a few of their fields and on the quarter of an hour:
buckets, days and time zones change only on quarters. A quarter in which the rate book changes is
not cached. So those fields and the quarter are the key.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from copq.ledger.calendar import quarter_of
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.schemas.events import Event
from copq.schemas.priced import Pricing, encode_pricing

_AT_MOST = 20_000
"""About 10 MB. A full cache is cleared."""

Head = tuple[str, bytes]
"""The outcome, and the encoded pricing, which the event's own bytes follow."""


T = TypeVar("T")


class Memo(Generic[T]):
    """Cached results of `make` for prices by one rate book. Call it under the `MONEY` context."""

    def __init__(self, book: RateBook, make: Callable[[Pricing], T]) -> None:
        self.book = book
        self._make = make
        self._made: dict[Hashable, T] = {}

    def of(self, event: Event) -> T:
        """The result of `make(price(event, book))`."""
        match event.event_type:
            case "production":
                return self._recall(event, event.quantity, event.work_unit, event.good)
            case "defect" | "scrap" | "downgrade":
                return self._recall(event, event.quantity)
            case _:
                return self._make(price(event, self.book))

    def _recall(self, event: Event, *more: Hashable) -> T:
        quarter = quarter_of(event.occurred_at)
        key = (
            event.event_type, event.plant, event.line, event.product, event.stage, quarter, more
        )  # fmt: skip
        result = self._made.get(key)
        if result is None:
            result = self._make(price(event, self.book))
            if quarter not in self.book.edges:
                self._remember(key, result)
        return result

    def _remember(self, key: Hashable, result: T) -> None:
        if len(self._made) >= _AT_MOST:
            self._made.clear()
        self._made[key] = result


class Pricer(Memo[Head]):
    """Cached prices in the encoding of the stream."""

    def __init__(self, book: RateBook) -> None:
        super().__init__(book, lambda pricing: (pricing.outcome, encode_pricing(pricing)))

    def head(self, event: Event) -> Head:
        """The result of `encode_pricing(price(event, book))`."""
        return self.of(event)

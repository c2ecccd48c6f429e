"""A cache of the prices that a stream needs again and again.

The pricing of the frequent events depends on a few of their fields, and within a quarter of an
hour on nothing else: buckets, days and time zones change on quarters only, and a quarter within
which the rate book changes is left out. So what is made of a pricing can be remembered by those
fields.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from copq.ledger.calendar import quarter_of
from copq.pricing.price import price
from copq.rates.book import RateBook
from copq.schemas.events import Event
from copq.schemas.priced import Pricing, encode_pricing

_AT_MOST = 20_000
"""Some 10 MB; when it is full it starts again."""

Head = tuple[str, bytes]
"""Outcome, and the encoded pricing that the event's own bytes follow."""


T = TypeVar("T")


class Memo(Generic[T]):
    """The results of `make` for prices by one rate book. Call it under the `MONEY` context."""

    def __init__(self, book: RateBook, make: Callable[[Pricing], T]) -> None:
        self.book = book
        self._make = make
        self._made: dict[Hashable, T] = {}

    def of(self, event: Event) -> T:
        """As `make(price(event, book))`."""
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
        found = self._made.get(key)
        if found is None:
            found = self._make(price(event, self.book))
            if quarter not in self.book.edges:
                self._remember(key, found)
        return found

    def _remember(self, key: Hashable, made: T) -> None:
        if len(self._made) >= _AT_MOST:
            self._made.clear()
        self._made[key] = made


class Pricer(Memo[Head]):
    """Prices in the encoding of the stream."""

    def __init__(self, book: RateBook) -> None:
        super().__init__(book, lambda pricing: (pricing.outcome, encode_pricing(pricing)))

    def head(self, event: Event) -> Head:
        """As `encode_pricing(price(event, book))`."""
        return self.of(event)

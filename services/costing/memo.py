"""Prices that a stream asks for again and again are worked out once.

The pricing of the frequent events depends on a few of their fields, and within a quarter of an
hour on nothing else: buckets, days and time zones change on quarters only, and a quarter within
which the rate book changes is left out. So the encoded pricing can be remembered by those fields.
"""

from typing import Any

from schemas.priced import encode_pricing
from services.costing.price import price
from services.rates.book import RateBook
from services.rates.calendar import quarter_of

_REMEMBERED = frozenset({"production", "defect", "scrap", "downgrade"})
_AT_MOST = 20_000
"""Some 10 MB; when it is full it starts afresh."""

Head = tuple[str, bytes]
"""Outcome, and the encoded pricing that the event's own bytes follow."""


class Pricer:
    """`price` for one rate book, with a memory. Call it under the `MONEY` context."""

    def __init__(self, book: RateBook) -> None:
        self.book = book
        self._heads: dict[tuple[Any, ...], Head] = {}

    def head(self, event: Any) -> Head:
        """As `encode_pricing(price(event, book))`."""
        if event.event_type not in _REMEMBERED:
            return self._price(event)
        quarter = quarter_of(event.occurred_at)
        key: tuple[Any, ...] = (
            event.event_type, event.plant, event.line, event.product, event.stage, event.quantity,
            quarter,
        )  # fmt: skip
        if event.event_type == "production":
            key = (*key, event.work_unit, event.good)
        found = self._heads.get(key)
        if found is None:
            found = self._price(event)
            if quarter not in self.book.edges:
                self._remember(key, found)
        return found

    def _price(self, event: Any) -> Head:
        pricing = price(event, self.book)
        return pricing.outcome, encode_pricing(pricing)

    def _remember(self, key: tuple[Any, ...], head: Head) -> None:
        if len(self._heads) >= _AT_MOST:
            self._heads.clear()
        self._heads[key] = head

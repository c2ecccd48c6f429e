"""Estimates of unpriced events at the nearest known rate. Estimates are never booked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from copq.ledger.arithmetic import MONEY, SIXTY, ZERO, quotient
from copq.pricing.price import price
from copq.rates.book import RateBook, Versioned
from copq.rates.nearest import NearestBook
from copq.schemas.events import Event
from copq.schemas.priced import Category, Outcome, Pricing
from copq.schemas.rates import CostTable, Effective

AT_MOST = 20
"""The maximum number of tables that are tried, the nearest first."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The net cost in `currency`, and the base if the event has one.

    An open stop has `per_hour` instead, since it costs until it ends. `version` and
    `effective_from` name the rate that replaced a missing one, if one was missing.
    """

    net: Decimal
    base: Decimal
    per_hour: Decimal | None
    currency: str
    version: int
    effective_from: datetime | None


class Estimator:
    """Estimates by one rate book."""

    def __init__(self, book: RateBook) -> None:
        self._book = book
        self._nearest = NearestBook(book)

    def estimate(self, event: Event) -> Estimate | None:
        """The estimate; None if no suitable rate is known. An unknown estimate is not zero."""
        nearest = self._nearest
        with localcontext(MONEY):
            for table in self._tables(event):
                nearest.take(table)
                pricing = price(event, nearest)
                if pricing.outcome != Outcome.UNPRICED:
                    return _estimate(event, pricing, self._farthest(event))
        return None

    def _tables(self, event: Event) -> Iterator[Versioned[CostTable] | None]:
        """The tables with the event's stage, nearest first; empty if no table has it."""
        history = event.product and self._book.tables_of(event.plant, event.product)
        if not history:
            yield None
            return
        stage, near = event.stage, history.nearest(event.occurred_at)
        fit = [table for table in near if stage is None or stage in table.item.stage_costs]
        yield from fit[:AT_MOST]

    def _farthest(self, event: Event) -> Versioned[Effective] | None:
        """The used rate whose start is farthest from the event."""
        at = event.occurred_at
        return max(self._nearest.used, key=lambda v: abs(v.item.effective_from - at), default=None)


def _estimate(event: Event, pricing: Pricing, by: Versioned[Effective] | None) -> Estimate | None:
    version = pricing.rates if by is None else by.version
    start = None if by is None else by.item.effective_from
    if pricing.stop is not None and event.event_type == "downtime":
        rate = pricing.stop
        if event.ended_at is None:
            return Estimate(ZERO, ZERO, rate.per_hour, rate.currency, version, start)
        seconds = Decimal(str((event.ended_at - event.started_at).total_seconds()))
        net = quotient(rate.per_hour * seconds, SIXTY * SIXTY)
        return Estimate(net, ZERO, None, rate.currency, version, start)
    if not pricing.entries:
        return None
    costs = [e for e in pricing.entries if e.category != Category.NONE]
    net = sum((e.net for e in costs), ZERO)
    base = sum((e.base for e in pricing.entries), ZERO)
    return Estimate(net, base, None, pricing.entries[0].currency, version, start)

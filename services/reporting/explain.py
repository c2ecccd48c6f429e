"""How an entry came about: its formula with the numbers in it, and whether it still comes out.

Pure: from the entry, its event and the rate book as of the entry's version. The figures are
computed anew by `services.costing.price`; the formula says in words what that computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any

from schemas.events import Correction, Event
from schemas.priced import Entry
from services.costing.price import MONEY, ZERO, price, quotient
from services.rates.book import RateBook
from services.reporting.entries import LedgerEntry
from services.reporting.formulas import FORMULAS, money, per_minute, sign, spent

_MICROSECONDS = Decimal(3_600_000_000)
_PER_MINUTE = Decimal(60_000_000)
STOPS = ("downtime", "planned_stop")


@dataclass(frozen=True, slots=True)
class Figures:
    gross: Decimal
    recovered: Decimal
    allowed: Decimal
    net: Decimal
    base: Decimal


@dataclass(frozen=True, slots=True)
class Explained:
    """`formula` in the entry's currency, two places; `terms` say what the numbers in it are.

    `agrees`: whether the figures come out as booked; None where they cannot be computed anew,
    for the reason in `note`, which also names any difference.
    """

    formula: str
    terms: list[str] = field(default_factory=list)
    agrees: bool | None = None
    note: str | None = None


def explain(entry: LedgerEntry, event: Event | None, books: Sequence[RateBook]) -> Explained:
    """By the first book that gives what is booked; where none does, the difference is named.

    `books` are candidates: the one as of the entry's rate version, then the newest.
    """
    if isinstance(event, Correction):
        event = event.replacement
    tried = [(book, figures) for book in books if (figures := _figures(entry, event, book))]
    for book, figures in tried:
        if figures == _booked(entry):
            return _told(entry, event, book, None)
    if not tried:
        return Explained(_bare(entry), note=_missing(entry))
    found = tried[0][1]
    note = (
        f"booked is net {money(entry.net)}, but rate version {entry.rate_version} gives "
        f"{money(sign(entry) * found.net)}"
    )
    return _told(entry, event, tried[0][0], note)


def _told(entry: LedgerEntry, event: Event | None, book: RateBook, note: str | None) -> Explained:
    formula, terms = FORMULAS.get(entry.element, spent)(entry, event, book)
    if entry.reverses is not None:
        formula = f"takes back entry {entry.reverses}: −({formula})"
    terms.append(f"rate version {entry.rate_version}")
    return Explained(formula, terms, note is None, note)


def _missing(entry: LedgerEntry) -> str:
    if entry.dropped_at is None:
        return "its event or its rate is not at hand any more"
    return (
        f"its event's bytes were dropped by policy, ordered on {entry.dropped_at:%Y-%m-%d} by "
        f"{entry.dropped_by}; the entry stands as booked"
    )


def _bare(entry: LedgerEntry) -> str:
    return f"net {money(entry.net)}"


def _booked(entry: LedgerEntry) -> Figures:
    """As if it were no reversal."""
    way = sign(entry)
    with localcontext(MONEY):
        return Figures(
            way * entry.gross, way * entry.recovered, way * entry.allowed, way * entry.net,
            way * entry.base,
        )  # fmt: skip


def _figures(entry: LedgerEntry, event: Any, book: RateBook) -> Figures | None:
    """What the rates in `book` give; None where they or the event are not there."""
    with localcontext(MONEY):
        if entry.plant not in book.sites:
            return None
        if entry.element in STOPS:
            return _stop_figures(entry, event, book)
        if entry.element == "recovery_overhead":
            return _dispatch_figures(entry, book)
        priced = price(event, book).entries if event is not None else []
        same = next((e for e in priced if e.element == entry.element), None)
        return _of(same) if same else None


def _of(entry: Entry) -> Figures:
    return Figures(entry.gross, entry.recovered, entry.allowed, entry.net, entry.base)


def _stop_figures(entry: LedgerEntry, event: Any, book: RateBook) -> Figures | None:
    rate = per_minute(entry, event, book)
    if rate is None:
        return None
    costs = [quotient(rate * lasted, _PER_MINUTE) for lasted in _lasted(entry)]
    cost = min(costs, key=lambda cost: abs(cost - abs(entry.gross)))
    return Figures(cost, ZERO, ZERO, cost, ZERO)


def _lasted(entry: LedgerEntry) -> list[Decimal]:
    """The microseconds that the entry may stand for: its hours have nine decimals."""
    about = (abs(entry.hours) * _MICROSECONDS).to_integral_value()
    return [about + more for more in range(-2, 3) if about + more >= 0]


def _dispatch_figures(entry: LedgerEntry, book: RateBook) -> Figures | None:
    found = book.day_table(entry.plant, entry.product or "", entry.day)
    if found is None:
        return None
    gross = found.item.recovery_overhead_per_day
    allowed = found.item.allowed_rejection * gross
    return Figures(gross, ZERO, allowed, gross - allowed, ZERO)

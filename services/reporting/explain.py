"""How an entry came about: its formula with the numbers in it, and whether it is right.

Pure: from the entry, its event and the rates whose versions are stored with the entry. The
figures are computed again by `services.costing.price`; the formula says in words what it computed.
"""

from dataclasses import dataclass, field
from datetime import time, tzinfo
from decimal import Decimal, localcontext
from typing import Any

from schemas.events import Correction, Event
from schemas.priced import Entry
from services.costing.price import MONEY, ZERO, price
from services.reporting.entries import LedgerEntry
from services.reporting.formulas import FORMULAS, count, line_rate, money, sign, spent
from services.reporting.used_rates import UsedRate, UsedRates, stop_cost

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
    """`formula` in the entry's currency, rounded to its digits; `terms` say what the numbers are.

    `agrees`: whether the figures are as booked; None where they cannot be computed again, for the
    reason in `note`, which also names any difference. `used` are the rates that gave them.
    """

    formula: str
    terms: list[str] = field(default_factory=list)
    agrees: bool | None = None
    note: str | None = None
    used: list[UsedRate] = field(default_factory=list)


def explain(entry: LedgerEntry, event: Event | None, rates: UsedRates) -> Explained:
    """By the versions of the rates that the entry names; a difference from them is named."""
    if isinstance(event, Correction):
        event = event.replacement
    found = _figures(entry, event, rates)
    if found is None:
        return Explained(_bare(entry), _exchange(entry), note=_missing(entry))
    formula, terms = FORMULAS.get(entry.element, spent)(entry, event, rates)
    if entry.reverses is not None:
        formula = f"takes back entry {entry.reverses}: −({formula})"
    zone = rates.sites[entry.plant].calendar.zone
    origins = [_origin(rate, zone) for rate in rates.used] or ["no rate: the money is of the event"]
    note = None if found == _booked(entry) else _difference(entry, found, rates.used)
    terms = [*terms, *origins, *_exchange(entry)]
    return Explained(formula, terms, note is None, note, rates.used)


def _origin(rate: UsedRate, zone: tzinfo) -> str:
    since = rate.effective_from.astimezone(zone)
    shown = f"{since:%Y-%m-%d}" if since.time() == time() else f"{since:%Y-%m-%d %H:%M}"
    return f"{rate.kind} of {rate.name}, in force from {shown}, version {rate.version}"


def _difference(entry: LedgerEntry, found: Figures, used: list[UsedRate]) -> str:
    by = " and ".join(f"version {rate.version} of the {rate.kind}" for rate in used) or "the event"
    name = "base" if entry.net == sign(entry) * found.net else "net"
    booked, right = getattr(entry, name), sign(entry) * getattr(found, name)
    return (
        f"booked is {name} {money(booked, entry.currency)}, but {by} gives "
        f"{money(right, entry.currency)}"
    )


def _exchange(entry: LedgerEntry) -> list[str]:
    """What the entry is worth in the reporting currency."""
    into = entry.reporting_currency
    if into is None or into == entry.currency:
        return []
    if entry.exchange_rate is None:
        return [f"no exchange rate into {into} for {entry.day}: copq currencies import FILE"]
    worth = money(MONEY.multiply(entry.net, entry.exchange_rate), into)
    return [
        f"1 {entry.currency} = {count(entry.exchange_rate)} {into} on {entry.day}, version "
        f"{entry.exchange_version} of the exchange rates: net {worth} {into}"
    ]


def _missing(entry: LedgerEntry) -> str:
    if entry.dropped_at is None:
        return "its event or its rate is not stored any more"
    return (
        f"its event's bytes were dropped by policy, ordered on {entry.dropped_at:%Y-%m-%d} by "
        f"{entry.dropped_by}; the entry stands as booked"
    )


def _bare(entry: LedgerEntry) -> str:
    return f"net {money(entry.net, entry.currency)}"


def _booked(entry: LedgerEntry) -> Figures:
    """As if it were not a reversal."""
    way = sign(entry)
    with localcontext(MONEY):
        return Figures(
            way * entry.gross, way * entry.recovered, way * entry.allowed, way * entry.net,
            way * entry.base,
        )  # fmt: skip


def _figures(entry: LedgerEntry, event: Any, book: UsedRates) -> Figures | None:
    """What the rates give; None where they or the event are missing."""
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


def _stop_figures(entry: LedgerEntry, event: Any, book: UsedRates) -> Figures | None:
    rate = line_rate(entry, event, book)
    if rate is None:
        return None
    cost = stop_cost(entry, rate)
    return Figures(cost, ZERO, ZERO, cost, ZERO)


def _dispatch_figures(entry: LedgerEntry, book: UsedRates) -> Figures | None:
    found = book.day_table(entry.plant, entry.product or "", entry.day)
    if found is None:
        return None
    gross = found.item.recovery_overhead_per_day
    allowed = found.item.allowed_rejection * gross
    return Figures(gross, ZERO, allowed, gross - allowed, ZERO)

"""The right values of an entry, computed again from its event and the stored versions of rates.

Pure. `copq.pricing.price` computes the figures, as it did when the entry was booked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import localcontext
from typing import Any

from copq.figures.entries import LedgerEntry
from copq.figures.formulas import line_rate, sign
from copq.figures.used_rates import UsedRates, stop_cost
from copq.ledger.arithmetic import MONEY, ZERO
from copq.ledger.downtime import element
from copq.ledger.standing_costs import amount_of_day
from copq.posting.event_entries import FIGURES
from copq.pricing.price import Dispatch, price
from copq.schemas.events import Correction, Event
from copq.schemas.priced import STANDING, STANDING_ELEMENTS, Category, Entry
from copq.standing_costs.ids import entry_id

STOPS = ("downtime", "planned_stop")
OF_EVENT = ("stage", "work_unit", "defect_code", "shift", "supplier")
_OF_STOP = ("work_unit", "defect_code", "shift")


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The right values of an entry's columns, before any reversal.

    `elements` are the elements of all entries of the event at these rates; empty if the entry
    follows from several events.
    """

    values: Mapping[str, Any]
    elements: tuple[str, ...] = ()


def recompute(entry: LedgerEntry, event: Event | None, rates: UsedRates) -> Recomputed | None:
    """The right values; None if the event or its rate is missing."""
    event = of_entry(event)
    if entry.plant not in rates.sites:
        return None
    with localcontext(MONEY):
        if entry.element == "recovery_overhead":
            return _dispatch(entry, rates)
        if entry.element in STANDING_ELEMENTS:
            return _standing(entry, rates)
        if event is None:
            return None
        return (_stop if entry.element in STOPS else _priced)(entry, event, rates)


def of_entry(event: Any) -> Any:
    """The event that has the entries: for a correction, its replacement."""
    return event.replacement if isinstance(event, Correction) else event


def differing(entry: LedgerEntry, computed: Recomputed) -> Iterator[tuple[str, Any, Any]]:
    """Each column that is wrong: its name, the right value, and the booked value."""
    way = sign(entry)
    for name, right in computed.values.items():
        booked = getattr(entry, name)
        if name in FIGURES:
            right = MONEY.multiply(way, right)
        if booked != right:
            yield name, right, booked


def _priced(entry: LedgerEntry, event: Any, rates: UsedRates) -> Recomputed | None:
    own = [e for e in price(event, rates).entries if e.once is None]
    same = next((e for e in own if e.element == entry.element), None)
    if same is None:
        return None
    place = {name: getattr(event, name) for name in ("occurred_at", "plant", "line", "product")}
    of_event = {name: getattr(event, name) for name in OF_EVENT}
    return Recomputed({**_figures(same), **place, **of_event}, tuple(e.element for e in own))


def _figures(entry: Entry) -> dict[str, Any]:
    names = (*FIGURES, "category", "hour", "day")
    return {name: getattr(entry, name) for name in names}


def _stop(entry: LedgerEntry, event: Any, rates: UsedRates) -> Recomputed | None:
    """The right values of a stop's entry. Its duration is proved elsewhere, by the union of
    stops."""
    rate = line_rate(entry, event, rates)
    if rate is None or event.event_type != "downtime":
        return None
    lies_within = event.started_at <= entry.occurred_at <= (event.ended_at or entry.occurred_at)
    place = {
        "element": element(event), "plant": event.plant, "line": event.line,
        "product": event.product,
        "occurred_at": entry.occurred_at if lies_within else event.started_at,
    }  # fmt: skip
    of_event = dict.fromkeys(OF_EVENT) | {name: getattr(event, name) for name in _OF_STOP}
    lasted = MONEY.multiply(sign(entry), entry.seconds)
    figures = _money(stop_cost(entry, rate), ZERO) | {"seconds": lasted}
    return Recomputed({**figures, **_bucket(entry, rates), **place, **of_event})


def _dispatch(entry: LedgerEntry, rates: UsedRates) -> Recomputed | None:
    """The right values of the dispatch that the entry's id names."""
    found = rates.day_table(entry.plant, entry.product or "", entry.day)
    if found is None:
        return None
    gross = found.item.recovery_overhead_per_day
    dispatch = Dispatch(entry.plant, entry.line, entry.product or "", entry.day)
    start = rates.sites[entry.plant].calendar.start_of(entry.day)
    figures = _money(gross, found.item.allowed_rejection * gross)
    place = {"event_id": dispatch.id, "occurred_at": start, **dict.fromkeys(OF_EVENT)}
    return Recomputed({**figures, **_bucket(entry, rates), **place})


def _standing(entry: LedgerEntry, rates: UsedRates) -> Recomputed | None:
    """The right values of the entry of a standing cost on the day of the entry."""
    cost = rates.standing_cost
    if cost is None or cost.amount is None:
        return None
    calendar = rates.sites[entry.plant].calendar
    start = calendar.start_of(entry.day)
    booked = entry_id(cost.number, entry.day) if cost.is_due(entry.day) else None
    place = {
        "event_id": booked, "occurred_at": start, "hour": calendar.bucket(start).hour,
        "plant": cost.plant, "line": cost.line, "product": None, "currency": cost.currency,
        "category": cost.category, "element": STANDING[Category(cost.category)],
    }  # fmt: skip
    figures = _money(amount_of_day(cost.amount, cost.currency, entry.day), ZERO)
    return Recomputed({**figures, **place, **dict.fromkeys(OF_EVENT)})


def _money(gross: Any, allowed: Any) -> dict[str, Any]:
    return dict.fromkeys(FIGURES, ZERO) | {
        "gross": gross, "allowed": allowed, "net": gross - allowed,
    }  # fmt: skip


def _bucket(entry: LedgerEntry, rates: UsedRates) -> dict[str, Any]:
    hour, day = rates.sites[entry.plant].calendar.bucket(entry.occurred_at)
    return {"category": Category.INTERNAL_FAILURE, "hour": hour, "day": day}

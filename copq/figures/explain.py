"""The explanation of an entry: its formula with numbers, and whether it is right.

Pure: from the entry, its event and the rates whose versions are stored with the entry.
`copq.figures.recompute` computes the figures again; the formula shows the computation.
"""

from dataclasses import dataclass, field
from datetime import time, tzinfo

from copq.figures.entries import LedgerEntry
from copq.figures.formulas import FORMULAS, _expenses, count, money
from copq.figures.recompute import Recomputed, differing, of_entry, recompute
from copq.figures.used_rates import UsedRate, UsedRates
from copq.ledger.arithmetic import MONEY
from copq.schemas.events import Event
from copq.schemas.priced import STANDING_ELEMENTS

_MONEY = ("gross", "recovered", "allowed", "net", "base")


@dataclass(frozen=True, slots=True)
class Explained:
    """`formula` in the entry's currency, rounded to its digits; `terms` explain its numbers.

    `agrees` is whether the figures are as booked; None if they cannot be computed again, for the
    reason in `note`. `note` also names a difference. `used` are the rates of the figures.
    """

    formula: str
    terms: list[str] = field(default_factory=list)
    agrees: bool | None = None
    note: str | None = None
    used: list[UsedRate] = field(default_factory=list)


def explain(entry: LedgerEntry, event: Event | None, rates: UsedRates) -> Explained:
    """Explain an entry by the versions of the rates that it names, and name any difference."""
    event = of_entry(event)
    recomputed = recompute(entry, event, rates)
    if recomputed is None:
        return Explained(_bare(entry), _exchange(entry), note=_missing(entry))
    formula, terms = FORMULAS.get(entry.element, _expenses)(entry, event, rates)
    if entry.reverses is not None:
        formula = f"reverses entry {entry.reverses}: −({formula})"
    zone = rates.sites[entry.plant].calendar.zone
    origins = [_origin(rate, zone) for rate in rates.used]
    if not origins and rates.standing_cost is None:
        origins = ["no rate: the event has the amount"]
    note = _difference(entry, recomputed, rates.used)
    terms = [*terms, *origins, *_exchange(entry)]
    return Explained(formula, terms, note is None, note, rates.used)


def _origin(rate: UsedRate, zone: tzinfo) -> str:
    since = rate.effective_from.astimezone(zone)
    shown = f"{since:%Y-%m-%d}" if since.time() == time() else f"{since:%Y-%m-%d %H:%M}"
    return f"{rate.kind} of {rate.name}, in force from {shown}, version {rate.version}"


def _difference(entry: LedgerEntry, recomputed: Recomputed, used: list[UsedRate]) -> str | None:
    """The first difference, money first: the other columns follow from the event alone."""
    unlike = {name: (right, booked) for name, right, booked in differing(entry, recomputed)}
    name = next((n for n in ("net", "base", *unlike) if n in unlike), None)
    if name is None:
        return None
    own = "the event" if entry.element not in STANDING_ELEMENTS else "its standing cost"
    by = " and ".join(f"version {rate.version} of the {rate.kind}" for rate in used) or own
    right, booked = (
        money(value, entry.currency) if name in _MONEY else value for value in unlike[name]
    )
    return f"the booked {name} is {booked}, but {by} gives {right}"


def _exchange(entry: LedgerEntry) -> list[str]:
    """The value of the entry in the reporting currency."""
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
    if entry.element in STANDING_ELEMENTS:
        return "its standing cost is no longer stored"
    if entry.dropped_at is None:
        return "its event or its rate is no longer stored"
    return (
        f"its event's bytes were dropped by policy, ordered on {entry.dropped_at:%Y-%m-%d} by "
        f"{entry.dropped_by}; the entry stands as booked"
    )


def _bare(entry: LedgerEntry) -> str:
    return f"net {money(entry.net, entry.currency)}"

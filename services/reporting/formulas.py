"""The formulas of entries in words: the numbers of the rates, and what they come to.

One function an element, after the functions of `services.costing.price`, which compute them.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from schemas.rates import CostTable, ReworkRates
from services.costing.price import ZERO
from services.rates.book import RateBook, Versioned
from services.reporting.entries import LedgerEntry

Told = tuple[str, list[str]]
_CENT = Decimal("0.01")


def money(value: Decimal) -> str:
    """Two places, a half rounded up as the board does, thousands separated, a true minus.

    More places where two would show nothing.
    """
    small = value and abs(value) < _CENT
    cents = abs(value).quantize(_CENT, ROUND_HALF_UP)
    text = f"{abs(value):f}" if small else f"{cents:,f}"
    return f"−{text}" if value < 0 else text


def count(value: Decimal) -> str:
    text = f"{abs(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rate(value: Decimal) -> str:
    """A rate as finance wrote it."""
    return f"{value:f}"


def sign(entry: LedgerEntry) -> int:
    return 1 if entry.reverses is None else -1


def per_minute(entry: LedgerEntry, event: Any, book: RateBook) -> Decimal | None:
    """The rate in force as the stop began, which its later hours are charged at too."""
    if event is None:
        return None
    found = book.line_rate(entry.plant, entry.line, event.occurred_at)
    return found.item.per_minute(entry.element == "planned_stop") if found else None


def _table(entry: LedgerEntry, event: Any, book: RateBook) -> Versioned[CostTable]:
    found = book.cost_table(entry.plant, entry.product or "", event.occurred_at)
    assert found is not None, "an entry was computed from it"
    return found


def _origin(found: Versioned[CostTable]) -> str:
    since = found.item.effective_from.date()
    return f"cost table of {found.item.product}, in force from {since}, version {found.version}"


def _unit(table: CostTable, stage: str | None) -> str:
    """How the cost of a unit comes about."""
    found = next((s for s in table.stages if s.stage == stage), table.finished)
    parts = (
        (found.raw_material, "raw material"), (found.labour_overhead, "labour and overhead"),
        (found.fixed_overhead, "fixed overhead"),
    )  # fmt: skip
    said = " + ".join(f"{rate(value)} {name}" for value, name in parts if value)
    return f"{rate(found.cost)} = cost of a unit after stage {found.stage}: {said or '0'}"


def _production(entry: LedgerEntry, event: Any, book: RateBook) -> Told:
    found = _table(entry, event, book)
    if not entry.base:
        return f"{count(entry.quantity)} pcs, at a stage or machine before the end: no base", []
    unit = found.item.finished_cost
    formula = f"base: {count(entry.quantity)} pcs × {rate(unit)} = {money(abs(entry.base))}"
    return formula, [_unit(found.item, None), _origin(found)]


def _rejection(entry: LedgerEntry, event: Any, book: RateBook) -> Told:
    found = _table(entry, event, book)
    table = found.item
    unit = table.stage_costs.get(event.stage or "", table.finished_cost)
    pieces = count(event.quantity)
    parts = [f"{pieces} pcs × {rate(unit)} = {money(abs(entry.gross))}"]
    terms = [_unit(table, event.stage)]
    if entry.recovered:
        parts.append(_recovered(entry, table, pieces))
        terms.append(f"{rate(table.recovery_rate)} = share of the input that the supplier pays")
        terms.append(f"{rate(table.raw_material)} = cost of the first input raw material")
    return _less_allowed(entry, table, parts), [*terms, _origin(found)]


def _recovered(entry: LedgerEntry, table: CostTable, pieces: str) -> str:
    product = f"{pieces} × {rate(table.recovery_rate)} × {rate(table.raw_material)}"
    capped = ", no more than it cost" if abs(entry.recovered) == abs(entry.gross) else ""
    return f"recovered {product} = {money(abs(entry.recovered))}{capped}"


def _less_allowed(entry: LedgerEntry, table: CostTable, parts: list[str]) -> str:
    """Join the parts, and end with the net where it is not the gross."""
    if entry.allowed:
        share = count((table.allowed_rejection * 100).normalize())
        rejection = money(abs(entry.gross - entry.recovered))
        parts.append(f"allowed {share} % of {rejection} = {money(abs(entry.allowed))}")
    if entry.recovered or entry.allowed:
        parts.append(f"net {money(sign(entry) * entry.net)}")
    return "; ".join(parts)


def _dispatch(entry: LedgerEntry, event: Any, book: RateBook) -> Told:
    found = book.day_table(entry.plant, entry.product or "", entry.day)
    assert found is not None, "an entry was computed from it"
    each = rate(found.item.recovery_overhead_per_day)
    parts = [f"1 dispatch of the day's recoverable rejects × {each} = {money(abs(entry.gross))}"]
    return _less_allowed(entry, found.item, parts), [
        "once a line, product and production day", _origin(found)
    ]  # fmt: skip


def _rework(entry: LedgerEntry, event: Any, book: RateBook) -> Told:
    found = _table(entry, event, book)
    rates = found.item.rework_in_house or ReworkRates()
    pieces, more = count(event.quantity), event.out_of_pocket
    per_unit = [(rates.material, "material"), (rates.overhead, "overhead")]
    if event.minutes is None:
        per_unit.insert(0, (rates.labour, "labour"))
    sums = [f"{pieces} pcs × ({' + '.join(rate(value) for value, _ in per_unit)})"]
    if event.minutes is not None:
        sums.insert(0, _minutes(entry, event, book))
    sums += [f"{rate(more)} out of pocket"] if more else []
    terms = [f"{rate(value)} = {name} a unit reworked in house" for value, name in per_unit]
    return f"{' + '.join(sums)} = {money(abs(entry.gross))}", [*terms, _origin(found)]


def _minutes(entry: LedgerEntry, event: Any, book: RateBook) -> str:
    grade = event.labour_grade or "standard"
    found = book.labour_rate(entry.plant, grade, event.occurred_at)
    each = rate(found.item.rate_per_minute) if found else "?"
    return f"{count(event.minutes)} min × {each} ({grade} labour)"


def _downgrade(entry: LedgerEntry, event: Any, book: RateBook) -> Told:
    found = _table(entry, event, book)
    full, seconds = found.item.price or ZERO, found.item.seconds_price or ZERO
    formula = f"{count(event.quantity)} pcs × ({rate(full)} − {rate(seconds)})"
    terms = [f"{rate(full)} = price", f"{rate(seconds)} = price as seconds", _origin(found)]
    return f"{formula} = {money(abs(entry.gross))}", terms


def _stop(entry: LedgerEntry, event: Any, book: RateBook) -> Told:
    each = per_minute(entry, event, book)
    assert each is not None, "an entry was computed from it"
    terms = [
        a_minute(each, entry.element, entry.line),
        "the part of the stop in this hour that no dearer stop of the line covers",
    ]
    return f"{lasted(entry.hours)} × {rate(each)} = {money(abs(entry.gross))}", terms


def a_minute(each: Decimal, element: str, line: str) -> str:
    kind = "planned standstill" if element == "planned_stop" else "standstill"
    return f"{rate(each)} = a minute of {kind} of line {line}"


def lasted(hours: Decimal) -> str:
    """To the thousandth of a second: times a rate, it comes to the cents that are booked."""
    minutes, rest = divmod(round(abs(hours) * 3_600_000), 60_000)
    seconds = f"{count(Decimal(rest) / 1000)} s"
    if not minutes and rest:
        return seconds
    return f"{minutes} min {seconds}" if rest else f"{minutes} min"


def _return(entry: LedgerEntry, event: Any, book: RateBook) -> Told:
    found = _table(entry, event, book)
    on_site = entry.element == "rework_on_site"
    rates = (found.item.rework_on_site if on_site else found.item.rework_in_house) or ReworkRates()
    reworked = event.quantity - event.scrapped
    where, name = (event.travel, "travel") if on_site else (event.transport, "transport")
    each = f"({rate(rates.labour)} + {rate(rates.material)} + {rate(rates.overhead)})"
    more = f" + {rate(where)} {name}" if where else ""
    parts = [f"{count(reworked)} pcs × {each}{more} = {money(abs(entry.gross))}"]
    place = "at the customer's" if on_site else "in house"
    terms = [f"labour + material + overhead of a unit reworked {place}", _origin(found)]
    return _less_allowed(entry, found.item, parts), terms


def _return_scrap(entry: LedgerEntry, event: Any, book: RateBook) -> Told:
    found = _table(entry, event, book)
    scrap = found.item.return_scrap
    assert scrap is not None, "an entry was computed from it"
    each = f"({rate(scrap.price)} − {rate(scrap.recovered)} + {rate(scrap.recovery_overhead)})"
    parts = [f"{count(event.scrapped)} pcs × {each} = {money(abs(entry.gross))}"]
    terms = ["price − recovered + dispatch of a returned unit that is scrapped", _origin(found)]
    return _less_allowed(entry, found.item, parts), terms


def _recovery(entry: LedgerEntry, event: Any, book: RateBook) -> Told:
    net = money(sign(entry) * entry.net)
    return f"{rate(event.out_of_pocket)} spent − {rate(event.credit)} credited = {net}", []


def spent(entry: LedgerEntry, event: Any, book: RateBook) -> Told:
    """Minutes of labour, units made for nothing, and money paid."""
    sums = []
    if getattr(event, "minutes", None):
        sums.append(_minutes(entry, event, book))
    if event.event_type == "admin_failure" and event.quantity:
        unit = _table(entry, event, book).item.finished_cost
        sums.append(f"{count(event.quantity)} pcs × {rate(unit)}")
    if event.out_of_pocket:
        sums.append(f"{rate(event.out_of_pocket)} out of pocket")
    return f"{' + '.join(sums) or '0'} = {money(abs(entry.gross))}", []


Formula = Callable[[LedgerEntry, Any, RateBook], Told]
FORMULAS: dict[str, Formula] = {
    "production": _production, "stage_production": _production, "defect": _rejection,
    "scrap": _rejection, "recovery_overhead": _dispatch, "rework": _rework,
    "downgrade": _downgrade, "downtime": _stop, "planned_stop": _stop, "rework_on_site": _return,
    "rework_of_returns": _return, "return_scrap": _return_scrap, "recovery": _recovery,
}  # fmt: skip

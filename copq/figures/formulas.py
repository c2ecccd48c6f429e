"""The formulas of entries in words: the numbers of the rates, and the result.

There is one function for each element, named after the function of `copq.pricing.price` that
computes it.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from copq.figures.entries import LedgerEntry
from copq.ledger.arithmetic import SIXTY, ZERO, quotient
from copq.ledger.money import fixed, rounded
from copq.ledger.money import money as rounded_money
from copq.ledger.standing_costs import amount_before, amount_through, days_of_month
from copq.rates.book import RateBook, Versioned
from copq.schemas.priced import STANDING_ELEMENTS
from copq.schemas.rates import PER_HOUR, PER_MINUTE, CostTable, LineRate, ReworkRates
from copq.standing_costs.store import StandingCost

FormulaText = tuple[str, list[str]]


def money(value: Decimal, currency: str) -> str:
    """`copq.ledger.money` with a true minus sign."""
    text = rounded_money(abs(value), currency)
    return f"−{text}" if rounded(value, currency) < 0 else text


def _size(value: Decimal, entry: LedgerEntry) -> str:
    """The amount without its sign: a reversal is explained as the entry that it reverses."""
    return money(abs(value), entry.currency)


def count(value: Decimal) -> str:
    text = f"{abs(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rate(value: Decimal) -> str:
    """A rate as finance wrote it."""
    return f"{value:f}"


def sign(entry: LedgerEntry) -> int:
    return 1 if entry.reverses is None else -1


def line_rate(entry: LedgerEntry, event: Any, book: Any) -> LineRate | None:
    """The rate in force when the stop began, which also applies to its later hours."""
    rate_in_force = None if event is None else book.stop_rate(event.occurred_at)
    return rate_in_force.item if rate_in_force else None


def each_minute(per_hour: Decimal) -> str:
    """A rate per hour as a rate per minute: `2`, or `38 / 60` if no decimal is exact."""
    minute = quotient(per_hour, SIXTY)
    return count(minute) if minute * SIXTY == per_hour else f"{rate(per_hour)} / 60"


def rate_text(item: Any, name: str) -> str:
    """A rate per minute as finance wrote it, per minute or per hour."""
    minute, hour = getattr(item, name + PER_MINUTE), getattr(item, name + PER_HOUR)
    if minute is not None:
        return rate(minute)
    return "0" if hour is None else f"{rate(hour)} / 60"


def _table(entry: LedgerEntry, event: Any, book: RateBook) -> Versioned[CostTable]:
    table = book.cost_table(entry.plant, entry.product or "", event.occurred_at)
    assert table is not None, "the entry has a rate"
    return table


def _unit(table: CostTable, stage: str | None) -> str:
    """The parts of the cost of a unit."""
    costs = next((s for s in table.stages if s.stage == stage), table.finished)
    parts = (
        (costs.raw_material, "raw material"), (costs.labour_overhead, "labour and overhead"),
        (costs.fixed_overhead, "fixed overhead"),
    )  # fmt: skip
    sum_of_parts = " + ".join(f"{rate(value)} {name}" for value, name in parts if value)
    return (
        f"{rate(costs.cost)} = cost of a unit after stage {costs.stage}: {sum_of_parts or '0'}"
        f"{_value_added(table, costs.stage)}"
    )


def _value_added(table: CostTable, stage: str) -> str:
    """The value addition factor of a stage, C(s) / RM."""
    factor = table.vaf(stage)
    return "" if factor is None else f"; value addition factor {fixed(factor, 2)}"


def _production(entry: LedgerEntry, event: Any, book: RateBook) -> FormulaText:
    table = _table(entry, event, book)
    if not entry.base:
        return f"{count(entry.quantity)} pcs, at a stage or machine before the end: no base", []
    unit = table.item.finished_cost
    formula = f"base: {count(entry.quantity)} pcs × {rate(unit)} = {_size(entry.base, entry)}"
    return formula, [_unit(table.item, None)]


def _rejection(entry: LedgerEntry, event: Any, book: RateBook) -> FormulaText:
    found = _table(entry, event, book)
    table = found.item
    unit = table.stage_costs.get(event.stage or "", table.finished_cost)
    pieces = count(event.quantity)
    parts = [f"{pieces} pcs × {rate(unit)} = {_size(entry.gross, entry)}"]
    terms = [_unit(table, event.stage)]
    if entry.recovered:
        parts.append(_recovered(entry, table, pieces))
        terms.append(f"{rate(table.recovery_rate)} = share of the input that the supplier pays")
        terms.append(f"{rate(table.raw_material)} = cost of the first input raw material")
    return _less_allowed(entry, table, parts), terms


def _recovered(entry: LedgerEntry, table: CostTable, pieces: str) -> str:
    product = f"{pieces} × {rate(table.recovery_rate)} × {rate(table.raw_material)}"
    capped = ", no more than it cost" if abs(entry.recovered) == abs(entry.gross) else ""
    return f"recovered {product} = {_size(entry.recovered, entry)}{capped}"


def _less_allowed(entry: LedgerEntry, table: CostTable, parts: list[str]) -> str:
    """The parts as one formula, which ends with the net if it differs from the gross."""
    if entry.allowed:
        share = count((table.allowed_rejection * 100).normalize())
        rejection = _size(entry.gross - entry.recovered, entry)
        parts.append(f"allowed {share} % of {rejection} = {_size(entry.allowed, entry)}")
    if entry.recovered or entry.allowed:
        parts.append(f"net {money(sign(entry) * entry.net, entry.currency)}")
    return "; ".join(parts)


def _dispatch(entry: LedgerEntry, event: Any, book: RateBook) -> FormulaText:
    table = book.day_table(entry.plant, entry.product or "", entry.day)
    assert table is not None, "the entry has a rate"
    each = rate(table.item.recovery_overhead_per_day)
    parts = [f"1 dispatch of the day's recoverable rejects × {each} = {_size(entry.gross, entry)}"]
    return _less_allowed(entry, table.item, parts), ["once a line, product and production day"]


def _rework(entry: LedgerEntry, event: Any, book: RateBook) -> FormulaText:
    table = _table(entry, event, book)
    rates = table.item.rework_in_house or ReworkRates()
    pieces, more = count(event.quantity), event.out_of_pocket
    per_unit = [(rates.material, "material"), (rates.overhead, "overhead")]
    if event.minutes is None:
        per_unit.insert(0, (rates.labour, "labour"))
    sums = [f"{pieces} pcs × ({' + '.join(rate(value) for value, _ in per_unit)})"]
    if event.minutes is not None:
        sums.insert(0, _minutes(entry, event, book))
    sums += [f"{rate(more)} out of pocket"] if more else []
    terms = [f"{rate(value)} = {name} a unit reworked in house" for value, name in per_unit]
    return f"{' + '.join(sums)} = {_size(entry.gross, entry)}", terms


def _minutes(entry: LedgerEntry, event: Any, book: RateBook) -> str:
    grade = event.labour_grade or "standard"
    labour_rate = book.labour_rate(entry.plant, grade, event.occurred_at)
    each = rate_text(labour_rate.item, "rate") if labour_rate else "?"
    return f"{count(event.minutes)} min × {each} ({grade} labour)"


def _downgrade(entry: LedgerEntry, event: Any, book: RateBook) -> FormulaText:
    table = _table(entry, event, book)
    full, seconds = table.item.price or ZERO, table.item.seconds_price or ZERO
    formula = f"{count(event.quantity)} pcs × ({rate(full)} − {rate(seconds)})"
    terms = [f"{rate(full)} = price", f"{rate(seconds)} = price as seconds"]
    return f"{formula} = {_size(entry.gross, entry)}", terms


def _stop(entry: LedgerEntry, event: Any, book: RateBook) -> FormulaText:
    item = line_rate(entry, event, book)
    assert item is not None, "the entry has a rate"
    planned = entry.element == "planned_stop"
    parts = [(rate_text(item, "planned_rate" if planned else "rate"), _standstill(entry))]
    if item.contribution and not planned:
        lost = f"per minute of lost contribution: line {entry.line} is a bottleneck"
        parts.append((rate_text(item, "contribution"), lost))
    each = " + ".join(figure for figure, _ in parts)
    terms = [f"{figure} = {what}" for figure, what in parts]
    terms.append("the part of the stop in this hour that no other stop of the line has")
    each = f"({each})" if len(parts) > 1 else each
    return f"{lasted(entry.seconds)} × {each} = {_size(entry.gross, entry)}", terms


def _standstill(entry: LedgerEntry) -> str:
    kind = "planned standstill" if entry.element == "planned_stop" else "standstill"
    return f"a minute of {kind} of line {entry.line}"


def a_minute(per_hour: Decimal, element: str, line: str) -> str:
    kind = "planned standstill" if element == "planned_stop" else "standstill"
    return f"{each_minute(per_hour)} = a minute of {kind} of line {line}"


def lasted(seconds: Decimal) -> str:
    """The exact duration in minutes and seconds: `17 min 0.5 s`."""
    minutes, rest = divmod(abs(seconds), 60)
    if not rest:
        return f"{minutes:f} min"
    return f"{minutes:f} min {count(rest)} s" if minutes else f"{count(rest)} s"


def _return(entry: LedgerEntry, event: Any, book: RateBook) -> FormulaText:
    table = _table(entry, event, book)
    on_site = entry.element == "rework_on_site"
    rates = (table.item.rework_on_site if on_site else table.item.rework_in_house) or ReworkRates()
    reworked = event.quantity - event.scrapped
    where, name = (event.travel, "travel") if on_site else (event.transport, "transport")
    each = f"({rate(rates.labour)} + {rate(rates.material)} + {rate(rates.overhead)})"
    more = f" + {rate(where)} {name}" if where else ""
    parts = [f"{count(reworked)} pcs × {each}{more} = {_size(entry.gross, entry)}"]
    place = "at the customer's" if on_site else "in house"
    terms = [f"labour + material + overhead of a unit reworked {place}"]
    return _less_allowed(entry, table.item, parts), terms


def _return_scrap(entry: LedgerEntry, event: Any, book: RateBook) -> FormulaText:
    table = _table(entry, event, book)
    scrap = table.item.return_scrap
    assert scrap is not None, "the entry has a rate"
    each = f"({rate(scrap.price)} − {rate(scrap.recovered)} + {rate(scrap.recovery_overhead)})"
    parts = [f"{count(event.scrapped)} pcs × {each} = {_size(entry.gross, entry)}"]
    terms = ["price − recovered + dispatch of a returned unit that is scrapped"]
    return _less_allowed(entry, table.item, parts), terms


def _recovery(entry: LedgerEntry, event: Any, book: RateBook) -> FormulaText:
    net = money(sign(entry) * entry.net, entry.currency)
    return f"{rate(event.out_of_pocket)} spent − {rate(event.credit)} credited = {net}", []


def _expenses(entry: LedgerEntry, event: Any, book: RateBook) -> FormulaText:
    """Minutes of labour, units made in vain, and money paid."""
    sums = []
    if getattr(event, "minutes", None):
        sums.append(_minutes(entry, event, book))
    if event.event_type == "admin_failure" and event.quantity:
        unit = _table(entry, event, book).item.finished_cost
        sums.append(f"{count(event.quantity)} pcs × {rate(unit)}")
    if event.out_of_pocket:
        sums.append(f"{rate(event.out_of_pocket)} out of pocket")
    return f"{' + '.join(sums) or '0'} = {_size(entry.gross, entry)}", []


def _standing(entry: LedgerEntry, event: Any, rates: Any) -> FormulaText:
    """The day's share: what the month has cost through this day, less what it had before."""
    cost = rates.standing_cost
    month, day, currency = cost.amount, entry.day, entry.currency
    through = money(amount_through(month, currency, day), currency)
    before = money(amount_before(month, currency, day), currency)
    formula = (
        f"{money(month, currency)} a month, day {day.day} of {days_of_month(day)}: {through} "
        f"through this day − {before} before it = {_size(entry.gross, entry)}"
    )
    return formula, [_days_in_force(cost), _version_of(cost)]


def _days_in_force(cost: StandingCost) -> str:
    of = f"line {cost.line}" if cost.line else f"plant {cost.plant} as a whole"
    until = f"to {cost.last_day}" if cost.last_day else "on"
    return f'standing cost "{cost.name}" ({cost.element}) of {of}, from {cost.first_day} {until}'


def _version_of(cost: StandingCost) -> str:
    why = f": {cost.why}" if cost.why else ""
    return (
        f"number {cost.number}, version {cost.version}, set {cost.set_at:%Y-%m-%d} by "
        f"{cost.set_by} from {cost.source}{why}"
    )


Formula = Callable[[LedgerEntry, Any, RateBook], FormulaText]
FORMULAS: dict[str, Formula] = {
    "production": _production, "stage_production": _production, "defect": _rejection,
    "scrap": _rejection, "recovery_overhead": _dispatch, "rework": _rework,
    "downgrade": _downgrade, "downtime": _stop, "planned_stop": _stop, "rework_on_site": _return,
    "rework_of_returns": _return, "return_scrap": _return_scrap, "recovery": _recovery,
    **dict.fromkeys(STANDING_ELEMENTS, _standing),
}  # fmt: skip

"""The cost of an event: one pure function for each way of costing, by the COPQ model.

Sources: absolute costing, recovery, returns and allowed rejection after R. Jagadeesh, "Model
for calculating cost of poor quality" (SDMIMD 2017), with its slips corrected as docs/domain.md
says; categories after the prevention-appraisal-failure model. All money is exact: see
`copq.ledger.arithmetic`.
"""

from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar

from copq.ledger.arithmetic import SIXTY, ZERO, quotient
from copq.pricing.missing_rates import ADD_IT, no_table
from copq.rates.book import RateBook, Site, Versioned, compound_name
from copq.rates.names import name_list, no_plant
from copq.schemas.events import (
    AdminFailure,
    Complaint,
    Defect,
    Downgrade,
    Downtime,
    Event,
    Inspection,
    Prevention,
    Production,
    QualityEvent,
    Recovery,
    Return,
    Rework,
    Scrap,
    TimedEvent,
    Warranty,
)
from copq.schemas.fields import OWN_IDS
from copq.schemas.priced import Category, Entry, Outcome, Pricing, StopRate
from copq.schemas.rates import CostTable, LabourRate, LineRate

T = TypeVar("T")


class Unpriced(Exception):
    """The event has no rate in force. The message is a sentence that says what to import."""


def price(event: Event, book: RateBook) -> Pricing:
    """The entries of an event at the rates in force when it occurred.

    Never raises for a missing rate: the outcome is then `unpriced`, with the reason. Call it under
    the `MONEY` context.
    """
    try:
        site = _site(event, book)
        return _pricing(event, book, site)
    except Unpriced as unpriced:
        return Pricing(Outcome.UNPRICED, book.revision, [], reason=str(unpriced))


def _pricing(event: Event, book: RateBook, site: Site) -> Pricing:
    match event.event_type:
        case "production":
            return _production(event, book, site)
        case "defect" | "scrap":
            return _rejection(event, book, site)
        case "rework":
            return _rework(event, book, site)
        case "downgrade":
            return _downgrade(event, book, site)
        case "downtime":
            return _downtime(event, book, site)
        case "recovery":
            return _recovery(event, book, site)
        case "return":
            return _return(event, book, site)
        case "complaint":
            return _price_time(event, book, site, Category.EXTERNAL_FAILURE, event.quantity)
        case "warranty":
            return _warranty(event, book, site)
        case "inspection":
            return _price_time(event, book, site, Category.APPRAISAL, event.quantity)
        case "prevention":
            return _price_time(event, book, site, Category.PREVENTION)
        case "admin_failure":
            return _admin_failure(event, book, site)
        case "correction":
            return Pricing(Outcome.CORRECTION, book.revision, [])


def _site(event: Event, book: RateBook) -> Site:
    site = book.sites.get(event.plant)
    if site is None:
        raise Unpriced(f"{no_plant(event.plant, book.sites)}. {ADD_IT}")
    if site.lines and event.line not in site.lines:
        raise Unpriced(
            f'line "{event.line}" is not in plant "{event.plant}"; its lines are '
            f"{name_list(site.plant.lines)}. {ADD_IT}"
        )
    return site


def _table(event: QualityEvent, product: str, book: RateBook, site: Site) -> Versioned[CostTable]:
    table = book.cost_table(event.plant, product, event.occurred_at)
    if table is None:
        raise Unpriced(no_table(event, product, book, site))
    own = site.currency_at(event.occurred_at)
    if table.item.currency != own:
        raise Unpriced(
            f'the cost table of "{product}" is in {table.item.currency}, plant '
            f'"{event.plant}" in {own}. Add a table in {own} for the plant: copq rates import FILE'
        )
    return table


def _check_currency(
    rate: LineRate | LabourRate, what: str, event: QualityEvent, site: Site
) -> None:
    """Check that the currency of a line or labour rate is the plant's at the start of the rate."""
    was, own = site.currency_at(rate.effective_from), site.currency_at(event.occurred_at)
    if was != own:
        raise Unpriced(
            f'the {what} of plant "{event.plant}" is in {was}, its currency at the start; '
            f"the plant is in {own} then. Add a {what} in {own}, in force from the change on: "
            "copq rates import FILE"
        )


def _unit_cost(table: CostTable, stage: str | None) -> Decimal:
    """C(s); without a stage, the cost of the finished unit."""
    if stage is None:
        return table.finished_cost
    cost = table.stage_costs.get(stage)
    if cost is None:
        raise Unpriced(
            f'stage "{stage}" is not in the cost table of "{table.product}"; its stages are '
            f"{name_list(table.stage_costs)}. {ADD_IT}"
        )
    return cost


def _entry(
    event: QualityEvent,
    site: Site,
    version: int,
    element: str,
    category: Category,
    *,
    gross: Decimal = ZERO,
    recovered: Decimal = ZERO,
    allowed: Decimal = ZERO,
    quantity: Decimal = ZERO,
    minutes: Decimal = ZERO,
    base: Decimal = ZERO,
    good: Decimal = ZERO,
    ungraded: Decimal = ZERO,
    labour_version: int | None = None,
    line_version: int | None = None,
) -> Entry:
    hour, day = site.calendar.bucket(event.occurred_at)
    currency = site.currency_at(event.occurred_at)
    return Entry(
        element, category, quantity, gross, recovered, allowed, gross - recovered - allowed,
        minutes * SIXTY, base, good, ungraded, currency, version, hour, day, None,
        None, labour_version, line_version,
    )  # fmt: skip


def _priced(book: RateBook, *entries: Entry) -> Pricing:
    return Pricing(Outcome.PRICED, book.revision, list(entries))


def _production(event: Production, book: RateBook, site: Site) -> Pricing:
    """Cost of production = units x C(finished) where product leaves the line; elsewhere only
    yields."""
    table = _table(event, event.product, book, site)
    counts, line_version = _leaves_the_line(event, book, table.item)
    base = event.quantity * table.item.finished_cost if counts else ZERO
    element = "production" if counts else "stage_production"
    entry = _entry(
        event, site, table.version, element, Category.NONE,
        quantity=event.quantity, base=base, line_version=line_version,
        good=event.good or ZERO,
        ungraded=event.quantity if event.good is None else ZERO,
    )  # fmt: skip
    return _priced(book, entry)


def _leaves_the_line(
    event: Production, book: RateBook, table: CostTable
) -> tuple[bool, int | None]:
    """Whether product leaves the line here: three machines in a row do not triple the output.

    Also the version of the line's rate, if it names the machines at the end of the line.
    """
    if event.stage is not None:
        _unit_cost(table, event.stage)
        if event.stage != table.finished.stage:
            return False, None
    if event.work_unit is None:
        return True, None
    rate = book.line_rate(event.plant, event.line, event.occurred_at)
    if rate is None:
        return event.stage is not None, None
    if not rate.item.output_work_units:
        return event.stage is not None, rate.version
    return event.work_unit in rate.item.output_work_units, rate.version


def _rejection(event: Defect | Scrap, book: RateBook, site: Site) -> Pricing:
    """gross = q C(s); recovered = q r RM, never above gross; a share a is allowed."""
    found = _table(event, event.product, book, site)
    table, quantity = found.item, event.quantity
    gross = quantity * _unit_cost(table, event.stage)
    recovered = min(quantity * table.recovery_rate * table.raw_material, gross)
    allowed = table.allowed_rejection * (gross - recovered)
    entry = _entry(
        event, site, found.version, event.event_type, Category.INTERNAL_FAILURE,
        quantity=quantity, gross=gross, recovered=recovered, allowed=allowed,
    )  # fmt: skip
    if not recovered or not book.has_daily_recovery:
        return _priced(book, entry)
    sent_off = dispatch_cost(Dispatch(event.plant, event.line, event.product, entry.day), book)
    return _priced(book, entry, *([sent_off] if sent_off else []))


class Dispatch(NamedTuple):
    """The dispatch of a day's recoverable rejects of a line and product."""

    plant: str
    line: str
    product: str
    day: date

    @property
    def id(self) -> str:
        """The id of the entry, which several events may cause."""
        return OWN_IDS + compound_name(
            "recovery", self.plant, self.line, self.product, str(self.day)
        )


def dispatch_cost(dispatch: Dispatch, book: RateBook) -> Entry | None:
    """The cost of the dispatch, once for a line, product and production day; None if it is free."""
    site = book.sites.get(dispatch.plant)
    table = site and book.day_table(dispatch.plant, dispatch.product, dispatch.day)
    if not site or not table:
        return None
    start = site.calendar.start_of(dispatch.day)
    currency = site.currency_at(max(start, table.item.effective_from))
    if table.item.currency != currency:
        return None
    gross = table.item.recovery_overhead_per_day
    if not gross:
        return None
    allowed = table.item.allowed_rejection * gross
    return Entry(
        "recovery_overhead", Category.INTERNAL_FAILURE, ZERO, gross, ZERO, allowed,
        gross - allowed, ZERO, ZERO, ZERO, ZERO, currency, table.version,
        site.calendar.bucket(start).hour, dispatch.day, at=start, once=dispatch.id,
    )  # fmt: skip


def _rework(event: Rework, book: RateBook, site: Site) -> Pricing:
    """q x (labour + material + overhead) in house. If minutes are given, they replace the
    labour."""
    table = _table(event, event.product, book, site)
    rates = _require(table.item.rework_in_house, "rework_in_house", table.item)
    labour, labour_version = event.quantity * rates.labour, None
    if event.minutes is not None:
        labour, labour_version = _labour(event, book, site, event.minutes)
    gross = labour + event.quantity * (rates.material + rates.overhead) + event.out_of_pocket
    entry = _entry(
        event, site, table.version, "rework", Category.INTERNAL_FAILURE,
        quantity=event.quantity, gross=gross, minutes=event.minutes or ZERO,
        labour_version=labour_version,
    )  # fmt: skip
    return _priced(book, entry)


def _require(rates: T | None, name: str, table: CostTable) -> T:
    if rates is None:
        raise Unpriced(f'the cost table of "{table.product}" has no {name}. {ADD_IT}')
    return rates


def _labour(
    event: Rework | TimedEvent, book: RateBook, site: Site, minutes: Decimal
) -> tuple[Decimal, int]:
    """The cost of minutes at the labour rate in force, and that rate's version."""
    grade = event.labour_grade or "standard"
    rate = book.labour_rate(event.plant, grade, event.occurred_at)
    if rate is None:
        raise Unpriced(
            f'plant "{event.plant}" has no labour rate of grade "{grade}" in force then; grades '
            f"that have one: {name_list(book.grades_of(event.plant))}. {ADD_IT}"
        )
    _check_currency(rate.item, f'labour rate of grade "{grade}"', event, site)
    return labour_cost(rate.item, minutes), rate.version


def labour_cost(rate: LabourRate, minutes: Decimal) -> Decimal:
    """The cost of minutes: exact for rates per minute, to nine decimals for rates per hour."""
    if rate.rate_per_minute is not None:
        return minutes * rate.rate_per_minute
    return quotient(minutes * rate.per_hour, SIXTY)


def _downgrade(event: Downgrade, book: RateBook, site: Site) -> Pricing:
    """q x (price - price as seconds); zero if seconds sell for more."""
    table = _table(event, event.product, book, site)
    full = _require(table.item.price, "price", table.item)
    seconds = _require(table.item.seconds_price, "seconds_price", table.item)
    gross = event.quantity * max(full - seconds, ZERO)
    entry = _entry(
        event, site, table.version, "downgrade", Category.INTERNAL_FAILURE,
        quantity=event.quantity, gross=gross,
    )  # fmt: skip
    return _priced(book, entry)


def _downtime(event: Downtime, book: RateBook, site: Site) -> Pricing:
    """The rate of the stop; its cost follows from the union of the line's stops."""
    line_rate = book.line_rate(event.plant, event.line, event.occurred_at)
    if line_rate is None:
        raise Unpriced(
            f'line "{event.line}" of plant "{event.plant}" has no line rate in force then. {ADD_IT}'
        )
    _check_currency(line_rate.item, f'line rate of "{event.line}"', event, site)
    own = site.currency_at(event.occurred_at)
    rate = StopRate(line_rate.item.per_hour(event.planned), own, line_rate.version)
    return Pricing(Outcome.STOP, book.revision, [], stop=rate)


def _recovery(event: Recovery, book: RateBook, site: Site) -> Pricing:
    """Overhead minus credit; the result may be an income."""
    entry = _entry(
        event, site, book.revision, "recovery", Category.INTERNAL_FAILURE,
        quantity=event.quantity or ZERO, gross=event.out_of_pocket, recovered=event.credit,
    )  # fmt: skip
    return _priced(book, entry)


def _return(event: Return, book: RateBook, site: Site) -> Pricing:
    """(q - x) reworked at the in-house or on-site rates, x scrapped; a share a is allowed."""
    table = _table(event, event.product, book, site)
    reworked = event.quantity - event.scrapped
    entries = []
    if reworked or event.transport or event.travel:
        gross = reworked * _rework_rate(event.on_site, table.item) + event.transport + event.travel
        element = "rework_on_site" if event.on_site else "rework_of_returns"
        entries.append(_return_entry(event, site, table, element, reworked, gross))
    if event.scrapped:
        scrap = _require(table.item.return_scrap, "return_scrap", table.item)
        per_unit = scrap.price - scrap.recovered + scrap.recovery_overhead
        gross = event.scrapped * max(per_unit, ZERO)
        entries.append(_return_entry(event, site, table, "return_scrap", event.scrapped, gross))
    return _priced(book, *entries)


def _rework_rate(on_site: bool, table: CostTable) -> Decimal:
    if on_site:
        rates = _require(table.rework_on_site, "rework_on_site", table)
    else:
        rates = _require(table.rework_in_house, "rework_in_house", table)
    return rates.labour + rates.material + rates.overhead


def _return_entry(
    event: Return, site: Site, table: Versioned[CostTable], element: str, quantity: Decimal,
    gross: Decimal,
) -> Entry:  # fmt: skip
    return _entry(
        event, site, table.version, element, Category.EXTERNAL_FAILURE,
        quantity=quantity, gross=gross, allowed=table.item.allowed_rejection * gross,
    )  # fmt: skip


def _price_time(
    event: Complaint | Inspection | Prevention | AdminFailure,
    book: RateBook, site: Site, category: Category,
    quantity: Decimal | None = None, wasted: tuple[Decimal, int] | None = None,
) -> Pricing:  # fmt: skip
    """minutes x labour rate + out-of-pocket money + `wasted`, the cost of units made in vain and
    the version of their table."""
    gross, version, labour_version = event.out_of_pocket, book.revision, None
    if event.minutes:
        labour, labour_version = _labour(event, book, site, event.minutes)
        gross, version = gross + labour, labour_version
    if wasted is not None:
        gross, version = gross + wasted[0], wasted[1]
    entry = _entry(
        event, site, version, event.event_type, category,
        quantity=quantity or ZERO, gross=gross, minutes=event.minutes,
        labour_version=labour_version,
    )  # fmt: skip
    return _priced(book, entry)


def _admin_failure(event: AdminFailure, book: RateBook, site: Site) -> Pricing:
    wasted = None
    if event.quantity and event.product:
        table = _table(event, event.product, book, site)
        wasted = event.quantity * table.item.finished_cost, table.version
    return _price_time(event, book, site, Category.ADMINISTRATIVE_FAILURE, event.quantity, wasted)


def _warranty(event: Warranty, book: RateBook, site: Site) -> Pricing:
    entry = _entry(
        event, site, book.revision, "warranty", Category.EXTERNAL_FAILURE,
        quantity=event.quantity or ZERO, gross=event.out_of_pocket,
    )  # fmt: skip
    return _priced(book, entry)

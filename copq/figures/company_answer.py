"""The answer to what all plants together lose in a month, which the API and the page render."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from asyncpg import Connection

from copq.bases.store import whole_plants
from copq.currencies.store import NoReportingCurrency, reporting_currency
from copq.database.queries import Queries
from copq.figures.answers import held_json
from copq.figures.company import (
    CompanyTotal,
    Money,
    PlantOfCompany,
    Signed,
    Sums,
    missing_words,
    total_of,
)
from copq.figures.edges import month_of
from copq.figures.hints import NO_RATES
from copq.figures.missing_exchange_rates import MissingRates, missing_rates, missing_rates_json
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.ledger.figures import Scope
from copq.periods.period import month_after, month_before, month_name, span
from copq.posting.open_stops import Accrued, Exchange, OpenStopCosts, exchanged, open_stop_costs
from copq.rates.book import RateBook, Site
from copq.schemas.priced import FAILURES
from copq.targets.book import in_force
from copq.targets.store import history

_SQL = Queries.of(__file__)
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
COMPANY_BASIS = (
    "An estimate at standard rates, for finance to reconcile. COPQ is failure alone; COPQ % is "
    "COPQ over cost of production. A plant with an entry that has no exchange rate is not in the "
    "total, nor are its open stops. The total is compared with that of the same plants; a plant "
    "without entries in a month adds 0 to it."
)
COLUMNS = (
    "row", "plant", "currency", "copq", "base", "share", "provisional", "own_currency", "own_copq",
    "own_base", "unconverted", "copq_before", "change", "target_share", "over_target", "budget",
    "budget_currency", "budget_used", "open_stops", "state", "signed_copq", "changed_since_signed",
    "whole", "production_day", "running", "today_copq",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CompanyAnswer:
    """The plants that a reader may see, the highest COPQ first, and their total.

    Without a reporting currency (`currency` is None) each plant has its own and there is no total.
    `running`: the month is not over at one of the plants at least. Each such plant is compared with
    the same part of its month before, each other one with the whole month.
    `sees_all`: the reader sees every plant and line.
    """

    month: date
    at: datetime
    running: bool
    currency: str | None
    plants: list[PlantOfCompany]
    total: CompanyTotal | None
    lacks: list[MissingRates] | None
    waiting: WaitingCounts
    sees_all: bool

    @property
    def left_out(self) -> list[PlantOfCompany]:
        """The plants that the total lacks, though they have figures."""
        return [plant for plant in self.plants if plant.left_out]

    @property
    def days(self) -> dict[date, list[str]]:
        """The plants of each production day that runs now, the newest day first."""
        days: dict[date, list[str]] = {}
        for plant in sorted(self.plants, key=lambda one: one.plant):
            days.setdefault(plant.today, []).append(plant.plant)
        return dict(sorted(days.items(), reverse=True))

    @property
    def seen(self) -> str:
        """What a reader of some lines or plants sees; empty for one who sees all."""
        if self.sees_all:
            return ""
        parts = [plant.plant for plant in self.plants if not plant.whole]
        some = f" Of {', '.join(parts)} you see some lines alone." if parts else ""
        names = ", ".join(sorted(plant.plant for plant in self.plants))
        return f"You see {names}, so the total is not that of the company.{some}"

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS

    def table(self) -> Iterator[dict[str, Any]]:
        """A row for each plant and own currency, and one for the total."""
        for plant in self.plants:
            for own in plant.now.own.values() or [None]:
                yield {**_plant_json(plant, self.currency), **_own_json(plant, own)}
        if self.total:
            yield {**dict.fromkeys(COLUMNS), **_total_json(self.total)}

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at, "month": month_name(self.month), "running": self.running,
            "currency": self.currency,
            "currency_reason": None if self.currency else str(NoReportingCurrency()),
            "plants": [
                {**_plant_json(plant, self.currency),
                 "own": [_own_json(plant, own) for own in plant.now.own.values()],
                 "left_out": missing_words(plant) if plant.now.unconverted else None}
                for plant in self.plants
            ],
            "total": self.total and _total_json(self.total),
            "seen": self.seen or None,
            **missing_rates_json(self.lacks), **held_json(self.waiting), "basis": COMPANY_BASIS,
        }  # fmt: skip


def _plant_json(plant: PlantOfCompany, currency: str | None) -> dict[str, Any]:
    known, before = plant.now.known, plant.before.known
    return {
        "row": "plant", "plant": plant.plant, "currency": currency,
        "copq": known and known.copq, "base": known and known.base, "share": plant.share,
        "provisional": known and known.provisional, "unconverted": plant.now.unconverted,
        "copq_before": before and before.copq, "change": plant.change,
        "target_share": plant.target, "over_target": plant.is_over,
        "budget": plant.budget, "budget_currency": plant.budget_currency,
        "budget_used": plant.budget_used, "open_stops": plant.stops,
        "state": "signed" if plant.signed else "provisional", "whole": plant.whole,
        "production_day": plant.today, "running": plant.running,
        "today_copq": plant.day.known and plant.day.known.copq,
    }  # fmt: skip


def _own_json(plant: PlantOfCompany, own: Money | None) -> dict[str, Any]:
    if own is None:
        return dict.fromkeys(("own_currency", "own_copq", "own_base", "signed_copq"))
    signed = plant.signed.copq.get(own.currency) if plant.signed else None
    return {
        "own_currency": own.currency, "own_copq": own.copq, "own_base": own.base,
        "signed_copq": signed, "changed_since_signed": plant.since_signed.get(own.currency),
    }  # fmt: skip


def _total_json(total: CompanyTotal) -> dict[str, Any]:
    now, before = total.now, total.before
    return {
        "row": "total", "currency": now.currency, "copq": now.copq, "base": now.base,
        "share": now.share, "provisional": now.provisional,
        "copq_before": before and before.copq, "change": total.change,
        "target_share": total.target, "over_target": total.is_over, "open_stops": total.stops,
    }  # fmt: skip


async def answer_company(
    conn: Connection, book: RateBook, month: str, now: datetime
) -> CompanyAnswer:
    """The figures of a month such as 2026-03; without one, the newest that all plants have begun.

    Raises `ValueError` on a month that is not possible, or without rates. One snapshot.
    """
    if not book.sites:
        raise ValueError(NO_RATES)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        days = {plant: site.calendar.bucket(now).day for plant, site in book.sites.items()}
        chosen = month_of(month) or min(days.values()).replace(day=1)
        if chosen > max(days.values()):
            raise ValueError(f"{month_name(chosen)} has not begun: name an earlier month")
        found = await reporting_currency(conn)
        currency = found.currency if found else None
        spans = [
            Span(plant, *edges)
            for plant, site in book.sites.items()
            for edges in _spans(site, chosen, days[plant], now)
        ]
        sums = await _sums(conn, book, spans, currency)
        opened = await open_stop_costs(conn, book, Scope(), now)
        await _add_stops(conn, sums, spans, opened, currency)
        today = [Span(plant, "day", day, day + _DAY, None, False) for plant, day in days.items()]
        of_today = await _sums(conn, book, today, currency)
        await _add_stops(conn, of_today, today, opened, currency)
        rows = await _plants(conn, book, chosen, days, now, (sums, of_today), opened)
        targets, budgets = await history(conn)
        at = min(now, *(span(chosen, s.calendar)[1] - _INSTANT for s in book.sites.values()))
        target = in_force(targets, budgets, at).target("", window="month")
        scope = Scope(currency=currency)
        return CompanyAnswer(
            chosen, now, any(row.running for row in rows), currency, rows,
            total_of(rows, currency, target) if currency else None,
            await missing_rates(conn, scope, chosen, month_after(chosen)),
            await count_waiting(conn, scope, now), await conn.fetchval(*_SQL.company_sees_all()),
        )  # fmt: skip


BySpan = dict[tuple[str, bool], Sums]
"""By plant, and whether it is of the month before."""


async def _sums(
    conn: Connection, book: RateBook, spans: Sequence["Span"], currency: str | None
) -> BySpan:
    names = ("plants", "grains", "firsts", "lasts", "untils", "befores")
    columns = dict(zip(names, map(list, zip(*spans, strict=True)), strict=True))
    sums: BySpan = {
        (plant, is_before): Sums(reporting=Money(currency) if currency else None)
        for plant in book.sites
        for is_before in (False, True)
    }
    for row in await conn.fetch(*_SQL.company(failures=_FAILURES, **columns)):
        own = Money(row["currency"], row["copq"], row["base"])
        reporting = Money(currency or "", row["reporting_copq"], row["reporting_base"])
        sums[row["plant"], row["is_before"]].add(own, reporting, row["unconverted"])
    return sums


_FAILURES = list(map(str, FAILURES))
Edges = tuple[str, date, date, datetime | None, bool]


class Span(NamedTuple):
    """Days in [first, last) of a plant, and of these the hours before `until`."""

    plant: str
    grain: str
    first: date
    last: date
    until: datetime | None
    is_before: bool

    def holds(self, part: Accrued) -> bool:
        return (
            part.plant == self.plant
            and self.first <= part.bucket.day < self.last
            and (self.until is None or part.bucket.hour < self.until)
        )


def _spans(site: Site, month: date, today: date, now: datetime) -> Iterator[Edges]:
    """The month of a plant, and the month before: of a month that runs its same part, the hours
    that had begun by then. A month that has not begun is not compared."""
    yield "month", month, month_after(month), None, False
    if today < month:
        return
    before, calendar = month_before(month), site.calendar
    same = before + (today - month)
    if today >= month_after(month) or same >= month:
        yield "month", before, month, None, True
        return
    elapsed = now - calendar.start_of(today)
    yield "day", before, same, None, True
    yield "hour", same, same + _DAY, calendar.start_of(same) + elapsed, True


async def _add_stops(
    conn: Connection, sums: BySpan, spans: Sequence[Span], opened: OpenStopCosts,
    currency: str | None,
) -> None:  # fmt: skip
    """Add what open stops cost until now in the month and in the month before, as every report
    does."""
    of_plant: dict[str, list[Span]] = {}
    for one in spans:
        of_plant.setdefault(one.plant, []).append(one)
    held = [(part, [s for s in of_plant[part.plant] if s.holds(part)]) for part in opened.accrued]
    accrued = [part for part, found in held if found]
    sides = [found[0].is_before for _, found in held if found]
    parts = accrued if currency is None else await exchanged(conn, accrued, currency)
    for part, is_before in zip(parts, sides, strict=True):
        own = Money(part.segment.stop.currency, part.cost, provisional=part.cost)
        exchange = part.exchange or Exchange("", None)
        reporting = part.cell(part.bucket.day, part.cost, part.seconds)
        sums[part.plant, is_before].add(
            own,
            Money(exchange.currency, reporting.net, provisional=reporting.net),
            int(currency is not None and exchange.rate is None),
        )


async def _plants(
    conn: Connection, book: RateBook, month: date, days: Mapping[str, date], now: datetime,
    found: tuple[BySpan, BySpan], opened: OpenStopCosts,
) -> list[PlantOfCompany]:  # fmt: skip
    sums, of_today = found
    whole = await whole_plants(conn, book.sites)
    signed = await _signed(conn, month, book.sites)
    targets, budgets = await history(conn)
    rows = []
    for plant, site in book.sites.items():
        end = span(month, site.calendar)[1]
        aims = in_force(targets, budgets, min(now, end - _INSTANT))
        rows.append(
            PlantOfCompany(
                plant, sums[plant, False], sums[plant, True], aims.target(plant, window="month"),
                aims.budgets.get((plant, "")) if plant in whole else None,
                site.currency_at(min(now, end - _INSTANT)),
                sum(
                    one.plant == plant and one.stop.started_at < end and days[plant] >= month
                    for one in opened.stops
                ),
                signed.get(plant), plant in whole,
                month, days[plant],
                of_today[plant, False],
            )
        )  # fmt: skip
    return sorted(rows, key=_place)


def _place(plant: PlantOfCompany) -> tuple[bool, Decimal, str]:
    """The highest COPQ first; those that cannot be compared last, by name."""
    known = plant.now.known
    return known is None, -known.copq if known else Decimal(0), plant.plant


async def _signed(conn: Connection, month: date, plants: Collection[str]) -> dict[str, Signed]:
    found: dict[str, Signed] = {}
    query = _SQL.company_signed(month=month, plants=list(plants), failures=_FAILURES)
    for row in await conn.fetch(*query):
        signed = found.setdefault(row["plant"], Signed(row["state"], row["closed_at"], {}))
        if row["currency"] is not None:
            signed.copq[row["currency"]] = row["copq"]
    return found

"""The months of a plant before and since the start of a quality programme, from the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from asyncpg import Connection

from copq.figures.edges import day_of, in_order
from copq.figures.missing_exchange_rates import missing_rates
from copq.figures.names import check_names
from copq.figures.report import ReportQuery, report, zone_of
from copq.improvement.history import FitRefused, Month, Programme
from copq.ledger.arithmetic import ZERO
from copq.ledger.figures import ReportRow
from copq.periods.period import month_after, year_before
from copq.rates.book import RateBook


@dataclass(frozen=True, slots=True)
class ProgrammeQuery:
    """The plant, and the start and end of the programme; None: up to the current month."""

    plant: str
    start: date
    end: date | None


def query_of(plant: str | None, start: str, end: str, savings: str | None) -> ProgrammeQuery:
    """The query as people write it. Raises `ValueError` if a part is missing or not possible."""
    first = day_of(start)
    if plant is None or first is None:
        raise ValueError("fit needs plant and from, the first month of the programme")
    if savings:
        raise ValueError("with fit, savings comes from the ledger: leave savings out")
    return ProgrammeQuery(plant, first, day_of(end))


def check_unfitted(plant: str | None, start: str, end: str) -> None:
    """Raises `ValueError` if a part of the question needs a fit, and no fit is requested."""
    for name, given in (("plant", plant), ("from", start), ("to", end)):
        if given:
            raise ValueError(f"{name} says which months to fit: add fit, or leave {name} out")


async def programme(
    conn: Connection,
    book: RateBook,
    query: ProgrammeQuery,
    now: datetime,
    currency: str | None = None,
) -> Programme:
    """The 12 months before the start, as far as the ledger has them, and the whole months until the
    end.

    Spending is prevention and appraisal; the base is cost of production. The current month is left
    out. Raises `FitRefused` if the figures have several currencies and no currency is requested, or
    if an exchange rate is missing, and `ValueError` on impossible edges.
    """
    await check_names(conn, book, query.plant)
    first = _first_of_month(query.start)
    last = _first_of_month(now.astimezone(zone_of(book, query.plant)).date())
    until = min(last, _first_of_month(query.end)) if query.end else last
    in_order(first, until)
    months = ReportQuery(
        query.plant, by=("plant",), grain="month", start=year_before(first), end=until,
        currency=currency,
    )  # fmt: skip
    if lacks := await missing_rates(conn, months, months.start, until):
        raise FitRefused(f"no exchange rate: {lacks[0]}. See: copq currencies list")
    rows = await report(conn, book, months, now)
    return _programme(rows, first, until)


def _programme(rows: Iterable[ReportRow], first: date, until: date) -> Programme:
    found = list(rows)
    currencies = sorted({row.currency for row in found})
    if len(currencies) > 1:
        raise FitRefused(
            f"the figures are in {' and '.join(currencies)}: name the reporting currency, as "
            "currency EUR, to convert them"
        )
    months = {row.bucket: _month(row) for row in found}
    baseline = [month for day, month in months.items() if isinstance(day, date) and day < first]
    since = [months.get(day) or Month(day, ZERO, ZERO, ZERO) for day in _months(first, until)]
    return Programme(baseline, since, currencies[0] if currencies else "")


def _month(row: ReportRow) -> Month:
    assert isinstance(row.bucket, date)
    return Month(row.bucket, row.coq - row.copq, row.copq, row.base)


def _months(first: date, until: date) -> Iterable[date]:
    while first < until:
        yield first
        first = month_after(first)


def _first_of_month(day: date) -> date:
    return day.replace(day=1)

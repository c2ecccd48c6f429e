"""Reports by hour, production day or month: the rollups or an earlier ledger, and open stops."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from asyncpg import Connection

from copq.currencies.converted import ByCurrency
from copq.database.queries import Queries
from copq.figures.basis import RESTATED, As, Basis
from copq.figures.missing_exchange_rates import MissingRates, missing_rates
from copq.ledger.figures import Bucket, Cell, ReportRow, Scope, fold
from copq.periods.period import month_after
from copq.posting.open_stops import Accrued, accrue
from copq.rates.book import RateBook

_SQL = Queries.of(__file__)
_MONEY = ByCurrency(__file__)
_PREFETCH = 2_000
GRAINS = ("hour", "day", "month")


@dataclass(frozen=True, slots=True)
class ReportQuery(Scope):
    """Asks for buckets of a scope.

    `start` and `end` are instants for hours, else production days. A bucket is included if it
    begins in [start, end); a month begins on its first day. None means no limit on that side.
    """

    grain: str = "day"
    start: datetime | date | None = None
    end: datetime | date | None = None
    basis: Basis = RESTATED

    def __post_init__(self) -> None:
        Scope.__post_init__(self)
        if self.grain not in GRAINS:
            raise ValueError(f'grain is hour, day or month; not "{self.grain}"')
        for edge in (self.start, self.end):
            if edge is not None and not _fits(edge, self.grain):
                raise ValueError("start and end are instants for hours, else production days")

    @property
    def months_of_days(self) -> bool:
        """Whether months are summed from days: a product may change its group within a month."""
        return self.grain == "month" and self.grouping is not None

    @property
    def stored_grain(self) -> str:
        """The grain of the rollups to read."""
        return "day" if self.months_of_days else self.grain

    def takes(self, bucket: Any) -> bool:
        after = self.start is None or bucket >= self.start
        return after and (self.end is None or bucket < self.end)


def _fits(edge: datetime | date, grain: str) -> bool:
    if isinstance(edge, datetime):
        return grain == "hour" and edge.tzinfo is not None
    return grain != "hour"


async def report(
    conn: Connection, book: RateBook, query: ReportQuery, now: datetime,
    accrued: Sequence[Accrued] | None = None,
) -> list[ReportRow]:  # fmt: skip
    """The rows in order of time. Percentages are sums over sums. Currencies are never added; they
    are converted if the query requests it.

    Open stops count until `now`, and `provisional` is their part. Figures as of an earlier instant,
    or of a month as first reported, leave them out. Pass `accrued`, what open stops add, if it is
    already known. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        cells = [cell async for cell in booked_cells(conn, query)]
        cells += await accrued_cells(conn, book, query, now, accrued)
    return [shown_in_zone(row, book, query) for row in fold(cells, query)]


async def booked_cells(
    conn: Connection, query: ReportQuery, order: tuple[str, ...] = ()
) -> AsyncIterator[Cell]:
    """The booked cells in the order of buckets and of these dimensions.

    Read them within a transaction: Postgres sends cells on demand.
    """
    sql, *values = _question(query)
    names = ("hour", "day", *(f'"{name}" collate "C" nulls first' for name in order))
    # The names of dimensions and the query are our own: no part comes from outside.
    ordered = f"select * from ({sql}) as cell order by {', '.join(names)}"  # noqa: S608
    async for record in conn.cursor(ordered, *values, prefetch=_PREFETCH):
        yield _cell(record)


def _question(query: ReportQuery) -> tuple[Any, ...]:
    """The query with its parameters for asyncpg."""
    scope = _scope(query)
    if query.basis == RESTATED:
        return _MONEY.of(query.currency, query.grouping).report(**scope, **_of_rollups(query))
    if _is_signed_off(query):
        return _SQL.report_first(**scope, **_of_closings(query))
    late = _is_completed(query)
    return _MONEY.of(query.currency, query.grouping, completed=late).report_booked(
        **scope, **_of_entries(query)
    )


def coq_question(query: ReportQuery, **more: Any) -> tuple[Any, ...]:
    """The question for the cost of quality by month, with its own parameters `more`."""
    scope = {**_scope(query), **more}
    if query.basis == RESTATED:
        del scope["by"]
        restated = _MONEY.of(query.currency, query.grouping).coq_restated
        return restated(**scope, **_of_monthly_rollups(query))
    if _is_signed_off(query):
        return _SQL.coq_first(**scope, **_of_closings(query))
    late = _is_completed(query)
    return _MONEY.of(query.currency, query.grouping, completed=late).coq_booked(
        **scope, **_of_entries(query)
    )


def shown_in_zone(row: ReportRow, book: RateBook, query: ReportQuery) -> ReportRow:
    """The row with its hour in the zone of its plant."""
    row.bucket = _local(row.bucket, zone_of(book, row.dims.get("plant") or query.plant))
    return row


def _is_completed(query: ReportQuery) -> bool:
    """Whether exchange rates that came late count: in first-reported figures, but not in those as
    of an instant."""
    return query.basis.as_of is None


def _of_rollups(query: ReportQuery) -> dict[str, Any]:
    """The parameters of `report`, without the scope."""
    return {
        **_edges(query), **query.groups(), "grain": query.stored_grain,
        "months_of_days": query.months_of_days, "names": query.names,
    }  # fmt: skip


def _of_monthly_rollups(query: ReportQuery) -> dict[str, Any]:
    """The parameters of `coq_restated`, without the scope."""
    start, end = _days(query)
    return {
        **query.groups(), "grain": query.stored_grain, "months_of_days": query.months_of_days,
        "start": start, "end": end,
    }  # fmt: skip


def _of_entries(query: ReportQuery) -> dict[str, Any]:
    """The parameters of `report_booked`, without the scope."""
    as_of = query.basis.as_of
    return {**_edges(query), **query.groups(), "grain": query.grain, "as_of": as_of}


def _of_closings(query: ReportQuery) -> dict[str, Any]:
    """The parameters of `report_first`, without the scope."""
    return dict(zip(("start", "end"), _days(query), strict=True))


def _is_signed_off(query: ReportQuery) -> bool:
    """Whether the figures are signed by closings: months, each currency on its own, not by
    group."""
    first = query.basis.reported is As.FIRST_REPORTED
    own = query.currency is None and query.grouping is None
    return first and query.grain == "month" and own


async def accrued_for(
    conn: Connection, book: RateBook, query: ReportQuery, now: datetime
) -> list[Accrued]:
    """What open stops add in the buckets of a report; nothing for figures as of an instant."""
    if not query.basis.is_live:
        return []
    return await accrue(conn, book, query, now, _since(query))


async def _accrued(
    conn: Connection, book: RateBook, query: ReportQuery, now: datetime,
    accrued: Sequence[Accrued] | None,
) -> Sequence[Accrued]:  # fmt: skip
    costs = await accrued_for(conn, book, query, now) if accrued is None else accrued
    if query.basis == RESTATED:
        return costs
    closed = await closed_months(conn)
    return [a for a in costs if (a.plant, a.bucket.day.replace(day=1)) not in closed]


async def closed_months(conn: Connection) -> set[tuple[str, date]]:
    """The plants and months that were ever closed."""
    return {(row["plant"], row["month"]) for row in await conn.fetch(*_SQL.closed_months())}


def _scope(query: ReportQuery) -> dict[str, Any]:
    """The parameters that each query of a report has."""
    return {
        "by": list(query.by), "plant": query.plant, "line": query.line, "product": query.product,
        "element": query.element,
    }  # fmt: skip


def _edges(query: ReportQuery) -> dict[str, Any]:
    hours = (query.start, query.end) if query.grain == "hour" else (None, None)
    days = _days(query)
    if query.months_of_days and query.basis == RESTATED:
        days = first_month(days[0]), first_month(days[1])
    names = ("first_day", "last_day", "first_hour", "last_hour")
    return dict(zip(names, (*days, *hours), strict=True))


def _days(query: ReportQuery) -> tuple[date | None, date | None]:
    """Hours are searched by their days; a day too many on each side costs nothing."""
    margin = timedelta(days=2)
    start, end = query.start, query.end
    if isinstance(start, datetime):
        start = start.date() - margin
    if isinstance(end, datetime):
        end = end.date() + margin
    return start, end


def _since(query: ReportQuery) -> datetime | None:
    """An instant before all requested buckets."""
    start = _days(query)[0]
    return datetime.combine(start - timedelta(days=2), time(), UTC) if start else None


def _cell(record: Any) -> Cell:
    values = dict(record)
    hour, day = values.pop("hour"), values.pop("day")
    return Cell(bucket=hour or day, **values)


async def accrued_cells(
    conn: Connection, book: RateBook, query: ReportQuery, now: datetime,
    accrued: Sequence[Accrued] | None = None,
) -> list[Cell]:  # fmt: skip
    """The cells that open stops add to the booked cells."""
    accrued = await _accrued(conn, book, query, now, accrued)
    never_closed = query.basis.reported is As.FIRST_REPORTED
    cells = [
        replace(a.cell(_bucket(a, query.grain), a.cost, a.seconds), is_open=never_closed)
        for a in accrued
    ]
    return [cell for cell in cells if query.holds(cell) and query.takes(cell.bucket)]


def _bucket(accrued: Accrued, grain: str) -> datetime | date:
    hour, day = accrued.bucket
    return hour if grain == "hour" else day if grain == "day" else day.replace(day=1)


def _local(bucket: Bucket, zone: tzinfo) -> Bucket:
    return bucket.astimezone(zone) if isinstance(bucket, datetime) else bucket


async def report_lacks(conn: Connection, query: ReportQuery) -> list[MissingRates] | None:
    """The exchange rates that a report in the reporting currency lacks, on its basis."""
    start, end = query.start, query.end
    if query.grain == "month":
        start, end = first_month(start), first_month(end)
    return await missing_rates(conn, query, start, end, query.basis)


def first_month(day: Any) -> Any:
    """The first month that starts on this day or later: a month is included by its first day."""
    if day is None or day.day == 1:
        return day
    return month_after(day)


def zone_of(book: RateBook, plant: str | None) -> tzinfo:
    """The zone for instants: the plant's, or that of the only plant, else UTC."""
    sites = book.sites
    if plant in sites:
        return sites[plant].calendar.zone
    zones = {site.calendar.zone for site in sites.values()}
    return zones.pop() if len(zones) == 1 else UTC

"""The question for a report, and its answer, which commands, API and CSV render."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from asyncpg import Connection

from copq.currencies.store import check_reporting
from copq.figures.answers import FIGURES, basis_json, basis_of_share, held_json
from copq.figures.basis import As, basis_of
from copq.figures.edges import bounds, dimensions, instant
from copq.figures.missing_exchange_rates import MissingRates, missing_rates_json
from copq.figures.pages import Place, report_part, report_rows
from copq.figures.report import ReportQuery, report_lacks, zone_of
from copq.figures.requests import GroupedRequest, check_element
from copq.figures.share_bases import ShareBase, share_base, share_row_json
from copq.figures.unpriced import WaitingCounts, count_waiting
from copq.ledger.figures import ReportRow
from copq.rates.book import RateBook
from copq.schemas.bases import PRODUCTION_BASE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest(GroupedRequest):
    """Asks for a report. Times without an offset are the plant's; an empty text is not a limit.

    `reported` and `as_of` select the basis; `currency` is the reporting currency; `base` is what
    percentages are of.
    """

    element: str | None = None
    by: str = "plant,line"
    grain: str = "day"
    start: str = ""
    end: str = ""
    reported: str = As.RESTATED
    as_of: str = ""
    currency: str | None = None
    base: str = PRODUCTION_BASE

    def __post_init__(self) -> None:
        GroupedRequest.__post_init__(self)
        check_element(self.element)

    async def query(self, conn: Connection, book: RateBook, now: datetime) -> ReportQuery:
        """The query of the request. Raises `ValueError` on an impossible name, time, basis or
        currency."""
        await self.check_names(conn, book)
        zone, by = zone_of(book, self.plant), dimensions(self.by)
        query = ReportQuery(
            self.plant, self.line, self.product, self.element, by, self.grain,
            *bounds(self.start, self.end, self.grain, zone, now),
            basis=basis_of(self.reported, instant(self.as_of, zone), now), currency=self.currency,
            group=self.group, grouping=await self.chosen_grouping(conn, by),
        )  # fmt: skip
        if query.currency is not None:
            await check_reporting(conn, query.currency)
        return query


@dataclass(frozen=True, slots=True)
class ReportAnswer:
    """A page of a report as of `at`; `zone` is the zone of its instants.

    `rows_total` is None if the rows are one page of several and were not counted. `lacks` is None
    if nothing is converted. `totals` include the rows of all pages.
    """

    query: ReportQuery
    at: datetime
    zone: tzinfo
    rows: list[ReportRow]
    rows_total: int | None
    totals: list[ReportRow]
    next: Place | None
    lacks: list[MissingRates] | None
    waiting: WaitingCounts
    base: ShareBase

    def as_json(self) -> dict[str, Any]:
        query = self.query
        return {
            "at": self.at, "grain": query.grain, "from": query.start, "to": query.end,
            **basis_json(query.basis),
            "rows": [report_row_json(row, query, self.base) for row in self.rows],
            "rows_total": self.rows_total,
            "totals": [share_row_json(row, self.base) for row in self.totals],
            "next": self.next and self.next.encode(), **missing_rates_json(self.lacks),
            **held_json(self.waiting), "basis": basis_of_share(self.base.name),
        }  # fmt: skip


def report_columns(query: ReportQuery) -> tuple[str, ...]:
    """The columns of the report as a table."""
    return ("from", *query.by, *FIGURES, "reported")


def report_row_json(row: ReportRow, query: ReportQuery, base: ShareBase) -> dict[str, Any]:
    return {**share_row_json(row, base), "reported": str(query.basis)}


async def answer_report(
    conn: Connection, book: RateBook, request: ReportRequest, now: datetime, most: int,
    cursor: str | None = None, count: bool = False,
) -> ReportAnswer:  # fmt: skip
    """At most `most` rows after the cursor; with `count`, all rows are read and counted.

    Raises `ValueError` on an impossible request. One snapshot.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        query = await request.query(conn, book, now)
        after = Place.read(cursor, query) if cursor else None
        part = await report_part(conn, book, query, now, most, after, count)
        return ReportAnswer(
            query, now, zone_of(book, query.plant), part.rows, part.rows_total, part.totals,
            part.next, await report_lacks(conn, query), await count_waiting(conn, query, now),
            await share_base(conn, request.base, query),
        )  # fmt: skip


async def report_table(
    conn: Connection,
    book: RateBook,
    query: ReportQuery,
    now: datetime,
    cursor: str | None = None,
    base: str = PRODUCTION_BASE,
) -> AsyncIterator[dict[str, Any]]:
    """All rows of `report_columns` after the cursor. Call it in a transaction of one snapshot."""
    after = Place.read(cursor, query) if cursor else None
    on = await share_base(conn, base, query)
    async for _, row in report_rows(conn, book, query, now, after):
        yield report_row_json(row, query, on)

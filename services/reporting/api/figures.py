"""`/v1/copq`, `/v1/trailing` and `/v1/drivers`: figures out of rollups and ledger."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.access.door import Bearer
from services.figures import drivers as driving
from services.figures.answers import basis_json, held_json, row_json
from services.figures.basis import basis_of
from services.figures.edges import bounds, dimensions, instant
from services.figures.missing_exchange_rates import missing_rates, missing_rates_json
from services.figures.names import check_names
from services.figures.pages import Place, report_page, report_rows, report_totals
from services.figures.report import ReportQuery, report_lacks, zone_of
from services.figures.trailing import Window, trailing_lacks
from services.figures.trailing_rows import TrailingPart, trailing_part, trailing_rows
from services.figures.unpriced import count_waiting
from services.ledger.figures import ReportRow, Scope
from services.reporting import parameters as asked
from services.reporting.api import examples
from services.reporting.formats import as_csv, as_json, stream_csv, wants_csv
from services.reporting.source import Reading, Source

_FIGURES = (
    "currency", "copq", "base", "base_name", "copq_share", "copq_share_reason", "copq_per_good",
    "cost_per_good", "coq", "net", "gross", "recovered", "allowed", "hours", "seconds", "units",
    "good", "ungraded", "rejected", "provisional",
    "unconverted", "flags",
)  # fmt: skip


def add_figures(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/copq",
        summary="COPQ by hour, production day or month",
        description=examples.COPQ,
        responses=examples.answers(examples.COPQ_ANSWER),
    )
    async def copq(
        request: Request, grain: asked.Grain = "day", by: asked.By = "plant,line",
        plant: asked.Plant = None, line: asked.Line = None, product: asked.Product = None,
        element: asked.Element = None, start: asked.From = "", end: asked.To = "",
        reported: asked.Reported = "restated", as_of: asked.AsOf = "",
        currency: asked.Currency = None, kind: asked.Format = None,
        limit: asked.Limit = None,
        after: Annotated[
            str | None, Query(alias="cursor", description="`next` of the page before.")
        ] = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            await check_names(reading.conn, reading.book, plant, line, product)
            zone = zone_of(reading.book, plant)
            first, last = bounds(start, end, grain, zone, reading.now)
            dims = dimensions(by)
            basis = basis_of(reported, instant(as_of, zone), reading.now)
            query = ReportQuery(
                plant,
                line,
                product,
                element,
                dims,
                grain,
                first,
                last,
                basis=basis,
                currency=currency,
            )
            place = Place.read(after, query) if after else None
            if not wants_csv(request, kind):
                said = await _page(reading, query, limit or asked.ROWS, place)
                return await _answer(request, kind, reading, query, "copq", said, ())
        rows = _table_rows(source, reader, query, place, limit)
        return stream_csv("copq", rows, ("from", *dims, *_FIGURES, "reported"))

    @router.get(
        "/v1/trailing",
        summary="COPQ of the last hour, 24 hours and 30 days",
        description=examples.TRAILING,
        responses=examples.answers(examples.TRAILING_ANSWER),
    )
    async def trailing(
        request: Request, by: asked.By = "plant,line", plant: asked.Plant = None,
        line: asked.Line = None, product: asked.Product = None, element: asked.Element = None,
        currency: asked.Currency = None, kind: asked.Format = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            await check_names(reading.conn, reading.book, plant, line, product)
            dims = dimensions(by)
            scope = Scope(plant, line, product, element, dims, currency=currency)
            lacks = missing_rates_json(await trailing_lacks(reading.conn, scope, reading.now))
            if not wants_csv(request, kind):
                conn, book, now = reading.conn, reading.book, reading.now
                found = await trailing_part(conn, book, scope, now, limit or asked.ROWS)
                said = {"windows": [_window(part) for part in found], **lacks}
                return await _answer(request, kind, reading, scope, "copq-trailing", said, ())
        rows = _trailing_table(source, reader, scope, limit)
        return stream_csv("copq-trailing", rows, ("window", "after", "to", *dims, *_FIGURES))

    @router.get(
        "/v1/drivers",
        summary="What costs most (Pareto)",
        description=examples.DRIVERS,
        responses=examples.answers(examples.DRIVERS_ANSWER),
    )
    async def drivers(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        start: asked.From = "", end: asked.To = "",
        top: Annotated[int, Query(ge=1, le=10_000, description="How many for each currency.")] = 10,
        currency: asked.Currency = None, kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            await check_names(reading.conn, reading.book, plant, line, None)
            first, last = _days(start, end, reading.now)
            site = reading.book.sites.get(plant or "")
            scope = Scope(plant, line, by=(), currency=currency)
            lacks = missing_rates_json(await missing_rates(reading.conn, scope, first, last))
            days = driving.Days(
                first, last, plant, line, site.calendar if site else None, currency=currency
            )
            found = await driving.drivers(reading.conn, reading.book, days, reading.now, top)
            said = {"from": first, "to": last, **driving.drivers_json(found), **lacks}
            columns = driving.COLUMNS
            return await _answer(request, kind, reading, scope, "copq-drivers", said, columns)


async def _page(
    reading: Reading, query: ReportQuery, limit: int, place: Place | None
) -> dict[str, Any]:
    """A page of rows, what they all come to, and the cursor of the next page."""
    conn, book, now, basis = reading.conn, reading.book, reading.now, query.basis
    lacks = missing_rates_json(await report_lacks(conn, query))
    page = await report_page(conn, book, query, now, limit, place)
    totals = await report_totals(conn, book, query, now)
    return {
        "grain": query.grain, "from": query.start, "to": query.end, **basis_json(basis),
        "rows": [{**row_json(row), "reported": str(basis)} for row in page.rows],
        "totals": [row_json(row) for row in totals],
        "next": page.next.encode() if page.next else None, **lacks,
    }  # fmt: skip


async def _table_rows(
    source: Source, reader: Bearer, query: ReportQuery, place: Place | None, limit: int | None
) -> AsyncIterator[list[dict[str, Any]]]:
    """All rows in a snapshot of their own, some at once."""
    async with source.reading(reader) as reading:
        found = report_rows(reading.conn, reading.book, query, reading.now, place)
        rows = ({**row_json(row), "reported": str(query.basis)} async for _, row in found)
        async for chunk in chunks(rows, limit):
            yield chunk


async def _trailing_table(
    source: Source, reader: Bearer, scope: Scope, limit: int | None
) -> AsyncIterator[list[dict[str, Any]]]:
    """As `_table_rows`; with a limit the most expensive rows of each window."""
    async with source.reading(reader) as reading:
        conn, book, now = reading.conn, reading.book, reading.now
        if limit is not None:
            parts = await trailing_part(conn, book, scope, now, limit)
            yield [_with_window(part.window, now, row) for part in parts for row in part.rows]
            return
        found = trailing_rows(conn, book, scope, now)
        async for chunk in chunks(
            (_with_window(window, now, row) async for window, row in found), None
        ):
            yield chunk


async def chunks(
    rows: AsyncIterator[dict[str, Any]], limit: int | None
) -> AsyncIterator[list[dict[str, Any]]]:
    """The rows, a page of them at once; at most `limit`."""
    chunk: list[dict[str, Any]] = []
    number = 0
    async for row in rows:
        chunk.append(row)
        number += 1
        if len(chunk) == asked.ROWS or number == limit:
            yield chunk
            chunk = []
        if number == limit:
            return
    yield chunk


def _days(start: str, end: str, now: datetime) -> tuple[date, date]:
    """The last 30 days, where nobody says otherwise."""
    first, last = bounds(start, end, "day", UTC, now)
    return first, last or max(first, now.date()) + timedelta(days=2)


def _window(part: TrailingPart) -> dict[str, Any]:
    return {
        "window": part.window.name, "after": part.start, "to": part.end,
        "rows": [row_json(row) for row in part.rows], "rows_total": part.rows_total,
        "totals": [row_json(row) for row in part.totals],
    }  # fmt: skip


def _with_window(window: Window, now: datetime, row: ReportRow) -> dict[str, Any]:
    return {**row_json(row), "window": window.name, "after": now - window.length, "to": now}


async def _answer(
    request: Request, kind: str | None, reading: Reading, scope: Scope, name: str,
    said: dict[str, Any], columns: tuple[str, ...],
) -> Response:  # fmt: skip
    """The rows as CSV, or all of it as JSON, with what is not in the figures next to it."""
    if wants_csv(request, kind):
        return as_csv(name, said["rows"], columns)
    waiting = held_json(await count_waiting(reading.conn, scope, reading.now))
    return as_json({"at": reading.now, **said, **waiting})

"""`/v1/copq`, `/v1/trailing` and `/v1/drivers`: figures out of rollups and ledger."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.reporting import drivers as driving
from services.reporting import trailing as windows
from services.reporting.answers import basis_json, held_json, row_json
from services.reporting.api import asked, examples
from services.reporting.api.formats import as_csv, as_json, wants_csv
from services.reporting.api.source import Reading, Source
from services.reporting.basis import basis_of
from services.reporting.edges import bounds, dimensions, instant
from services.reporting.figures import Scope
from services.reporting.lacking import lacking, lacking_json
from services.reporting.names import check_names
from services.reporting.report import ReportQuery, report, report_lacks, zone_of
from services.reporting.trailing import trailing_lacks
from services.reporting.unpriced import held

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
            lacks = lacking_json(await report_lacks(reading.conn, query))
            found = await report(reading.conn, reading.book, query, reading.now)
            rows = [{**row_json(row), "reported": str(basis)} for row in found]
            said = {
                "grain": grain, "from": query.start, "to": query.end, **basis_json(basis),
                "rows": rows, **lacks,
            }  # fmt: skip
            columns = ("from", *dims, *_FIGURES, "reported")
            return await _answer(request, kind, reading, query, "copq", said, columns)

    @router.get(
        "/v1/trailing",
        summary="COPQ of the last hour, 24 hours and 30 days",
        description=examples.TRAILING,
        responses=examples.answers(examples.TRAILING_ANSWER),
    )
    async def trailing(
        request: Request, by: asked.By = "plant,line", plant: asked.Plant = None,
        line: asked.Line = None, product: asked.Product = None, element: asked.Element = None,
        currency: asked.Currency = None, kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            await check_names(reading.conn, reading.book, plant, line, product)
            dims = dimensions(by)
            scope = Scope(plant, line, product, element, dims, currency=currency)
            lacks = lacking_json(await trailing_lacks(reading.conn, scope, reading.now))
            found = await windows.trailing(reading.conn, reading.book, scope, reading.now)
            said = {"windows": [_window(w) for w in found], **lacks}
            if wants_csv(request, kind):
                rows = [_named(w, row) for w in said["windows"] for row in w["rows"]]
                return as_csv("copq-trailing", rows, ("window", "after", "to", *dims, *_FIGURES))
            return await _answer(request, kind, reading, scope, "copq-trailing", said, ())

    @router.get(
        "/v1/drivers",
        summary="What costs most (Pareto)",
        description=examples.DRIVERS,
        responses=examples.answers(examples.DRIVERS_ANSWER),
    )
    async def drivers(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        start: asked.From = "", end: asked.To = "",
        top: Annotated[int, Query(ge=1, le=1000, description="How many for each currency.")] = 10,
        currency: asked.Currency = None, kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            await check_names(reading.conn, reading.book, plant, line, None)
            first, last = _days(start, end, reading.now)
            site = reading.book.sites.get(plant or "")
            scope = Scope(plant, line, by=(), currency=currency)
            lacks = lacking_json(await lacking(reading.conn, scope, first, last))
            days = driving.Days(
                first, last, plant, line, site.calendar if site else None, currency=currency
            )
            found = await driving.drivers(reading.conn, reading.book, days, reading.now, top)
            rows = [driving.driver_json(driver) for driver in found]
            said = {"from": first, "to": last, "rows": rows, **lacks}
            columns = driving.COLUMNS
            return await _answer(request, kind, reading, scope, "copq-drivers", said, columns)


def _days(start: str, end: str, now: datetime) -> tuple[date, date]:
    """The last 30 days, where nobody says otherwise."""
    first, last = bounds(start, end, "day", UTC, now)
    return first, last or max(first, now.date()) + timedelta(days=2)


def _window(found: windows.Trailing) -> dict[str, Any]:
    rows = [row_json(row) for row in found.rows]
    return {"window": found.window.name, "after": found.start, "to": found.end, "rows": rows}


def _named(window: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: window[name] for name in ("window", "after", "to")}}


async def _answer(
    request: Request, kind: str | None, reading: Reading, scope: Scope, name: str,
    said: dict[str, Any], columns: tuple[str, ...],
) -> Response:  # fmt: skip
    """The rows as CSV, or all of it as JSON, with what is not in the figures next to it."""
    if wants_csv(request, kind):
        return as_csv(name, said["rows"], columns)
    waiting = held_json(await held(reading.conn, scope, reading.now))
    return as_json({"at": reading.now, **said, **waiting})

"""`/v1/kpis`: OEE and its factors, yields and MTTR of any time, by line."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.figures import kpi_report as kpis
from services.figures.edges import dimensions
from services.figures.names import check_names
from services.figures.report import zone_of
from services.reporting import parameters as asked
from services.reporting.api import examples
from services.reporting.formats import as_csv, as_json, wants_csv
from services.reporting.source import Source

By = Annotated[
    str, Query(description=f"A row for each, with commas: {', '.join(kpis.DIMENSIONS)}.")
]
From = Annotated[
    str,
    Query(
        alias="from",
        description="The first production day, 2026-03-01, or instant, 2026-03-01T06:00, the "
        "plant's own without an offset. Without it: the production day so far.",
        examples=["2026-03-01"],
    ),
]


def add_kpis(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/kpis",
        summary="OEE, yields and MTTR",
        description=examples.KPIS,
        responses=examples.answers(examples.KPIS_ANSWER),
    )
    async def key_figures(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        product: asked.Product = None, by: By = "plant,line", start: From = "",
        end: asked.To = "", kind: asked.Format = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            await check_names(reading.conn, reading.book, plant, line, product)
            edges = kpis.edges(start, end, zone_of(reading.book, plant))
            query = kpis.KpiQuery(plant, line, product, *edges, dimensions(by))
            found = await kpis.key_figures(reading.conn, reading.book, query, reading.now)
            if wants_csv(request, kind):
                rows = (_flat(kpis.row_json(row)) for row in found[:limit])
                return as_csv("copq-kpis", rows, kpis.COLUMNS)
            whole = await kpis.total(reading.conn, reading.book, query, reading.now)
            said = kpis.rows_json(found, whole, limit or asked.ROWS)
            return as_json({"at": reading.now, "from": edges[0], "to": edges[1], **said})


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A cell for the reasons."""
    reasons = "; ".join(f"{name}: {reason}" for name, reason in row["reasons"].items())
    return {**row, "reasons": reasons}

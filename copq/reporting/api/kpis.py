"""`/v1/kpis`: OEE and its factors, yields and MTTR for any time, by line."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from copq.figures.books import Reading
from copq.figures.kpi_answer import KpiAnswer, KpiRequest, answer_kpis
from copq.figures.kpi_report import DIMENSIONS
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.source import Source

By = Annotated[str, Query(description=f"A row for each, with commas: {', '.join(DIMENSIONS)}.")]
From = Annotated[
    str,
    Query(
        alias="from",
        description="The first production day, 2026-03-01, or instant, 2026-03-01T06:00, the "
        "plant's own without an offset. By default, the production day so far.",
        examples=["2026-03-01"],
    ),
]


def add_kpis(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/kpis",
        summary="OEE, yields and MTTR",
        description=examples.KPIS,
        responses=examples.answers(examples.KPIS_ANSWER, excel=True),
    )
    async def key_figures(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        product: asked.Product = None, group: asked.Group = None,
        grouping: asked.Grouping = None, by: By = "plant,line", start: From = "",
        end: asked.To = "", kind: asked.TableFormat = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> KpiAnswer:
            asked_for = KpiRequest(
                plant=plant, line=line, product=product, group=group, grouping=grouping, by=by,
                start=start, end=end,
            )  # fmt: skip
            return await answer_kpis(reading.conn, reading.book, asked_for, reading.now, most)

        return await answer_request(source, request, kind, limit, "copq-kpis", ask)

"""`/v1/coq`: the cost-of-quality report; `/v1/coq/conformance`: conformance against failure."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from copq.figures.books import Reading
from copq.figures.conformance_answer import (
    ConformanceAnswer,
    ConformanceRequest,
    answer_conformance,
)
from copq.figures.coq_answer import CUTS, CoqAnswer, CoqRequest, answer_coq
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.coq_workbook import coq_sheets
from copq.reporting.source import Source
from copq.schemas.bases import PRODUCTION_BASE

By = Annotated[str, Query(description=f"A report for each, with commas: {', '.join(CUTS)}.")]
Base = Annotated[
    str,
    Query(
        description="What percentages are of, with commas: cost of production, CoQ, or a base that "
        "finance has imported.",
        examples=["revenue"],
    ),
]
Baseline = Annotated[
    str,
    Query(
        description="The month that the return on quality is against; without it the month before.",
        examples=["2026-01"],
    ),
]


def add_coq(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/coq",
        summary="Cost of quality by month",
        description=examples.COQ,
        responses=examples.answers(examples.COQ_ANSWER, excel=True),
    )
    async def coq(
        request: Request, by: By = "plant", plant: asked.Plant = None, line: asked.Line = None,
        product: asked.Product = None, group: asked.Group = None,
        grouping: asked.Grouping = None, start: asked.From = "", end: asked.To = "",
        base: Base = PRODUCTION_BASE, baseline: Baseline = "",
        reported: asked.Reported = "restated", as_of: asked.AsOf = "",
        currency: asked.Currency = None, kind: asked.TableFormat = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> CoqAnswer:
            asked_for = CoqRequest(
                plant=plant, line=line, product=product, group=group, grouping=grouping, by=by,
                start=start, end=end, base=base, baseline=baseline, reported=reported,
                as_of=as_of, currency=currency,
            )  # fmt: skip
            return await answer_coq(reading.conn, reading.book, asked_for, reading.now, most)

        return await answer_request(source, request, kind, limit, "copq-coq", ask, coq_sheets)

    @router.get(
        "/v1/coq/conformance",
        summary="Conformance against failure by month",
        description=examples.CONFORMANCE,
        responses=examples.answers(examples.CONFORMANCE_ANSWER, excel=True),
    )
    async def conformance(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        product: asked.Product = None, group: asked.Group = None,
        grouping: asked.Grouping = None, start: asked.From = "", end: asked.To = "",
        currency: asked.Currency = None, kind: asked.TableFormat = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, _: int | None) -> ConformanceAnswer:
            asked_for = ConformanceRequest(
                plant=plant, line=line, product=product, group=group, grouping=grouping,
                start=start, end=end, currency=currency,
            )  # fmt: skip
            return await answer_conformance(reading.conn, reading.book, asked_for, reading.now)

        return await answer_request(source, request, kind, None, "copq-conformance", ask)

"""`/v1/company`: what all plants together lose in a month, in the reporting currency."""

from fastapi import APIRouter, Request, Response

from copq.figures.books import Reading
from copq.figures.company_answer import CompanyAnswer, answer_company
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.source import Source


def add_company(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/company",
        summary="All plants of a month, added",
        description=examples.COMPANY,
        responses=examples.answers(examples.COMPANY_ANSWER),
    )
    async def company(
        request: Request, month: asked.Month = "", kind: asked.Format = None
    ) -> Response:
        async def ask(reading: Reading, _: int | None) -> CompanyAnswer:
            return await answer_company(reading.conn, reading.book, month, reading.now)

        return await answer_request(source, request, kind, None, "copq-company", ask)

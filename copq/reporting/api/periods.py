"""`/v1/periods`: the state of each month, and its figures as first reported."""

from fastapi import APIRouter, Request, Response

from copq.figures.books import Reading
from copq.figures.periods_answer import PeriodsAnswer, answer_periods
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.source import Source


def add_periods(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/periods",
        summary="Months: open, closed, locked",
        description=examples.PERIODS,
        responses=examples.answers(examples.PERIODS_ANSWER, excel=True),
    )
    async def all_periods(
        request: Request, plant: asked.Plant = None, month: asked.Month = "",
        kind: asked.TableFormat = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, _: int | None) -> PeriodsAnswer:
            return await answer_periods(reading.conn, reading.book, plant, month, reading.now)

        return await answer_request(source, request, kind, None, "copq-periods", ask)

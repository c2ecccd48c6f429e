"""`/v1/periods`: the state of each month, and its figures as first reported."""

from fastapi import APIRouter, Request, Response

from copq.figures.periods_answer import PERIOD_COLUMNS, answer_periods
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.formats import as_csv, as_json, wants_csv
from copq.reporting.source import Source


def add_periods(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/periods",
        summary="Months: open, closed, locked",
        description=examples.PERIODS,
        responses=examples.answers(examples.PERIODS_ANSWER),
    )
    async def all_periods(
        request: Request, plant: asked.Plant = None, month: asked.Month = "",
        kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        reader = await source.admit(request)
        async with source.reading(reader) as reading:
            answer = await answer_periods(reading.conn, reading.book, plant, month, reading.now)
        if wants_csv(request, kind):
            return as_csv("copq-periods", answer.table(), PERIOD_COLUMNS)
        return as_json(answer.as_json())

"""`/v1/standing-costs`: what plants spend each month on appraisal and prevention."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from copq.figures.books import Reading
from copq.figures.standing_costs_answer import (
    StandingCostsAnswer,
    StandingCostsRequest,
    answer_standing_costs,
)
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.source import Source

Name = Annotated[
    str | None, asked.Spelt, Query(description="Of this name alone.", examples=["calibration"])
]
History = Annotated[bool, Query(description="The versions that were restated, too.")]


def add_standing_costs(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/standing-costs",
        summary="Standing costs of appraisal and prevention",
        description=examples.STANDING_COSTS,
        responses=examples.answers(examples.STANDING_COSTS_ANSWER),
    )
    async def standing_costs(
        request: Request, plant: asked.Plant = None, line: asked.Line = None, name: Name = None,
        history: History = False, kind: asked.Format = None, limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> StandingCostsAnswer:
            asked_for = StandingCostsRequest(plant=plant, line=line, name=name, history=history)
            return await answer_standing_costs(
                reading.conn, reading.book, asked_for, reading.now, most
            )

        return await answer_request(source, request, kind, limit, "copq-standing-costs", ask)

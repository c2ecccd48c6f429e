"""`/v1/unpriced` and `/v1/corrections`: what waits, and what was corrected by whom."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from copq.figures.books import Reading
from copq.figures.unpriced_answer import (
    CorrectionsAnswer,
    UnpricedAnswer,
    answer_corrections,
    answer_unpriced,
)
from copq.ledger.corrections import State
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.source import Source

OfState = Annotated[
    State | None, Query(description="Only those in this state.", examples=["waiting"])
]


def add_unpriced(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/unpriced",
        summary="Events without a price, waiting corrections and open stops",
        description=examples.UNPRICED,
        responses=examples.answers(examples.UNPRICED_ANSWER),
    )
    async def unpriced(
        request: Request, kind: asked.Format = None, limit: asked.Limit = None
    ) -> Response:
        async def ask(reading: Reading, most: int | None) -> UnpricedAnswer:
            return await answer_unpriced(reading.conn, reading.book, reading.now, most)

        return await answer_request(source, request, kind, limit, "copq-unpriced", ask)

    @router.get(
        "/v1/corrections",
        summary="Corrections of events, the newest first",
        description=examples.CORRECTIONS,
        responses=examples.answers(examples.CORRECTIONS_ANSWER),
    )
    async def corrections(
        request: Request, state: OfState = None, kind: asked.Format = None,
        limit: asked.Limit = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> CorrectionsAnswer:
            return await answer_corrections(reading.conn, [state] if state else [], most)

        return await answer_request(source, request, kind, limit, "copq-corrections", ask)

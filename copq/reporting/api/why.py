"""`/v1/why`: what explains a change of losses between two windows."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from copq.figures.books import Reading
from copq.figures.why import WhyAnswer, WhyRequest, answer_why
from copq.figures.why_windows import MOST_WEEKS
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.source import Source

Month = Annotated[
    str,
    Query(description="This month, compared with the month before.", examples=["2026-06"]),
]
BeforeFrom = Annotated[
    str,
    Query(
        alias="before_from",
        description="The first day of the window to compare with.",
        examples=["2026-02-01"],
    ),
]
BeforeTo = Annotated[
    str,
    Query(
        alias="before_to",
        description="The end of the window to compare with, which is excluded; else `from`.",
        examples=["2026-03-01"],
    ),
]
Weeks = Annotated[
    int | None,
    Query(ge=1, le=MOST_WEEKS, description="Compare with these weeks before, for each unit made."),
]


def add_why(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/why",
        summary="What explains a change of losses",
        description=examples.WHY,
        responses=examples.answers(examples.WHY_ANSWER, excel=True),
    )
    async def why(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        product: asked.Product = None, group: asked.Group = None,
        grouping: asked.Grouping = None, month: Month = "", start: asked.From = "",
        end: asked.To = "", before_start: BeforeFrom = "", before_end: BeforeTo = "",
        weeks: Weeks = None, currency: asked.Currency = None, kind: asked.TableFormat = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, _: int | None) -> WhyAnswer:
            asked_for = WhyRequest(
                plant=plant, line=line, product=product, group=group, grouping=grouping,
                month=month, start=start, end=end, before_start=before_start,
                before_end=before_end, weeks=weeks, currency=currency,
            )  # fmt: skip
            return await answer_why(reading.conn, reading.book, asked_for, reading.now)

        return await answer_request(source, request, kind, None, "copq-why", ask)

"""`/v1/problems`: problems of all functions, ranked by cost or by time."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from copq.figures.books import Reading
from copq.figures.problems_answer import ProblemsAnswer, ProblemsRequest, answer_problems
from copq.reporting import parameters as asked
from copq.reporting.api import examples
from copq.reporting.api.answering import answer_request
from copq.reporting.source import Source

Function = Annotated[
    str | None,
    asked.Spelt,
    Query(description="Only this function; empty: problems without one.", examples=["purchasing"]),
]
ByTime = Annotated[bool, Query(description="Rank by the time that problems take, not by money.")]


def add_problems(router: APIRouter, source: Source) -> None:
    @router.get(
        "/v1/problems",
        summary="Problems of all functions, ranked",
        description=examples.PROBLEMS,
        responses=examples.answers(examples.PROBLEMS_ANSWER),
    )
    async def problems(
        request: Request, plant: asked.Plant = None, line: asked.Line = None,
        product: asked.Product = None, group: asked.Group = None,
        grouping: asked.Grouping = None, function: Function = None, month: asked.Month = "",
        start: asked.From = "", end: asked.To = "", by_time: ByTime = False,
        limit: asked.Limit = None, currency: asked.Currency = None, kind: asked.Format = None,
    ) -> Response:  # fmt: skip
        async def ask(reading: Reading, most: int | None) -> ProblemsAnswer:
            asked_for = ProblemsRequest(
                plant=plant, line=line, product=product, group=group, grouping=grouping,
                function=function, month=month, start=start, end=end, is_by_time=by_time,
                currency=currency,
            )  # fmt: skip
            return await answer_problems(reading.conn, reading.book, asked_for, reading.now, most)

        return await answer_request(source, request, kind, limit, "copq-problems", ask)
